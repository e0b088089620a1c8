"""
Sites whose truth is known: when they show slots, and when they do not answer.

Nothing here is a real site. A truth makes the site of one period from a source of random numbers;
`random.Random.random` gives the same numbers for the same seed in every version of Python.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from math import log
from random import Random
from typing import NamedTuple

from fleet.models import PARIS, Verdict
from fleet.models.paris import day_start

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)


class Spans:
    """Stretches of time, put in order; those that touch are one."""

    def __init__(self, spans: Iterable[tuple[datetime, datetime]]) -> None:
        self.begins: list[datetime] = []
        self.ends: list[datetime] = []
        for begin, end in sorted(spans):
            if self.ends and begin <= self.ends[-1]:
                self.ends[-1] = max(self.ends[-1], end)
            elif begin < end:
                self.begins.append(begin)
                self.ends.append(end)

    def __contains__(self, at: datetime) -> bool:
        number = bisect_right(self.begins, at)
        return number > 0 and at < self.ends[number - 1]

    @property
    def hours(self) -> float:
        """All of them together."""
        long = zip(self.begins, self.ends, strict=True)
        return sum((end - begin for begin, end in long), timedelta()) / HOUR

    def __or__(self, other: Spans) -> Spans:
        return Spans(
            [*zip(self.begins, self.ends, strict=True), *zip(other.begins, other.ends, strict=True)]
        )

    def __and__(self, other: Spans) -> Spans:
        edges = sorted({*self.begins, *self.ends, *other.begins, *other.ends})
        pieces = pairwise(edges)
        return Spans((a, b) for a, b in pieces if a in self and a in other)


class Period(NamedTuple):
    """From `since` to before `until`."""

    since: datetime
    until: datetime

    @classmethod
    def of_paris(cls, first: date, end: date) -> Period:
        """Whole days of Paris; `end` is the day after the last."""
        return cls(day_start(first), day_start(end))

    @property
    def hours(self) -> float:
        return (self.until - self.since) / HOUR

    def daily(self, begin: time, long: timedelta, *, weekday: int | None = None) -> Spans:
        """From this hour of Paris on, `long` in hours of the clock on the wall."""
        first = self.since.astimezone(PARIS).date()
        days = [first + n * DAY for n in range(-1, round(self.hours / 24) + 1)]
        starts = [
            datetime.combine(day, begin, PARIS)
            for day in days
            if weekday is None or day.weekday() == weekday
        ]
        return self.cut((at.astimezone(UTC), (at + long).astimezone(UTC)) for at in starts)

    def cut(self, spans: Iterable[tuple[datetime, datetime]]) -> Spans:
        """What of them lies in the period."""
        return Spans((max(a, self.since), min(b, self.until)) for a, b in spans)


YEAR = Period.of_paris(date(2026, 1, 1), date(2027, 1, 1))
FOUR_WEEKS = Period.of_paris(date(2026, 3, 9), date(2026, 4, 6))
"""A new hour on 29 March is in it."""


@dataclass(frozen=True, slots=True)
class Site:
    """When a site shows slots; when it does not answer, refuses visits, or has the flow closed."""

    offers: Spans
    down: Spans
    blocked: Spans = field(default_factory=lambda: Spans([]))
    closed: Spans = field(default_factory=lambda: Spans([]))

    def verdict(self, at: datetime) -> Verdict:
        if at in self.down:
            return Verdict.OVERLOAD
        if at in self.blocked:
            return Verdict.BLOCKED
        if at in self.closed:
            return Verdict.CLOSED
        return Verdict.SLOTS if at in self.offers else Verdict.NO_SLOTS

    def share_while_answering(self, period: Period) -> float:
        """What the offer rate estimates."""
        hidden = self.down | self.blocked | self.closed
        seen = self.offers.hours - (self.offers & hidden).hours
        return seen / (period.hours - hidden.hours)

    def share_of_all_time(self, period: Period) -> float:
        """What the bounds are of: what is offered while nobody can see it counts, too."""
        return (self.offers.hours - (self.offers & self.closed).hours) / period.hours


UP = Spans([])


def random_offers(period: Period, random: Random) -> Site:
    return Site(_episodes(period, random, apart=2 * DAY, long=lambda: HOUR), UP)


def sunday_night(period: Period, random: Random) -> Site:
    return Site(period.daily(time(0), 2 * HOUR, weekday=0), UP)


def top_of_the_hour(period: Period, random: Random) -> Site:
    hours = [period.since + n * HOUR for n in range(round(period.hours))]
    return Site(Spans((at, at + timedelta(minutes=5)) for at in hours), UP)


def down_at_night(period: Period, random: Random) -> Site:
    """Slots at noon for all to see, and at midnight when nobody can."""
    by_day, by_night = period.daily(time(12), HOUR), period.daily(time(0), HOUR)
    offers = [*zip(by_day.begins, by_day.ends, strict=True)]
    offers += zip(by_night.begins, by_night.ends, strict=True)
    return Site(Spans(offers), period.daily(time(22), 8 * HOUR))


def days_on_end(period: Period, random: Random) -> Site:
    """Slots for three days on average, then none for 27: one year differs from the next."""

    def long() -> timedelta:
        return _exponential(random, 3 * DAY)

    return Site(_episodes(period, random, apart=27 * DAY, long=long), UP)


LONG_RUN = 3 / (3 + 27)
"""The share of time of `days_on_end`, over all years."""


def ten_minutes_once(period: Period, random: Random) -> Site:
    begin = period.since + random.random() * (period.until - period.since - HOUR)
    return Site(Spans([(begin, begin + timedelta(minutes=10))]), UP)


def never(period: Period, random: Random) -> Site:
    return Site(Spans([]), UP)


def often_near_the_gap(period: Period, random: Random) -> Site:
    """Three minutes in every fourteen: the period at which hard-core instants scatter most."""
    return Site(_every(period, timedelta(minutes=14), timedelta(minutes=3)), UP)


def every_mean_gap(period: Period, random: Random) -> Site:
    """Ten minutes in every hour: as often as visits are due on average."""
    return Site(_every(period, HOUR, timedelta(minutes=10)), UP)


def crowded_release(period: Period, random: Random) -> Site:
    """When slots are let go, people come: three minutes of overload, then five with slots."""
    crowd = _episodes(period, random, apart=DAY, long=lambda: timedelta(minutes=3))
    offers = [(end, end + timedelta(minutes=5)) for end in crowd.ends]
    return Site(period.cut(offers), crowd)


def banned_before_release(period: Period, random: Random) -> Site:
    """A firewall refuses everybody from 8:50 to 9:00; slots are there from 9:00 to 10:00."""
    return Site(
        period.daily(time(9), HOUR), UP, blocked=period.daily(time(8, 50), timedelta(minutes=10))
    )


def banned_at_random(period: Period, random: Random) -> Site:
    """Offers of six hours every two days, and now and then a ban of four hours."""
    offers = _episodes(period, random, apart=2 * DAY, long=lambda: 6 * HOUR)
    bans = _episodes(period, random, apart=DAY, long=lambda: 4 * HOUR)
    return Site(offers, UP, blocked=bans)


def mostly_closed(period: Period, random: Random) -> Site:
    """Closed for four days of five; when it is open, slots are there half of the time."""
    days = _every(period, 5 * DAY, 4 * DAY)
    return Site(_every(period, 2 * HOUR, HOUR), UP, closed=days)


def _every(period: Period, apart: timedelta, long: timedelta) -> Spans:
    """From the beginning on, so long every time."""
    times = range(int((period.until - period.since) / apart) + 1)
    return period.cut((at, at + long) for at in (period.since + n * apart for n in times))


def _episodes(
    period: Period, random: Random, *, apart: timedelta, long: Callable[[], timedelta]
) -> Spans:
    """Offers one after the other, with exponential times between them."""
    found = []
    at = period.since
    while (at := at + _exponential(random, apart)) < period.until:
        begin, at = at, at + long()
        found.append((begin, at))
    return period.cut(found)


def _exponential(random: Random, mean: timedelta) -> timedelta:
    return -log(1 - random.random()) * mean


Truth = Callable[[Period, Random], Site]
