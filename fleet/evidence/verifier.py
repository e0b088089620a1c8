"""
Verification: every hash made anew from the stored bytes, and compared with what was sealed.

Three questions, each with its own finding. Is every attempt, with every file, what its link says?
Does every chain hold together? Is every link under a seal whose root, signature and timestamps
hold? What was removed on purpose (`Removals`) is a notice, no finding.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fleet.errors import BadInput, LedgerAltered
from fleet.evidence.completeness import Completeness
from fleet.evidence.mention_check import MentionCheck
from fleet.evidence.seal_check import BATCH, SealCheck
from fleet.ledger.canonical import NO_PREVIOUS, canonical, sha256
from fleet.ledger.findings import Case, Report
from fleet.ledger.times import ended_at, odd_site_clock, own_clock, utc
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography.x509 import Certificate

    from fleet.analysis.coverage import PlanSince
    from fleet.evidence.memory import VerifiedSeal
    from fleet.ledger.chain import Link, Seal
    from fleet.storage.collections.ledger import Ledger
    from fleet.storage.evidence_files import Damage
    from fleet.storage.store import Store

Document = dict[str, Any]

CASES: dict[Damage, Case] = {"missing": Case.FILE_MISSING, "altered": Case.FILE_ALTERED}

SEAL_WITHIN = timedelta(hours=2)
"""A link that no seal covers after this long is told: sealing has stopped."""


class Verifier:
    """
    Verifies what a store holds.

    Args:
        roots: certificates of authorities that are believed (`timestamps.roots_of`).
    """

    def __init__(self, store: Store, roots: Sequence[Certificate]) -> None:
        self._store = store
        self._ledger: Ledger = store.ledger
        self.report = Report()
        self._seals = SealCheck(store.ledger, roots, self.report)
        self._complete = Completeness(store.watch_state, self.report)
        self._mentions = MentionCheck(store.mentions, self.report)
        self._plans: list[PlanSince] = []
        self._intact: set[str] = set()
        self._damaged: dict[str, Damage] = {}

    async def everything(self) -> Report:
        """All attempts, files, chains and seals."""
        with self._reporting_damage():
            await self._check_seals()
            links = await self._check_chains()
            await self._check_attempts({}, links)
            self._report_deleted(links)  # what no attempt has taken out
            await self._mentions.check_rest()
            await self._complete.check(self._plans)
        return self.report

    async def period(self, since: datetime, until: datetime, scenario_id: str | None) -> Report:
        """
        The attempts that began from `since` to before `until`, and the seals above them.

        Named as deleted is every attempt whose link was made since and that is not there: it may
        have begun in the period, however long it lay in a spool.
        """
        query: Document = {"started_at": {"$gte": since, "$lt": until}}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        with self._reporting_damage():
            await self._check_matching(query)
            self._report_deleted(await self._ledger.orphans(since, scenario_id))
        return self.report

    async def attempt(self, attempt_id: str) -> Report:
        """
        One attempt, its place in its chain, and the seal above it.

        Raises:
            BadInput: there is no such attempt and no link of it.
        """
        with self._reporting_damage():
            await self._check_matching({"_id": attempt_id})
            links = await self._ledger.links_of([attempt_id])
            for link, _ in links.values():
                await self._check_place(link)
            if not self.report.attempts:
                if not links:
                    raise BadInput(
                        f"no attempt {attempt_id[:80]!r}; see: fleet export attempts --format csv"
                    )
                self._report_deleted({each: link for each, (link, _) in links.items()})
        return self.report

    async def compare(self, known: VerifiedSeal) -> Report:
        """Whether the seal that was found sound before is still there as it was."""
        with self._reporting_damage():
            if not known.is_still(await self._ledger.seal(known.seal)):
                self.report.add_finding(Case.SEAL_CHANGED, seal=known.seal)
        return self.report

    async def newer(self, known: VerifiedSeal) -> Report:
        """What was sealed after that seal, which was found sound before."""
        number = known.seal
        with self._reporting_damage():
            before = await self._ledger.seal(number)
            # what was found sound must still be there as it was: the rest is checked from it on
            if not known.is_still(before):
                self.report.add_finding(Case.SEAL_CHANGED, seal=number)
                return self.report
            present = {number}
            async for seal in self._ledger.seals(after=number):
                await self._seals.check(seal, before)
                await self._mentions.check(seal.statement)
                for begin in range(0, len(seal.attempt_ids), BATCH):
                    await self._check_sealed(seal.attempt_ids[begin : begin + BATCH])
                before = seal
                present.add(seal.statement.number)
            await self._check_named(present, after=number)
        return self.report

    @contextmanager
    def _reporting_damage(self) -> Iterator[None]:
        """What cannot even be read ends the verification, and is named as what was altered."""
        try:
            yield
        except LedgerAltered as exc:
            if exc.link is None:
                self.report.add_finding(Case.SEAL_ODD, seal=exc.seal, why=exc.why)
            else:
                self.report.add_finding(Case.LINK_ODD, attempt=exc.link, why=exc.why)

    async def _check_sealed(self, attempt_ids: Sequence[str]) -> None:
        links = {k: link for k, (link, _) in (await self._ledger.links_of(attempt_ids)).items()}
        for link in links.values():
            await self._check_place(link)
        await self._check_attempts({"_id": {"$in": list(attempt_ids)}}, links)
        self._report_deleted(links)

    async def _check_place(self, link: Link) -> None:
        before = await self._ledger.link_at(link.scenario_id, link.number - 1)
        if link.previous != (before.hash if before else NO_PREVIOUS):
            self._report_broken(link)

    def _report_broken(self, link: Link) -> None:
        self.report.add_finding(
            Case.CHAIN_BROKEN, flow=link.scenario_id, link=link.number, attempt=link.attempt_id
        )

    def _report_deleted(self, links: Mapping[str, Link]) -> None:
        for attempt_id, link in links.items():
            self.report.add_finding(
                Case.ATTEMPT_DELETED, attempt=attempt_id, flow=link.scenario_id, link=link.number
            )

    # Attempts and their files -----------------------------------------------------------------

    async def _check_matching(self, query: Document) -> None:
        seals: set[int] = set()
        batch: list[Document] = []

        async def check() -> None:
            links = await self._ledger.links_of([each["_id"] for each in batch if _has_id(each)])
            seals.update(seal for _, seal in links.values() if seal is not None)
            self.report.unsealed += sum(seal is None for _, seal in links.values())
            for document in batch:
                link = links.get(document["_id"]) if _has_id(document) else None
                self._check_manifest(document, link[0] if link else None)
            await self._check_files(batch)
            batch.clear()

        async for document in self._ledger.documents(query):
            batch.append(document)
            if len(batch) == BATCH:
                await check()
        await check()
        for number in sorted(seals):
            if (seal := await self._ledger.seal(number)) is None:
                self.report.add_finding(Case.SEAL_DELETED, seal=number)
            else:
                before = await self._ledger.seal(number - 1) if number > 1 else None
                await self._seals.check(seal, before)

    async def _check_attempts(self, query: Document, links: dict[str, Link]) -> None:
        """Check attempts against their links; those that had one are taken out of `links`."""
        batch: list[Document] = []
        async for document in self._ledger.documents(query):
            own = links.pop(document["_id"], None) if _has_id(document) else None
            self._check_manifest(document, own)
            batch.append(document)
            if len(batch) == BATCH:
                await self._check_files(batch)
                batch.clear()
        await self._check_files(batch)

    def _check_manifest(self, document: Document, link: Link | None) -> None:
        self.report.attempts += 1
        who = {"attempt": document["_id"], "flow": document.get("scenario_id")}
        if link is None:
            # just stored, or a crash came in between: the next sealing links it
            began = document.get("started_at")
            if not isinstance(began, datetime) or now() - began > SEAL_WITHIN:
                self.report.add_finding(Case.ATTEMPT_INSERTED, **who)
            return
        self.report.links += 1
        try:
            manifest = sha256(canonical(document))
        except ValueError as exc:
            self.report.add_finding(Case.ATTEMPT_ODD, **who, why=exc)
            return
        if manifest != link.manifest:
            self.report.add_finding(Case.ATTEMPT_ALTERED, **who)
            return
        self._check_times(document, link, who)

    def _check_times(self, document: Document, link: Link, who: Document) -> None:
        ended = ended_at(document.get("started_at"), document.get("seconds"))
        bound = own_clock(document.get("facts"))
        if ended is not None:
            self.report.took("link", link.linked_at - ended)
            if link.linked_at < ended - bound:
                values = {"ended": utc(ended), "linked": utc(link.linked_at)}
                self.report.add_finding(Case.LINK_EARLY, **who, **values)
        served = [each for each in document.get("served") or () if isinstance(each, dict)]
        seconds = odd_site_clock(served)
        if seconds is not None and abs(seconds) > bound.total_seconds():
            self.report.add_finding(Case.SITE_CLOCK, **who, seconds=round(seconds))

    async def _check_files(self, documents: Sequence[Document]) -> None:
        # of attempts that name the same file, one stands for all in a finding
        named = {name: document["_id"] for document in documents for name in _files_of(document)}
        new = [name for name in named if name not in self._intact and name not in self._damaged]
        damaged = await self._store.find_damage(new)
        self._damaged |= damaged
        self._intact.update(name for name in new if name not in damaged)
        self.report.files += len(new) - len(damaged)
        bad = [name for name in named if name in self._damaged]
        # removed on purpose, it is missing, but nobody has altered anything
        removals = await self._store.removals.get_many(bad) if bad else {}
        for name in bad:
            if removal := removals.get(name):
                day = f"{removal.at:%Y-%m-%d}"
                self.report.add_notice(Case.FILE_REMOVED, file=name, day=day, reason=removal.reason)
            else:
                self.report.add_finding(CASES[self._damaged[name]], file=name, attempt=named[name])

    # Chains -------------------------------------------------------------------------------------

    async def _check_chains(self) -> dict[str, Link]:
        """All links by attempt, each chain checked from its first link on."""
        found: dict[str, Link] = {}
        old: Counter[str] = Counter()
        scenario_id, number, previous = "", 0, NO_PREVIOUS
        async for link, seal in self._ledger.chains():
            if link.scenario_id != scenario_id:
                scenario_id, number, previous = link.scenario_id, 0, NO_PREVIOUS
            # after a gap the link before is not known, so its hash cannot be compared
            if link.number != number + 1:
                self.report.add_finding(
                    Case.CHAIN_GAP, flow=scenario_id, before=number, link=link.number
                )
            elif link.previous != previous:
                self._report_broken(link)
            number, previous = link.number, link.hash
            found[link.attempt_id] = link
            if seal is None:
                self.report.unsealed += 1
                if now() - link.linked_at > SEAL_WITHIN:
                    old[link.scenario_id] += 1
        for each, count in old.items():
            self.report.add_notice(Case.NOT_SEALED, count=count, flow=each)
        return found

    # Seals ------------------------------------------------------------------------------------

    async def _check_seals(self) -> None:
        before: Seal | None = None
        present = set()
        self._plans = await self._complete.plans()
        async for seal in self._ledger.seals():
            await self._seals.check(seal, before)
            self._complete.take(seal.statement, self._plans)
            await self._mentions.check(seal.statement)
            before = seal
            present.add(seal.statement.number)
        await self._check_named(present)

    async def _check_named(self, present: set[int], after: int = 0) -> None:
        """Links tell of the last seal, which no other seal names, if somebody takes it away."""
        for number in await self._ledger.named_seals(after):
            if number not in present:
                self.report.add_finding(Case.SEAL_DELETED, seal=number)


def _has_id(document: Document) -> bool:
    """Whether its id is a text, as a link's is."""
    return isinstance(document["_id"], str)


def _files_of(document: Document) -> list[str]:
    """The hashes that a document names; one that was altered may have anything in their place."""
    files = document.get("evidence")
    entries = files if isinstance(files, list) else ()
    names = (each.get("sha256") for each in entries if isinstance(each, dict))
    return [name for name in names if isinstance(name, str)]
