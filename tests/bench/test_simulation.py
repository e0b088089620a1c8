"""Over simulated periods of a known truth, rates are right on average and intervals hold it."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random
from statistics import fmean, stdev

import pytest
from scipy.stats import binom

from bench.simulation.simulation import (
    WORLDS,
    Sampling,
    Worlds,
    at_random,
    bounds,
    every_day_at_nine,
    every_hour,
    long_run,
    other_years,
    published,
    together,
    visited,
    world,
)
from bench.simulation.site_models import (
    DAY,
    FOUR_WEEKS,
    HOUR,
    YEAR,
    Site,
    Spans,
    Truth,
    crowded_release,
    down_at_night,
    sunday_night,
    ten_minutes_once,
    top_of_the_hour,
)
from fleet.analysis.rates import limits
from fleet.models import Verdict
from fleet.models.missed import MissReason

TIMES = 100
CLAIMED = 0.93
"""In each world, published intervals and bounds hold the truth at least this often."""


def least_held(times: int, share: float = CLAIMED) -> float:
    """An interval that holds the truth this often does so less than this in 1 of 10,000 tests."""
    return float(binom.ppf(0.0001, times, share)) / times


@pytest.fixture(scope="module", params=WORLDS)
def one_world(request: pytest.FixtureRequest) -> Worlds:
    return world(WORLDS[request.param], at_random, FOUR_WEEKS, range(TIMES))


def test_the_published_interval_and_the_bounds_hold_the_truth_in_every_world(
    one_world: Worlds,
) -> None:
    assert one_world.answering.held("published") >= least_held(TIMES)
    assert one_world.all_time.held("bounds") >= least_held(TIMES)


def test_the_rate_is_right_on_average(one_world: Worlds) -> None:
    """
    Where nothing is missed; what is, because a host was left alone, is in interval and bounds.
    """
    tally = one_world.answering
    errors = [rate - truth for rate, truth in zip(tally.rates, tally.truths, strict=True)]

    if not one_world.missed and any(errors):
        assert abs(fmean(errors)) < 4 * stdev(errors) / math.sqrt(TIMES)


@pytest.mark.parametrize(("truth", "ratio"), [(crowded_release, 1.5), (sunday_night, 1.0)])
def test_the_last_attempts_would_see_slots_that_come_with_a_crowd_too_often(
    truth: Truth, ratio: float
) -> None:
    """The first attempts see them as often as they are there."""
    times = 60
    firsts, lasts, truths = [], [], []
    for seed in range(times):
        site = truth(FOUR_WEEKS, Random(seed))
        series = visited(site, at_random(FOUR_WEEKS, seed), FOUR_WEEKS)
        truths.append(site.share_while_answering(FOUR_WEEKS))
        firsts.append(series.counts.rate.rate or 0)
        lasts.append(series.last.rate.rate or 0)

    assert fmean(firsts) == pytest.approx(fmean(truths), rel=0.2)
    assert fmean(lasts) / fmean(firsts) == pytest.approx(ratio, rel=0.15)


def test_a_host_that_bans_and_is_left_alone_does_not_look_as_if_it_answered() -> None:
    """Refused for four hours in the middle of a day, and left alone for longer."""
    start = FOUR_WEEKS.since
    site = Site(Spans([]), Spans([]), blocked=Spans([(start + 6 * HOUR, start + 10 * HOUR)]))
    due = [start + n * HOUR for n in range(24)]

    counts = visited(site, due, FOUR_WEEKS._replace(until=start + DAY)).counts

    assert counts.of(Verdict.BLOCKED) < 4
    assert set(counts.missed) == {MissReason.COOLING}
    assert counts.due == 24
    assert counts.unknown >= 4
    assert counts.unanswered_share == counts.unknown / 24


def test_the_mean_of_rates_and_the_difference_of_two_hold_the_truth() -> None:
    times = 12
    truths = [WORLDS[name] for name in list(WORLDS)[:5]]
    found = together(truths, FOUR_WEEKS, range(times))

    assert found.mean.held("published") >= least_held(times)
    assert found.apart.held("published") >= least_held(times * 4)


def test_over_a_year_the_interval_holds_the_rare_offers_of_sunday_nights() -> None:
    times = 15
    tally = world(sunday_night, at_random, YEAR, range(times)).answering

    assert tally.truths == [pytest.approx(2 * 52 / YEAR.hours)] * times
    assert tally.held("published") >= least_held(times)


@pytest.mark.parametrize(
    ("truth", "sampling", "rate"),
    [
        (sunday_night, every_day_at_nine, 0.0),
        (top_of_the_hour, every_hour, 1.0),
        (top_of_the_hour, every_day_at_nine, 1.0),
        (down_at_night, every_day_at_nine, 0.0),
    ],
)
def test_visits_at_fixed_hours_see_only_what_happens_then(
    truth: Truth, sampling: Sampling, rate: float
) -> None:
    """The truth is between 1 and 8 %, whatever they say."""
    tally = world(truth, sampling, FOUR_WEEKS, [0]).answering

    assert tally.rates == [rate]
    assert 0.01 < tally.truths[0] < 0.09


def test_a_single_short_offer_is_where_wilson_falls_short_and_what_is_published_does_not() -> None:
    """Brown, Cai and DasGupta 2001: near 0, Wilson's lower limit is too high after one success."""
    times = 300
    tally = world(ten_minutes_once, at_random, FOUR_WEEKS, range(times)).answering

    assert tally.held("Wilson") < 0.9
    assert tally.held("published") >= least_held(times, 0.95)


