"""`fleet takedown`: removes one file for good, with a reason that stays."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.cli.commands.prune import _user
from fleet.cli.console import Console
from fleet.errors import BadInput
from fleet.models.removal import checked_reason
from fleet.rendering.thumbnails import Thumbnails

if TYPE_CHECKING:
    from fleet.models import Attempt
    from fleet.settings import Settings
    from fleet.storage.store import Store


ATTEMPTS_SHOWN = 3


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
        who = await account_of(store, by)
        sha256s = await _files_of(store, what)
        done = await store.removals.get_many(sha256s)
        for sha256 in sha256s:
            await _print_file(console, store, sha256)
            if sha256 in done:
                console.say(f"  removed before: {done[sha256].reason}")
        if len(sha256s) > 1:
            console.print(
                "Each goes from every attempt that names it. For one file only, give its hash"
            )
        console.say(f"reason that readers will see: {reason}")
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


async def account_of(store: Store, name: str | None) -> str:
    """
    Who asks: an account's name, or the user of this machine.

    Raises:
        BadInput: there is no such account.
    """
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
        if known is None and not [
            each async for each in store.references.attempts_naming(found[0])
        ]:
            raise BadInput(
                f"no evidence {found[0]}; expected the 64 hexadecimal digits that an attempt"
                " names (its page, or fleet export attempts)"
            )
        return [found[0]]
    attempt = await attempt_of(store, what)
    if not attempt.evidence:
        raise BadInput(f"attempt {attempt.id} has no files")
    return list(dict.fromkeys(each.sha256 for each in attempt.evidence))


async def attempt_of(store: Store, what: str) -> Attempt:
    """
    The attempt of this name, or of the page at this address.

    Raises:
        BadInput: there is none.
    """
    in_address = re.search(r"/tentative/([\w.:-]+)", what)
    return (await store.queries.attempt(in_address[1] if in_address else what)).attempt


async def _print_file(console: Console, store: Store, sha256: str) -> None:
    references = [
        reference async for batch in store.references.attempts_naming(sha256) for reference in batch
    ]
    kind = await store.evidence_kind(sha256) or "not there"
    console.print(f"{sha256}  {kind}, named by {len(references)} attempts")
    for reference in references[:ATTEMPTS_SHOWN]:
        console.print(
            f"  {reference.attempt_id}  {reference.scenario_id}"
            f"  {reference.started_at:%Y-%m-%d %H:%M} UTC,"
            f" with {len(reference.sha256s) - 1} other files"
        )
    if len(references) > ATTEMPTS_SHOWN:
        console.print(f"  … and {len(references) - ATTEMPTS_SHOWN} more")
