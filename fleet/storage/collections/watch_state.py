"""
What `fleet watch` must know of the time before its start: plans, and up to when all is noted.

A due time is accounted for when an attempt carries it or it was noted as missed. `plans` holds
the sampling plans by which due times were drawn, each with the instant from which it holds;
`watched` holds, for each scenario, the instant up to which nothing is open any more.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, UpdateOne
from pymongo.errors import DuplicateKeyError

from fleet.analysis.coverage import PlanSince
from fleet.analysis.sampling import SamplingPlan
from fleet.models.status import Status
from fleet.storage.client import lenient, translated_errors
from fleet.storage.lease import LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from motor.motor_asyncio import AsyncIOMotorDatabase


BY_NUMBER = [("number", ASCENDING), ("since", ASCENDING)]


def _plan_document(plan: SamplingPlan, since: datetime) -> dict[str, Any]:
    return {
        "since": since,
        "seed": plan.seed,
        "mean_gap_s": plan.mean_gap.total_seconds(),
        "min_gap_s": plan.min_gap.total_seconds(),
    }


@dataclass(frozen=True, slots=True)
class WatchedSpan:
    """From when to when a flow's due times are accounted for; `gaps`: out of the catalogue."""

    since: datetime
    until: datetime
    gaps: tuple[tuple[datetime, datetime], ...] = ()

    def holds(self, at: datetime) -> bool:
        """Whether a due time at that instant is to be accounted for."""
        return self.since <= at < self.until and not any(a <= at < b for a, b in self.gaps)


