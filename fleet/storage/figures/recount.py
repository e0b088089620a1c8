"""
The proof of the roll-ups: every attempt counted anew in plain Python, and compared with them.

Nothing of what MongoDB counts (`fleet.storage.figures.aggregations`) is used here. Nothing is
written.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from fleet.analysis.changes import SeenState, changes_of
from fleet.analysis.rates import Counts
from fleet.analysis.samples import DayFigures, Try, count
from fleet.models import Verdict
from fleet.models.paris import monday_of
from fleet.storage.figures.aggregations import BY_HAND, HALVES, counts_of, figures_of
from fleet.storage.figures.changes import change_of
from fleet.storage.figures.withdrawn import counting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

Document = dict[str, Any]

_OF_TRY = dict.fromkeys(Try._fields[1:], 1)


@dataclass(frozen=True, slots=True)
class Recount:
    """What a full count came to, and where the roll-ups say something else, one line each."""

    attempts: int = 0
    flow_days: int = 0
    department_weeks: int = 0
    changes: int = 0
    differences: tuple[str, ...] = ()

    def __add__(self, other: Recount) -> Recount:
        return Recount(
            self.attempts + other.attempts,
            self.flow_days + other.flow_days,
            self.department_weeks + other.department_weeks,
            self.changes + other.changes,
            self.differences + other.differences,
        )


async def recount(db: AsyncIOMotorDatabase[Document]) -> Recount:
    """Count every attempt of a database and compare."""
    scenario_ids: list[str] = await db.attempts.distinct("scenario_id")
    total = Recount()
    departments: defaultdict[str, list[DayFigures]] = defaultdict(list)
    for scenario_id in scenario_ids:
        found, figures = await _scenario(db, scenario_id)
        if found.differences:  # an attempt may have been stored between two readings
            found, figures = await _scenario(db, scenario_id)
        total += found
        departments[scenario_id.split("/")[0]] += figures
    for department, figures in departments.items():
        total += await _department(db, department, figures)
    for name, field, known in (
        ("rollups", "scenario_id", scenario_ids),
        ("changes", "scenario_id", scenario_ids),
        ("department_rollups", "department", list(departments)),
    ):
        async for each in db[name].find({field: {"$nin": known}}, {"_id": 1}):
            total += Recount(differences=(f"{each['_id']} in {name} has no attempt",))
    return total


async def _scenario(
    db: AsyncIOMotorDatabase[Document], scenario_id: str
) -> tuple[Recount, list[DayFigures]]:
    which, counted_in = {"scenario_id": scenario_id}, await counting(db, scenario_id)
    tries = [_try(document) async for document in db.attempts.find(counted_in, _OF_TRY)]
    counted = count(tries)
    department, flow = scenario_id.split("/")
    names = {"department": department, "flow": flow}
    figures = {
        f"{scenario_id} {day}{'' if drawn else BY_HAND}": {
            **asdict(each),
            "counts": asdict(each.counts),
            **names,
        }
        for (_, day, drawn), each in counted.items()
    }
    stored = {
        document["_id"]: {
            **asdict(figures_of(document)),
            "counts": asdict(counts_of(document, drawn=document["drawn"])),
            **{name: document[name] for name in names},
        }
        async for document in db.rollups.find(which)
    }
    changes = {
        _change(each.after.attempt_id): asdict(each)
        for each in changes_of(scenario_id, _in_order(tries))
    }
    stored_changes = {
        _change(document["_id"]): asdict(change_of(document))
        async for document in db.changes.find(which)
    }
    differences = (*_differences(stored, figures), *_differences(stored_changes, changes))
    return Recount(len(tries), len(counted), 0, len(changes), differences), list(counted.values())


async def _department(
    db: AsyncIOMotorDatabase[Document], department: str, figures: Sequence[DayFigures]
) -> Recount:
    halves: defaultdict[date, dict[str, Counts]] = defaultdict(
        lambda: {half: Counts(drawn=drawn) for (_, drawn), half in HALVES.items()}
    )
    for each in figures:
        halves[monday_of(each.day)][HALVES[each.control, each.drawn]] += each.counts
    counted = {
        f"{department} {week}": {
            "week": str(week),
            **{half: asdict(counts) for half, counts in of_week.items()},
        }
        for week, of_week in halves.items()
    }
    stored = {
        document["_id"]: {
            "week": document["week"],
            **{
                half: asdict(counts_of(document[half], drawn=drawn))
                for (_, drawn), half in HALVES.items()
            },
        }
        async for document in db.department_rollups.find({"department": department})
    }
    return Recount(department_weeks=len(counted), differences=tuple(_differences(stored, counted)))


def _try(document: Document) -> Try:
    document["verdict"] = Verdict(document["verdict"])
    document["first_dates"] = tuple(map(date.fromisoformat, document["first_dates"]))
    return Try(id=document.pop("_id"), **document)


def _in_order(tries: Iterable[Try]) -> list[SeenState]:
    seen = [SeenState(each.id, each.started_at, each.verdict, each.control) for each in tries]
    return sorted(seen, key=lambda each: (each.at, each.attempt_id))


def _change(attempt_id: str) -> str:
    return f"change at attempt {attempt_id}"


def _differences(stored: Mapping[str, Document], counted: Mapping[str, Document]) -> Iterator[str]:
    """One line for each document that is not as it was counted: `stored` and `counted` by name."""
    for name in sorted({*stored, *counted}):
        if name not in stored:
            yield f"{name} is not kept"
        elif name not in counted:
            yield f"{name} has no attempt"
        elif stored[name] != counted[name]:
            fields = [
                f"{field} {_text(stored[name][field])}, counted {_text(value)}"
                for field, value in counted[name].items()
                if stored[name][field] != value
            ]
            yield f"{name} has {'; '.join(fields)}"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
