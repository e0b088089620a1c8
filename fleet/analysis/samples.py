"""
Attempts counted one by one: the first of a visit is its sample; the figures of Paris days.

What the figures mean is in `fleet.analysis.rates`. Plain Python over plain values: this is the full
count by which the roll-ups, which MongoDB makes (`fleet.storage.figures.rollups`), are proved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fleet.analysis.delays import WITHIN_MONTHS, Delay, delay_of, within_months
from fleet.analysis.rates import Counts, added_up
from fleet.models import PARIS, Group, Verdict
from fleet.models.paris import paris_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet.models.missed import MissReason


class Try(NamedTuple):
    """What of an attempt the figures are made from."""

    id: str
    run_id: str
    scenario_id: str
    scenario_version: str
    control: bool
    number: int
    verdict: Verdict
    first_dates: tuple[date, ...]
    started_at: datetime
    due_at: datetime | None = None

    @property
    def drawn(self) -> bool:
        """Whether its instant was drawn at random; else somebody asked for it."""
        return self.due_at is not None


@dataclass(frozen=True)
class DayFigures:
    """
    One flow on one Paris day: of the visits that were drawn at random, or of the others.

    `hours` holds samples by Paris hour: when clocks go back, hour 2 is two hours long; when they
    go forward, it is not there. `retries` are the attempts after the first of their visits.
    `delays` counts the samples answered about slots. Of those with a known first day (`known`),
    `wait_days` is the sum of days until it and `shortest_wait_days` the least (None when `known`
    is 0); `within` says how many of them had it within so many months. `versions` are the
    scenario's, retries included, each with the instant from which it was used; one that comes back
    is named again. `missed` were due and not made; they are kept elsewhere, and are here only where
    figures were asked for.
    """

    scenario_id: str
    day: date
    control: bool
    drawn: bool
    hours: Mapping[int, Mapping[Verdict, int]]
    retries: Mapping[Verdict, int]
    delays: Mapping[Delay, int]
    known: int
    wait_days: int
    shortest_wait_days: int | None
    within: Mapping[int, int] = field(default_factory=dict)
    versions: tuple[tuple[str, datetime], ...] = ()
    missed: Mapping[MissReason, int] = field(default_factory=dict)

    @cached_property
    def counts(self) -> Counts:
        """The whole day."""
        return Counts(
            added_up(self.hours.values()),
            sum(self.retries.values()),
            answers(self.retries),
            self.missed,
            self.drawn,
        )


@dataclass(frozen=True)
class Totals:
    """One flow over several days; the fields are those of `DayFigures`, added up."""

    scenario_id: str
    control: bool
    counts: Counts
    delays: Mapping[Delay, int]
    known: int
    wait_days: int
    shortest_wait_days: int | None
    within: Mapping[int, int] = field(default_factory=dict)

    @property
    def mean_wait_days(self) -> float | None:
        """Days from a sample to the first day that it was offered, on average; None if unknown."""
        return self.wait_days / self.known if self.known else None

    @property
    def first_days(self) -> list[tuple[int, int]]:
        """Within how many months how many samples had their first day."""
        return [(months, self.within.get(months, 0)) for months in WITHIN_MONTHS]


@dataclass(frozen=True, slots=True)
class Break:
    """From `at` on, a flow was measured by another version of its scenario."""

    at: datetime
    before: str
    after: str


def answers(verdicts: Mapping[Verdict, int]) -> int:
    """How many of these are answers of the site."""
    return sum(n for verdict, n in verdicts.items() if verdict.group is Group.ANSWERED)


def chosen_days(
    figures: Sequence[DayFigures],
) -> tuple[list[DayFigures], list[DayFigures]]:
    """The days that figures are made of, and those beside: as `Counts.total` has it."""
    drawn = [each for each in figures if each.drawn]
    by_hand = [each for each in figures if not each.drawn]
    if any(each.counts.samples for each in drawn) or not by_hand:
        return drawn, by_hand
    return by_hand, []


def total_of(several: Sequence[Totals]) -> Totals:
    """The parts of one flow added up, at least one; waits are of what its rate is made of."""
    counts = Counts.total(each.counts for each in several)
    of_rate = [each for each in several if each.counts.drawn is counts.drawn]
    delays: Counter[Delay] = Counter()
    within: Counter[int] = Counter()
    for each in of_rate:
        delays.update(each.delays)
        within.update(each.within)
    shortest = [f.shortest_wait_days for f in of_rate if f.shortest_wait_days is not None]
    return Totals(
        scenario_id=several[0].scenario_id,
        control=any(each.control for each in several),
        counts=counts,
        delays=dict(delays),
        known=sum(each.known for each in of_rate),
        wait_days=sum(each.wait_days for each in of_rate),
        shortest_wait_days=min(shortest, default=None),
        within=dict(within),
    )


def totals_of(figures: Sequence[DayFigures]) -> Totals | None:
    """The days of one flow added up; None if there are none."""
    if not figures:
        return None
    return total_of(
        [
            Totals(
                *(each.scenario_id, each.control, each.counts, each.delays),
                *(each.known, each.wait_days, each.shortest_wait_days, each.within),
            )
            for each in figures
        ]
    )


def week_of(figures: Iterable[DayFigures]) -> dict[tuple[int, int], Counts]:
    """
    Samples by weekday (Monday is 0) and Paris hour: when slots are let go.

    Retries are not in it.
    """
    cells: defaultdict[tuple[int, int], list[Mapping[Verdict, int]]] = defaultdict(list)
    drawn = True
    for each in figures:
        drawn = drawn and each.drawn
        weekday = each.day.weekday()
        for hour, verdicts in each.hours.items():
            cells[weekday, hour].append(verdicts)
    return {cell: Counts(added_up(of_cell), drawn=drawn) for cell, of_cell in cells.items()}


def breaks_of(figures: Iterable[DayFigures]) -> list[Break]:
    """Where the way of measuring changed, in order of time; the first version is no break."""
    versions = [version for each in figures for version in each.versions]
    in_order = sorted(versions, key=lambda version: version[1])
    return [
        Break(since, before, after)
        for (before, _), (after, since) in pairwise(in_order)
        if before != after
    ]


def count(tries: Iterable[Try]) -> dict[tuple[str, date, bool], DayFigures]:
    """The figures of every flow and Paris day, drawn or by hand, counted attempt by attempt."""
    in_order = sorted(tries, key=lambda each: (each.started_at, each.id))
    days: defaultdict[tuple[str, date, bool], list[Try]] = defaultdict(list)
    for each in in_order:
        days[each.scenario_id, paris_day(each.started_at), each.drawn].append(each)
    return {key: _count_day(*key, of_day) for key, of_day in days.items()}


def _count_day(scenario_id: str, day: date, drawn: bool, tries: Sequence[Try]) -> DayFigures:
    hours: defaultdict[int, Counter[Verdict]] = defaultdict(Counter)
    retries: Counter[Verdict] = Counter()
    delays: Counter[Delay] = Counter()
    within: Counter[int] = Counter()
    waits: list[int] = []
    for each in tries:
        if each.number > 1:
            retries[each.verdict] += 1
            continue
        hours[each.started_at.astimezone(PARIS).hour][each.verdict] += 1
        within.update(within_months(each.verdict, each.first_dates, day))
        if delay := delay_of(each.verdict, each.first_dates, day):
            delays[delay] += 1
            if delay not in (Delay.NONE, Delay.UNKNOWN_DATE):
                waits.append((min(d for d in each.first_dates if d >= day) - day).days)
    versions: list[tuple[str, datetime]] = []
    for each in tries:
        if not versions or versions[-1][0] != each.scenario_version:
            versions.append((each.scenario_version, each.started_at))
    return DayFigures(
        scenario_id=scenario_id,
        day=day,
        control=any(each.control for each in tries),
        drawn=drawn,
        hours={hour: dict(verdicts) for hour, verdicts in hours.items()},
        retries=dict(retries),
        delays=dict(delays),
        known=len(waits),
        wait_days=sum(waits),
        shortest_wait_days=min(waits, default=None),
        within=dict(within),
        versions=tuple(versions),
    )
