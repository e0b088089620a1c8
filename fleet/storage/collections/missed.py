"""
Visits that were due and were not made: a gap in a series is written down, never silent.

A missed visit is no attempt and says nothing of the site; it enters no rate. What was missed,
why, and how much of a period that is, stands beside the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, IndexModel

from fleet.models.missed import MissedVisit, MissReason
from fleet.storage.client import but_duplicates, translated_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase


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

    async def add(self, missed: Sequence[MissedVisit]) -> None:
        """
        Keep what was missed; what is there already stays as it was noted first.

        Raises:
            StoreUnreachable, StoreRefused: some may not have been kept.
        """
        if not missed:
            return
        with translated_errors("keep missed visits"), but_duplicates():
            await self._missed.insert_many([m.to_document() for m in missed], ordered=False)

    async def of(
        self, scenario_id: str | None, since: datetime, until: datetime, *, limit: int = 100_000
    ) -> list[MissedVisit]:
        """Missed visits due from `since` to before `until`, oldest first; of all flows if None."""
        query: dict[str, Any] = {"due_at": {"$gte": since, "$lt": until}}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        with translated_errors("read missed visits"):
            found = self._missed.find(query).sort("due_at", ASCENDING).limit(limit)
            return [MissedVisit.from_document(document) async for document in found]

    async def counts(
        self, since: datetime, until: datetime, scenario_id: str | None = None
    ) -> dict[MissReason, int]:
        """How many visits due from `since` to before `until` were missed, by reason."""
        match: dict[str, Any] = {"due_at": {"$gte": since, "$lt": until}}
        if scenario_id is not None:
            match["scenario_id"] = scenario_id
        pipeline = [{"$match": match}, {"$group": {"_id": "$why", "n": {"$sum": 1}}}]
        with translated_errors("count missed visits"):
            found = await self._missed.aggregate(pipeline).to_list(None)
        return {MissReason(each["_id"]): each["n"] for each in found}
