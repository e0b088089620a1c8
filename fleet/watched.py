"""
Up to when every due time of a flow is accounted for: the memory of `fleet watch`.

A due time is accounted for when an attempt carries it or it was noted as missed. `plans` holds
the sampling plans by which due times were drawn, each with the instant from which it holds;
`watched` holds, for each scenario, the instant up to which nothing is open any more.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, UpdateOne

from fleet.mongo import telling
from fleet.schedule import Plan
from fleet.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase


@dataclass(frozen=True, slots=True)
class PlanSince:
    """The plan that holds from `since` on."""

    since: datetime
    plan: Plan


def due_times(
    plans: Sequence[PlanSince], scenario_id: str, since: datetime, until: datetime
) -> list[datetime]:
    """When a flow was due from `since` to before `until`, by the plans that held then, in order."""
    if not plans:
        return []
    ends = [*(after.since for _, after in pairwise(plans)), until]
    found: list[datetime] = []
    for each, end in zip(plans, ends, strict=True):
        begin = max(each.since, since)
        if begin < min(end, until):
            found += each.plan.due(scenario_id, begin, min(end, until))
    return found


class Watched:
    """The plans and accounts of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._plans, self._watched = db.plans, db.watched
        self._attempts, self._missed = db.attempts, db.missed
        self._status = db.status

    async def plans(self) -> list[PlanSince]:
        """Every plan that ever held, oldest first."""
        with telling("read the sampling plans"):
            found = self._plans.find().sort("since", ASCENDING)
            return [
                PlanSince(
                    each["since"],
                    Plan(
                        each["seed"],
                        timedelta(seconds=each["mean_gap_s"]),
                        timedelta(seconds=each["min_gap_s"]),
                    ),
                )
                async for each in found
            ]

    async def use_plan(self, mean_gap: timedelta, min_gap: timedelta, now: datetime) -> Plan:
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
            else Plan(secrets.token_hex(16), mean_gap, min_gap)
        )
        with telling("keep the sampling plan"):
            await self._plans.insert_one(
                {
                    "since": now,
                    "seed": plan.seed,
                    "mean_gap_s": mean_gap.total_seconds(),
                    "min_gap_s": min_gap.total_seconds(),
                }
            )
        return plan

    async def accounted(self) -> dict[str, datetime]:
        """By scenario, the instant up to which its due times are accounted for."""
        with telling("read up to when visits are accounted for"):
            return {each["_id"]: each["until"] async for each in self._watched.find()}

    async def account(self, scenario_ids: Iterable[str], until: datetime) -> None:
        """Write down that nothing due before `until` is open for these scenarios."""
        writes = [
            UpdateOne({"_id": each}, {"$max": {"until": until}}, upsert=True)
            for each in scenario_ids
        ]
        if writes:
            with telling("keep up to when visits are accounted for"):
                await self._watched.bulk_write(writes, ordered=False)

    async def visited(self, since: datetime, until: datetime) -> dict[str, set[datetime]]:
        """By scenario, the due times in this period that an attempt carries."""
        return await self._due_times(self._attempts, since, until)

    async def noted(self, since: datetime, until: datetime) -> dict[str, set[datetime]]:
        """By scenario, the due times in this period that were noted as missed."""
        return await self._due_times(self._missed, since, until)

    async def say(self, status: Status) -> None:
        """Write down how the watching fleet stands now."""
        document = status.to_document()
        with telling("say how the fleet stands"):
            await self._status.replace_one({"_id": document["_id"]}, document, upsert=True)

    async def status(self) -> Status | None:
        """How the watching fleet stood last; None if none has watched this database yet."""
        with telling("read how the fleet stands"):
            found = await self._status.find_one({"_id": "watch"})
        return Status.from_document(found) if found else None

    async def _due_times(
        self, collection: Any, since: datetime, until: datetime
    ) -> dict[str, set[datetime]]:
        pipeline = [
            {"$match": {"due_at": {"$gte": since, "$lt": until}}},
            {"$group": {"_id": "$scenario_id", "due": {"$addToSet": "$due_at"}}},
        ]
        with telling("read due times"):
            found = collection.aggregate(pipeline, allowDiskUse=True)
            return {each["_id"]: set(each["due"]) async for each in found}


def open_times(
    plans: Sequence[PlanSince],
    accounted: Mapping[str, datetime],
    until: datetime,
    done: Mapping[str, set[datetime]],
) -> dict[str, list[datetime]]:
    """By scenario, the due times before `until` that nothing accounts for."""
    found = {}
    for scenario_id, since in accounted.items():
        due = due_times(plans, scenario_id, since, until)
        if still := [at for at in due if at not in done.get(scenario_id, set())]:
            found[scenario_id] = still
    return found
