"""How long somebody waits who looks now and then; every number was worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleet.analysis.samples import DayFigures, Try, count
from fleet.analysis.waits import Looking, WaitForSlot, waits_of
from fleet.models import PARIS, Verdict

MONDAY = datetime(2026, 3, 2, tzinfo=PARIS)


def days_of(weeks: int, *, drawn: bool = True) -> list[DayFigures]:
    """A visit in each hour; slots from one to two in the night of each Monday."""
    tries = []
    for n in range(weeks * 7 * 24):
        at = (MONDAY + timedelta(hours=n)).astimezone(UTC) + timedelta(minutes=30)
        there = at.astimezone(PARIS)
        verdict = Verdict.SLOTS if (there.weekday(), there.hour) == (0, 1) else Verdict.NO_SLOTS
        due_at = at if drawn else None
        tries.append(Try(str(n), str(n), "63/x", "v", False, 1, verdict, (), at, due_at))
    return [*count(tries).values()]


def by_looking(days: list[DayFigures]) -> dict[Looking, WaitForSlot]:
    return {each.looking: each for each in waits_of(days)}


def test_slots_of_monday_night_are_found_in_half_a_week_or_never() -> None:
    """Half of a week is 3.5 days, for who looks every hour; who looks by day sees none."""
    found = by_looking(days_of(3))

    every_hour, at_nine, office = (found[each] for each in Looking)
    assert (every_hour.looks, every_hour.found, every_hour.days) == (3 * 168, 3, 21)
    assert every_hour.half_within
    # of 504 hours, the last 166 see no more: those that do wait for up to 167 hours
    assert every_hour.half_within == pytest.approx(timedelta(hours=125), abs=timedelta(hours=1))
    assert (at_nine.looks, at_nine.found, at_nine.half_within) == (21, 0, None)
    assert (office.looks, office.found, office.half_within) == (3 * 5 * 8, 0, None)


def test_over_many_weeks_half_have_found_one_within_half_a_week() -> None:
    wait = by_looking(days_of(26))[Looking.ALL_HOURS]

    assert wait.half_within
    assert abs(wait.half_within - timedelta(hours=84)) < timedelta(hours=5)


def test_of_instants_that_somebody_chose_nothing_is_said() -> None:
    assert waits_of(days_of(1, drawn=False)) == []
    assert waits_of([]) == []
