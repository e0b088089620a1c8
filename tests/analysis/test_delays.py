"""How long until the first day offered; every class and month was worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest

from fleet.analysis.delays import Delay, delay_of, months_after, within_months
from fleet.models import Verdict


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-01-15", 1, "2026-02-15"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-02-28", 1, "2026-03-28"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
        ("2026-11-30", 1, "2026-12-30"),
    ],
)
def test_a_month_ends_with_the_same_day_or_the_last(day: str, months: int, expected: str) -> None:
    assert months_after(date.fromisoformat(day), months) == date.fromisoformat(expected)


DELAYS = [
    # on 15 January: one month ends with 15 February, two with 15 March
    ("2026-01-15", ["2026-01-15", "2026-01-16"], Delay.TWO_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-15", ["2026-02-14", "2026-02-15"], Delay.TWO_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-15", ["2026-02-15", "2026-02-16"], Delay.ONE_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-15", ["2026-02-15"], Delay.ONE_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-15", ["2026-02-15", "2026-02-15"], Delay.ONE_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-15", ["2026-02-16", "2026-02-17"], Delay.WITHIN_TWO_MONTHS, [2, 3, 6]),
    ("2026-01-15", ["2026-03-15"], Delay.WITHIN_TWO_MONTHS, [2, 3, 6]),
    ("2026-01-15", ["2026-03-16"], Delay.BEYOND_TWO_MONTHS, [3, 6]),
    # on 31 January: 28 February, 31 March
    ("2026-01-31", ["2026-02-28"], Delay.ONE_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-31", ["2026-03-01"], Delay.WITHIN_TWO_MONTHS, [2, 3, 6]),
    ("2026-01-31", ["2026-03-31"], Delay.WITHIN_TWO_MONTHS, [2, 3, 6]),
    ("2026-01-31", ["2026-04-01"], Delay.BEYOND_TWO_MONTHS, [3, 6]),
    # three months end with 15 April, six with 15 July; six after 31 August with 28 February
    ("2026-01-15", ["2026-04-15"], Delay.BEYOND_TWO_MONTHS, [3, 6]),
    ("2026-01-15", ["2026-04-16"], Delay.BEYOND_TWO_MONTHS, [6]),
    ("2026-01-15", ["2026-07-15"], Delay.BEYOND_TWO_MONTHS, [6]),
    ("2026-01-15", ["2026-07-16"], Delay.BEYOND_TWO_MONTHS, []),
    ("2026-08-31", ["2027-02-28"], Delay.BEYOND_TWO_MONTHS, [6]),
    ("2026-08-31", ["2027-03-01"], Delay.BEYOND_TWO_MONTHS, []),
    # no day, or only one that is over
    ("2026-01-15", [], Delay.UNKNOWN_DATE, []),
    ("2026-01-15", ["2026-01-14"], Delay.UNKNOWN_DATE, []),
    ("2026-01-15", ["2026-01-14", "2026-01-15"], Delay.ONE_WITHIN_A_MONTH, [1, 2, 3, 6]),
    ("2026-01-15", ["2026-01-20", "2026-01-19"], Delay.TWO_WITHIN_A_MONTH, [1, 2, 3, 6]),
]


@pytest.mark.parametrize(("day", "dates", "expected", "within"), DELAYS)
def test_the_delay_class_of_slots_and_the_months_that_hold_the_first_day(
    day: str, dates: list[str], expected: Delay, within: list[int]
) -> None:
    offered = [date.fromisoformat(each) for each in dates]

    assert delay_of(Verdict.SLOTS, offered, date.fromisoformat(day)) is expected
    assert within_months(Verdict.SLOTS, offered, date.fromisoformat(day)) == within


def test_only_answers_about_slots_have_a_delay_class() -> None:
    day = date(2026, 3, 10)

    classes = {verdict: delay_of(verdict, [day], day) for verdict in Verdict}

    assert {verdict for verdict, delay in classes.items() if delay} == {
        Verdict.SLOTS,
        Verdict.NO_SLOTS,
    }
    assert classes[Verdict.NO_SLOTS] is Delay.NONE
    assert [v for v in Verdict if within_months(v, [day], day)] == [Verdict.SLOTS]