class WatchState:
    """The plans and accounts of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._plans, self._watched = lenient(db).plans, lenient(db).watched
        self._attempts, self._missed = db.attempts, db.missed
        self._status = db.status

    async def plans(self) -> list[PlanSince]:
        """Every plan that ever held, oldest first."""
        with translated_errors("read the sampling plans"):
            # those of older fleets have no number, and come first
            found = self._plans.find().sort(BY_NUMBER)
            return [
                PlanSince(
                    each["since"],
                    SamplingPlan(
                        each["seed"],
                        timedelta(seconds=each["mean_gap_s"]),
                        timedelta(seconds=each["min_gap_s"]),
                    ),
                    each.get("until"),
                    number,
                )
                for number, each in enumerate(await found.to_list(None))
            ]

    async def use_plan(
        self, mean_gap: timedelta, min_gap: timedelta, now: datetime
    ) -> SamplingPlan:
        """
        The plan with these gaps, which holds from now on unless it did already.

        The seed is drawn once for a database and stays: with it, nobody can choose due times.
        """
        plans = await self.plans()
        if plans and (plans[-1].plan.mean_gap, plans[-1].plan.min_gap) == (mean_gap, min_gap):
            return plans[-1].plan
        plan = (
            replace(plans[-1].plan, mean_gap=mean_gap, min_gap=min_gap)
            if plans
            else SamplingPlan(secrets.token_hex(16), mean_gap, min_gap)
        )
        with translated_errors("keep the sampling plan"):
            await self._plans.insert_one({"number": len(plans), **_plan_document(plan, now)})
        return plan

    async def begin_stretch(
        self, number: int, plan: SamplingPlan, since: datetime, ended_at: datetime
    ) -> None:
        """
        A plan holds from `since` on, the one before it held until `ended_at`: the clock was set.

        To say it again is harmless.
        """
        with translated_errors("keep that the clock was set"):
            before = (await self._plans.find().sort(BY_NUMBER).to_list(None))[number - 1]
            until = ended_at + timedelta(milliseconds=1)  # what was due just then was handed over
            await self._plans.update_one(
                {"_id": before["_id"], "until": None}, {"$set": {"until": until}}
            )
            await self._plans.update_one(
                {"number": number},
                {"$setOnInsert": {**_plan_document(plan, since), "number": number}},
                upsert=True,
            )

    async def extend_stretch(self, number: int, since: datetime) -> None:
        """The plan of that number holds since then: the clock stays where it was set."""
        with translated_errors("keep that the clock stays"):
            await self._plans.update_one({"number": number}, {"$min": {"since": since}})

    async def open_again(self, at: datetime, most: timedelta) -> None:
        """Nothing is accounted for after `at` any more: the clock was set back to it."""
        with translated_errors("keep that the clock was set back"):
            await self._watched.update_many(
                {"until": {"$gt": at, "$lte": at + most}}, {"$set": {"until": at}}
            )

    async def reconciled_until(self) -> dict[str, datetime]:
        """By scenario, the instant up to which its due times are accounted for."""
        with translated_errors("read up to when visits are accounted for"):
            return {each["_id"]: each["until"] async for each in self._watched.find()}

    async def watched(self) -> dict[str, WatchedSpan]:
        """By scenario, from when to when its due times are accounted for."""
        with translated_errors("read up to when visits are accounted for"):
            found = await self._watched.find().to_list(None)
        return {
            each["_id"]: WatchedSpan(
                each.get("since", LONG_AGO),
                each["until"],
                tuple((gap["since"], gap["until"]) for gap in each.get("gaps", ())),
            )
            for each in found
        }

    async def begin_again(self, scenario_ids: Iterable[str], at: datetime) -> None:
        """
        These scenarios came into the catalogue at `at`: what was due before is nobody's.

        Of one that was in it before, the time in between is a gap.
        """
        names = list(scenario_ids)
        with translated_errors("keep since when visits are accounted for"):
            async for each in self._watched.find({"_id": {"$in": names}, "until": {"$lt": at}}):
                gap = {"since": each["until"], "until": at}
                await self._watched.update_one({"_id": each["_id"]}, {"$push": {"gaps": gap}})
        await self.set_reconciled(names, at)

    async def set_reconciled(self, scenario_ids: Iterable[str], until: datetime) -> None:
        """Write down that nothing due before `until` is open for these scenarios."""
        writes = [
            UpdateOne(
                {"_id": each},
                {"$max": {"until": until}, "$setOnInsert": {"since": until}},
                upsert=True,
            )
            for each in scenario_ids
        ]
        if writes:
            with translated_errors("keep up to when visits are accounted for"):
                await self._watched.bulk_write(writes, ordered=False)

    async def attempted_times(self, since: datetime, until: datetime) -> dict[str, set[datetime]]:
        """By scenario, the due times in this period that an attempt carries."""
        return await self._due_times(self._attempts, since, until)

    async def missed_times(self, since: datetime, until: datetime) -> dict[str, set[datetime]]:
        """By scenario, the due times in this period that were noted as missed."""
        return await self._due_times(self._missed, since, until)

    async def write_status(self, status: Status, fence: int = 0) -> None:
        """
        Write down how the watching fleet stands now.

        Args:
            fence: the number of its lease. What the fleet after it has written stays.
        """
        document = {**status.to_document(), "fence": fence}
        minute_ms = 60_000
        mine = {"$lte": [{"$ifNull": ["$fence", 0]}, fence]}
        # numbers begin anew if the leases were dropped; then the other one is silent
        silent = {
            "$gt": [
                {"$abs": {"$subtract": ["$$NOW", {"$ifNull": ["$heard_at", LONG_AGO]}]}},
                minute_ms,
            ]
        }
        heard = {"$mergeObjects": [{"$literal": document}, {"heard_at": "$$NOW"}]}
        with (
            translated_errors("say how the fleet stands"),
            contextlib.suppress(DuplicateKeyError),
        ):
            who, update = {"_id": document["_id"]}, [{"$replaceWith": heard}]
            done = await self._status.update_one({**who, "$expr": {"$or": [mine, silent]}}, update)
            if not done.matched_count:  # nobody's yet, or that of the fleet after this one
                none = {**who, "fence": {"$exists": False}}
                await self._status.update_one(none, update, upsert=True)

    async def status(self) -> Status | None:
        """
        How the watching fleet stood last; None if none has watched this database yet.

        How long ago that was, `age_s`, is by MongoDB's clock only.
        """
        age = {"$divide": [{"$subtract": ["$$NOW", "$heard_at"]}, 1000]}
        pipeline: list[dict[str, Any]] = [
            {"$match": {"_id": "watch"}},
            {"$addFields": {"age_s": age}},
        ]
        with translated_errors("read how the fleet stands"):
            found = await self._status.aggregate(pipeline).to_list(1)
        return Status.from_document(found[0]) if found else None

    async def _due_times(
        self, collection: Any, since: datetime, until: datetime
    ) -> dict[str, set[datetime]]:
        pipeline = [
            {"$match": {"due_at": {"$gte": since, "$lt": until}}},
            {"$group": {"_id": "$scenario_id", "due": {"$addToSet": "$due_at"}}},
        ]
        with translated_errors("read due times"):
            found = collection.aggregate(pipeline, allowDiskUse=True)
            return {each["_id"]: set(each["due"]) async for each in found}
