"""
`make simulate`: years of visits to sites whose truth is known, and what the figures say of them.

No browser and no clock. Visits are made at the instants of `fleet.analysis.sampling` and, for
comparison, at fixed hours; rate and interval are those of `fleet.analysis.rates`. The tables are
those of docs/method.md.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, time
from functools import lru_cache
from itertools import pairwise
from random import Random
from statistics import fmean
from typing import NamedTuple

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
    banned_at_random,
    banned_before_release,
    crowded_release,
    days_on_end,
    down_at_night,
    every_mean_gap,
    mostly_closed,
    never,
    often_near_the_gap,
    random_offers,
    sunday_night,
    ten_minutes_once,
    top_of_the_hour,
)
from fleet.analysis.rates import (
    CONFIDENCE,
    Counts,
    OfferRate,
    Z,
    difference,
    mean_rate,
    wilson,
)
from fleet.analysis.sampling import SamplingPlan
from fleet.engine.options import RetryPolicy
from fleet.engine.politeness.breaker import COOLING, HostFile, HostResponse, judge_response
from fleet.models import Group, Verdict
from fleet.models.missed import MissReason

FLOW = "63/titre-de-sejour"

Interval = tuple[float, float]
Sampling = Callable[[Period, int], list[datetime]]


@lru_cache(maxsize=500)
def at_random(period: Period, seed: int) -> list[datetime]:
    """As `fleet watch` visits."""
    return SamplingPlan(f"simulation {seed}").due(FLOW, *period)


def every_hour(period: Period, seed: int) -> list[datetime]:
    return [period.since + n * HOUR for n in range(round(period.hours))]


def every_day_at_nine(period: Period, seed: int) -> list[datetime]:
    return period.daily(time(9), HOUR).begins


class Series(NamedTuple):
    """
    What was counted in one simulated period, in all and week by week.

    `last` counts the last attempt of each visit that was made instead of its first.
    """

    counts: Counts
    weeks: Sequence[OfferRate]
    last: Counts


RETRIES = RetryPolicy()


def visited(site: Site, due: Iterable[datetime], period: Period) -> Series:
    """
    The site visited at these instants, which are in order, as `fleet watch` does.

    A site that is unavailable is tried again, and a host that failed or refused is left alone, by
    the fleet's own rules; what is due meanwhile is missed.
    """
    firsts: Counter[tuple[int, Verdict]] = Counter()
    lasts: Counter[Verdict] = Counter()
    again: Counter[bool] = Counter()
    missed = 0
    host = HostFile()
    for at in due:
        if host.cooling_until is not None and at < host.cooling_until:
            missed += 1
            continue
        seen: list[Verdict] = []
        host = _visit(site, at, host, seen)
        firsts[(at - period.since) // WEEK, seen[0]] += 1
        lasts[seen[-1]] += 1
        again.update(verdict.group is Group.ANSWERED for verdict in seen[1:])
    weeks: defaultdict[int, Counter[Verdict]] = defaultdict(Counter)
    for (week, verdict), n in firsts.items():
        weeks[week][verdict] += n
    not_made = {MissReason.COOLING: missed} if missed else {}
    counts = Counts.total(Counts(each) for each in weeks.values())
    counts = replace(counts, retried=again.total(), retry_answers=again[True], missed=not_made)
    return Series(counts, [Counts(each).rate for each in weeks.values()], Counts(lasts))


def _visit(site: Site, at: datetime, host: HostFile, seen: list[Verdict]) -> HostFile:
    """One visit with its retries; what the host is known for afterwards."""
    wait = RETRIES.retry_wait
    while True:
        verdict = site.verdict(at)
        seen.append(verdict)
        if host.failures or verdict.group is not Group.ANSWERED:
            host = host.model_copy(update=judge_response(host, HostResponse(verdict), at, COOLING))
        if verdict.group is not Group.UNAVAILABLE or len(seen) == RETRIES.tries:
            return host
        left = host.cooling_until - at if host.cooling_until else wait
        if max(wait, left) > RETRIES.latest:
            return host
        at, wait = at + max(wait, left), 2 * wait


def published(series: Series) -> Interval:
    """The interval that stands beside the rate on every page."""
    return series.counts.rate.interval or (0.0, 1.0)


def plain_wilson(series: Series) -> Interval:
    """Wilson's own, of the answers alone."""
    return wilson(series.counts.rate.slots, series.counts.rate.n)


def of_last_attempts(series: Series) -> Interval:
    """Wilson's interval with each visit counted as its last attempt: what is not done."""
    return wilson(series.last.rate.slots, series.last.rate.n)


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
    """The bounds of all time that stand beside the rate."""
    return series.counts.bounds or (0.0, 1.0)


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


class Worlds(NamedTuple):
    """
    The rate beside the time in which the site answered, what was seen beside all time.

    `missed` are visits of all periods that were not made because the host was left alone.
    """

    answering: Tally
    all_time: Tally
    missed: int

    def row(self) -> str:
        """A line of the table."""
        unseen = fmean(self.all_time.truths)
        return (
            f"{self.answering.row('last', 'Wilson', 'published')} | {unseen:.3%}"
            f" | {self.all_time.held('bounds'):.1%}"
        )


