"""
`make simulate`: years of visits to sites whose truth is known, and what the figures say of them.

No browser and no clock. Visits are made at the instants of `fleet.analysis.sampling` and, for
comparison, at fixed hours; rate and interval are those of `fleet.analysis.rates`. The tables are
those of docs/method.md.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time
from itertools import groupby
from random import Random
from statistics import fmean
from typing import NamedTuple

from scipy.stats import beta
from scipy.stats import t as student

from bench.simulation.site_models import (
    FOUR_WEEKS,
    HOUR,
    LONG_RUN,
    WEEK,
    YEAR,
    Period,
    Site,
    Truth,
    days_on_end,
    down_at_night,
    never,
    random_offers,
    sunday_night,
    ten_minutes_once,
    top_of_the_hour,
)
from fleet.analysis.rates import CONFIDENCE, Counts, OfferRate, Z, wilson
from fleet.analysis.sampling import SamplingPlan

FLOW = "63/titre-de-sejour"

Interval = tuple[float, float]
Sampling = Callable[[Period, int], list[datetime]]


def at_random(period: Period, seed: int) -> list[datetime]:
    """As `fleet watch` visits."""
    return SamplingPlan(f"simulation {seed}").due(FLOW, *period)


def every_hour(period: Period, seed: int) -> list[datetime]:
    return [period.since + n * HOUR for n in range(round(period.hours))]


def every_day_at_nine(period: Period, seed: int) -> list[datetime]:
    return period.daily(time(9), HOUR).begins


class Series(NamedTuple):
    """What was counted in one simulated period, in all and week by week."""

    counts: Counts
    weeks: Sequence[OfferRate]


def visited(site: Site, due: Iterable[datetime], period: Period) -> Series:
    """The site visited at these instants, which are in order."""
    by_week = groupby(due, lambda at: (at - period.since) // WEEK)
    counts = [Counts(Counter(map(site.verdict, week))) for _, week in by_week]
    return Series(Counts.total(counts), [each.rate for each in counts])


def published(series: Series) -> Interval:
    """The interval that stands beside the rate on every page."""
    return series.counts.rate.interval or (0.0, 1.0)


def exact(series: Series) -> Interval:
    """After Clopper and Pearson: with independent samples it holds the truth at least as often."""
    slots, n = series.counts.rate.slots, series.counts.rate.n
    beside = (1 - CONFIDENCE) / 2
    return (
        float(beta.ppf(beside, slots, n - slots + 1)) if slots else 0.0,
        float(beta.ppf(1 - beside, slots + 1, n - slots)) if slots < n else 1.0,
    )


def long_run(series: Series) -> Interval:
    """
    For what a site does in other years too: Wilson's, with the samples that weeks are worth.

    Effective samples after Korn and Graubard (Survey Methodology 24, 1998, 193-201), weeks being
    the clusters, in Wilson's interval (Franco, Little, Louis and Slud, Journal of Survey
    Statistics and Methodology 7, 2019, 334-364). Never narrower than Wilson's own.
    """
    rate, k = series.counts.rate, len(series.weeks)
    n, share = float(rate.n), rate.slots / rate.n
    by_weeks = sum((week.slots - share * week.n) ** 2 for week in series.weeks)
    if variance := k / (k - 1) * by_weeks / n**2:
        reach = float(student.ppf((1 + CONFIDENCE) / 2, k - 1))
        n = min(n, share * (1 - share) / variance) * (Z / reach) ** 2
    return wilson(share * n, n)


def bounds(series: Series) -> Interval:
    """Of all time: if what did not answer had no slots at all, and if it always had some."""
    slots, all_ = series.counts.rate.slots, series.counts.samples
    return slots / all_, (slots + series.counts.unanswered) / all_


class Tally:
    """What simulated periods said, added up."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.truths: list[float] = []
        self._held: Counter[str] = Counter()

    def add(self, rate: float, truth: float, intervals: Mapping[str, Interval]) -> None:
        """One period, and what each kind of interval said."""
        self.rates.append(rate)
        self.truths.append(truth)
        self._held.update(k for k, (low, high) in intervals.items() if low <= truth <= high)

    def held(self, kind: str) -> float:
        """In which share of the periods the truth lay in this kind of interval."""
        return self._held[kind] / len(self.rates)

    def row(self, *kinds: str) -> str:
        """True share, mean rate, and how often each interval held the truth."""
        shares = [fmean(self.truths), fmean(self.rates)]
        held = [f"{self.held(kind):.1%}" for kind in kinds]
        return " | ".join([*(f"{share:.3%}" for share in shares), *held])


