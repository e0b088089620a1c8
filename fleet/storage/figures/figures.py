"""
Figures for a reader: overview, department, flow, changes of state. All from the roll-ups.

They cost the same however many attempts there are. What they mean is told in
`fleet.analysis.rates`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from fleet.analysis.rates import Counts, Delay
from fleet.analysis.samples import Break, DayFigures, Totals, breaks_of, totals_of, week_of
from fleet.models import Verdict
from fleet.models.paris import monday_of
from fleet.storage.client import translated_errors
from fleet.storage.figures.aggregations import PUBLICS, figures_of
from fleet.storage.figures.changes import Changes
from fleet.storage.paging import check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.analysis.changes import Change
    from fleet.models.query import Cursor, Period

Document = dict[str, Any]


@dataclass(frozen=True)
class Halves:
    """A department's counts: flows for foreigners, and control flows, never added up."""

    foreigners: Counts
    control: Counts


@dataclass(frozen=True)
class FlowFigures:
    """
    One flow over a period: all of it, day by day, and hour by hour of the week.

    `days` has the days with attempts only. `week` is by weekday (Monday is 0) and Paris hour.
    `breaks` are where the scenario's version changed: rates before and after one were measured
    in different ways.
    """

    totals: Totals
    days: tuple[DayFigures, ...]
    week: Mapping[tuple[int, int], Counts]
    breaks: tuple[Break, ...]


class FigureQueries:
    """The figures of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._db = db
        self._changes = Changes(db)

    async def overview(self, period: Period) -> dict[str, Halves]:
        """The counts of every department that has attempts in the period."""
        weeks, edges = _weeks(period)
        of_weeks: Document = {
            f"{public}_{name}": {"$sum": f"${public}.{field}"}
            for public in PUBLICS
            for name, field in _COUNTS.items()
        }
        found: defaultdict[str, tuple[list[Counts], list[Counts]]] = defaultdict(lambda: ([], []))
        with translated_errors("read the overview"):
            of_departments = self._db.department_rollups.aggregate(
                [{"$match": {"week": weeks}}, {"$group": {"_id": "$department", **of_weeks}}]
            )
            of_days = self._db.rollups.aggregate([{"$match": {"$or": edges}}, *_ONE_BY_ONE])
            by_weeks, by_days = await asyncio.gather(
                of_departments.to_list(None), of_days.to_list(None)
            )
        for each in by_weeks:
            for half, public in enumerate(PUBLICS):
                found[each["_id"]][half].append(_counts(each, f"{public}_"))
        for each in by_days:
            name, n = each["_id"]["name"], each["n"]
            counts = Counts(retried=n) if name == "retried" else Counts({Verdict(name): n})
            found[each["_id"]["department"]][each["_id"]["control"]].append(counts)
        return {code: Halves(*map(Counts.total, found[code])) for code in sorted(found)}

    async def department(self, code: str, period: Period) -> list[Totals]:
        """The flows of a department that have attempts in the period, by their id."""
        sums = {
            **{name: {"$sum": f"${field}"} for name, field in _COUNTS.items()},
            **{f"delays_{d.value}": {"$sum": f"$delays.{d.value}"} for d in Delay},
            **{name: {"$sum": f"${name}"} for name in ("known", "wait_days")},
        }
        pipeline: list[Document] = [
            {"$match": {"department": code, "day": _days(period)}},
            {
                "$group": {
                    "_id": "$scenario_id",
                    "control": {"$max": "$control"},
                    "shortest_wait_days": {"$min": "$shortest_wait_days"},
                    **sums,
                }
            },
            {"$sort": {"_id": ASCENDING}},
        ]
        with translated_errors(f"read department {code}"):
            found = await self._db.rollups.aggregate(pipeline).to_list(None)
        return [
            Totals(
                scenario_id=each["_id"],
                control=each["control"],
                counts=_counts(each),
                delays={d: n for d in Delay if (n := each[f"delays_{d.value}"])},
                known=each["known"],
                wait_days=each["wait_days"],
                shortest_wait_days=each["shortest_wait_days"],
            )
            for each in found
        ]

    async def flow(self, scenario_id: str, period: Period) -> FlowFigures | None:
        """One flow over a period; None if it has no attempts in it."""
        query = {"scenario_id": scenario_id, "day": _days(period)}
        with translated_errors(f"read the figures of {scenario_id}"):
            found = await self._db.rollups.find(query).sort("day", ASCENDING).to_list(None)
        days = [figures_of(document) for document in found]
        totals = totals_of(days)
        if totals is None:
            return None
        return FlowFigures(totals, tuple(days), week_of(days), tuple(breaks_of(days)))

    async def changes(
        self,
        limit: int = 50,
        *,
        scenario_id: str | None = None,
        department: str | None = None,
        control: bool | None = None,
        older_than: Cursor | None = None,
    ) -> list[Change]:
        """
        The latest changes of state, newest first: of all flows, of one, a department's, a public's.

        `older_than` is the place of a change (when, and the attempt that saw it), itself not
        among them.

        Raises:
            BadInput: `limit` is not between 1 and `MAX_LIMIT`.
        """
        with translated_errors("read the changes"):
            return await self._changes.latest(
                check_limit(limit),
                scenario_id=scenario_id,
                department=department,
                control=control,
                older_than=older_than,
            )


_COUNTS = {"retried": "retried", **{f"verdicts_{v}": f"verdicts.{v}" for v in Verdict}}
"""What a sum of counts is called, and where in a roll-up the counts are."""


def _days(period: Period) -> Document:
    return {"$gte": str(period.first), "$lte": str(period.last)}


_ONE_BY_ONE: list[Document] = [
    {
        "$project": {
            "department": 1,
            "control": 1,
            "counts": {"$objectToArray": {"$mergeObjects": ["$verdicts", {"retried": "$retried"}]}},
        }
    },
    {"$unwind": "$counts"},
    {
        "$group": {
            "_id": {"department": "$department", "control": "$control", "name": "$counts.k"},
            "n": {"$sum": "$counts.v"},
        }
    },
]
"""Adds up the counts of roll-ups of days: a few names each, which is faster than all of them."""


def _weeks(period: Period) -> tuple[Document, list[Document]]:
    """The Mondays of the weeks that lie in the period, and the days before and after them."""
    first = monday_of(period.first + timedelta(days=6))
    end = max(first, monday_of(period.last + timedelta(days=1)))
    weeks = {"$gte": str(first), "$lt": str(end)}
    before = {"$gte": str(period.first), "$lt": str(min(first, period.last + timedelta(days=1)))}
    after = {"$gte": str(end), "$lte": str(period.last)}
    return weeks, [{"day": before}, {"day": after}]


def _counts(sums: Document, prefix: str = "") -> Counts:
    verdicts = {v: n for v in Verdict if (n := sums[f"{prefix}verdicts_{v.value}"])}
    return Counts(verdicts, sums[f"{prefix}retried"])
