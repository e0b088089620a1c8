"""
What must hold of mentions: a seal's are those of its root, and what is stored is what was sealed.

Not everything that goes is an alteration. A missed visit gives way to an attempt that arrives late,
and "nobody watched" to whoever knows more; the removal of an old file gives way to a takedown, or
to the file when a site serves it again.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fleet.ledger.findings import Case
from fleet.ledger.mentions import MentionKind, mentions_of, mentions_root
from fleet.models.missed import MissReason
from fleet.models.removal import RemovalKind
from fleet.storage.collections.sealed_mentions import COLLECTIONS

if TYPE_CHECKING:
    from fleet.ledger.chain import Document, Statement
    from fleet.ledger.findings import Report
    from fleet.storage.collections.sealed_mentions import SealedMentions

BATCH = 500

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
"""What comes of a mention, or a document, into which somebody wrote something else."""


class MentionCheck:
    """Checks mentions, and writes what it finds into the report."""

    def __init__(self, mentions: SealedMentions, report: Report) -> None:
        self._mentions, self._report = mentions, report
        self._began = False

    async def check(self, statement: Statement) -> None:
        """Check the mentions of a seal."""
        if statement.mentions_root is None:
            return
        self._began = True
        leaves = await self._mentions.under(statement.number)
        number, count = statement.number, len(leaves)
        if count != statement.mentions or mentions_root(leaves) != statement.mentions_root:
            values = {"count": count, "said": statement.mentions}
            self._report.add_finding(Case.MENTIONS_ROOT, seal=number, **values)
        by_kind: dict[MentionKind, list[tuple[bytes, Document]]] = {}
        for leaf in leaves:
            try:
                told = json.loads(leaf)
                kind = MentionKind(told["kind"].replace("gap", MentionKind.WATCHED))
                by_kind.setdefault(kind, []).append((leaf, told))
            except UNREADABLE:
                continue  # its root does not hold then, which was said
        for kind, named in by_kind.items():
            for begin in range(0, len(named), BATCH):
                await self._compare(number, kind, named[begin : begin + BATCH])

    async def _compare(
        self, seal: int, kind: MentionKind, named: list[tuple[bytes, Document]]
    ) -> None:
        stored = await self._mentions.stored(kind, [told.get("about") for _, told in named])
        for leaf, told in named:
            document = stored.get(told.get("about"))
            try:
                same = document is not None and leaf in mentions_of(kind, document)
            except UNREADABLE:
                same = False
            if not same and not await self._rightly(kind, told, document):
                about = str(told.get("about"))[:200]
                self._report.add_finding(
                    Case.MENTION_CHANGED, kind=told["kind"], about=about, seal=seal
                )

    async def _rightly(self, kind: MentionKind, told: Document, now: Document | None) -> bool:
        """Whether the fleet itself may have changed or taken away what was sealed."""
        if kind is MentionKind.MISSED:
            # if the clock was set back it has not come yet; else its due time is open, and named
            if told.get("why") == MissReason.UNWATCHED:
                return now is None or _but_why(told) == _but_why(now)
            at = _instant(told.get("due_at"))
            flow = str(told.get("scenario_id"))
            return now is None and at is not None and await self._mentions.has_attempt(flow, at)
        if kind is MentionKind.REMOVAL and told.get("why") != RemovalKind.TAKEDOWN:
            return now is not None or await self._mentions.has_file(str(told.get("about")))
        return False

    async def check_rest(self) -> None:
        """Tell of what is stored and under no seal, if seals of this database cover mentions."""
        if not self._began:
            return
        for kind in COLLECTIONS:
            count = 0
            async for leaves, unreadable in self._mentions.documents(kind):
                count += len(await self._mentions.without_seal(leaves)) + unreadable
            if count:
                self._report.add_notice(Case.NOT_MENTIONED, kind=kind.value, count=count)


def _but_why(document: Document) -> tuple[Any, ...]:
    at = document.get("due_at")
    return document.get("scenario_id"), _instant(at) if isinstance(at, str) else at


def _instant(words: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(words)).astimezone(UTC)
    except ValueError:
        return None
