"""
Visits that were due and were not made: a gap in a series is written down, never silent.

A missed visit is no attempt and says nothing of the site; it enters no rate. What was missed,
why, and how much of a period that is, stands beside the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, IndexModel, ReplaceOne

from fleet.models.missed import MissedVisit, MissReason, due_id
from fleet.storage.client import but_duplicates, translated_errors

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase


BATCH = 1000


class MissedVisits:
    """The missed visits of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._missed, self._attempts = db.missed, db.attempts

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        by_time = [("due_at", DESCENDING)]
        # what figures are grouped by stands behind: counting reads the index alone
        behind = [(name, ASCENDING) for name in ("department", "control", "why")]
        await self._missed.create_indexes(
            [IndexModel([*by_time, *behind]), IndexModel([("scenario_id", ASCENDING), *by_time])]
        )

    async def add(self, missed: Sequence[MissedVisit]) -> None:
        """
        Keep what was missed, but of due times that an attempt carries.

        What is there already stays as it was noted first; only that nobody watched gives way to
        whoever knows more.

        Raises:
            StoreUnreachable, StoreRefused: some may not have been kept.
        """
        if not missed:
            return
        documents = [each.to_document() for each in missed]
        unwatched = MissReason.UNWATCHED.value
        with translated_errors("keep missed visits"):
            with but_duplicates():
                await self._missed.insert_many(documents, ordered=False)
            better = [
                ReplaceOne({"_id": each["_id"], "why": unwatched}, each)
                for each in documents
                if each["why"] != unwatched
            ]
            if better:
                await self._missed.bulk_write(better, ordered=False)
            # last: an attempt that is stored from here on takes its note away itself
            await self._forget_attempted(missed)

    async def forget(self, scenario_id: str, due_at: datetime) -> None:
        """Take a note away: an attempt of this due time is stored, however late it came."""
        with translated_errors("take away that a visit was missed"):
            await self._missed.delete_one({"_id": due_id(scenario_id, due_at)})

    async def forget_after(self, at: datetime) -> None:
        """Take away that nobody watched after `at`: the clock went back, it has not come yet."""
        with translated_errors("take away what was not missed yet"):
            await self._missed.delete_many(
                {"due_at": {"$gt": at}, "why": MissReason.UNWATCHED.value}
            )

    async def _forget_attempted(self, missed: Sequence[MissedVisit]) -> None:
        by_scenario: dict[str, list[datetime]] = {}
        for each in missed:
            by_scenario.setdefault(each.scenario_id, []).append(each.due_at)
        for scenario_id, times in by_scenario.items():
            for begin in range(0, len(times), BATCH):
                query = {
                    "scenario_id": scenario_id,
                    "due_at": {"$in": times[begin : begin + BATCH]},
                }
                made = await self._attempts.distinct("due_at", query)
                if made:
                    ids = [due_id(scenario_id, at) for at in made]
                    await self._missed.delete_many({"_id": {"$in": ids}})

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
