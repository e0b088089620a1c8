"""
Figures for a reader: overview, department, flow, changes of state. All from the roll-ups.

They cost the same however many attempts there are. What they mean is told in
`fleet.analysis.rates`.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from fleet.analysis.delays import WITHIN_MONTHS, Delay
from fleet.analysis.rates import Counts, added_up
from fleet.analysis.samples import (
    Break,
    DayFigures,
    Totals,
    breaks_of,
    chosen_days,
    total_of,
    totals_of,
    week_of,
)
from fleet.models import Verdict
from fleet.models.paris import monday_of
from fleet.storage.client import translated_errors
from fleet.storage.figures.aggregations import HALVES, RETRIES, figures_of
from fleet.storage.figures.changes import Changes
from fleet.storage.figures.not_made import NotMade
from fleet.storage.paging import check_limit

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.analysis.changes import Change
    from fleet.models.missed import MissReason
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

    `days` has the days on which visits were made or due: of those that were drawn at random if
    there are any, else of those asked for by hand. `week` is by weekday (Monday is 0) and Paris
    hour. `breaks` are where the scenario's version changed: rates before and after one were
    measured in different ways. `beside` has, by day, what further attempts saw: retries, and what
    is counted in `by_hand`; they are in no rate.
    """

    totals: Totals
    days: tuple[DayFigures, ...]
    week: Mapping[tuple[int, int], Counts]
    breaks: tuple[Break, ...]
    beside: Mapping[date, Mapping[Verdict, int]] = field(default_factory=dict)

    @property
    def all_beside(self) -> dict[Verdict, int]:
        """What is in `beside`, of all days."""
        return added_up(self.beside.values())

    @property
    def span_days(self) -> int:
        """From the first day on which a visit was due to the last, both counted."""
        return (self.days[-1].day - self.days[0].day).days + 1


