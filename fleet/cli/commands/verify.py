"""`fleet verify`: the ledger checked, against every stored byte."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import fleet
from fleet.bootstrap.evidence import authorities_of, key_path
from fleet.bootstrap.store import open_store
from fleet.cli.commands.output import instant
from fleet.cli.console import Console, print_json
from fleet.errors import BadInput, LedgerAltered
from fleet.evidence.memory import VerificationMemory
from fleet.evidence.verifier import Verifier
from fleet.ledger.findings import Case
from fleet.ledger.signing import SigningKey
from fleet.models import FLOW_SLUG, now
from fleet.storage.collections.verification_log import Verification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.ledger.chain import Seal
    from fleet.ledger.findings import Finding, Report
    from fleet.settings import Settings
    from fleet.storage.store import Store


READ = {
    *("attempts", "evidence.files", "evidence.chunks", "links", "seals", "removals"),
    *("plans", "watched", "missed", "mentions", "withdrawals", "observations"),
}
"""The collections that a verification reads."""

ODD_TIMES = {Case.LINK_EARLY, Case.SEAL_EARLY, Case.TOKEN_EARLY, Case.SITE_CLOCK}

MAX_PRINTED = 50
"""Findings and notices that are printed; the rest is counted."""


async def verify(
    settings: Settings,
    what: str | None,
    since: str | None,
    until: str | None,
    *,
    new: bool,
    forget: bool = False,
    as_json: bool = False,
) -> bool:
    """Check what is asked for, print the report; whether nothing was altered."""
    first, last = instant(since, "--from"), instant(until, "--to")
    if first and last and first >= last:
        raise BadInput(f"--from {since} is not before --to {until}; exchange them")
    for option, given in (("--new", new), ("--forget", forget)):
        if given and (what or first or last or (new and forget)):
            raise BadInput(f"{option} stands alone; leave the others out")
    roots, began_at = authorities_of(settings).roots, now()
    memory = VerificationMemory(settings.data_dir / "ledger" / f"{settings.database}.verified.json")
    if forget:
        await asyncio.to_thread(memory.forget)
    known = await asyncio.to_thread(memory.recall)
    async with open_store(settings) as store:
        if forget:
            await store.verifications.forget()
        verifier, last_seal = Verifier(store, roots), await _last_seal(store)
        kind: Literal["everything", "newer"] | None = None
        if what or first or last:
            report = await _part(store, verifier, what, first, last)
        elif new and known:
            kind, report = "newer", await verifier.newer(known)
        else:
            kind, report = "everything", await verifier.everything()
        if known and kind != "newer":
            await verifier.compare(known)
        elif not known:
            await _compare_log(store, report)
        _compare_key(settings, report)
        if kind is not None:
            # the last seal as it was before: one that is made meanwhile may not have been checked
            await _remember(store, memory, report, last_seal, kind=kind, began_at=began_at)
        unread = sorted({*await store.collections()} - READ)
    if as_json:
        print_json(report_json(report, unread))
    else:
        print_report(Console(highlight=False), report, unread)
    return report.sound


async def _part(
    store: Store,
    verifier: Verifier,
    what: str | None,
    first: datetime | None,
    last: datetime | None,
) -> Report:
    """An attempt, or those of a flow or a period."""
    if what is not None and "/" not in what:
        if first or last:
            raise BadInput("an attempt has no period; leave --from and --to out")
        return await verifier.attempt(what)
    if what is not None and not FLOW_SLUG.fullmatch(what.partition("/")[2]):
        raise BadInput(f"{what!r} is no flow; expected such as 63/titre-de-sejour")
    begin = first or instant("2016-01-01", "--from")
    assert begin is not None
    report = await verifier.period(begin, last or now(), what)
    if not report.attempts and report.sound:
        if what and not await store.attempts.latest(what, 1):
            raise BadInput(f"no attempt of {what}; is it one of: fleet list")
        raise BadInput("no attempt in this period; see: fleet export attempts")
    return report


async def _last_seal(store: Store) -> Seal | None:
    try:
        return await store.ledger.last_seal()
    except LedgerAltered:
        return None  # the verification comes to it, and names it


def _compare_key(settings: Settings, report: Report) -> None:
    """Tell of seals that are not signed by the key that lies here, if one does."""
    path = key_path(settings)
    if path.exists():
        for key in sorted(report.keys - {SigningKey.of(path).public}):
            report.add_notice(Case.OTHER_KEY, key=key)


async def _compare_log(store: Store, report: Report) -> None:
    """Nothing is known on this disk: what the database says of its own last verifications."""
    highest = await store.verifications.highest_seal()
    if highest and not await store.ledger.has_seal(highest):
        report.add_finding(Case.SEAL_CHANGED, seal=highest)


async def _remember(
    store: Store, memory: VerificationMemory, report: Report, last: Seal | None, **more: object
) -> None:
    """For the pages in MongoDB; for the next verification on this disk, if nothing was found."""
    verification = Verification.of(
        report,
        **more,
        ended_at=now(),
        fleet_version=fleet.__version__,
        last_seal=last.statement.number if last else 0,
    )
    await store.verifications.keep(verification)
    if last is not None and report.sound:
        await asyncio.to_thread(memory.remember, last)


def report_json(report: Report, unread: Sequence[str]) -> dict[str, object]:
    """The same for a program; every finding and notice, with its case and its words."""

    def told(findings: Sequence[Finding]) -> list[dict[str, str]]:
        return [{"case": each.case.value, "words": str(each)} for each in findings]

    counted = ("attempts", "files", "links", "seals", "tokens", "unsealed")
    return {
        "sound": report.sound,
        **{name: getattr(report, name) for name in counted},
        "keys": sorted(report.keys),
        "stamped": [each.isoformat() for each in report.stamped or ()],
        "longest_s": {step: span.total_seconds() for step, span in report.longest.items()},
        "notices": told(report.notices),
        "findings": told(report.findings),
        "not_read": [*unread],
    }


def print_report(console: Console, report: Report, unread: Sequence[str]) -> None:
    """Print a report for a person; `unread` are collections that it says nothing of."""
    counted = (
        f"{report.attempts} attempts, {report.files} files, {report.links} links, {report.seals}"
        f" seals, {report.tokens} timestamps checked"
    )
    console.print(counted)
    if report.unsealed:
        console.print(f"{report.unsealed} attempts are under no seal yet")
    for key in sorted(report.keys):
        console.print(f"signed with the public key {key}")
    if report.stamped:
        first, last = report.stamped
        console.print(f"timestamps from {first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC")
    if report.longest:
        steps = ", ".join(
            f"{round(report.longest[step].total_seconds() / 60, 1) + 0.0:,} min to the {step}"
            for step in ("link", "seal", "timestamp")
            if step in report.longest
        )
        console.print(f"at most, each from the step before: {steps}", soft_wrap=True)
    for words in report.notices[:MAX_PRINTED]:
        console.say(f"note: {words}", style="yellow")
    for words in report.findings[:MAX_PRINTED]:
        console.say(f"ALTERED: {words}", style="bold red")
    more = max(0, len(report.notices) - MAX_PRINTED) + max(0, len(report.findings) - MAX_PRINTED)
    if more:
        console.print(f"… and {more} more")
    console.print(
        f"not read: {', '.join(unread) or 'no other collection'}; indexes; MongoDB's own files. To"
        " look at those: fleet doctor --database",
        soft_wrap=True,
    )
    if any(each.case is Case.SEAL_CHANGED for each in report.findings):
        console.print(
            "If you know why, such as a backup that was restored: fleet verify --forget",
            soft_wrap=True,
        )
    if report.sound:
        console.print(
            "Nothing was altered in what was read: the attempts, files, links and seals counted"
            " above.",
            style="bold green",
            soft_wrap=True,
        )
    else:
        number, odd = len(report.findings), {each.case for each in report.findings} <= ODD_TIMES
        why = "its times cannot be true" if odd else "it was altered"
        console.print(f"{number} findings: {why}.", style="bold red")
