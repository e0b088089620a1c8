"""
Attempts counted one by one: which of them are samples, and the figures of a flow's Paris days.

What the figures mean is in `fleet.analysis.rates`. Plain Python over plain values: this is the full
count by which the roll-ups, which MongoDB makes (`fleet.storage.figures.rollups`), are proved.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from fleet.analysis.rates import Counts, Delay, delay_of, sum_verdicts
from fleet.models import PARIS, Group, Verdict
from fleet.models.paris import paris_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


RETRY_WITHIN = timedelta(hours=6)
"""A retry that began later than this after the attempt before it is a sample of its own."""


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


@dataclass(frozen=True)
class DayFigures:
    """
    One flow on one Paris day.

    `hours` holds samples by Paris hour: when clocks go back, hour 2 is two hours long; when they
    go forward, it is not there. `delays` counts the samples answered about slots. Of those with
    a known first day (`known`), `wait_days` is the sum of days until it and `shortest_wait_days`
    the least (None when `known` is 0). `versions` are the scenario's, retries included, each
    with the instant from which it was used; one that comes back is named again.
    """

    scenario_id: str
    day: date
    control: bool
    hours: Mapping[int, Mapping[Verdict, int]]
    retried: int
    delays: Mapping[Delay, int]
    known: int
    wait_days: int
    shortest_wait_days: int | None
    versions: tuple[tuple[str, datetime], ...]

    @cached_property
    def counts(self) -> Counts:
        """The whole day."""
        return Counts(sum_verdicts(self.hours.values()), self.retried)


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

    @property
    def mean_wait_days(self) -> float | None:
        """Days from a sample to the first day that it was offered, on average; None if unknown."""
        return self.wait_days / self.known if self.known else None


@dataclass(frozen=True, slots=True)
class Break:
    """From `at` on, a flow was measured by another version of its scenario."""

    at: datetime
    before: str
    after: str


def totals_of(figures: Sequence[DayFigures]) -> Totals | None:
    """The days of one flow added up; None if there are none."""
    if not figures:
        return None
    delays: Counter[Delay] = Counter()
    for each in figures:
        delays.update(each.delays)
    shortest = [f.shortest_wait_days for f in figures if f.shortest_wait_days is not None]
    return Totals(
        scenario_id=figures[0].scenario_id,
        control=any(each.control for each in figures),
        counts=Counts.total(each.counts for each in figures),
        delays=dict(delays),
        known=sum(each.known for each in figures),
        wait_days=sum(each.wait_days for each in figures),
        shortest_wait_days=min(shortest, default=None),
    )


def week_of(figures: Iterable[DayFigures]) -> dict[tuple[int, int], Counts]:
    """
    Samples by weekday (Monday is 0) and Paris hour: when slots are let go.

    Attempts that were set aside are not in it.
    """
    cells: defaultdict[tuple[int, int], list[Mapping[Verdict, int]]] = defaultdict(list)
    for each in figures:
        weekday = each.day.weekday()
        for hour, verdicts in each.hours.items():
            cells[weekday, hour].append(verdicts)
    return {cell: Counts(sum_verdicts(of_cell)) for cell, of_cell in cells.items()}


def breaks_of(figures: Iterable[DayFigures]) -> list[Break]:
    """Where the way of measuring changed, in order of time; the first version is no break."""
    versions = [version for each in figures for version in each.versions]
    in_order = sorted(versions, key=lambda version: version[1])
    return [
        Break(since, before, after)
        for (before, _), (after, since) in pairwise(in_order)
        if before != after
    ]


def retried_ids(tries: Iterable[Try]) -> set[str]:
    """The ids of the attempts that a retry followed; `tries` may come in any order."""
    chains: defaultdict[tuple[str, str], list[Try]] = defaultdict(list)
    for each in sorted(tries, key=lambda each: (each.started_at, each.id)):
        chains[each.run_id, each.scenario_id].append(each)
    return {
        before.id
        for chain in chains.values()
        for before, after in pairwise(chain)
        if before.verdict.group is Group.UNAVAILABLE
        and after.number == before.number + 1
        and after.started_at - before.started_at <= RETRY_WITHIN
    }


def count(tries: Iterable[Try]) -> dict[tuple[str, date], DayFigures]:
    """The figures of every flow and Paris day, counted attempt by attempt."""
    in_order = sorted(tries, key=lambda each: (each.started_at, each.id))
    aside = retried_ids(in_order)
    days: defaultdict[tuple[str, date], list[Try]] = defaultdict(list)
    for each in in_order:
        days[each.scenario_id, paris_day(each.started_at)].append(each)
    return {key: _count_day(*key, of_day, aside) for key, of_day in days.items()}


def _count_day(scenario_id: str, day: date, tries: Sequence[Try], aside: set[str]) -> DayFigures:
    samples = [each for each in tries if each.id not in aside]
    hours: defaultdict[int, Counter[Verdict]] = defaultdict(Counter)
    delays: Counter[Delay] = Counter()
    waits: list[int] = []
    for each in samples:
        hours[each.started_at.astimezone(PARIS).hour][each.verdict] += 1
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
        hours={hour: dict(verdicts) for hour, verdicts in hours.items()},
        retried=len(tries) - len(samples),
        delays=dict(delays),
        known=len(waits),
        wait_days=sum(waits),
        shortest_wait_days=min(waits, default=None),
        versions=tuple(versions),
    )
