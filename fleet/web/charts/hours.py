"""A flow's week hour by hour: when slots appear, and when the site cannot be reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.analysis.rates import Counts
from fleet.analysis.weekly_hours import Cell, down, offered, outstanding
from fleet.rendering.scale import level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.storage.figures.figures import FlowFigures


@dataclass(frozen=True, slots=True)
class HourShare:
    """
    What a cell shows of one question: so many found in `n`.

    `stands_out` says that this is more than in the other hours, and more than chance explains;
    only such cells are coloured.
    """

    found: int
    n: int
    stands_out: bool

    @property
    def share(self) -> float | None:
        """None where nothing was looked at."""
        return self.found / self.n if self.n else None

    @property
    def colour(self) -> str:
        """The class of the cell: of its share if it stands out, else `plain` or `none`."""
        if not self.n:
            return "none"
        return level(self.share) if self.stands_out else "plain"


@dataclass(frozen=True)
class Hour:
    """A cell of the week: what was counted, and the two shares that are shown of it."""

    counts: Counts
    offered: HourShare
    """Of the answers about slots, those with slots."""

    down: HourShare
    """Of the visits that were made, those that found the site unavailable."""


@dataclass(frozen=True)
class WeekHours:
    """
    A week by hour of the day and weekday, from Monday on.

    `offered` and `down` are the hours that stand out, with the chance of it.
    """

    rows: list[list[Hour]]
    offered: Mapping[Cell, float]
    down: Mapping[Cell, float]


def hours_of(figures: FlowFigures) -> WeekHours:
    """For each hour of the day, the seven days of the week from Monday on."""
    named, failing = outstanding(figures.days, offered), outstanding(figures.days, down)

    def cell(day: int, hour: int) -> Hour:
        counts = figures.week.get((day, hour), Counts())
        return Hour(
            counts,
            HourShare(*offered(counts.verdicts), (day, hour) in named),
            HourShare(*down(counts.verdicts), (day, hour) in failing),
        )

    rows = [[cell(day, hour) for day in range(7)] for hour in range(24)]
    return WeekHours(rows, named, failing)
