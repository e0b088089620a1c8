"""
Visits that were due and were not made: a gap in a series is written down, never silent.

A missed visit is no attempt and says nothing of the site; it enters no rate. What was missed,
why, and how much of a period that is, stands beside the figures.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import BulkWriteError

from fleet.models import Frozen, Instant
from fleet.mongo import DUPLICATE, telling

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.models import Scenario


class Why(StrEnum):
    """Why a visit that was due was not made. The strings are in exported data."""

    UNWATCHED = "unwatched"
    """No fleet watched this flow then: it was not running, or did not have the scenario."""
    INTERRUPTED = "interrupted"
    """The visit had begun when the fleet was stopped or killed."""
    COOLING = "cooling"
    """The host had refused a visit or failed, and was left alone."""
    BUDGET = "budget"
    """The host's visits of that hour were used up."""
    DISALLOWED = "disallowed"
    """The host's robots.txt forbids it to this fleet."""
    LATE = "late"
    """The fleet was too busy to begin in time."""
    NO_ROOM = "no_room"
    """Nothing more could be kept: spool full, disk nearly full."""


class Missed(Frozen):
    """A visit of a scenario that was due at `due_at` and was not made; `detail` says more."""

    scenario_id: str
    department: str
    control: bool
    due_at: Instant
    why: Why
    detail: str
    noted_at: Instant

    @property
    def id(self) -> str:
        """One for each scenario and due time: to note it twice is harmless."""
        return f"{self.scenario_id}@{self.due_at.isoformat(timespec='milliseconds')}"

    @classmethod
    def of(cls, scenario: Scenario, due_at: datetime, why: Why, detail: str, at: datetime) -> Self:
        """What was missed of this scenario, noted at `at`."""
        return cls(
            scenario_id=scenario.id,
            department=scenario.department,
            control=scenario.control,
            due_at=due_at,
            why=why,
            detail=detail,
            noted_at=at,
        )

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it."""
        return {"_id": self.id, **self.model_dump(mode="python"), "why": self.why.value}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote."""
        return cls.model_validate({k: v for k, v in document.items() if k != "_id"})


class MissedVisits:
    """The missed visits of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._missed = db.missed

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        by_time = [("due_at", DESCENDING)]
        await self._missed.create_indexes(
            [IndexModel(by_time), IndexModel([("scenario_id", ASCENDING), *by_time])]
        )

    async def add(self, missed: Sequence[Missed]) -> None:
        """
        Keep what was missed; what is there already stays as it was noted first.

        Raises:
            StoreUnreachable, StoreRefused: some may not have been kept.
        """
        if not missed:
            return
        with telling("keep missed visits"):
            try:
                await self._missed.insert_many([m.to_document() for m in missed], ordered=False)
            except BulkWriteError as exc:
                errors = (exc.details or {}).get("writeErrors", [])
                if not errors or any(error.get("code") != DUPLICATE for error in errors):
                    raise

    async def of(
        self, scenario_id: str | None, since: datetime, until: datetime, *, limit: int = 100_000
    ) -> list[Missed]:
        """Missed visits due from `since` to before `until`, oldest first; of all flows if None."""
        query: dict[str, Any] = {"due_at": {"$gte": since, "$lt": until}}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        with telling("read missed visits"):
            found = self._missed.find(query).sort("due_at", ASCENDING).limit(limit)
            return [Missed.from_document(document) async for document in found]

    async def counts(
        self, since: datetime, until: datetime, scenario_id: str | None = None
    ) -> dict[Why, int]:
        """How many visits due from `since` to before `until` were missed, by reason."""
        match: dict[str, Any] = {"due_at": {"$gte": since, "$lt": until}}
        if scenario_id is not None:
            match["scenario_id"] = scenario_id
        pipeline = [{"$match": match}, {"$group": {"_id": "$why", "n": {"$sum": 1}}}]
        with telling("count missed visits"):
            found = await self._missed.aggregate(pipeline).to_list(None)
        return {Why(each["_id"]): each["n"] for each in found}
