"""`fleet prune` and `fleet takedown`: evidence files go, attempts and their hashes stay."""

from __future__ import annotations

import getpass
import os
import re
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from fleet.errors import BadInput
from fleet.models import now
from fleet.removal import checked_reason
from fleet.retention import Policy, Retention
from fleet.storage import open_store
from fleet.web.thumbnails import Thumbnails

if TYPE_CHECKING:
    from fleet.models import Attempt
    from fleet.retention import Plan
    from fleet.settings import Settings
    from fleet.store import Store

FLOWS_SHOWN = 10
NAMERS_SHOWN = 3


def policy_of(settings: Settings, days: int | None, per_flow: int | None) -> Policy:
    """
    The policy of the settings; an option given goes before its setting.

    Raises:
        BadInput: nothing limits anything.
    """
    return Policy(
        settings.keep_days if days is None else days,
        settings.keep_per_flow if per_flow is None else per_flow,
    )


async def prune(settings: Settings, policy: Policy, *, yes: bool) -> bool:
    """
    Say what the policy lets go, and with `yes` remove it.

    Raises:
        LeaseTaken: another process prunes this database.
    """
    console = Console(highlight=False, soft_wrap=True)
    async with open_store(settings) as store:
        retention = Retention(store, policy, now())
        plan = await retention.plan()
        tell(console, policy, plan)
        if not plan.all.files:
            return True
        if not yes:
            console.print("Nothing was removed. To remove them, add --yes")
            return True
        await _carry_out(console, settings, store, retention)
    return True


async def _carry_out(
    console: Console, settings: Settings, store: Store, retention: Retention
) -> None:
    thumbnails = Thumbnails(settings.data_dir / "thumbnails")
    lease = store.lease("prune")
    await lease.take()
    files = stored_bytes = 0
    try:
        async for erased in retention.carry_out(_user()):
            for sha256 in erased.sha256s:
                thumbnails.drop(sha256)
            files += len(erased.sha256s)
            stored_bytes += erased.stored_bytes
            await lease.renew()
    finally:
        # also when it is interrupted: what is not removed yet is as it was
        console.print(f"removed {files} files, {_mb(stored_bytes)}; no attempt was changed")
        await lease.release()


def tell(console: Console, policy: Policy, plan: Plan) -> None:
    """Print what a policy would remove."""
    console.print(f"{policy.reason}:")
    if not plan.all.files:
        console.print("no file goes")
    else:
        assert plan.oldest is not None
        assert plan.newest is not None
        console.print(
            f"{plan.all.files} files of {plan.all.attempts} attempts go,"
            f" {_mb(plan.all.stored_bytes)}; these visits were from {plan.oldest:%Y-%m-%d %H:%M}"
            f" to {plan.newest:%Y-%m-%d %H:%M} UTC"
        )
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("flow", no_wrap=True)
        for column in ("attempts", "files", "MB"):
            table.add_column(column, justify="right")
        most = sorted(plan.flows.items(), key=lambda each: -each[1].stored_bytes)
        for scenario_id, share in most[:FLOWS_SHOWN]:
            size = f"{share.stored_bytes / 1e6:.1f}"
            table.add_row(scenario_id, str(share.attempts), str(share.files), size)
        console.print(table)
        if len(most) > FLOWS_SHOWN:
            console.print(f"… and {len(most) - FLOWS_SHOWN} more flows")
    for ground, count in plan.kept.most_common():
        console.print(f"{count} older attempts keep their files: {ground} (docs/keeping.md)")


async def takedown(
    settings: Settings, what: str, reason: str, by: str | None, *, yes: bool
) -> bool:
    """
    Say which files go and who names them, and with `yes` take them down.

    Raises:
        BadInput: there is no such file or attempt, the reason cannot be one, no such account.
    """
    reason = checked_reason(reason)
    console = Console(highlight=False, soft_wrap=True)
    async with open_store(settings) as store:
        who = await _account(store, by)
        sha256s = await _files_of(store, what)
        done = await store.removals.many(sha256s)
        for sha256 in sha256s:
            await _tell_file(console, store, sha256)
            if sha256 in done:
                console.print(f"  removed before: {done[sha256].reason}", markup=False)
        if len(sha256s) > 1:
            console.print(
                "Each goes from every attempt that names it. For one file only, give its hash"
            )
        console.print(f"reason that readers will see: {reason}", markup=False)
        if not yes:
            console.print("Nothing was removed. To remove this for good, add --yes")
            return True
        removed = await store.removals.take_down(sha256s, reason=reason, by=who)
    thumbnails = Thumbnails(settings.data_dir / "thumbnails")
    for removal in removed:
        thumbnails.drop(removal.sha256)
    console.print(
        f"taken down by {who}: {len(removed)} files. They will not be stored again. Copies may be"
        " in backups and in browsers that showed them: docs/keeping.md",
        markup=False,
    )
    return True


async def _account(store: Store, name: str | None) -> str:
    if name is None:
        return _user()
    user, _ = await store.accounts.find(name)
    if user is None:
        raise BadInput(f"--by {name[:60]!r}: there is no such account; fleet user list names all")
    return user.name


async def _files_of(store: Store, what: str) -> list[str]:
    """The hashes of a file or of an attempt's files, from its name or the address of its page."""
    if found := re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", what):
        known = await store.evidence_kind(found[0]) or await store.removals.get(found[0])
        if known is None and not [each async for each in store.naming.of(found[0])]:
            raise BadInput(
                f"no evidence {found[0]}; expected the 64 hexadecimal digits that an attempt"
                " names (its page, or fleet export attempts)"
            )
        return [found[0]]
    in_address = re.search(r"/tentative/([\w.:-]+)", what)
    attempt: Attempt = (await store.browse.attempt(in_address[1] if in_address else what)).attempt
    if not attempt.evidence:
        raise BadInput(f"attempt {attempt.id} has no files")
    return list(dict.fromkeys(each.sha256 for each in attempt.evidence))


async def _tell_file(console: Console, store: Store, sha256: str) -> None:
    namers = [namer async for batch in store.naming.of(sha256) for namer in batch]
    kind = await store.evidence_kind(sha256) or "not there"
    console.print(f"{sha256}  {kind}, named by {len(namers)} attempts")
    for namer in namers[:NAMERS_SHOWN]:
        console.print(
            f"  {namer.attempt_id}  {namer.scenario_id}  {namer.started_at:%Y-%m-%d %H:%M} UTC,"
            f" with {len(namer.sha256s) - 1} other files"
        )
    if len(namers) > NAMERS_SHOWN:
        console.print(f"  … and {len(namers) - NAMERS_SHOWN} more")


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no name for this user, as in some containers
        return f"uid {os.getuid()}"


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
