"""
What `fleet watch` must know of the time before its start: plans, and up to when all is noted.

A due time is accounted for when an attempt carries it or it was noted as missed. `plans` holds
the sampling plans by which due times were drawn, each with the instant from which it holds;
`watched` holds, for each scenario, the instant up to which nothing is open any more.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, UpdateOne

from fleet.analysis.coverage import PlanSince
from fleet.analysis.sampling import SamplingPlan
from fleet.models.status import Status
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from motor.motor_asyncio import AsyncIOMotorDatabase


class WatchState:
    """The plans and accounts of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._plans, self._watched = db.plans, db.watched
        self._attempts, self._missed = db.attempts, db.missed
        self._status = db.status

    async def plans(self) -> list[PlanSince]:
        """Every plan that ever held, oldest first."""
        with translated_errors("read the sampling plans"):
            found = self._plans.find().sort("since", ASCENDING)
            return [
                PlanSince(
                    each["since"],
                    SamplingPlan(
                        each["seed"],
                        timedelta(seconds=each["mean_gap_s"]),
                        timedelta(seconds=each["min_gap_s"]),
                    ),
                )
                async for each in found
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
            await self._plans.insert_one(
                {
                    "since": now,
                    "seed": plan.seed,
                    "mean_gap_s": mean_gap.total_seconds(),
                    "min_gap_s": min_gap.total_seconds(),
                }
            )
        return plan

    async def reconciled_until(self) -> dict[str, datetime]:
        """By scenario, the instant up to which its due times are accounted for."""
        with translated_errors("read up to when visits are accounted for"):
            return {each["_id"]: each["until"] async for each in self._watched.find()}

    async def set_reconciled(self, scenario_ids: Iterable[str], until: datetime) -> None:
        """Write down that nothing due before `until` is open for these scenarios."""
        writes = [
            UpdateOne({"_id": each}, {"$max": {"until": until}}, upsert=True)
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

    async def write_status(self, status: Status) -> None:
        """Write down how the watching fleet stands now."""
        document = status.to_document()
        with translated_errors("say how the fleet stands"):
            await self._status.replace_one({"_id": document["_id"]}, document, upsert=True)

    async def status(self) -> Status | None:
        """How the watching fleet stood last; None if none has watched this database yet."""
        with translated_errors("read how the fleet stands"):
            found = await self._status.find_one({"_id": "watch"})
        return Status.from_document(found) if found else None

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
