"""A week of slots, day by day, in the words of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre"),
    *("octobre", "novembre", "décembre"),
)
SHORT_MONTHS = (
    *("jan.", "fév.", "mar.", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct."),
    *("nov.", "déc."),
)


def human(at: datetime) -> str:
    """« lundi 30 novembre 2026 à 09h00 », the site's format [V]."""
    day = f"{WEEKDAYS[at.weekday()]} {at:%d} {MONTHS[at.month - 1]} {at.year}"
    return f"{day} à {at:%Hh%M}"


@dataclass(frozen=True, slots=True)
class PlageDay:
    """One column."""

    day: date
    slots: tuple[datetime, ...]
    closed: bool

    @property
    def weekday(self) -> str:
        """« lundi »."""
        return WEEKDAYS[self.day.weekday()]

    @property
    def short(self) -> str:
        """« 30 nov. », without the year, as the site has it [V]."""
        return f"{self.day.day} {SHORT_MONTHS[self.day.month - 1]}"


@dataclass(frozen=True, slots=True)
class PlageWeek:
    """Seven days; `next` is the first slot after them, when they hold none."""

    begin: date
    days: tuple[PlageDay, ...]
    next: datetime | None
    first: bool

    @classmethod
    def of(cls, slots: Sequence[datetime], begin: date, now: datetime, open_days: int) -> PlageWeek:
        """The week that begins on that day, of a place with these free slots."""
        end = now.date() + timedelta(days=open_days)
        dates = [begin + timedelta(days=n) for n in range(7)]
        days = tuple(
            PlageDay(day, tuple(s for s in slots if s.date() == day and day < end), day >= end)
            for day in dates
        )
        free = any(day.slots for day in days)
        later = [s for s in slots if dates[-1] < s.date() < end]
        return cls(begin, days, None if free or not later else later[0], begin <= now.date())

    @property
    def slots(self) -> list[datetime]:
        """The slots of its days."""
        return [slot for day in self.days for slot in day.slots]

    @property
    def human(self) -> str:
        """The next availability in words, "" if there is none."""
        return human(self.next) if self.next else ""
