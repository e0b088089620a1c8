"""
Counts kept ready: `rollups` by flow and Paris day, `department_rollups` by department and week.

When an attempt is stored, the documents that it touches are made anew from what is stored, by
MongoDB itself: from the attempts of that day, and from the roll-ups of that department. So it
does no harm to do it twice, and a document that a crash left behind is put right by the next
attempt of its day, or by `fleet rollup`. Two writers may overtake each other: each document
says how many attempts it has `seen`, and never gives way to one that has seen fewer.

The verdicts are those that the attempts were stored with; judgements made later do not enter.
What is counted is told in `fleet.analysis.rates`; `fleet.storage.figures.recount` proves that it is
what is kept here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, WriteConcern

from fleet.models.paris import day_start, monday_of, paris_day
from fleet.storage.client import translated_errors
from fleet.storage.figures import aggregations
from fleet.storage.figures.changes import Changes
from fleet.storage.figures.recount import Recount, recount
from fleet.storage.figures.withdrawn import counting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.analysis.changes import ChangeNote
    from fleet.models import Attempt

Document = dict[str, Any]

AT_ONCE = 2
"""Scenarios that a rebuild works on at the same time: MongoDB gives each one processor."""

_SEEN_NOTHING = {"$set": {"seen": 0}}
"""Makes documents give way to any that is made anew; they stay readable meanwhile."""


@dataclass(frozen=True, slots=True)
class RebuildCounts:
    """How many documents a rebuild made."""

    flows: int
    flow_days: int
    department_weeks: int
    changes: int


class Rollups:
    """The roll-ups of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        # what can be made anew need not wait for the disk; the attempts themselves do
        self._db = db.with_options(write_concern=WriteConcern(w=1, j=False))
        self.changes = Changes(self._db)

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        for field in ("scenario_id", "department"):
            await self._db.rollups.create_index([(field, ASCENDING), ("day", ASCENDING)])
        await self._db.rollups.create_index([("day", ASCENDING)])
        await self._db.department_rollups.create_index([("week", ASCENDING)])
        await self._db.department_rollups.create_index([("department", ASCENDING)])
        await self.changes.prepare()

    async def keep(self, attempt: Attempt) -> ChangeNote:
        """
        Make anew what a stored attempt touches: its day, and the week of its department.

        Returns:
            What it says of the changes of state around it.
        """
        day = paris_day(attempt.started_at)
        await self._make_days(attempt.scenario_id, day)
        # a department's week is added up from all of its days
        week = {"$gte": str(monday_of(day)), "$lte": str(monday_of(day) + timedelta(days=6))}
        await self._make_departments({"department": attempt.department, "day": week})
        return await self.changes.keep(attempt)

    async def rebuild(self) -> RebuildCounts:
        """
        Make everything anew from the attempts; what has none is removed.

        It may be read meanwhile, and attempts may be stored.

        Raises:
            StoreUnreachable, StoreRefused: not everything could be made.
        """
        with translated_errors("make the roll-ups"):
            scenario_ids: list[str] = await self._db.attempts.distinct("scenario_id")
            changes = await self._rebuild_flows(scenario_ids)
            # days that the rebuild did not reach have no attempt any more
            others = [{"seen": 0}, {"scenario_id": {"$nin": scenario_ids}}]
            await self._db.rollups.delete_many({"$or": others})
            await self.changes.forget_others(scenario_ids)
            await self._db.department_rollups.update_many({}, _SEEN_NOTHING)
            await self._make_departments({})
            await self._db.department_rollups.delete_many({"seen": 0})
            return RebuildCounts(
                flows=len(scenario_ids),
                flow_days=await self._db.rollups.count_documents({}),
                department_weeks=await self._db.department_rollups.count_documents({}),
                changes=changes,
            )

    async def _rebuild_flows(self, scenario_ids: Sequence[str]) -> int:
        """Make the days and changes of these scenarios anew; how many changes there are."""
        pending = [*scenario_ids]

        async def work() -> int:
            changes = 0
            try:
                while pending:
                    scenario_id = pending.pop()
                    # the documents stay readable, and give way to any other
                    await self._db.rollups.update_many({"scenario_id": scenario_id}, _SEEN_NOTHING)
                    await self._make_days(scenario_id)
                    changes += await self.changes.rebuild(scenario_id)
            finally:
                pending.clear()  # if one fails, the other ends with what it has begun
            return changes

        done = await asyncio.gather(*(work() for _ in range(AT_ONCE)), return_exceptions=True)
        for error in done:
            if isinstance(error, BaseException):
                raise error
        return sum(changes for changes in done if isinstance(changes, int))

    async def make_anew(self, scenario_id: str) -> None:
        """Make the figures of a scenario and its department anew; what has no attempt goes."""
        flow = {"scenario_id": scenario_id}
        department = {"department": scenario_id.partition("/")[0]}
        with translated_errors("make the roll-ups"):
            await self._db.rollups.update_many(flow, _SEEN_NOTHING)
            await self._make_days(scenario_id)
            await self._db.rollups.delete_many({**flow, "seen": 0})
            await self.changes.rebuild(scenario_id)
            await self._db.department_rollups.update_many(department, _SEEN_NOTHING)
            await self._make_departments(department)
            await self._db.department_rollups.delete_many({**department, "seen": 0})

    async def check(self) -> Recount:
        """
        Count every attempt anew, one by one in plain Python, and compare. Nothing is written.

        Raises:
            StoreUnreachable, StoreRefused: not everything could be read.
        """
        with translated_errors("check the roll-ups"):
            return await recount(self._db)

    async def _make_days(self, scenario_id: str, day: date | None = None) -> None:
        """From the attempts of this Paris day, or of all days."""
        match = await counting(self._db, scenario_id)
        if day is not None:
            match["started_at"] = {
                "$gte": day_start(day),
                "$lt": day_start(day + timedelta(days=1)),
            }
        pipeline = [{"$match": match}, *aggregations.days(scenario_id)]
        await self._db.attempts.aggregate(pipeline, allowDiskUse=True).to_list(None)

    async def _make_departments(self, which: Document) -> None:
        pipeline = [{"$match": which}, *aggregations.DEPARTMENTS]
        await self._db.rollups.aggregate(pipeline, allowDiskUse=True).to_list(None)
