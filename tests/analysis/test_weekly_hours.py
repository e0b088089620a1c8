"""Hours of the week are named by a test that noise does not pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from fleet.analysis.samples import DayFigures, Try, count, week_of
from fleet.analysis.sampling import SamplingPlan
from fleet.analysis.weekly_hours import FLOWS, down, fisher, offered, outstanding
from fleet.catalog import loader
from fleet.models import PARIS, Verdict
from fleet.models.paris import day_start
from fleet.settings import Settings

MONDAY = datetime(2026, 3, 2, tzinfo=PARIS).date()
QUARTER = timedelta(weeks=13)


def a_try(at: datetime, verdict: Verdict, *, drawn: bool = True) -> Try:
    id_ = at.isoformat()
    return Try(id_, id_, "63/x", "v", False, 1, verdict, (), at, at if drawn else None)


def days_of(
    seen: Callable[[datetime], Verdict], seed: str = "x", *, drawn: bool = True
) -> list[DayFigures]:
    """A quarter of visits at random instants; what each sees is asked with the hour of Paris."""
    begin = day_start(MONDAY)
    due = SamplingPlan(seed).due("63/x", begin, begin + QUARTER)
    return [*count(a_try(at, seen(at.astimezone(PARIS)), drawn=drawn) for at in due).values()]


@given(st.integers(0, 20), st.integers(0, 30), st.integers(0, 60), st.integers(0, 300))
def test_the_chance_is_that_of_fishers_test(
    found: int, not_found: int, others: int, others_not: int
) -> None:
    table = [[found, not_found], [others, others_not]]
    expected = fisher_exact(table, alternative="greater").pvalue

    n = found + not_found
    assert fisher(found, n, found + others, n + others + others_not) == pytest.approx(
        expected, rel=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_of_a_flow_that_offers_a_constant_share_no_hour_is_named(seed: int) -> None:
    """Though in the first 30 days dozens of cells are seen at 20 % or more."""
    random = Random(seed)
    days = days_of(
        lambda _: Verdict.SLOTS if random.random() < 0.07 else Verdict.NO_SLOTS, str(seed)
    )

    shares = [counts.rate.rate or 0 for counts in week_of(days[:30]).values()]
    assert sum(share >= 0.2 for share in shares) > 15
    assert outstanding(days[:30]) == outstanding(days) == {}


def test_an_hour_in_which_slots_are_let_go_every_week_is_named_and_no_other() -> None:
    days = days_of(
        lambda at: Verdict.SLOTS if (at.weekday(), at.hour) == (0, 1) else Verdict.NO_SLOTS
    )

    assert [*outstanding(days)] == [(0, 1)]
    assert outstanding(days, down) == {}


def test_an_hour_in_which_the_site_fails_every_week_is_named_apart_from_offers() -> None:
    days = days_of(
        lambda at: Verdict.OVERLOAD if (at.weekday(), at.hour) == (4, 9) else Verdict.NO_SLOTS
    )

    assert ([*outstanding(days, down)], outstanding(days, offered)) == ([(4, 9)], {})


def test_one_opening_is_no_release_hour_however_often_it_was_visited() -> None:
    """Four visits within one hour of one day saw the same opening."""
    days = days_of(lambda _: Verdict.NO_SLOTS)
    at = day_start(MONDAY) + timedelta(weeks=14, hours=9)
    once = count(a_try(at + timedelta(minutes=11 * n), Verdict.SLOTS) for n in range(4))

    assert outstanding([*days, *once.values()]) == {}


def test_of_instants_that_somebody_chose_no_hour_is_named() -> None:
    def seen(at: datetime) -> Verdict:
        return Verdict.SLOTS if (at.weekday(), at.hour) == (0, 1) else Verdict.NO_SLOTS

    assert outstanding(days_of(seen, drawn=False)) == {}


def test_the_level_is_shared_by_every_flow_of_the_catalogue() -> None:
    assert len(loader.load(*Settings().scenarios_dir).scenarios) <= FLOWS