class FigureQueries:
    """The figures of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._db = db
        self._changes = Changes(db)
        self._not_made = NotMade(db)

    async def overview(self, period: Period) -> dict[str, Halves]:
        """The counts of every department that has attempts, or had visits due, in the period."""
        weeks, edges = _weeks(period)
        of_weeks: Document = {
            f"{half}_{name}": {"$sum": f"${half}.{field}"}
            for half in HALVES.values()
            for name, field in _COUNTS.items()
        }
        found: defaultdict[str, tuple[list[Counts], list[Counts]]] = defaultdict(lambda: ([], []))
        with translated_errors("read the overview"):
            of_departments = self._db.department_rollups.aggregate(
                [{"$match": {"week": weeks}}, {"$group": {"_id": "$department", **of_weeks}}]
            )
            of_days = self._db.rollups.aggregate([{"$match": {"$or": edges}}, *_ONE_BY_ONE])
            by_weeks, by_days, missed = await asyncio.gather(
                of_departments.to_list(None),
                of_days.to_list(None),
                self._not_made.by_department(period),
            )
        for each in by_weeks:
            for (control, drawn), half in HALVES.items():
                counts = _counts(each, f"{half}_", drawn=drawn)
                if counts.attempts:
                    found[each["_id"]][control].append(counts)
        for each in by_days:
            which = each["_id"]
            one = {which["name"]: each["n"]}
            found[which["department"]][which["control"]].append(
                Counts(**one, drawn=which["drawn"])
                if which["name"] in RETRIES
                else Counts({Verdict(which["name"]): each["n"]}, drawn=which["drawn"])
            )
        for (department, control), reasons in missed.items():
            found[department][control].append(Counts(missed=reasons))
        return {code: Halves(*map(Counts.total, found[code])) for code in sorted(found)}

    async def department(self, code: str | None, period: Period) -> list[Totals]:
        """
        The flows of a department that have attempts, or were due, in the period, by their id.

        Args:
            code: None: those of all departments.
        """
        of_department = {} if code is None else {"department": code}
        pipeline: list[Document] = [
            {"$match": {**of_department, "day": _days(period)}},
            {
                "$group": {
                    "_id": {"scenario_id": "$scenario_id", "drawn": "$drawn"},
                    "control": {"$max": "$control"},
                    "shortest_wait_days": {"$min": "$shortest_wait_days"},
                    **_SUMS,
                }
            },
        ]
        with translated_errors(f"read the figures of {code or 'all departments'}"):
            found, missed = await asyncio.gather(
                self._db.rollups.aggregate(pipeline).to_list(None),
                self._not_made.by_flow(code, period),
            )
        by_flow: defaultdict[str, list[Totals]] = defaultdict(list)
        for each in found:
            by_flow[each["_id"]["scenario_id"]].append(
                Totals(
                    scenario_id=each["_id"]["scenario_id"],
                    control=each["control"],
                    counts=_counts(each, drawn=each["_id"]["drawn"]),
                    delays={d: n for d in Delay if (n := each[f"delays_{d.value}"])},
                    known=each["known"],
                    wait_days=each["wait_days"],
                    shortest_wait_days=each["shortest_wait_days"],
                    within={m: n for m in WITHIN_MONTHS if (n := each[f"within_{m}"])},
                )
            )
        for (scenario_id, control), reasons in missed.items():
            by_flow[scenario_id].append(
                Totals(scenario_id, control, Counts(missed=reasons), {}, 0, 0, None)
            )
        return [total_of(by_flow[scenario_id]) for scenario_id in sorted(by_flow)]

    async def offering(self, period: Period) -> set[str]:
        """
        The flows of which any attempt of the period saw slots, also one that is in no rate.

        A retry, or what was asked for by hand: a slot that it saw was there.
        """
        seen = [{f"{name}.{Verdict.SLOTS.value}": {"$gt": 0}} for name in ("verdicts", "retries")]
        query = {"day": _days(period), "$or": seen}
        with translated_errors("read which flows offered slots"):
            return set(await self._db.rollups.distinct("scenario_id", query))

    async def flow(self, scenario_id: str, period: Period) -> FlowFigures | None:
        """One flow over a period; None if it has no attempts in it, and was not due."""
        query = {"scenario_id": scenario_id, "day": _days(period)}
        with translated_errors(f"read the figures of {scenario_id}"):
            found, missed = await asyncio.gather(
                self._db.rollups.find(query).sort("day", ASCENDING).to_list(None),
                self._not_made.by_day(scenario_id, period),
            )
        return flow_figures([figures_of(document) for document in found], scenario_id, missed)

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


def flow_figures(
    days: Sequence[DayFigures],
    scenario_id: str,
    missed: Mapping[date, Mapping[MissReason, int]] = MappingProxyType({}),
) -> FlowFigures | None:
    """The figures of a flow from those of its days, and from what was due and not made."""
    chosen, others = chosen_days(days)
    of_days = {each.day: replace(each, missed=missed.get(each.day, {})) for each in chosen}
    control = any(each.control for each in days)
    drawn = all(each.drawn for each in chosen)
    for day in missed:
        if day not in of_days:
            nothing = DayFigures(scenario_id, day, control, drawn, {}, {}, {}, 0, 0, None)
            of_days[day] = replace(nothing, missed=missed[day])
    in_order = [of_days[day] for day in sorted(of_days)]
    totals = totals_of(in_order)
    if totals is None:
        return None
    by_hand = sum(each.counts.attempts for each in others)
    beside: defaultdict[date, list[Mapping[Verdict, int]]] = defaultdict(list)
    for each in days:
        beside[each.day].append(each.retries)
    for each in others:
        beside[each.day].append(each.counts.verdicts)
    return FlowFigures(
        replace(totals, counts=replace(totals.counts, by_hand=by_hand)),
        tuple(in_order),
        week_of(in_order),
        tuple(breaks_of(in_order)),
        {day: added_up(seen) for day, seen in beside.items()},
    )


_COUNTS = {**{n: n for n in RETRIES}, **{f"verdicts_{v}": f"verdicts.{v}" for v in Verdict}}
"""What a sum of counts is called, and where in a roll-up the counts are."""

_SUMS: Document = {
    **{name: {"$sum": f"${field}"} for name, field in _COUNTS.items()},
    **{f"delays_{d.value}": {"$sum": f"$delays.{d.value}"} for d in Delay},
    **{f"within_{m}": {"$sum": f"$within.{m}"} for m in WITHIN_MONTHS},
    **{name: {"$sum": f"${name}"} for name in ("known", "wait_days")},
}
"""What of days is added up."""


def _days(period: Period) -> Document:
    return {"$gte": str(period.first), "$lte": str(period.last)}


_ONE_BY_ONE: list[Document] = [
    {
        "$project": {
            "department": 1,
            "control": 1,
            "drawn": 1,
            "counts": {
                "$objectToArray": {
                    "$mergeObjects": ["$verdicts", {name: f"${name}" for name in RETRIES}]
                }
            },
        }
    },
    {"$unwind": "$counts"},
    {
        "$group": {
            "_id": {
                **{name: f"${name}" for name in ("department", "control", "drawn")},
                "name": "$counts.k",
            },
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


def _counts(sums: Document, prefix: str = "", *, drawn: bool) -> Counts:
    verdicts = {v: n for v in Verdict if (n := sums[f"{prefix}verdicts_{v.value}"])}
    beside = {name: sums[f"{prefix}{name}"] for name in RETRIES}
    return Counts(verdicts, **beside, drawn=drawn)
