"""
What the figures mean: samples, rates with their denominators and intervals. Pure.

**Sample.** A visit is drawn at random, and so is its first attempt; a site that is unavailable is
tried again, at instants that nobody drew. So **the first attempt is the sample**, whatever it met,
and further ones stand beside, in no rate: with the last attempt in its place, an offer that begins
while a site is down would be seen more often than it is there. What was asked for by hand
(`fleet run`) is no sample of time either: it has figures of its own, without interval, and only
where nothing was drawn.

**Denominators.** Over a period, with every sample in exactly one of these:

    samples = slots + no_slots + closed + unanswered
    due          = samples + missed             visits that were due, made or not
    n            = slots + no_slots             what was answered about slots
    offer rate   = slots / n                    unknown when n = 0
    unanswered   = refused + unavailable + ours (docs/verdicts.md)
    unknown      = unanswered + missed          of these nobody knows
    unanswered share = unknown / due            published beside every rate
    seen share   = slots / due                  of all visits, those that found a slot

Errors and refusals are in no rate; they are in the unanswered share, always, and so are visits
that were not made: a host that bans the fleet and is left alone must not look as if it answered.

**Intervals** (`limits`) are those of the share of time, for what was drawn only. That of the rate
counts what was missed because the host was left alone (`cooling`) once as answers with slots and
once as answers without: whether it would have answered is not known. `Counts.bounds` does so with
everything that is unknown, and therefore holds for all time (docs/method.md).

**Delay** until the first day offered: `fleet.analysis.delays`.

`fleet.analysis.samples` counts attempts this way, one by one; `fleet.storage.figures.rollups` keeps
the same counts ready.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, TypeVar

from fleet.models import Group, Verdict
from fleet.models.missed import MissReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONFIDENCE = 0.95


Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
"""How many standard deviations to each side hold `CONFIDENCE` of a normal distribution."""


def wilson(slots: float, n: float) -> tuple[float, float]:
    """The 95 % interval after Wilson for a share of `slots` in `n`, which is above 0."""
    # written out: scipy's also computes a p-value, 0.35 ms for each of a page's hundred intervals
    share, z2 = slots / n, Z * Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    reach = Z * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return middle - reach if slots else 0.0, middle + reach if slots < n else 1.0


FEW_FOUND = (0.0, 0.051293, 0.355361, 0.817691)
"""Half the 5 % quantiles of chi-squared with 2, 4 and 6 degrees of freedom, by their number."""

SCATTER = 1.1
"""How many times as much as by independent visits a count may vary, whatever the site does."""


def limits(found: int, n: int) -> tuple[float, float]:
    """
    The 95 % interval that is published for a share of `found` in `n`, which is above 0.

    Wilson's, with two changes. As in Brown, Cai and DasGupta (Statistical Science 16, 2001,
    101-133), where three or fewer were found, or were not, the limit on that side is farther: his
    is too near to hold the truth. And `n` counts for a tenth less: due times keep a distance, so
    offers that come and go about as often as that are found a little unevenly (docs/method.md).
    """
    every_or_none = found in (0, n)
    low, high = wilson(found, n) if every_or_none else wilson(found / SCATTER, n / SCATTER)
    if found < len(FEW_FOUND):
        low = min(low, FEW_FOUND[found] / n)
    if n - found < len(FEW_FOUND):
        high = max(high, 1 - FEW_FOUND[n - found] / n)
    return low, high


@dataclass(frozen=True, slots=True)
class OfferRate:
    """
    An offer rate with its two numbers.

    `cooling` is how many visits were missed because the host was left alone; `drawn` whether the
    instants were drawn at random.
    """

    slots: int
    no_slots: int
    cooling: int = 0
    drawn: bool = True

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
        The 95 % interval; None when nothing was answered, or nothing was drawn at random.

        It is that of the share of the time in which the site answered. Visits at random instants
        (`fleet watch`) are independent samples of it, or nearly, however alike neighbouring
        answers are; visits at instants that somebody chose are not (docs/method.md).
        """
        if not self.n or not self.drawn:
            return None
        n = self.n + self.cooling
        return limits(self.slots, n)[0], limits(self.slots + self.cooling, n)[1]


def difference(one: OfferRate, other: OfferRate) -> tuple[float, float, float] | None:
    """
    How much the one rate is above the other, and from where to where at 95 %; None if unknown.

    Newcombe's square-and-add method (Statistics in Medicine 17, 1998, 873-890, method 10) with
    the intervals that are published of each. The two must be of different visits.
    """
    if one.rate is None or other.rate is None or not one.interval or not other.interval:
        return None
    apart = one.rate - other.rate
    (low, high), (other_low, other_high) = one.interval, other.interval
    below = sqrt((one.rate - low) ** 2 + (other_high - other.rate) ** 2)
    above = sqrt((high - one.rate) ** 2 + (other.rate - other_low) ** 2)
    return apart, max(-1.0, apart - below), min(1.0, apart + above)


