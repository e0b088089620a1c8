"""
When a practice planning has free slots: functions of the visit's number and the hour.

An offer is any callable `(visit, now) -> free slots`; `visit` counts from 1 for each form. The
ones below are the three situations of the article of 19 December 2017 the project starts from
(never at Clermont-Ferrand, 7 tries of 100 at Évry, the night from Sunday to Monday at
Montpellier) and what tests need beside them. They read no clock of their own: the same visit at
the same instant always gets the same slots.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

Offers = Callable[[int, datetime], Sequence[datetime]]
"""(number of the visit, from 1; aware instant) -> aware start times of the free slots."""

HOURS = (time(9, 0), time(10, 30), time(14, 30))


def _on_weekdays(first: date, days: int, hours: Sequence[time]) -> tuple[datetime, ...]:
    dates = (first + timedelta(days=n) for n in range(days))
    return tuple(
        datetime.combine(day, hour, tzinfo=PARIS)
        for day in dates
        if day.weekday() < 5
        for hour in hours
    )


def never(visit: int, now: datetime) -> Sequence[datetime]:
    """No slot, whatever the visit and the hour."""
    return ()


def always(visit: int, now: datetime) -> Sequence[datetime]:
    """Three slots on every weekday of two weeks, the first three days ahead at the earliest."""
    return _on_weekdays(now.astimezone(PARIS).date() + timedelta(days=3), 12, HOURS)


def on_visits(numbers: Collection[int], *, of: int) -> Offers:
    """
    Two slots on the visits `numbers` of every `of` visits, none on the others.

    `on_visits({3, 50}, of=100)` gives slots on visits 3, 50, 103, 150, …
    """
    chosen = frozenset(numbers)
    if not chosen <= set(range(1, of + 1)):
        raise ValueError(f"on_visits: visits must be in 1..{of}, got {sorted(chosen)}")

    def offers(visit: int, now: datetime) -> Sequence[datetime]:
        return always(visit, now)[:2] if (visit - 1) % of + 1 in chosen else ()

    return offers


def sunday_night(visit: int, now: datetime) -> Sequence[datetime]:
    """The week's few slots, free only from Monday 00:00 to Monday 05:00, Paris time."""
    there = now.astimezone(PARIS)
    if there.weekday() != 0 or there.hour >= 5:
        return ()
    return _on_weekdays(there.date() + timedelta(days=14), 2, (time(9, 0), time(9, 30)))


def released_at(instant: datetime) -> Offers:
    """Nothing before `instant` (aware), then as `always`."""

    def offers(visit: int, now: datetime) -> Sequence[datetime]:
        return always(visit, now) if now >= instant else ()

    return offers
