"""A flow's days as a calendar: month by month, weeks from Monday to Sunday."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fleet.analysis.rates import Counts
from fleet.models.paris import paris_day
from fleet.rendering.scale import SEEN, day_state

if TYPE_CHECKING:
    from fleet.models.query import Period
    from fleet.rendering.i18n import Words
    from fleet.storage.figures.figures import FlowFigures

NOTHING = Counts()


@dataclass(frozen=True)
class CalendarDayCell:
    """
    A day of the calendar: what was counted, and what it shows (a key of `scale.SEEN`).

    `changed` says that on this day the flow began to be measured by another version.
    """

    day: date
    counts: Counts
    seen: str
    changed: bool

    @property
    def sign(self) -> str:
        """The sign of what it shows."""
        return SEEN[self.seen][0]

    def label(self, words: Words) -> str:
        """The day in words: « 24 novembre 2026 : 3 réponses sur 24 avec un rendez-vous, … »."""
        parts = []
        if not self.counts.samples:
            parts.append(words.t("aucune visite"))
        if self.counts.rate.n:
            parts.append(
                words.nt(
                    "rendez-vous proposé %(slots)s fois sur %(n)s réponse",
                    "rendez-vous proposé %(slots)s fois sur %(n)s réponses",
                    self.counts.rate.n,
                    slots=words.number(self.counts.rate.slots),
                )
            )
        if n := self.counts.closed:
            parts.append(words.nt("fermée %(n)s fois", "fermée %(n)s fois", n))
        if n := self.counts.unanswered:
            parts.append(words.nt("%(n)s visite sans réponse", "%(n)s visites sans réponse", n))
        if self.changed:
            parts.append(words.t("la façon de mesurer a changé"))
        return f"{words.day(self.day)}{words.t(' : ')}{', '.join(parts)}"


@dataclass(frozen=True)
class CalendarMonth:
    """A month; its weeks have seven days each, None where there is no day of the period."""

    first: date
    weeks: tuple[tuple[CalendarDayCell | None, ...], ...]


def months_of(figures: FlowFigures, period: Period) -> list[CalendarMonth]:
    """The months of the period from the first with attempts to the last with attempts."""
    counted = {each.day: each.counts for each in figures.days}
    changed = {paris_day(each.at) for each in figures.breaks}
    month, last = min(counted).replace(day=1), max(counted)
    found = []
    while month <= last:
        weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
        found.append(
            CalendarMonth(
                month,
                tuple(
                    tuple(
                        _day(day, counted.get(day, NOTHING), day in changed)
                        if day.month == month.month and period.first <= day <= period.last
                        else None
                        for day in week
                    )
                    for week in weeks
                ),
            )
        )
        month = (month + timedelta(days=31)).replace(day=1)
    return found


def _day(day: date, counts: Counts, changed: bool) -> CalendarDayCell:
    return CalendarDayCell(day, counts, day_state(counts), changed)
