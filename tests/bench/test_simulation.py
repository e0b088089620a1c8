"""Over simulated periods of a known truth, rates are right on average and intervals hold it."""

from __future__ import annotations

import math
from statistics import fmean, stdev

import pytest
from scipy.stats import binom

from bench.simulation.simulation import (
    Tally,
    all_time,
    at_random,
    bounds,
    every_day_at_nine,
    every_hour,
    exact,
    long_run,
    other_years,
    rate_and_truth,
    visited,
)
from bench.simulation.site_models import (
    DAY,
    FOUR_WEEKS,
    HOUR,
    YEAR,
    Site,
    Spans,
    Truth,
    days_on_end,
    down_at_night,
    random_offers,
    sunday_night,
    ten_minutes_once,
    top_of_the_hour,
)
from fleet.analysis.rates import CONFIDENCE
from fleet.models import Verdict

TIMES = 150
MANY_SHORT = [random_offers, sunday_night, top_of_the_hour, down_at_night, days_on_end]


def least_held(times: int, share: float = CONFIDENCE) -> float:
    """An interval that holds the truth this often does so less than this in 1 of 10,000 tests."""
    return float(binom.ppf(0.0001, times, share)) / times


@pytest.fixture(scope="module", params=MANY_SHORT, ids=lambda truth: truth.__name__)
def tally(request: pytest.FixtureRequest) -> Tally:
    truth: Truth = request.param
    return rate_and_truth(truth, at_random, FOUR_WEEKS, range(TIMES))


def test_the_rate_is_right_on_average(tally: Tally) -> None:
    errors = [rate - truth for rate, truth in zip(tally.rates, tally.truths, strict=True)]

    assert abs(fmean(errors)) < 4 * stdev(errors) / math.sqrt(TIMES)


@pytest.mark.parametrize("interval", ["Wilson", "exact"])
def test_the_interval_holds_the_truth_at_least_as_often_as_it_says(
    tally: Tally, interval: str
) -> None:
    assert tally.held(interval) >= least_held(TIMES)


def test_over_a_year_the_interval_holds_the_rare_offers_of_sunday_nights() -> None:
    times = 15
    tally = rate_and_truth(sunday_night, at_random, YEAR, range(times))

    assert tally.truths == [pytest.approx(2 * 52 / YEAR.hours)] * times
    assert tally.held("Wilson") >= least_held(times)


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
    truth: Truth, sampling: object, rate: float
) -> None:
    """The truth is between 1 and 8 %, whatever they say."""
    tally = rate_and_truth(truth, sampling, FOUR_WEEKS, [0])  # type: ignore[arg-type]

    assert tally.rates == [rate]
    assert 0.01 < tally.truths[0] < 0.09


def test_a_single_short_offer_is_where_wilson_falls_short_and_the_exact_interval_does_not() -> None:
    """Brown, Cai and DasGupta 2001: near 0, Wilson's lower limit is too high after one success."""
    times = 300
    tally = rate_and_truth(ten_minutes_once, at_random, FOUR_WEEKS, range(times))

    assert tally.held("Wilson") < 0.9
    assert tally.held("exact") >= least_held(times)


def test_what_does_not_answer_is_in_no_rate_and_within_the_bounds() -> None:
    tally = all_time(down_at_night, FOUR_WEEKS, range(50))

    assert fmean(tally.rates) == pytest.approx(1 / 16, abs=0.005)
    assert fmean(tally.truths) == pytest.approx(2 / 24, rel=0.01)
    assert tally.held("bounds") == 1


def test_one_year_says_less_of_other_years_than_of_itself() -> None:
    times = 25
    tally = other_years(YEAR, range(times))

    assert tally.held("Wilson") < 0.5
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


def test_the_intervals_of_a_series_are_those_of_their_sources() -> None:
    """
    Clopper and Pearson for 1 of 29: Newcombe 1998, table I, method 5.

    Two weeks of 10 and 19 samples, of which only the first had an offer: with t of one degree of
    freedom little is left of 29 samples. With no offer at all, weeks change nothing.
    """
    start = FOUR_WEEKS.since
    due = [start + n * HOUR for n in range(10)] + [start + 7 * DAY + n * HOUR for n in range(19)]
    offer = Site(Spans([(start, start + HOUR)]), Spans([]))
    down = Site(Spans([(start, start + HOUR)]), Spans([(start + 7 * DAY, start + 8 * DAY)]))
    none = Site(Spans([]), Spans([]))

    assert exact(visited(offer, due, FOUR_WEEKS)) == pytest.approx((0.0009, 0.1776), abs=0.00005)
    assert long_run(visited(offer, due, FOUR_WEEKS))[1] > 0.5
    assert long_run(visited(none, due, FOUR_WEEKS)) == pytest.approx((0, 0.11697), abs=0.00005)
    assert bounds(visited(down, due, FOUR_WEEKS)) == pytest.approx((1 / 29, 20 / 29))