WORLDS: dict[str, Truth] = {
    "an hour at random, every two days": random_offers,
    "Sunday to Monday, 00:00 to 02:00": sunday_night,
    "the first five minutes of every hour": top_of_the_hour,
    "ten minutes in every hour": every_mean_gap,
    "three minutes in every fourteen": often_near_the_gap,
    "three days on end, once a month": days_on_end,
    "ten minutes, once": ten_minutes_once,
    "never": never,
    "at noon, and unseen at midnight; down from 22:00 to 06:00": down_at_night,
    "five minutes, after three of overload": crowded_release,
    "9:00 to 10:00; banned from 8:50 to 9:00": banned_before_release,
    "six hours at random; bans of four hours": banned_at_random,
    "half of the time; closed four days of five": mostly_closed,
}
FIXED: dict[str, Sampling] = {
    "every hour, at :00": every_hour,
    "every day, at 09:00": every_day_at_nine,
}
AT_FIXED_HOURS: dict[str, Truth] = {
    "an hour at random, every two days": random_offers,
    "Sunday to Monday, 00:00 to 02:00": sunday_night,
    "the first five minutes of every hour": top_of_the_hour,
}
PERIODS = {"a year": YEAR, "four weeks": FOUR_WEEKS}


def simulate(
    truth: Truth, sampling: Sampling, period: Period, seeds: Iterable[int]
) -> Iterator[tuple[Site, Series]]:
    """For each seed the site as it was, and what visits saw of it."""
    for seed in seeds:
        site = truth(period, Random(seed))
        yield site, visited(site, sampling(period, seed), period)


def world(truth: Truth, sampling: Sampling, period: Period, seeds: Iterable[int]) -> Worlds:
    """Rate and bounds, each beside the truth that it is of."""
    answering, all_time, missed = Tally(), Tally(), 0
    for site, series in simulate(truth, sampling, period, seeds):
        rate = series.counts.rate.rate or 0.0
        kinds = {
            "published": published(series),
            "Wilson": plain_wilson(series),
            "last": of_last_attempts(series),
        }
        answering.add(rate, site.share_while_answering(period), kinds)
        seen = series.counts.seen_share or 0.0
        all_time.add(seen, site.share_of_all_time(period), {"bounds": bounds(series)})
        missed += series.counts.not_made
    return Worlds(answering, all_time, missed)


class Together(NamedTuple):
    """What is said of several flows at once: the mean of their rates, the difference of two."""

    mean: Tally
    apart: Tally


def together(truths: Sequence[Truth], period: Period, seeds: Iterable[int]) -> Together:
    """Each truth is the site of a flow of its own, visited at instants of its own."""
    found = Together(Tally(), Tally())
    for seed in seeds:
        rates, shares = [], []
        for number, truth in enumerate(truths):
            own = seed * len(truths) + number
            site = truth(period, Random(own))
            rates.append(visited(site, at_random(period, own), period).counts.rate)
            shares.append(site.share_while_answering(period))
        if mean := mean_rate(rates):
            found.mean.add(mean.mean, fmean(shares), {"published": mean.interval})
        for one, other in pairwise(range(len(truths))):
            if apart := difference(rates[one], rates[other]):
                true = shares[one] - shares[other]
                found.apart.add(apart[0], true, {"published": apart[1:]})
    return found


def other_years(period: Period, seeds: Iterable[int]) -> Tally:
    """The offer rate of one year beside the share of time over all years."""
    tally = Tally()
    for _, series in simulate(days_on_end, at_random, period, seeds):
        kinds = {"published": published(series), "weeks": long_run(series)}
        tally.add(series.counts.rate.rate or 0.0, LONG_RUN, kinds)
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(prog="make simulate")
    parser.add_argument("--times", type=int, default=400, help="simulated periods for each row")
    seeds = range(parser.parse_args().times)
    print(f"How often each interval held the truth, in {len(seeds)} simulated periods.")
    for words, period in PERIODS.items():
        print(f"\n| slots are shown | {HEAD.format(words)} |\n|---{'|---' * HEAD.count('|')}|---|")
        for shown, truth in WORLDS.items():
            row = world(truth, at_random, period, seeds).row()
            print(f"| {shown} | {row} |", flush=True)
    for words, tally in zip(
        ("the mean of these", "the difference of two of these"),
        together(list(WORLDS.values()), FOUR_WEEKS, seeds),
        strict=True,
    ):
        print(f"{words}, four weeks: {tally.held('published'):.1%}", flush=True)
    print("\nAt fixed hours, a year:\n")
    print("| slots are shown | visits | true share | mean rate | published |")
    print("|---|---|---|---|---|")
    for shown, truth in AT_FIXED_HOURS.items():
        for visits, sampling in FIXED.items():
            row = world(truth, sampling, YEAR, seeds).answering.row("published")
            print(f"| {shown} | {visits} | {row} |", flush=True)
    print("\nOf all years, from what was seen in one:\n")
    print("| slots are shown | true share | mean rate | published | weeks |")
    print("|---|---|---|---|---|")
    row = other_years(YEAR, seeds).row("published", "weeks")
    print(f"| three days on end, once a month | {row} |")


HEAD = (
    "true share while answering, {} | mean rate | last attempts | Wilson | published"
    " | of all time | bounds"
)

if __name__ == "__main__":
    main()
