"""The days and hours that a calendar shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fleet.practice.offers import PARIS
from fleet.practice.rdv_prefecture.flow import Demarche, DemarcheAnswer, DemarcheTrap

DAYS_SHOWN = 6
LINES_SHOWN = 4
"""Slots of a day before « Voir plus de créneaux »."""

WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


@dataclass(frozen=True, slots=True)
class SlotDay:
    """One column: its heading in two lines, and its slots as (number, hour)."""

    weekday: str
    date: str
    slots: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class SlotCalendar:
    """What the component shows. `days` is empty when it has no calendar at all."""

    days: tuple[SlotDay, ...]
    next_day: str
    more: bool

    @classmethod
    def of(cls, flow: Demarche, visit: int, now: datetime) -> SlotCalendar:
        """The calendar of a démarche: the week of its first slot, or this one without slots."""
        slots = sorted(s.astimezone(PARIS) for s in flow.offers(visit, now) if s > now)
        offered = flow.answer in (DemarcheAnswer.SLOTS, DemarcheAnswer.LAST_WEEK_SLOTS)
        first = slots[0].date() if slots else now.astimezone(PARIS).date()
        shown = first if offered else now.astimezone(PARIS).date()
        monday = shown - timedelta(days=shown.weekday())
        hidden = flow.answer in (DemarcheAnswer.HIDDEN, DemarcheAnswer.SHORT)
        dates = [] if hidden else [monday + timedelta(days=n) for n in range(DAYS_SHOWN)]
        if DemarcheTrap.NOTHING_IN_CALENDAR in flow.traps:
            dates = [monday + timedelta(days=n) for n in range(DAYS_SHOWN)]
        if DemarcheTrap.TITLE_ONLY in flow.traps:
            offered = False
        days = [_day(day, [s for s in slots if offered and s.date() == day]) for day in dates]
        if DemarcheTrap.UNREADABLE_DAYS in flow.traps:
            days = [SlotDay(f"Jour {n}", "", day.slots) for n, day in enumerate(days, 1)]
        return cls(
            tuple(days),
            _next_day(flow, first),
            any(len(day.slots) > LINES_SHOWN for day in days),
        )


def _day(day: date, slots: list[datetime]) -> SlotDay:
    numbered = tuple((f"{s:%m%d%H%M}", f"{s:%Hh%M}") for s in slots)
    return SlotDay(WEEKDAYS[day.weekday()], f"{day:%d/%m}", numbered)


def _next_day(flow: Demarche, first: date) -> str:
    if DemarcheTrap.NO_NEXT_DAY in flow.traps:
        return ""
    return "06/01/2020" if DemarcheTrap.PAST_NEXT_DAY in flow.traps else f"{first:%d/%m/%Y}"