def test_what_does_not_answer_is_in_no_rate_and_within_the_bounds() -> None:
    found = world(down_at_night, at_random, FOUR_WEEKS, range(30))

    assert fmean(found.answering.truths) == pytest.approx(1 / 16, rel=0.01)
    assert fmean(found.all_time.truths) == pytest.approx(2 / 24, rel=0.01)
    assert found.all_time.held("bounds") == 1


def test_one_year_says_less_of_other_years_than_of_itself() -> None:
    times = 25
    tally = other_years(YEAR, range(times))

    assert tally.held("published") < 0.5
    assert tally.held("weeks") >= least_held(times, 0.85)


def test_the_shares_of_a_site_are_those_worked_out_by_hand() -> None:
    """Ten hours; slots in the first three, no answer in the third and the fourth."""
    start, end = FOUR_WEEKS.since, FOUR_WEEKS.since + 10 * HOUR
    period = FOUR_WEEKS._replace(until=end)
    offers = Spans([(start, start + 2 * HOUR), (start + HOUR, start + 3 * HOUR)])
    site = Site(offers, Spans([(start + 2 * HOUR, start + 4 * HOUR)]))

    assert site.share_of_all_time(period) == 3 / 10
    assert site.share_while_answering(period) == 2 / 8
    assert [site.verdict(start + n * HOUR) for n in (0, 2, 3, 4)] == [
        Verdict.SLOTS,
        Verdict.OVERLOAD,
        Verdict.OVERLOAD,
        Verdict.NO_SLOTS,
    ]


def test_a_failed_visit_is_tried_again_and_counts_as_its_first_attempt() -> None:
    """Down for the first minute: the second attempt, 30 s later, finds it down, the third slots."""
    start = FOUR_WEEKS.since
    site = Site(Spans([(start, start + HOUR)]), Spans([(start, start + timedelta(seconds=70))]))

    series = visited(site, [start, start + 2 * HOUR], FOUR_WEEKS)

    assert series.counts.verdicts == {Verdict.OVERLOAD: 1, Verdict.NO_SLOTS: 1}
    assert series.last.verdicts == {Verdict.SLOTS: 1, Verdict.NO_SLOTS: 1}
    assert (series.counts.retried, series.counts.retry_answers) == (2, 1)


def test_the_intervals_of_a_series_are_those_of_their_sources() -> None:
    """
    Two weeks of 10 and 19 samples, of which only the first had an offer: with t of one degree of
    freedom little is left of 29 samples. With no offer at all, weeks change nothing.
    """
    start = FOUR_WEEKS.since
    due = [start + n * HOUR for n in range(10)] + [start + 7 * DAY + n * HOUR for n in range(19)]
    offer = Site(Spans([(start, start + HOUR)]), Spans([]))
    none = Site(Spans([]), Spans([]))

    assert published(visited(offer, due, FOUR_WEEKS)) == limits(1, 29)
    assert bounds(visited(offer, due, FOUR_WEEKS)) == limits(1, 29)
    assert long_run(visited(offer, due, FOUR_WEEKS))[1] > 0.5
    assert long_run(visited(none, due, FOUR_WEEKS)) == pytest.approx((0, 0.11697), abs=0.00005)
