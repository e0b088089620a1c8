"""
The counting of `fleet.analysis.rates` and `fleet.analysis.samples`, said in MongoDB's language: no
driver in here.

`days` turns the attempts of one scenario into the figures of its Paris days, `DEPARTMENTS` those
into the counts of departments by week; `figures_of` and `counts_of` read the documents again. Needs
MongoDB 5.0 or later (`$setWindowFields`, `$dateAdd`).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from fleet.analysis.delays import WITHIN_MONTHS, Delay
from fleet.analysis.rates import Counts
from fleet.analysis.samples import DayFigures
from fleet.models import Group, Verdict

Stage = dict[str, Any]

PUBLICS = ("foreigners", "control")
"""Flows for foreigners, and control flows: always counted apart."""

BY_HAND = " by hand"
"""How the ids of those days end that hold what was not drawn at random."""

HALVES = {
    (control, drawn): public + ("" if drawn else "_by_hand")
    for control, public in zip((False, True), PUBLICS, strict=True)
    for drawn in (True, False)
}
"""What the counts of a department are called: of control flows or not, drawn at random or not."""

RETRIES = ("retried", "retry_answers")
"""The counts of what stands beside the samples, each a number of its own."""

_PARIS = "Europe/Paris"
_DAY = "%Y-%m-%d"
_ANSWERS = [verdict.value for verdict in Verdict if verdict.group is Group.ANSWERED]


def _paris_day(at: object) -> Stage:
    return {"$dateToString": {"date": at, "format": _DAY, "timezone": _PARIS}}


def _date(day: str) -> Stage:
    return {"$dateFromString": {"dateString": day}}


def _monday(day: str) -> Stage:
    trunc = {"date": _date(day), "unit": "week", "startOfWeek": "monday"}
    return {"$dateToString": {"date": {"$dateTrunc": trunc}, "format": _DAY}}


def _months_after(months: int) -> Stage:
    """As `months_after`: MongoDB, too, ends with the last day of a shorter month."""
    later = {"$dateAdd": {"startDate": _date("$day"), "unit": "month", "amount": months}}
    return {"$dateToString": {"date": later, "format": _DAY}}


def _delay() -> Stage:
    """As `delay_of`."""
    second = {"$and": [{"$gt": ["$second", "$first"]}, {"$lte": ["$second", "$month"]}]}
    cases: list[tuple[Stage, Delay | None]] = [
        ({"$eq": ["$verdict", Verdict.NO_SLOTS.value]}, Delay.NONE),
        ({"$ne": ["$verdict", Verdict.SLOTS.value]}, None),
        ({"$eq": ["$first", None]}, Delay.UNKNOWN_DATE),
        ({"$gt": ["$first", "$two_months"]}, Delay.BEYOND_TWO_MONTHS),
        ({"$gt": ["$first", "$month"]}, Delay.WITHIN_TWO_MONTHS),
        (second, Delay.TWO_WITHIN_A_MONTH),
    ]
    branches = [{"case": case, "then": delay and delay.value} for case, delay in cases]
    return {"$switch": {"branches": branches, "default": Delay.ONE_WITHIN_A_MONTH.value}}


def _wait() -> Stage:
    """Days until the first day offered; None unless this is a sample that has one."""
    offered = {"$and": ["$sample", "$first", {"$eq": ["$verdict", Verdict.SLOTS.value]}]}
    days = {"startDate": _date("$day"), "endDate": _date("$first"), "unit": "day"}
    return {"$cond": [offered, {"$dateDiff": days}, None]}


def _within(months: int) -> Stage:
    """As `within_months`: how many samples had their first day in so many months."""
    of_slots = {"$eq": ["$verdict", Verdict.SLOTS.value]}
    return _sum_if("$sample", "$first", of_slots, {"$lte": ["$first", _months_after(months)]})


def _sum_if(*conditions: object, value: object = 1) -> Stage:
    return {"$sum": {"$cond": [{"$and": list(conditions)}, value, 0]}}


def _list_if(condition: object, value: Stage) -> Stage:
    return {"$push": {"$cond": [condition, value, "$$REMOVE"]}}


def _nonzero(names: type[Verdict] | type[Delay], prefix: str = "") -> Stage:
    """An object of the fields with these names that are not 0."""
    pairs = [{"k": name.value, "v": f"${prefix}{name.value}"} for name in names]
    return {"$arrayToObject": {"$filter": {"input": pairs, "cond": {"$gt": ["$$this.v", 0]}}}}


_TRIES: list[Stage] = [
    {
        "$project": {
            **dict.fromkeys(("number", "verdict", "control", "started_at"), 1),
            "version": "$scenario_version",
            "dates": "$first_dates",
            "day": _paris_day("$started_at"),
            "hour": {"$hour": {"date": "$started_at", "timezone": _PARIS}},
            # a field that is not there is no more than nothing
            "drawn": {"$gt": ["$due_at", None]},
            "sample": {"$lte": ["$number", 1]},
        }
    },
    {
        "$set": {
            "dates": {"$filter": {"input": "$dates", "cond": {"$gte": ["$$this", "$day"]}}},
            "month": _months_after(1),
            "two_months": _months_after(2),
        }
    },
    {"$set": {"first": {"$min": "$dates"}, "second": {"$max": "$dates"}}},
    {"$set": {"delay": _delay()}},
]

_OF_DAY: list[Stage] = [
    {"$set": {"wait": _wait()}},
    {"$sort": {"started_at": 1, "_id": 1}},
    {
        "$group": {
            "_id": {"day": "$day", "drawn": "$drawn"},
            "seen": {"$sum": 1},
            "control": {"$max": "$control"},
            "retried": _sum_if({"$not": "$sample"}),
            "retry_answers": _sum_if({"$not": "$sample"}, {"$in": ["$verdict", _ANSWERS]}),
            "cells": _list_if("$sample", {"hour": "$hour", "verdict": "$verdict"}),
            "versions": {"$push": {"version": "$version", "since": "$started_at"}},
            "known": _sum_if({"$ne": ["$wait", None]}),
            "wait_days": {"$sum": "$wait"},
            "shortest_wait_days": {"$min": "$wait"},
            **{v.value: _sum_if("$sample", {"$eq": ["$verdict", v.value]}) for v in Verdict},
            **{
                f"again_{v.value}": _sum_if({"$not": "$sample"}, {"$eq": ["$verdict", v.value]})
                for v in Verdict
            },
            **{f"delay_{d.value}": _sum_if("$sample", {"$eq": ["$delay", d.value]}) for d in Delay},
            **{f"within_{months}": _within(months) for months in WITHIN_MONTHS},
        }
    },
    {
        "$project": {
            **dict.fromkeys(("seen", "control", "retried", "retry_answers"), 1),
            **dict.fromkeys(("known", "wait_days", "shortest_wait_days"), 1),
            "verdicts": _nonzero(Verdict),
            "retries": _nonzero(Verdict, "again_"),
            "delays": _nonzero(Delay, "delay_"),
            "within": {str(months): f"$within_{months}" for months in WITHIN_MONTHS},
            "cells": {
                "$map": {
                    "input": {"$setUnion": ["$cells"]},
                    "as": "cell",
                    "in": {
                        "hour": "$$cell.hour",
                        "verdict": "$$cell.verdict",
                        "n": {
                            "$size": {
                                "$filter": {
                                    "input": "$cells",
                                    "cond": {"$eq": ["$$this", "$$cell"]},
                                }
                            }
                        },
                    },
                }
            },
            "versions": {
                "$reduce": {
                    "input": "$versions",
                    "initialValue": [],
                    "in": {
                        "$cond": [
                            {"$eq": [{"$last": "$$value.version"}, "$$this.version"]},
                            "$$value",
                            {"$concatArrays": ["$$value", ["$$this"]]},
                        ]
                    },
                }
            },
        }
    },
]


def days(scenario_id: str) -> list[Stage]:
    """
    From attempts of this scenario to the documents of its Paris days.

    Each day has one for the visits that were drawn at random, one for those asked for by hand.
    """
    department, flow = scenario_id.split("/")
    return [
        *_TRIES,
        *_OF_DAY,
        {
            "$set": {
                "_id": {
                    "$concat": [
                        scenario_id,
                        " ",
                        "$_id.day",
                        {"$cond": ["$_id.drawn", "", BY_HAND]},
                    ]
                },
                "day": "$_id.day",
                "drawn": "$_id.drawn",
                "scenario_id": scenario_id,
                "department": department,
                "flow": flow,
            }
        },
        merge_into("rollups"),
    ]


def _sums(control: bool, drawn: bool) -> Stage:
    """The counts of the days of one half of a department."""
    own = ({"$eq": ["$control", control]}, {"$eq": ["$drawn", drawn]})
    verdicts = {v.value: _sum_if(*own, value=f"$verdicts.{v.value}") for v in Verdict}
    return verdicts | {name: _sum_if(*own, value=f"${name}") for name in RETRIES}


def merge_into(collection: str) -> Stage:
    """Write each document unless the one that is there has seen more attempts."""
    newer = {"$gte": ["$$new.seen", "$seen"]}
    return {
        "$merge": {
            "into": collection,
            "on": "_id",
            "whenMatched": [{"$replaceWith": {"$cond": [newer, "$$new", "$$ROOT"]}}],
            "whenNotMatched": "insert",
        }
    }


DEPARTMENTS: list[Stage] = [
    {
        "$group": {
            "_id": {"department": "$department", "week": _monday("$day")},
            "seen": {"$sum": "$seen"},
            **{
                f"{half}_{name}": total
                for which, half in HALVES.items()
                for name, total in _sums(*which).items()
            },
        }
    },
    {
        "$project": {
            "_id": {"$concat": ["$_id.department", " ", "$_id.week"]},
            "department": "$_id.department",
            "week": "$_id.week",
            "seen": 1,
            **{
                half: {
                    **{name: f"${half}_{name}" for name in RETRIES},
                    "verdicts": _nonzero(Verdict, f"{half}_"),
                }
                for half in HALVES.values()
            },
        }
    },
    merge_into("department_rollups"),
]
"""From documents of `rollups` to one for each department and week, which its Monday names."""

_VERDICTS = {verdict.value: verdict for verdict in Verdict}
"""A flow's quarter has 2,000 cells, and calling `Verdict` takes ten times as long as this."""


def figures_of(document: Stage) -> DayFigures:
    """The figures that a document of `rollups` holds."""
    hours: defaultdict[int, dict[Verdict, int]] = defaultdict(dict)
    for cell in document["cells"]:
        hours[cell["hour"]][_VERDICTS[cell["verdict"]]] = cell["n"]
    return DayFigures(
        scenario_id=document["scenario_id"],
        day=date.fromisoformat(document["day"]),
        control=document["control"],
        drawn=document["drawn"],
        hours=dict(hours),
        retries={_VERDICTS[name]: n for name, n in document["retries"].items()},
        delays={Delay(name): n for name, n in document["delays"].items()},
        known=document["known"],
        wait_days=document["wait_days"],
        shortest_wait_days=document["shortest_wait_days"],
        within={int(months): n for months, n in document["within"].items() if n},
        versions=tuple((each["version"], each["since"]) for each in document["versions"]),
    )


def counts_of(part: Stage, *, drawn: bool) -> Counts:
    """The counts in a document of `rollups`, or in a half of one of `department_rollups`."""
    verdicts = {_VERDICTS[name]: n for name, n in part["verdicts"].items()}
    return Counts(verdicts, part["retried"], part["retry_answers"], drawn=drawn)
