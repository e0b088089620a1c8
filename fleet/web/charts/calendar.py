"""A flow's days as a calendar: month by month, weeks from Monday to Sunday."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from fleet.analysis.rates import Counts, added_up
from fleet.models import Verdict
from fleet.models.paris import paris_day
from fleet.rendering.scale import SEEN, day_state, level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.models.query import Period
    from fleet.rendering.i18n import Words
    from fleet.storage.figures.figures import FlowFigures

NOTHING = Counts()


@dataclass(frozen=True)
class CalendarDayCell:
    """
    A day of the calendar: what was counted, and what it shows (a key of `scale.SEEN`).

    What it shows is of every attempt, also of those in no rate: `beside`. `changed` says that on
    this day the flow began to be measured by another version.
    """

    day: date
    counts: Counts
    beside: Mapping[Verdict, int]
    changed: bool

    @cached_property
    def every(self) -> Counts:
        """All attempts of the day, also those that are in no rate."""
        return Counts(added_up((self.counts.verdicts, self.beside)))

    @property
    def seen(self) -> str:
        """What the day shows."""
        return day_state(self.every)

    @property
    def sign(self) -> str:
        """The sign of what it shows."""
        return SEEN[self.seen][0]

    @property
    def shade(self) -> str:
        """
        How dark a day with slots is: `l1`…`l5`, the class of its offer rate.

        `plain` if they were seen in no rate (by hand or by a retry); empty for other days.
        """
        if self.seen != "slots":
            return ""
        return level(self.counts.rate.rate) if self.counts.rate.slots else "plain"

    def label(self, words: Words) -> str:
        """The day in words: « 24 novembre 2026 : 3 réponses sur 24 avec un rendez-vous, … »."""
        parts = []
        if not self.every.samples:
            parts.append(words.t("aucune visite faite"))
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
        if n := self.counts.due - self.counts.samples:
            parts.append(
                words.nt("%(n)s visite prévue pas faite", "%(n)s visites prévues pas faites", n)
            )
        if n := sum(self.beside.values()):
            beside = words.nt(
                "%(n)s tentative de plus, dans aucun taux",
                "%(n)s tentatives de plus, dans aucun taux",
                n,
            )
            if slots := self.beside.get(Verdict.SLOTS, 0):
                beside += words.nt(
                    " (rendez-vous proposé %(n)s fois)", " (rendez-vous proposé %(n)s fois)", slots
                )
            parts.append(beside)
        if self.changed:
            parts.append(words.t("la façon de mesurer a changé"))
        return f"{words.day(self.day)}{words.t(' : ')}{', '.join(parts)}"


@dataclass(frozen=True)
class CalendarMonth:
    """A month; its weeks have seven days each, None where there is no day of the period."""

    first: date
    weeks: tuple[tuple[CalendarDayCell | None, ...], ...]


def months_of(figures: FlowFigures, period: Period) -> list[CalendarMonth]:
    """The months of the period from the first in which anything was due or made to the last."""
    counted = {each.day: each.counts for each in figures.days}
    changed = {paris_day(each.at) for each in figures.breaks}
    days = {*counted, *figures.beside}
    month, last = min(days).replace(day=1), max(days)
    found = []
    while month <= last:
        weeks = calendar.Calendar().monthdatescalendar(month.year, month.month)
        found.append(
            CalendarMonth(
                month,
                tuple(
                    tuple(
                        CalendarDayCell(
                            day,
                            counted.get(day, NOTHING),
                            figures.beside.get(day, {}),
                            day in changed,
                        )
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
