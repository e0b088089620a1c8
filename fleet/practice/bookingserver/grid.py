"""
The week grid of step 4: which week, which rows, which cells are free.

`th[colspan=7]` « Semaine du lundi 27 avril 2020 au dimanche 03 mai 2020 », `td.status-1.free`
and the `/5/<unix>` links are known from public checkers [B]; the other cells, the hours in
them and the header row are our guess. None of it was seen by us on a live site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from fleet.practice.offers import PARIS

DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
USUAL_HOURS = tuple(time(h, m) for h in (9, 10, 11, 14, 15) for m in (0, 30))


@dataclass(frozen=True, slots=True)
class GridCell:
    """One half hour of one day. `unix` only if it is free."""

    hour: str
    state: str
    unix: int | None = None


@dataclass(frozen=True, slots=True)
class GridWeek:
    """What the AJAX call of step 4 gives."""

    title: str
    days: tuple[str, ...]
    rows: tuple[tuple[GridCell, ...], ...]
    offset: int


def french_date(day: date) -> str:
    """« lundi 27 avril 2020 »; the day of the month has two figures, as on the sites."""
    return f"{DAYS[day.weekday()]} {day.day:02d} {MONTHS[day.month - 1]} {day.year}"


def monday(now: datetime) -> date:
    """Monday of the current week in Paris: the day that offset 0 starts from."""
    today = now.astimezone(PARIS).date()
    return today - timedelta(days=today.weekday())


def third_week(now: datetime) -> datetime:
    """Monday of the week after the next one, as an instant."""
    return datetime.combine(monday(now) + timedelta(days=14), time(), tzinfo=PARIS)


def first_offset(slots: Sequence[datetime], now: datetime) -> int:
    """Offset in days of the week on which the grid opens: the first with a free slot."""
    if not slots:
        return 0
    days = (min(slots).astimezone(PARIS).date() - monday(now)).days
    return max(0, days // 7 * 7)


def week(slots: Sequence[datetime], now: datetime, offset: int) -> GridWeek:
    """The week `offset` days (a multiple of 7) after the current one."""
    first = monday(now) + timedelta(days=offset // 7 * 7)
    days = tuple(first + timedelta(days=n) for n in range(7))
    there = [slot.astimezone(PARIS) for slot in slots]
    free = {(s.date(), s.time()): int(s.timestamp()) for s in there if s.date() in days}
    hours = sorted({*USUAL_HOURS, *(hour for _, hour in free)})

    def cell(day: date, hour: time) -> GridCell:
        unix = free.get((day, hour))
        if unix is not None:
            return GridCell(f"{hour:%Hh%M}", "libre", unix)
        return GridCell(f"{hour:%Hh%M}", "fermé" if day.weekday() >= 5 else "occupé")

    return GridWeek(
        title=f"Semaine du {french_date(days[0])} au {french_date(days[6])}",
        days=tuple(f"{DAYS[d.weekday()]} {d:%d/%m}" for d in days),
        rows=tuple(tuple(cell(day, hour) for day in days) for hour in hours),
        offset=offset // 7 * 7,
    )
