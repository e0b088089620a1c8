"""
When each flow is due: random instants that no site can foresee and no restart changes.

The instants are a Matérn hard-core process of the second type. For each flow and UTC day,
candidates are drawn as a Poisson process, each with a mark; one is kept if no other within the
least gap has a lower mark. Whether an instant is kept depends on its surroundings of one least
gap only, so any window can be asked for by itself, and windows join without a seam. The process
is stationary and knows nothing of the sites: every instant of the week has the same chance of
being sampled, so the share of samples with an offer estimates the share of time with an offer
(docs/method.md; why this process: docs/decisions/0014-sampling.md).

All randomness is SHAKE-256 of seed, flow and day, read as whole numbers of 64 bits; instants and
marks are made from them in whole numbers. The one distribution needed, how many candidates a day
has, is a table made with `decimal`, whose `ln` and `exp` are correctly rounded everywhere; the
logarithm of a processor's own library may differ in its last digit, and then a fleet that
moves to another machine would lose one visit and repeat another.
"""

from __future__ import annotations

import hashlib
import struct
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)
DAY = timedelta(days=1)
HORIZON = timedelta(days=400)
"""How far ahead the next due time is looked for; with a mean gap of a week it is days away."""

WORD = 64
"""Bits of a random number."""


class _Candidate(NamedTuple):
    """`at_ms` since 1970."""

    at_ms: int
    mark: int


@dataclass(frozen=True, slots=True)
class SamplingPlan:
    """
    A sampling plan: a seed that nobody can choose by the outcome, and the gaps.

    Raises:
        ValueError: the gaps cannot be had: the mean must be more than twice the least.
    """

    seed: str
    mean_gap: timedelta = timedelta(hours=1)
    min_gap: timedelta = timedelta(minutes=10)
    _below: tuple[int, ...] = field(init=False, repr=False, compare=False)  # `_poisson`

    def __post_init__(self) -> None:
        if not timedelta(0) < self.min_gap < self.mean_gap / 2:
            raise ValueError(
                f"a mean gap of {self.mean_gap} cannot be had with a least gap of {self.min_gap}:"
                " random instants need a mean of more than twice the least"
            )
        if not MS <= self.min_gap <= DAY or self.mean_gap > timedelta(days=30):
            raise ValueError(
                f"a mean gap of {self.mean_gap} with a least gap of {self.min_gap} is out of range:"
                " the least gap is from a millisecond to a day, the mean gap 30 days at most"
            )
        object.__setattr__(self, "_below", _poisson(self._candidates_of_a_cell()))

    def due(self, scenario_id: str, since: datetime, until: datetime) -> list[datetime]:
        """When the flow is due from `since` to before `until`: aware UTC, milliseconds, sorted."""
        if since >= until:
            return []
        times = self._due_times(scenario_id, self._cell_of(since), self._cell_of(until))
        return [at for at in times if since <= at < until]

    def next_due(self, scenario_id: str, after: datetime) -> datetime:
        """The first due time after `after`."""
        for cell in range(self._cell_of(after), self._cell_of(after + HORIZON) + 1):
            for at in self._due_times(scenario_id, cell, cell):
                if at > after:
                    return at
        raise ValueError(f"{scenario_id} is not due within {HORIZON.days} days")

    @property
    def _cell_ms(self) -> int:
        """What is drawn at once: a UTC day, less where a day would hold too many."""
        return min(DAY, 24 * self.mean_gap) // MS

    def _cell_of(self, at: datetime) -> int:
        return (at - EPOCH) // MS // self._cell_ms

    def _candidates_of_a_cell(self) -> Decimal:
        """How many on average, so that one in each mean gap is kept: Matérn II in closed form."""
        mean, least = (
            Decimal(gap // timedelta.resolution) for gap in (self.mean_gap, self.min_gap)
        )
        with localcontext(Context(prec=50)):
            in_two_least_gaps = -((mean - 2 * least) / mean).ln()
            return in_two_least_gaps * self._cell_ms * 1000 / (2 * least)

    def _due_times(self, scenario_id: str, first: int, last: int) -> Iterator[datetime]:
        """The due times of the cells from `first` to `last`, in order."""
        # a candidate near the edge may be thinned out by one beyond it: one cell more on each side
        cells = [self._candidates(scenario_id, cell) for cell in range(first - 1, last + 2)]
        found = [candidate for cell in cells for candidate in cell]
        for number in range(len(cells[0]), len(found) - len(cells[-1])):
            if not self._is_thinned(found, number):
                yield EPOCH + found[number].at_ms * MS

    def _is_thinned(self, found: Sequence[_Candidate], number: int) -> bool:
        """Whether a candidate has another near it with a lower mark."""
        own, least_ms = found[number], -(-self.min_gap // MS)  # rounded up
        for step in (-1, 1):
            other = number + step
            while 0 <= other < len(found) and abs(found[other].at_ms - own.at_ms) < least_ms:
                if found[other].mark < own.mark:
                    return True
                other += step
        return False

    def _candidates(self, scenario_id: str, cell: int) -> list[_Candidate]:
        """The candidates of a cell, in order of time: their number first, then where they lie."""
        # as many numbers as the largest cell needs, whatever this one has
        words = 1 + 2 * len(self._below)
        digest = hashlib.shake_256(f"{self.seed}|{scenario_id}|{cell}".encode())
        first, *rest = struct.unpack(f">{words}Q", digest.digest(words * WORD // 8))
        n = bisect_right(self._below, first)
        begin_ms, long_ms = cell * self._cell_ms, self._cell_ms
        return sorted(
            # a fraction of 2^64 of the cell's length, in whole numbers
            _Candidate(begin_ms + (where * long_ms >> WORD), mark)
            for where, mark in zip(rest[:n], rest[n : 2 * n], strict=True)
        )


def _poisson(mean: Decimal) -> tuple[int, ...]:
    """
    The Poisson distribution as a table: 2^64 times the chance of 0, of 1 at most, and so on.

    A random number of 64 bits stands for as many as there are entries that it does not lie below.
    """
    below: list[int] = []
    with localcontext(Context(prec=50)):
        chance = (-mean).exp()
        up_to = chance
        # the last entry that a number of 64 bits can reach
        while not below or below[-1] < 2**WORD - 1:
            below.append(int(up_to * 2**WORD))
            chance *= mean / len(below)
            up_to += chance
    return tuple(below)
