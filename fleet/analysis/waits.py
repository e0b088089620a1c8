"""
How long somebody waits who looks for a slot now and then, as far as the visits show. Pure.

The looks are the robot's own: all of them for who looks about every hour, those begun between nine
and ten for who looks once a day, those of working hours for who has no other time. Somebody who
begins at a random moment of the period finds slots at the first of these looks that saw some. Of
what the site showed between two visits nothing is known, so this is no bound, but what the same
looks would have given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.models import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.analysis.samples import DayFigures

HOURS_A_DAY = 24


class Looking(StrEnum):
    """When somebody looks, in hours of Paris."""

    ALL_HOURS = "all_hours"
    AT_NINE = "at_nine"
    OFFICE_HOURS = "office_hours"

    def looks(self, day: date, hour: int) -> bool:
        """Whether somebody looks then."""
        match self:
            case Looking.ALL_HOURS:
                return True
            case Looking.AT_NINE:
                return hour == 9
            case Looking.OFFICE_HOURS:
                return day.weekday() < 5 and 9 <= hour < 17


@dataclass(frozen=True, slots=True)
class WaitForSlot:
    """
    How long somebody waits who looks like this.

    `looks` were made, and `found` of them saw slots. Half of all who begin at a random moment of
    `days` days have found some after `half_within`; None if more than half of them never do.
    """

    looking: Looking
    looks: int
    found: int
    days: int
    half_within: timedelta | None


def waits_of(figures: Sequence[DayFigures]) -> list[WaitForSlot]:
    """For each way of looking; empty without visits at random instants."""
    drawn = sorted((each for each in figures if each.drawn), key=lambda each: each.day)
    if not drawn or not any(each.hours for each in drawn):
        return []
    return [_wait(drawn, looking) for looking in Looking]


def _wait(figures: Sequence[DayFigures], looking: Looking) -> WaitForSlot:
    first, days = figures[0].day, (figures[-1].day - figures[0].day).days + 1
    looks = found = 0
    found_at: list[int] = []
    """Hours from the first day's midnight."""
    for each in figures:
        for hour, verdicts in sorted(each.hours.items()):
            if looking.looks(each.day, hour):
                looks += sum(verdicts.values())
                if slots := verdicts.get(Verdict.SLOTS, 0):
                    found += slots
                    found_at.append((each.day - first).days * HOURS_A_DAY + hour)
    return WaitForSlot(looking, looks, found, days, _half_within(found_at, days * HOURS_A_DAY))


def _half_within(found_at: Sequence[int], hours: int) -> timedelta | None:
    """After how long half of those who begin at a random hour of so many have found slots."""
    waits: list[int] = []
    before = 0
    for at in found_at:
        waits.extend(at - begin for begin in range(before, at + 1))
        before = at + 1
    half = (hours + 1) // 2
    return timedelta(hours=sorted(waits)[half - 1]) if len(waits) >= half else None
