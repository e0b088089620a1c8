"""
Visits that were due and were not made, counted as figures need them: by reason, and by what for.

They are counted where they are noted: a note comes and goes (`storage.collections.missed`), and
there are few of them beside the attempts.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from fleet.models.missed import MissReason
from fleet.models.paris import day_start

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.models.query import Period

Reasons = dict[MissReason, int]


class NotMade:
    """The missed visits of one database, counted; errors of the driver come as they are."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._missed = db.missed

    async def by_department(self, period: Period) -> dict[tuple[str, bool], Reasons]:
        """Of all flows, by department and whether they are control flows."""
        key = {"department": "$department", "control": "$control"}
        found: defaultdict[tuple[str, bool], Reasons] = defaultdict(dict)
        for each, why, n in await self._grouped(_due(period), key):
            found[each["department"], each["control"]][why] = n
        return dict(found)

    async def by_flow(
        self, department: str | None, period: Period
    ) -> dict[tuple[str, bool], Reasons]:
        """Of a department, or of all, by flow and whether it is a control flow."""
        own = {"scenario_id": {"$gt": ""}}
        if department is not None:
            # the ids that begin with `63/`: the character after "/" is "0"
            own["scenario_id"] = {"$gte": f"{department}/", "$lt": f"{department}0"}
        key = {"scenario_id": "$scenario_id", "control": "$control"}
        found: defaultdict[tuple[str, bool], Reasons] = defaultdict(dict)
        for each, why, n in await self._grouped({**own, **_due(period)}, key):
            found[each["scenario_id"], each["control"]][why] = n
        return dict(found)

    async def by_day(self, scenario_id: str, period: Period) -> dict[date, Reasons]:
        """Of a flow, by Paris day."""
        text = {"date": "$due_at", "format": "%Y-%m-%d", "timezone": "Europe/Paris"}
        key = {"day": {"$dateToString": text}}
        found: defaultdict[date, Reasons] = defaultdict(dict)
        query = {"scenario_id": scenario_id, **_due(period)}
        for each, why, n in await self._grouped(query, key):
            found[date.fromisoformat(each["day"])][why] = n
        return dict(found)

    async def _grouped(
        self, query: dict[str, Any], key: dict[str, Any]
    ) -> list[tuple[dict[str, Any], MissReason, int]]:
        # named first, the few fields come from the index alone, in half the time
        needed = {"_id": 0, **dict.fromkeys(("department", "control", "why", *query), 1)}
        group = {"$group": {"_id": {**key, "why": "$why"}, "n": {"$sum": 1}}}
        stages: list[dict[str, Any]] = [{"$match": query}, {"$project": needed}, group]
        found = await self._missed.aggregate(stages).to_list(None)
        return [(each["_id"], MissReason(each["_id"]["why"]), each["n"]) for each in found]


def _due(period: Period) -> dict[str, Any]:
    since, until = day_start(period.first), day_start(period.last + timedelta(days=1))
    return {"due_at": {"$gte": since, "$lt": until}}
