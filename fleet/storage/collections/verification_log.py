"""
The last verifications: when, by which version, how much, what was found. For the web pages.

The pages may run on another machine than `fleet verify`, so its report is kept in MongoDB too. It
is no proof, for whoever can alter the database can alter it: it tells when was last verified.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import ValidationError

from fleet.ledger.findings import Case, Finding
from fleet.models import Frozen, Instant
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.ledger.findings import Report

Document = dict[str, Any]

MAX_LOGGED = 50
"""Findings, and notices, that are kept; the others are counted."""


HIGHEST = "highest"
"""Of this id is what tells of no single verification, but of all that found nothing."""


class LoggedFinding(Frozen):
    """A finding as it is kept."""

    case: str
    values: dict[str, str]

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """What is kept of a finding."""
        values = {name: str(value)[:500] for name, value in finding.values.items()}
        return cls(case=finding.case.name, values=values)

    @property
    def finding(self) -> Finding | None:
        """The finding; None if this version has no such case, or not with these values."""
        try:
            return Finding(Case[self.case], **self.values)
        except KeyError:
            return None


class Verification(Frozen):
    """
    A verification of everything, or of what was sealed since the one before (`newer`).

    `last_seal` is the number of the last seal then, 0 if there was none. `found` and `noticed`
    count all findings and notices, of which some are kept.
    """

    kind: Literal["everything", "newer"]
    began_at: Instant
    ended_at: Instant
    fleet_version: str
    last_seal: int
    attempts: int
    files: int
    links: int
    seals: int
    tokens: int
    unsealed: int
    found: int
    noticed: int
    findings: tuple[LoggedFinding, ...]
    notices: tuple[LoggedFinding, ...]

    @classmethod
    def of(cls, report: Report, **more: Any) -> Self:
        """What is kept of a report."""
        counted = ("attempts", "files", "links", "seals", "tokens", "unsealed")
        return cls(
            **more,
            **{name: getattr(report, name) for name in counted},
            found=len(report.findings),
            noticed=len(report.notices),
            findings=_first_logged(report.findings),
            notices=_first_logged(report.notices),
        )


def _first_logged(findings: Sequence[Finding]) -> tuple[LoggedFinding, ...]:
    return tuple(LoggedFinding.of(each) for each in findings[:MAX_LOGGED])


class Verifications:
    """The last verification of each kind."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._verifications = db.verifications

    async def keep(self, verification: Verification) -> None:
        """Keep it in the place of the last one of its kind."""
        document = verification.model_dump(mode="python")
        kind = document.pop("kind")
        with translated_errors("keep the result of the verification"):
            await self._verifications.replace_one({"_id": kind}, document, upsert=True)
            if not verification.found:
                highest = {"$max": {"seal": verification.last_seal}}
                await self._verifications.update_one({"_id": HIGHEST}, highest, upsert=True)

    async def highest_seal(self) -> int:
        """The highest number of a seal that was ever found sound, 0 if none was."""
        with translated_errors("read the last verifications"):
            found = await self._verifications.find_one({"_id": HIGHEST})
        number = found.get("seal") if found else 0
        return number if isinstance(number, int) else 0

    async def forget(self) -> None:
        """Know of no verification any more."""
        with translated_errors("forget the last verifications"):
            await self._verifications.delete_many({})

    async def latest(self) -> list[Verification]:
        """The last ones, latest first."""
        with translated_errors("read the last verifications"):
            found = await self._verifications.find({"_id": {"$ne": HIGHEST}}).to_list(10)
        verifications = []
        for document in found:
            # one that somebody altered, or another version wrote, tells of nothing
            with contextlib.suppress(ValidationError):
                fields = {"kind": document.pop("_id"), **document}
                verifications.append(Verification.model_validate(fields))
        return sorted(verifications, key=lambda each: each.ended_at, reverse=True)