@dataclass(frozen=True, slots=True)
class MeanRate:
    """The mean of `of` offer rates, each with the same weight; the interval is at 95 %."""

    of: int
    mean: float
    interval: tuple[float, float]


def mean_rate(rates: Iterable[OfferRate]) -> MeanRate | None:
    """
    The mean of the rates that have an interval; None if none has.

    Square-and-add as in `difference` (Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702).
    """
    known = [(each.rate, each.interval) for each in rates]
    sure = [(rate, interval) for rate, interval in known if rate is not None and interval]
    if not sure:
        return None
    n = len(sure)
    mean = sum(rate for rate, _ in sure) / n
    below = sqrt(sum((rate - low) ** 2 for rate, (low, _) in sure)) / n
    above = sqrt(sum((high - rate) ** 2 for rate, (_, high) in sure)) / n
    return MeanRate(n, mean, (max(0.0, mean - below), min(1.0, mean + above)))


Name = TypeVar("Name", bound=StrEnum)


def added_up(several: Iterable[Mapping[Name, int]]) -> dict[Name, int]:
    """Numbers by name, all of them added up."""
    total: dict[Name, int] = {}  # a Counter's `update` takes four times as long
    for each in several:
        for name, n in each.items():
            total[name] = total.get(name, 0) + n
    return total


@dataclass(frozen=True)
class Counts:
    """
    Samples by verdict (none is 0), and what is in no rate.

    `retried` are the attempts after the first of their visits, `retry_answers` those of them that
    got an answer. `missed` are visits that were due and not made. `drawn` says whether the
    instants were drawn at random; `by_hand` are attempts that are not counted here because they
    were asked for by hand.
    """

    verdicts: Mapping[Verdict, int] = field(default_factory=dict)
    retried: int = 0
    retry_answers: int = 0
    missed: Mapping[MissReason, int] = field(default_factory=dict)
    drawn: bool = True
    by_hand: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts.total((self, other))

    @classmethod
    def total(cls, several: Iterable[Counts]) -> Counts:
        """
        All of them added up.

        Where anything was drawn at random, what was asked for by hand is only counted in
        `by_hand`: instants that somebody chose are in no rate beside those that nobody did.
        """
        counts = list(several)
        drawn = [each for each in counts if each.drawn]
        by_hand = [each for each in counts if not each.drawn]
        alone = bool(by_hand) and not any(each.samples for each in drawn)
        main = by_hand if alone else drawn
        return cls(
            verdicts=added_up(each.verdicts for each in main),
            retried=sum(each.retried for each in main),
            retry_answers=sum(each.retry_answers for each in main),
            missed=added_up(each.missed for each in counts),
            drawn=not alone,
            by_hand=sum(each.by_hand for each in main)
            + (0 if alone else sum(each.attempts for each in by_hand)),
        )

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

    @cached_property
    def not_made(self) -> int:
        """Visits that were due and not made, for whatever reason."""
        return sum(self.missed.values())

    @property
    def due(self) -> int:
        """Visits that were due, made or not; by hand, those that were made."""
        return self.samples + self.not_made if self.drawn else self.samples

    @property
    def attempts(self) -> int:
        """All attempts, retries included: samples and those that stand beside."""
        return self.samples + self.retried

    @cached_property
    def rate(self) -> OfferRate:
        """The offer rate of these samples, with its denominator."""
        slots, none = self.of(Verdict.SLOTS), self.of(Verdict.NO_SLOTS)
        return OfferRate(slots, none, self.missed.get(MissReason.COOLING, 0), self.drawn)

    @property
    def closed(self) -> int:
        """Samples that found the flow closed; in no rate, and not unanswered."""
        return self.of(Verdict.CLOSED)

    @property
    def unanswered(self) -> int:
        """Samples that are neither slots nor no_slots nor closed."""
        return self.samples - self.group(Group.ANSWERED)

    @property
    def unknown(self) -> int:
        """Visits that were due of which nobody knows an answer: unanswered, or not made."""
        return self.unanswered + self.due - self.samples

    @property
    def unanswered_share(self) -> float | None:
        """Unknown ones, of all visits that were due; None when there is none."""
        return self.unknown / self.due if self.due else None

    @property
    def seen_share(self) -> float | None:
        """Of all visits that were due, those that found slots: closed flows and failures count."""
        return self.rate.slots / self.due if self.due else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """
        Within which the share of all time lies, in 95 of 100 periods, whatever is unknown.

        From `seen_share`, if none of the unknown visits would have found slots, to what it were if
        all of them had, both with the chance that is in a sample. None as for `OfferRate.interval`.
        """
        if not self.due or not self.drawn:
            return None
        slots = self.rate.slots
        return limits(slots, self.due)[0], limits(slots + self.unknown, self.due)[1]
