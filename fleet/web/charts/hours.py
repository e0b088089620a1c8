"""A flow's week hour by hour: when slots appear, and when the site cannot be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.analysis.rates import Counts
from fleet.models import Group

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Hour:
    """A cell of the week: what was counted, and the two shares that are shown of it."""

    counts: Counts

    @property
    def offered(self) -> float | None:
        """Of the answers about slots, those with slots."""
        return self.counts.rate.rate

    @property
    def down(self) -> float | None:
        """Of all samples, those that found the site unavailable; None without any."""
        samples = self.counts.samples
        return self.counts.group(Group.UNAVAILABLE) / samples if samples else None


def hours_of(week: Mapping[tuple[int, int], Counts]) -> list[list[Hour]]:
    """For each hour of the day, the seven days of the week from Monday on."""
    return [[Hour(week.get((day, hour), Counts())) for day in range(7)] for hour in range(24)]
