"""Due times are random, keep their gaps, and are the same whoever asks, in whatever pieces."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fleet.analysis.sampling import SamplingPlan

PLAN = SamplingPlan("a seed")
FLOW = "63/titre-de-sejour"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")

Instants = st.datetimes(
    min_value=NEW_YEAR.replace(tzinfo=None),
    max_value=NEW_YEAR.replace(year=2027, tzinfo=None),
    timezones=st.just(UTC),
)


def test_the_first_due_times_of_a_year_are_what_they_always_were() -> None:
    """Another order of drawing would make a restarted fleet repeat and lose visits."""
    first = [at.isoformat() for at in PLAN.due(FLOW, NEW_YEAR, NEW_YEAR + timedelta(hours=6))]

    assert first == EXPECTED


EXPECTED = [
    "2026-01-01T02:01:53.096000+00:00",
    "2026-01-01T04:06:44.424000+00:00",
    "2026-01-01T05:43:18.516000+00:00",
    "2026-01-01T05:53:25.854000+00:00",
]


def by_the_recipe(days: range) -> list[datetime]:
    """The same worked out another way: scipy's Poisson, exact fractions, all pairs compared."""
    mean = -math.log(1 - 2 * 10 / 60) / (2 * 10) * 24 * 60
    found: list[tuple[Fraction, int]] = []
    for day in days:
        text = f"a seed|{FLOW}|{day}".encode()
        words = [
            int.from_bytes(hashlib.shake_256(text).digest(8 * n + 8)[-8:], "big")
            for n in range(150)
        ]
        n = int(stats.poisson.ppf(words[0] / 2**64, mean))
        places = [day * 86_400_000 + Fraction(86_400_000 * w, 2**64) for w in words[1 : n + 1]]
        found += zip(map(Fraction, map(math.floor, places)), words[n + 1 :], strict=False)
    kept = [
        at
        for at, mark in found
        if all(other >= mark for near, other in found if abs(near - at) < 600_000)
    ]
    return [
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(at)) for at in sorted(kept)
    ]


def test_due_times_are_what_the_recipe_of_the_module_says() -> None:
    first = (NEW_YEAR - datetime(1970, 1, 1, tzinfo=UTC)).days
    week = (NEW_YEAR, NEW_YEAR + timedelta(days=7))

    expected = [at for at in by_the_recipe(range(first - 1, first + 8)) if week[0] <= at < week[1]]

    assert PLAN.due(FLOW, *week) == expected


@settings(deadline=None)
@given(Instants, Instants, Instants)
def test_windows_join_without_a_seam(one: datetime, two: datetime, three: datetime) -> None:
    begin, middle, end = sorted((one, two, three))
    end = min(end, begin + timedelta(days=5))
    middle = min(middle, end)

    whole = PLAN.due(FLOW, begin, end)

    assert PLAN.due(FLOW, begin, middle) + PLAN.due(FLOW, middle, end) == whole
    assert all(begin <= at < end for at in whole)
    assert whole == sorted(set(whole))


def test_day_by_day_and_one_after_the_other_due_times_are_those_of_the_whole() -> None:
    """Asked day by day, every seam is a midnight; one after the other, nothing repeats itself."""
    midnights = [NEW_YEAR + timedelta(days=n) for n in range(61)]
    whole = PLAN.due(FLOW, midnights[0], midnights[-1])
    chain = [PLAN.next_due(FLOW, NEW_YEAR)]
    while len(chain) < len(whole):
        chain.append(PLAN.next_due(FLOW, chain[-1]))

    assert [at for day in pairwise(midnights) for at in PLAN.due(FLOW, *day)] == whole
    assert chain == whole


