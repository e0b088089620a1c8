"""
How long from a visit until the first day that its page offered. Pure.

La Cimade's five classes of answer, from the first two days offered, in Paris and
calendar months: from 31 January, "within a month" ends with 28 February, as French procedure
counts (code de procédure civile, art. 641). A day before the attempt's own cannot be booked and
is not counted as known. Slots without a known day are a class of their own. The classes of a
period add up to its n.
"""

from __future__ import annotations

import calendar
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.models import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence


class Delay(StrEnum):
    """La Cimade's five classes of answer, and a sixth for slots whose days are not known."""

    TWO_WITHIN_A_MONTH = "two_within_a_month"
    ONE_WITHIN_A_MONTH = "one_within_a_month"
    WITHIN_TWO_MONTHS = "within_two_months"
    BEYOND_TWO_MONTHS = "beyond_two_months"
    NONE = "none"
    UNKNOWN_DATE = "unknown_date"


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last if it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


WITHIN_MONTHS = (1, 2, 3, 6)
"""How far ahead people look for a first day; in calendar months, as the classes."""


def within_months(verdict: Verdict, first_dates: Sequence[date], day: date) -> list[int]:
    """Which of `WITHIN_MONTHS` hold the first day offered on `day`; none where none is known."""
    known = [first for first in first_dates if first >= day]
    if verdict is not Verdict.SLOTS or not known:
        return []
    return [months for months in WITHIN_MONTHS if min(known) <= months_after(day, months)]


def delay_of(verdict: Verdict, first_dates: Sequence[date], day: date) -> Delay | None:
    """
    The class of an answer given on `day`; None for what is no answer about slots.

    "Within a month" includes the same day of the next month.
    """
    if verdict is Verdict.NO_SLOTS:
        return Delay.NONE
    if verdict is not Verdict.SLOTS:
        return None
    known = sorted({first for first in first_dates if first >= day})
    if not known:
        return Delay.UNKNOWN_DATE
    month = months_after(day, 1)
    if known[0] > month:
        two_months = months_after(day, 2)
        return Delay.WITHIN_TWO_MONTHS if known[0] <= two_months else Delay.BEYOND_TWO_MONTHS
    second = len(known) > 1 and known[1] <= month
    return Delay.TWO_WITHIN_A_MONTH if second else Delay.ONE_WITHIN_A_MONTH