AT_RANDOM = {"at random": at_random}
SAMPLINGS: dict[str, Sampling] = {
    **AT_RANDOM,
    "every hour, at :00": every_hour,
    "every day, at 09:00": every_day_at_nine,
}
ROWS: dict[str, tuple[Truth, Mapping[str, Sampling]]] = {
    "an hour at random, every two days": (random_offers, SAMPLINGS),
    "Sunday to Monday, 00:00 to 02:00": (sunday_night, SAMPLINGS),
    "the first five minutes of every hour": (top_of_the_hour, SAMPLINGS),
    "at noon; no answer from 22:00 to 06:00": (down_at_night, SAMPLINGS),
    "three days on end, once a month": (days_on_end, AT_RANDOM),
    "ten minutes, once": (ten_minutes_once, AT_RANDOM),
    "never": (never, AT_RANDOM),
}
PERIODS = {"a year": YEAR, "four weeks": FOUR_WEEKS}


def simulate(
    truth: Truth, sampling: Sampling, period: Period, seeds: Iterable[int]
) -> Iterator[tuple[Site, Series]]:
    """For each seed the site as it was, and what visits saw of it."""
    for seed in seeds:
        site = truth(period, Random(seed))
        yield site, visited(site, sampling(period, seed), period)


def rate_and_truth(truth: Truth, sampling: Sampling, period: Period, seeds: Iterable[int]) -> Tally:
    """The offer rate beside the share of the time in which the site answered."""
    tally = Tally()
    for site, series in simulate(truth, sampling, period, seeds):
        kinds = {"Wilson": published(series), "exact": exact(series)}
        tally.add(series.counts.rate.rate or 0.0, site.share_while_answering(period), kinds)
    return tally


def all_time(truth: Truth, period: Period, seeds: Iterable[int]) -> Tally:
    """The offer rate beside the share of all time."""
    tally = Tally()
    for site, series in simulate(truth, at_random, period, seeds):
        kinds = {"Wilson": published(series), "bounds": bounds(series)}
        tally.add(series.counts.rate.rate or 0.0, site.share_of_all_time(period), kinds)
    return tally


def other_years(period: Period, seeds: Iterable[int]) -> Tally:
    """The offer rate of one year beside the share of time over all years."""
    tally = Tally()
    for _, series in simulate(days_on_end, at_random, period, seeds):
        kinds = {"Wilson": published(series), "weeks": long_run(series)}
        tally.add(series.counts.rate.rate or 0.0, LONG_RUN, kinds)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--times", type=int, default=400, help="simulated periods for each row")
    seeds = range(parser.parse_args().times)
    print(f"How often each interval held the truth, in {len(seeds)} simulated periods.")
    for words, period in PERIODS.items():
        print(f"\n| slots are shown | visits, {words} | true share | mean rate | Wilson | exact |")
        print("|---|---|---|---|---|---|")
        for shown, (truth, samplings) in ROWS.items():
            for visits, sampling in samplings.items():
                tally = rate_and_truth(truth, sampling, period, seeds)
                print(f"| {shown} | {visits} | {tally.row('Wilson', 'exact')} |", flush=True)
    print("\nOf all time, where no answer came from 22:00 to 06:00:\n")
    print("| slots are shown | true share | mean rate | Wilson | bounds |\n|---|---|---|---|---|")
    row = all_time(down_at_night, YEAR, seeds).row("Wilson", "bounds")
    print(f"| at noon, and unseen at midnight | {row} |")
    print("\nOf all years, from what was seen in one:\n")
    print("| slots are shown | true share | mean rate | Wilson | weeks |\n|---|---|---|---|---|")
    print(
        f"| three days on end, once a month | {other_years(YEAR, seeds).row('Wilson', 'weeks')} |"
    )


if __name__ == "__main__":
    main()
