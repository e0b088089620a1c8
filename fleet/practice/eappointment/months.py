"""
The calendar of 3/4: three months of cells in the markup of jQuery UI's datepicker.

Markup, class names and French words are jQuery UI's own [V]; a free cell has the class
`undefined` [B] because the site's `beforeShowDay` gives it none.
"""

from __future__ import annotations

import calendar
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

MONTHS_SHOWN = 3
MONTHS_DRAWN = 6
"""« Suivant » shows one more of them; the datepicker's `maxDate` ends it [I]."""
MONTHS = (
    "Janvier", "Février", "Mars", "Avril", "Mai", "Juin",
    "Juillet", "Août", "Septembre", "Octobre", "Novembre", "Décembre",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MonthCell:
    """One cell; `day` is None for one that belongs to a neighbouring month."""

    day: int | None
    free: bool = False
    week_end: bool = False


@dataclass(frozen=True, slots=True)
class DeskMonth:
    """One month: its number counts from 0, as in JavaScript."""

    name: str
    number: int
    year: int
    weeks: tuple[tuple[MonthCell, ...], ...]


def months(first: date, free: Collection[date]) -> tuple[DeskMonth, ...]:
    """`MONTHS_DRAWN` months from that of `first`; free are the days in `free`."""
    begins = [divmod(first.year * 12 + first.month - 1 + n, 12) for n in range(MONTHS_DRAWN)]
    return tuple(_month(year, number, free) for year, number in begins)


def _month(year: int, number: int, free: Collection[date]) -> DeskMonth:
    weeks = calendar.Calendar().monthdayscalendar(year, number + 1)
    return DeskMonth(
        name=MONTHS[number],
        number=number,
        year=year,
        weeks=tuple(
            tuple(
                MonthCell(day, date(year, number + 1, day) in free, place >= 5)
                if day
                else MonthCell(None, week_end=place >= 5)
                for place, day in enumerate(week)
            )
            for week in weeks
        ),
    )
