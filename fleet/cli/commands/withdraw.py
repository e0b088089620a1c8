"""`fleet withdraw`: an attempt counts in no figure any more, and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.cli.commands.takedown import account_of, attempt_of
from fleet.cli.console import Console
from fleet.models import now
from fleet.models.removal import checked_reason
from fleet.models.withdrawal import AttemptWithdrawal

if TYPE_CHECKING:
    from fleet.settings import Settings


async def withdraw(
    settings: Settings, attempt_id: str, reason: str, by: str | None, *, yes: bool
) -> bool:
    """
    Say which attempt it is, and with `yes` withdraw it from all figures.

    Raises:
        BadInput: there is no such attempt or account, or the reason cannot be one.
    """
    reason = checked_reason(reason)
    console = Console(highlight=False, soft_wrap=True)
    async with open_store(settings) as store:
        who = await account_of(store, by)
        attempt = await attempt_of(store, attempt_id)
        when = f"{attempt.started_at:%Y-%m-%d %H:%M} UTC"
        console.say(f"{attempt.id}  {attempt.scenario_id}  {attempt.verdict.value}  {when}")
        if before := await store.withdrawals.get(attempt.id):
            console.say(f"withdrawn before: {before.reason}")
            return True
        console.say(f"reason that readers will see: {reason}")
        if not yes:
            console.print("Nothing was withdrawn. To withdraw this for good, add --yes")
            return True
        await store.withdrawals.add(
            AttemptWithdrawal(
                attempt_id=attempt.id,
                scenario_id=attempt.scenario_id,
                reason=reason,
                at=now(),
                by=who,
            )
        )
    console.print("It counts in no figure any more, and stays stored and sealed", markup=False)
    return True
