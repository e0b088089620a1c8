"""
What must hold of a seal: its signature, its place after the one before, its root, its timestamps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.ledger import timestamps
from fleet.ledger.canonical import NO_PREVIOUS, sha256
from fleet.ledger.chain import root_of
from fleet.ledger.findings import Case, Report
from fleet.ledger.signing import is_signed
from fleet.ledger.times import AUTHORITY_CLOCK, OWN_CLOCK, utc
from fleet.ledger.timestamps import NoTimestamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.x509 import Certificate

    from fleet.ledger.chain import Link, Seal
    from fleet.storage.collections.ledger import Ledger


BATCH = 500


class SealCheck:
    """Checks seals, and writes what it finds into the report."""

    def __init__(self, ledger: Ledger, roots: Sequence[Certificate], report: Report) -> None:
        self._ledger, self._roots, self.report = ledger, roots, report

    async def check(self, seal: Seal, before: Seal | None) -> None:
        """Check a seal; `before` is the one of the number before it."""
        statement, number = seal.statement, seal.statement.number
        self.report.seals += 1
        self.report.keys.add(statement.key)
        if not is_signed(statement.key, seal.signature, statement.content):
            self.report.add_finding(Case.SIGNATURE, seal=number)
        expected = before.statement.number + 1 if before else 1
        if number != expected:
            self.report.add_finding(Case.SEAL_MISSING, wanted=expected, seal=number)
        elif statement.previous != (sha256(before.statement.content) if before else NO_PREVIOUS):
            self.report.add_finding(Case.SEAL_ORDER, seal=number)
        await self._check_leaves(seal)
        self._check_tokens(seal)

    async def _check_leaves(self, seal: Seal) -> None:
        number = seal.statement.number
        links = await self._links_under(seal)
        missing = [each for each in seal.attempt_ids if each not in links]
        for each in missing:
            self.report.add_finding(Case.LINK_MISSING, attempt=each, seal=number)
        # the other way round: a link may say that this seal covers it, which its leaves do not
        for each in sorted(await self._ledger.attempts_claiming(number) - set(seal.attempt_ids)):
            flow = (await self._ledger.links_of([each]))[each][0].scenario_id
            self.report.add_finding(Case.NOT_COVERED, attempt=each, flow=flow, seal=number)
        leaves = [links[each] for each in seal.attempt_ids if each in links]
        self._check_times(seal, leaves)
        # with a link missing the root cannot be right, and that is a finding already
        if not missing and (
            len(leaves) != seal.statement.count or root_of(leaves) != seal.statement.root
        ):
            self.report.add_finding(Case.ROOT, seal=number, links=len(leaves))

    def _check_times(self, seal: Seal, leaves: Sequence[Link]) -> None:
        sealed, number = seal.statement.sealed_at, seal.statement.number
        if leaves:
            first = min(leaves, key=lambda each: each.linked_at)
            last = max(leaves, key=lambda each: each.linked_at)
            self.report.took("seal", sealed - first.linked_at)
            if sealed < last.linked_at - OWN_CLOCK:
                values = {"linked": utc(last.linked_at), "sealed": utc(sealed)}
                self.report.add_finding(
                    Case.SEAL_EARLY, seal=number, attempt=last.attempt_id, **values
                )

    async def _links_under(self, seal: Seal) -> Mapping[str, Link]:
        found: dict[str, Link] = {}
        for begin in range(0, len(seal.attempt_ids), BATCH):
            part = seal.attempt_ids[begin : begin + BATCH]
            found |= {k: link for k, (link, _) in (await self._ledger.links_of(part)).items()}
        return found

    def _check_tokens(self, seal: Seal) -> None:
        number = seal.statement.number
        for token in seal.tokens:
            try:
                info = timestamps.read_token(token.token, seal.statement.content, self._roots)
            except NoTimestamp as exc:
                self.report.add_finding(Case.TOKEN_ALTERED, seal=number, url=token.url, why=exc)
                continue
            self.report.tokens += 1
            if not info.trusted:
                self.report.add_finding(Case.TOKEN_UNTRUSTED, seal=number, url=token.url)
                continue
            sealed = seal.statement.sealed_at
            self.report.took("timestamp", info.at - sealed)
            if info.at < sealed - AUTHORITY_CLOCK:
                values = {"stamped": utc(info.at), "sealed": utc(sealed)}
                self.report.add_finding(Case.TOKEN_EARLY, seal=number, url=token.url, **values)
            first, last = self.report.stamped or (info.at, info.at)
            self.report.stamped = min(first, info.at), max(last, info.at)
        have, refusals = {token.url for token in seal.tokens}, dict(seal.refusals)
        for url in seal.statement.authorities:
            if url not in have:
                why = refusals.get(url, "it is not there")
                self.report.add_notice(Case.NOT_STAMPED, seal=number, url=url, why=why)
        if not seal.tokens and not seal.statement.authorities:
            self.report.add_notice(Case.NO_AUTHORITY, seal=number)
