"""What the figures mean: every number here was worked out by hand or taken from its source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, chi2

from fleet.analysis.delays import Delay
from fleet.analysis.rates import (
    Counts,
    OfferRate,
    difference,
    limits,
    mean_rate,
    wilson,
)
from fleet.analysis.samples import (
    Break,
    DayFigures,
    Try,
    breaks_of,
    chosen_days,
    count,
    totals_of,
    week_of,
)
from fleet.models import PARIS, Group, Verdict
from fleet.models.missed import MissReason
from fleet.models.paris import day_start, paris_day

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
FLOW = "63/titre-de-sejour"


def a_try(
    verdict: Verdict,
    at: datetime = AT,
    *,
    number: int = 1,
    run: str = "run",
    dates: tuple[date, ...] = (),
    flow: str = FLOW,
    version: str = "v1",
    drawn: bool = True,
) -> Try:
    id_ = f"{run}-{flow}-{at.isoformat()}-{number}"
    due_at = at if drawn else None
    return Try(id_, run, flow, version, False, number, verdict, dates, at, due_at)


def chain(*verdicts: Verdict, at: datetime = AT, run: str = "run") -> list[Try]:
    """The tries of one visit, a minute apart."""
    return [
        a_try(verdict, at + timedelta(minutes=n), number=n + 1, run=run)
        for n, verdict in enumerate(verdicts)
    ]


def counts_of(tries: list[Try]) -> Counts:
    return Counts.total(each.counts for each in count(tries).values())


def test_the_rate_is_that_of_slots_and_no_slots_and_of_nothing_else() -> None:
    counts = Counts(dict.fromkeys(Verdict, 7) | {Verdict.SLOTS: 1, Verdict.NO_SLOTS: 3})

    assert (counts.rate.slots, counts.rate.n, counts.rate.rate) == (1, 4, 0.25)


def test_without_an_answer_about_slots_the_rate_is_unknown() -> None:
    counts = Counts({Verdict.CLOSED: 5, Verdict.OVERLOAD: 5})

    assert (counts.rate.n, counts.rate.rate, counts.rate.interval) == (0, None, None)
    assert Counts().unanswered_share is None


@pytest.mark.parametrize(
    ("slots", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 857–872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_of_wilson_is_the_one_that_was_published(
    slots: int, n: int, low: float, high: float
) -> None:
    assert wilson(slots, n) == pytest.approx((low, high), abs=0.00005)


@settings(deadline=None)
@given(slots=st.integers(0, 5_000), none=st.integers(0, 5_000))
def test_the_interval_of_wilson_is_the_one_that_scipy_works_out(slots: int, none: int) -> None:
    n = slots + none
    if n == 0:
        assert OfferRate(slots, none).interval is None
        return
    expected = binomtest(slots, n).proportion_ci(confidence_level=0.95, method="wilson")
    assert wilson(slots, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(slots=st.integers(0, 5_000), none=st.integers(0, 5_000))
def test_what_is_published_holds_that_interval_and_treats_both_sides_alike(
    slots: int, none: int
) -> None:
    n = max(1, slots + none)
    (low, high), inner = limits(slots, n), wilson(slots, n)

    assert low <= inner[0]
    assert high >= inner[1]
    assert limits(n - slots, n) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@pytest.mark.parametrize("found", [1, 2, 3])
def test_where_few_were_found_the_lower_limit_is_that_of_brown_cai_and_dasgupta(found: int) -> None:
    """Section 4.1.1 of their paper: half the 5 % quantile of chi-squared, by n."""
    assert limits(found, 2000)[0] == pytest.approx(chi2.ppf(0.05, 2 * found) / 2 / 2000, abs=1e-9)


def test_what_was_asked_for_by_hand_has_a_rate_and_no_interval() -> None:
    """Nobody drew these instants, so they say nothing of the time between them."""
    by_hand = counts_of([a_try(Verdict.SLOTS, drawn=False), a_try(Verdict.NO_SLOTS, drawn=False)])

    assert (by_hand.rate.rate, by_hand.rate.interval, by_hand.bounds) == (0.5, None, None)


def test_beside_what_was_drawn_what_was_asked_for_by_hand_is_in_no_rate() -> None:
    """A hundred attempts made while slots are shown move nothing."""
    drawn = [a_try(Verdict.NO_SLOTS, AT + timedelta(hours=n), run=str(n)) for n in range(9)]
    chosen_by_somebody = [
        a_try(Verdict.SLOTS, AT + timedelta(minutes=n), run=f"by hand {n}", drawn=False)
        for n in range(100)
    ]

    counts = counts_of(drawn + chosen_by_somebody)

    assert counts == Counts({Verdict.NO_SLOTS: 9}, by_hand=100)
    assert counts.rate.interval == limits(0, 9)
    days, beside = chosen_days(list(count(drawn + chosen_by_somebody).values()))
    assert ([each.drawn for each in days], [each.drawn for each in beside]) == ([True], [False])


def test_a_flow_that_was_only_asked_for_by_hand_changes_no_rate_of_its_department() -> None:
    drawn = Counts({Verdict.NO_SLOTS: 40}, by_hand=1)
    other = Counts({Verdict.SLOTS: 7}, retried=2, drawn=False)

    assert Counts.total([drawn, other]) == Counts({Verdict.NO_SLOTS: 40}, by_hand=10)
    assert Counts.total([other, Counts()]) == other


def test_what_was_not_visited_is_not_answered() -> None:
    """A ban: 50 visits of 72 were not made, and 2 of the other 22 were refused."""
    counts = Counts(
        {Verdict.NO_SLOTS: 19, Verdict.SLOTS: 1, Verdict.BLOCKED: 2},
        missed={MissReason.COOLING: 48, MissReason.LATE: 2},
    )

    assert (counts.samples, counts.due, counts.unanswered, counts.unknown) == (22, 72, 2, 52)
    assert counts.unanswered_share == 52 / 72
    assert counts.seen_share == 1 / 72
    assert counts.rate.rate == 1 / 20
    # whether the host would have answered while it was left alone, nobody knows
    assert counts.rate.interval == (limits(1, 68)[0], limits(49, 68)[1])
    assert counts.bounds == (limits(1, 72)[0], limits(53, 72)[1])


def test_a_flow_that_is_closed_for_most_of_the_time_is_not_seen_open_always() -> None:
    counts = Counts({Verdict.CLOSED: 80, Verdict.SLOTS: 20})

    assert (counts.rate.rate, counts.seen_share) == (1, 0.2)
    assert counts.bounds == limits(20, 100)


@given(
    seen=st.dictionaries(st.sampled_from(Verdict), st.integers(0, 300)),
    missed=st.dictionaries(st.sampled_from(MissReason), st.integers(0, 300)),
)
def test_bounds_lie_around_the_share_and_intervals_around_the_rate(
    seen: dict[Verdict, int], missed: dict[MissReason, int]
) -> None:
    counts = Counts(seen, missed=missed)

    if counts.rate.interval is not None and counts.rate.rate is not None:
        low, high = counts.rate.interval
        assert 0 <= low <= counts.rate.rate + 1e-12 <= high + 2e-12 <= 1 + 4e-12
    if counts.bounds is not None and counts.seen_share is not None:
        low, high = counts.bounds
        assert 0 <= low <= counts.seen_share + 1e-12
        assert counts.seen_share + counts.unknown / counts.due <= high + 1e-12 <= 1 + 2e-12


def test_the_four_parts_of_all_samples_are_all_of_them() -> None:
    counts = Counts({verdict: n for n, verdict in enumerate(Verdict, start=1)})
    parts = (counts.rate.slots, counts.rate.no_slots, counts.closed, counts.unanswered)

    assert sum(parts) == counts.samples == 14 * 15 // 2
    assert counts.unanswered == sum(counts.group(g) for g in Group if g is not Group.ANSWERED)


def test_closed_is_answered_and_in_no_rate() -> None:
    """6 of 10 answered: 1 slots, 2 no_slots, 3 closed; 4 errors."""
    counts = Counts({Verdict.SLOTS: 1, Verdict.NO_SLOTS: 2, Verdict.CLOSED: 3, Verdict.CRASHED: 4})

    assert counts.rate == OfferRate(1, 2)
    assert (counts.closed, counts.unanswered, counts.unanswered_share) == (3, 4, 0.4)


@pytest.mark.parametrize("verdict", [v for v in Verdict if v.group is not Group.ANSWERED])
def test_an_error_page_never_moves_the_rate(verdict: Verdict) -> None:
    before = [a_try(Verdict.SLOTS), a_try(Verdict.NO_SLOTS, AT + timedelta(hours=1), run="b")]
    errors = [a_try(verdict, AT + timedelta(hours=n), run=f"error {n}") for n in range(2, 9)]

    counts = counts_of(before + errors)

    assert counts.rate == counts_of(before).rate == OfferRate(1, 1)
    assert counts.unanswered_share == 7 / 9


def test_a_visit_that_failed_three_times_is_one_unanswered_sample() -> None:
    failed = chain(Verdict.OVERLOAD, Verdict.TIMEOUT, Verdict.SITE_DOWN)
    answered = chain(Verdict.NO_SLOTS, at=AT + timedelta(hours=1), run="next")

    counts = counts_of(failed + answered)

    assert counts == Counts({Verdict.OVERLOAD: 1, Verdict.NO_SLOTS: 1}, retried=2)
    assert (counts.samples, counts.attempts, counts.unanswered_share) == (2, 4, 0.5)


def test_a_visit_answered_at_its_third_attempt_is_not_answered_and_the_answer_stands_beside() -> (
    None
):
    """The instant of the third was not drawn: it follows from what the site did."""
    counts = counts_of(chain(Verdict.OVERLOAD, Verdict.OVERLOAD, Verdict.SLOTS))

    assert counts == Counts({Verdict.OVERLOAD: 1}, retried=2, retry_answers=1)
    assert (counts.rate.n, counts.unanswered_share) == (0, 1)


def test_two_visits_of_one_run_are_two_samples() -> None:
    """`fleet run --times 2`: the second visit begins with number 1 again."""
    first = chain(Verdict.OVERLOAD, Verdict.OVERLOAD)
    second = chain(Verdict.OVERLOAD, Verdict.OVERLOAD, at=AT + timedelta(hours=1))

    assert counts_of(first + second) == Counts({Verdict.OVERLOAD: 2}, retried=2)


@pytest.mark.parametrize("gap", [timedelta(minutes=1), timedelta(hours=7), timedelta(days=2)])
@pytest.mark.parametrize("before", [Verdict.OVERLOAD, Verdict.SLOTS, None])
def test_an_attempt_that_is_not_the_first_of_its_visit_is_never_a_sample(
    gap: timedelta, before: Verdict | None
) -> None:
    """Whatever came before it, however long ago, and if the first one was lost."""
    first = [a_try(before)] if before else []

    counts = counts_of([*first, a_try(Verdict.SLOTS, AT + gap, number=2)])

    assert (counts.samples, counts.retried, counts.retry_answers) == (len(first), 1, 1)


def test_what_retries_see_is_kept_by_day_and_has_no_hour_and_no_delay() -> None:
    tries = chain(Verdict.OVERLOAD, Verdict.SLOTS)

    (day,) = count(tries).values()

    assert day.retries == {Verdict.SLOTS: 1}
    assert day.hours == {10: {Verdict.OVERLOAD: 1}}
    assert (day.delays, day.known) == ({}, 0)


def test_slots_without_a_day_are_counted_and_the_classes_add_up_to_n() -> None:
    tries = [
        a_try(Verdict.SLOTS, dates=(date(2026, 3, 12), date(2026, 3, 20))),
        a_try(Verdict.SLOTS, AT + timedelta(hours=1), run="b"),
        a_try(Verdict.NO_SLOTS, AT + timedelta(hours=2), run="c"),
        a_try(Verdict.SLOTS, AT + timedelta(hours=3), run="d", dates=(date(2026, 3, 20),)),
        a_try(Verdict.CLOSED, AT + timedelta(hours=4), run="e"),
    ]

    totals = totals_of(list(count(tries).values()))

    assert totals
    assert totals.delays == {
        Delay.TWO_WITHIN_A_MONTH: 1,
        Delay.UNKNOWN_DATE: 1,
        Delay.NONE: 1,
        Delay.ONE_WITHIN_A_MONTH: 1,
    }
    assert sum(totals.delays.values()) == totals.counts.rate.n == 4
    # 2 and 10 days, on 10 March
    assert (totals.known, totals.mean_wait_days, totals.shortest_wait_days) == (2, 6, 2)
    assert totals.within == dict.fromkeys((1, 2, 3, 6), 2)


def test_the_day_of_an_attempt_is_that_of_paris() -> None:
    """23:30 UTC on the 10th is half past midnight on the 11th in Paris."""
    late = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)

    ((_, day, _),) = count([a_try(Verdict.NO_SLOTS, late)])

    assert day == date(2026, 3, 11) == paris_day(late)


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-24", 24)]
)
def test_a_day_on_which_clocks_change_has_23_or_25_hours(day: str, hours: int) -> None:
    first = day_start(date.fromisoformat(day))
    tries = [
        a_try(Verdict.NO_SLOTS, first + timedelta(hours=n), run=str(n))
        for n in range(-1, hours + 1)
    ]

    figures = count(tries)[FLOW, date.fromisoformat(day), True]

    assert figures.counts.samples == hours
    in_hour_2 = figures.hours.get(2, {}).get(Verdict.NO_SLOTS, 0)
    assert in_hour_2 == hours - 23


@settings(deadline=None)
@given(st.dates(date(2016, 1, 1), date(2035, 12, 31)))
def test_every_instant_belongs_to_the_day_that_began_before_it(day: date) -> None:
    start, end = day_start(day), day_start(day + timedelta(days=1))

    assert paris_day(start) == paris_day(end - timedelta(milliseconds=1)) == day
    assert start.astimezone(PARIS).hour == 0


def figures(day: str, *versions: tuple[str, int]) -> DayFigures:
    start = day_start(date.fromisoformat(day))
    since = tuple((name, start + timedelta(hours=hour)) for name, hour in versions)
    day_ = date.fromisoformat(day)
    return DayFigures(FLOW, day_, False, True, {}, {}, {}, 0, 0, None, versions=since)


def test_a_break_is_where_the_version_changed_also_back_and_within_a_day() -> None:
    days = [
        figures("2026-03-09", ("a", 0)),
        figures("2026-03-10", ("a", 0), ("b", 9)),
        figures("2026-03-12", ("b", 0), ("a", 20)),
    ]

    assert breaks_of(days) == [
        Break(day_start(date(2026, 3, 10)) + timedelta(hours=9), "a", "b"),
        Break(day_start(date(2026, 3, 12)) + timedelta(hours=20), "b", "a"),
    ]


def test_the_versions_of_a_day_are_listed_in_the_order_of_their_use() -> None:
    used = [("a", 0), ("a", 1), ("b", 2), ("a", 3)]
    tries = [
        a_try(Verdict.CRASHED, AT + timedelta(hours=n), version=name, run=str(n))
        for name, n in used
    ]

    (day,) = count(tries).values()

    assert [(name, (at - AT) // timedelta(hours=1)) for name, at in day.versions] == [
        ("a", 0),
        ("b", 2),
        ("a", 3),
    ]


def test_the_week_is_told_by_weekday_and_paris_hour() -> None:
    """Montpellier: slots are let go in the night from Sunday to Monday."""
    sunday, monday = datetime(2026, 3, 8, 22, 30, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
    tries = [a_try(Verdict.NO_SLOTS, sunday), a_try(Verdict.SLOTS, monday, run="b")]

    week = week_of(count(tries).values())

    assert week == {(6, 23): Counts({Verdict.NO_SLOTS: 1}), (0, 1): Counts({Verdict.SLOTS: 1})}


@pytest.mark.parametrize(
    ("one", "other", "apart", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998) 873–890, table II, method 10: 56/70 and 48/80;
        # ours is wider, as each of the two intervals is
        (OfferRate(56, 14), OfferRate(48, 32), 0.2, 0.0524, 0.3339),
        (OfferRate(10, 0), OfferRate(0, 20), 1.0, 0.6791, 1.0),
    ],
)
def test_the_difference_of_two_rates_holds_newcombes_interval(
    one: OfferRate, other: OfferRate, apart: float, low: float, high: float
) -> None:
    found = difference(one, other)
    turned = difference(other, one)

    assert found
    assert turned
    assert found[0] == pytest.approx(apart)
    assert low - 0.03 < found[1] <= low + 0.0001
    assert high - 0.0001 <= found[2] < high + 0.03
    assert turned == pytest.approx((-found[0], -found[2], -found[1]))


def test_there_is_no_difference_from_what_is_unknown_or_was_asked_for_by_hand() -> None:
    assert difference(OfferRate(1, 9), OfferRate(0, 0)) is None
    assert difference(OfferRate(1, 9), OfferRate(1, 9, drawn=False)) is None


def test_the_mean_of_rates_gives_each_the_same_weight() -> None:
    small, large = OfferRate(5, 5), OfferRate(0, 10_000)
    found = mean_rate([small, large, OfferRate(0, 0), OfferRate(3, 0, drawn=False)])

    assert found
    assert (found.of, found.mean) == (2, 0.25)
    assert small.interval
    low, high = small.interval
    assert found.interval == pytest.approx((low / 2, high / 2), abs=0.001)
    assert mean_rate([]) is None
