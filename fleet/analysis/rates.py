"""
What the figures mean: samples, rates with their denominators, delays. Pure, no database.

**Sample.** A site that is unavailable is tried again, and each time is an attempt. Those of one
visit must not count as several failures, so an attempt is *set aside* when it was unavailable
and the next attempt of its run and scenario is its retry (its number plus one) and began within
six hours (`samples.RETRY_WITHIN`). Every other attempt is a sample, and counts at its own
instant. So a visit and its retries are one sample: the last attempt. An answer is never set
aside.

**Denominators.** Over a period, with every sample in exactly one of these:

    samples = slots + no_slots + closed + unanswered
    n            = slots + no_slots             what was answered about slots
    offer rate   = slots / n                    unknown when n = 0
    unanswered   = refused + unavailable + ours (docs/verdicts.md)
    unanswered share = unanswered / samples     published beside every rate

Errors and refusals are in no rate; they are in the unanswered share, always.

**Delay.** La Cimade's five classes of answer, from the first two days offered, in Paris and
calendar months: from 31 January, "within a month" ends with 28 February, as French procedure
counts (code de procédure civile, art. 641). A day before the attempt's own cannot be booked and
is not counted as known. Slots without a known day are a class of their own. The classes of a
period add up to its n.

`fleet.analysis.samples` counts attempts this way, one by one; `fleet.storage.figures.rollups` keeps
the same counts ready.
"""

from __future__ import annotations

import calendar
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Self

from fleet.models import Group, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CONFIDENCE = 0.95


class Delay(StrEnum):
    """La Cimade's five classes of answer, and a sixth for slots whose days are not known."""

    TWO_WITHIN_A_MONTH = "two_within_a_month"
    ONE_WITHIN_A_MONTH = "one_within_a_month"
    WITHIN_TWO_MONTHS = "within_two_months"
    BEYOND_TWO_MONTHS = "beyond_two_months"
    NONE = "none"
    UNKNOWN_DATE = "unknown_date"


Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""How many standard deviations to each side hold `CONFIDENCE` of a normal distribution."""


def wilson(slots: float, n: float) -> tuple[float, float]:
    """The 95 % interval after Wilson for a share of `slots` in `n`, which is above 0."""
    # written out: scipy's also computes a p-value, 0.35 ms for each of a page's hundred intervals
    share, z2 = slots / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return middle - reach if slots else 0.0, middle + reach if slots < n else 1.0


@dataclass(frozen=True, slots=True)
class OfferRate:
    """An offer rate with its two numbers."""

    slots: int
    no_slots: int

    @property
    def n(self) -> int:
        """The denominator: samples that were answered about slots."""
        return self.slots + self.no_slots

    @property
    def rate(self) -> float | None:
        """Between 0 and 1; None when nothing was answered."""
        return self.slots / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """
        The 95 % interval after Wilson, None when nothing was answered.

        It is that of the share of time of the period watched. Visits at random instants
        (`fleet watch`) are independent samples of it, or nearly, however alike neighbouring
        answers are; visits at fixed hours are not (docs/method.md).
        """
        return wilson(self.slots, self.n) if self.n else None


def sum_verdicts(several: Iterable[Mapping[Verdict, int]]) -> dict[Verdict, int]:
    """Numbers by verdict, all of them added up."""
    total: dict[Verdict, int] = {}  # a Counter's `update` takes four times as long
    for each in several:
        for verdict, n in each.items():
            total[verdict] = total.get(verdict, 0) + n
    return total


@dataclass(frozen=True)
class Counts:
    """Samples by verdict (none is 0), and the attempts set aside because a retry followed."""

    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    retried: int = 0

    def __add__(self, other: Counts) -> Counts:
        both = Counter(self.verdicts) + Counter(other.verdicts)
        return Counts(dict(both), self.retried + other.retried)

    @classmethod
    def total(cls, several: Iterable[Self]) -> Counts:
        """All of them added up."""
        counts = list(several)
        retried = sum(each.retried for each in counts)
        return Counts(sum_verdicts(each.verdicts for each in counts), retried)

    def of(self, *verdicts: Verdict) -> int:
        """How many samples ended in one of these."""
        return sum(self.verdicts.get(verdict, 0) for verdict in verdicts)

    def group(self, group: Group) -> int:
        """How many samples ended in a verdict of this group."""
        return sum(n for verdict, n in self.verdicts.items() if verdict.group is group)

    @cached_property
    def samples(self) -> int:
        """All samples, whatever their verdict."""
        return sum(self.verdicts.values())

    @property
    def attempts(self) -> int:
        """All attempts, retries included: samples and those set aside."""
        return self.samples + self.retried

    @cached_property
    def rate(self) -> OfferRate:
        """The offer rate of these samples, with its denominator."""
        return OfferRate(self.of(Verdict.SLOTS), self.of(Verdict.NO_SLOTS))

    @property
    def closed(self) -> int:
        """Samples that found the flow closed; in no rate, and not unanswered."""
        return self.of(Verdict.CLOSED)

    @property
    def unanswered(self) -> int:
        """Samples that are neither slots nor no_slots nor closed."""
        return self.samples - self.group(Group.ANSWERED)

    @property
    def unanswered_share(self) -> float | None:
        """Of all samples; None when there is none."""
        return self.unanswered / self.samples if self.samples else None


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or that month's last if it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    last = calendar.monthrange(day.year + years, month + 1)[1]
    return date(day.year + years, month + 1, min(day.day, last))


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