@settings(deadline=None)
@given(Instants)
def test_the_next_due_time_is_the_first_of_those_after(after: datetime) -> None:
    due = PLAN.next_due(FLOW, after)

    assert due > after
    assert PLAN.due(FLOW, after + timedelta(milliseconds=1), due) == []
    assert PLAN.due(FLOW, due, due + timedelta(milliseconds=1)) == [due]


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_no_gap_is_shorter_than_the_least_also_over_midnight(seed: str) -> None:
    due = SamplingPlan(seed).due(FLOW, NEW_YEAR, NEW_YEAR + timedelta(days=120))

    assert min(b - a for a, b in pairwise(due)) >= timedelta(minutes=10)
    over_midnight = [b - a for a, b in pairwise(due) if a.date() != b.date()]
    assert len(over_midnight) > 100


@pytest.mark.parametrize(("mean", "least"), [(60, 10), (25, 10), (60, 1), (21, 10)])
def test_the_mean_gap_is_what_was_asked_for(mean: int, least: int) -> None:
    plan = SamplingPlan("a seed", timedelta(minutes=mean), timedelta(minutes=least))
    flows, days = 20, timedelta(days=mean)
    counts = [len(plan.due(f"{n:02d}/flow", NEW_YEAR, NEW_YEAR + days)) for n in range(flows)]

    wanted = days / plan.mean_gap * flows
    # its variance is below that of a Poisson process: this is more than four of its deviations
    assert abs(sum(counts) - wanted) < 4 * math.sqrt(wanted)


def test_around_midnight_visits_are_as_likely_as_at_any_other_time() -> None:
    """Days are drawn one by one, in UTC; nothing of that may be seen."""
    days, flows, minutes = 60, 40, 20
    near = timedelta(minutes=minutes / 2)
    seen = sum(
        at.replace(hour=0, minute=0, second=0, microsecond=0) > at - near
        or (at + near).date() != at.date()
        for n in range(flows)
        for at in PLAN.due(f"{n:02d}/flow", NEW_YEAR, NEW_YEAR + timedelta(days=days))
    )

    wanted = days * flows * minutes / 60
    assert abs(seen - wanted) < 4 * math.sqrt(wanted)


def test_every_hour_of_the_week_is_as_likely_as_another_when_clocks_change_too() -> None:
    counts: Counter[tuple[int, int]] = Counter()
    begin = datetime(2026, 10, 1, tzinfo=PARIS)
    weeks = 8
    for n in range(30):
        for at in PLAN.due(f"{n:02d}/flow", begin, begin + timedelta(weeks=weeks)):
            there = at.astimezone(PARIS)
            counts[there.weekday(), there.hour] += 1

    assert len(counts) == 7 * 24
    # the week in which clocks go back has one hour twice: too little to be seen here
    assert stats.chisquare([*counts.values()]).pvalue > 0.001


def test_flows_and_seeds_have_due_times_of_their_own() -> None:
    end = NEW_YEAR + timedelta(days=30)
    own = set(PLAN.due(FLOW, NEW_YEAR, end))

    assert not own & set(PLAN.due("91/titre-de-sejour", NEW_YEAR, end))
    assert not own & set(SamplingPlan("another").due(FLOW, NEW_YEAR, end))


def test_gaps_spread_as_random_ones_do() -> None:
    """Nobody who knows the last visit can foresee the next."""
    due = PLAN.due(FLOW, NEW_YEAR, NEW_YEAR + timedelta(days=365))
    gaps = [(b - a).total_seconds() for a, b in pairwise(due)]
    deviation = stats.tstd(gaps) / (sum(gaps) / len(gaps))

    assert 0.75 < deviation < 1.05  # 1 for exponential gaps, 0 for a clock


@pytest.mark.parametrize(
    ("mean", "least"), [(20, 10), (15, 10), (60, 0), (60, -1), (60 * 24 * 31, 10), (60, 1e-6)]
)
def test_gaps_that_cannot_be_had_are_refused(mean: float, least: float) -> None:
    with pytest.raises(ValueError, match="gap"):
        SamplingPlan("s", timedelta(minutes=mean), timedelta(minutes=least))
