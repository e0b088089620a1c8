"""A flow's offer rate week by week, and the line that is drawn through it on its page."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from fleet.analysis.rates import Counts, OfferRate
from fleet.models.paris import monday_of, paris_day

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.analysis.samples import Break
    from fleet.storage.figures.figures import FlowFigures

TOPS = (0.05, 0.1, 0.25, 0.5, 1.0)
"""Where the scale of rates may end: a rate of 2 % cannot be seen on one that ends at 100 %."""


@dataclass(frozen=True)
class WeekCounts:
    """The counts of the days from a Monday to a Sunday that lie in the period."""

    monday: date
    counts: Counts

    @property
    def rate(self) -> OfferRate:
        """The week's offer rate."""
        return self.counts.rate


def weeks_of(figures: FlowFigures) -> list[WeekCounts]:
    """Every week from the first with attempts to the last, those between without any too."""
    by_week: defaultdict[date, list[Counts]] = defaultdict(list)
    for each in figures.days:
        by_week[monday_of(each.day)].append(each.counts)
    first, last = min(by_week), max(by_week)
    mondays = [first + timedelta(days=7 * n) for n in range((last - first).days // 7 + 1)]
    return [WeekCounts(monday, Counts.total(by_week.get(monday, []))) for monday in mondays]


def top_of(weeks: Sequence[WeekCounts]) -> float:
    """The end of the scale: the least of `TOPS` that everything drawn fits under."""
    highest = max((_highest(week.rate) for week in weeks if week.rate.n), default=1.0)
    return next(top for top in TOPS if highest <= top)


def _highest(rate: OfferRate) -> float:
    """The greatest share that is drawn of a week: of its interval, if it has one."""
    return rate.interval[1] if rate.interval else rate.rate or 0.0


def ticks_of(top: float) -> list[float]:
    """The shares that a scale names, from 0 to its end; all of them whole per cents."""
    return [top * part / 5 for part in range(6)]


def stretches(weeks: Sequence[WeekCounts]) -> list[list[tuple[int, WeekCounts]]]:
    """Weeks with a rate that follow each other, with their places: a line stops at a gap."""
    found: list[list[tuple[int, WeekCounts]]] = [[]]
    for n, week in enumerate(weeks):
        if week.rate.n:
            found[-1].append((n, week))
        elif found[-1]:
            found.append([])
    return [stretch for stretch in found if stretch]


@dataclass(frozen=True)
class WeeklyLine:
    """
    The line as SVG attributes, in a box of `WIDTH` × `HEIGHT`.

    `bands` and `lines` are points of polygons and polylines; `dots` are x, y and the week; `rules`
    are y and the share that it stands for; `marks` are the x of the breaks; `names` are x and a
    Monday to write below.
    """

    bands: tuple[str, ...]
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float, WeekCounts], ...]
    rules: tuple[tuple[float, float], ...]
    marks: tuple[float, ...]
    names: tuple[tuple[float, date], ...]


WIDTH, HEIGHT = 720, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 708, 14, 206
NAMES = 6


def line_of(weeks: Sequence[WeekCounts], breaks: Sequence[Break]) -> WeeklyLine:
    """Where everything of the line goes."""
    top = top_of(weeks)
    step = (RIGHT - LEFT) / len(weeks)

    def x(n: float) -> float:
        return round(LEFT + (n + 0.5) * step, 1)

    def y(share: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * share / top, 1)

    bands, lines, dots = [], [], []
    for stretch in stretches(weeks):
        lows = [(x(n), y(week.rate.interval[0])) for n, week in stretch if week.rate.interval]
        highs = [(x(n), y(week.rate.interval[1])) for n, week in stretch if week.rate.interval]
        if len(lows) == 1:  # a band needs a width
            (x1, low), (_, high) = lows[0], highs[0]
            lows, highs = [(x1 - 5, low), (x1 + 5, low)], [(x1 - 5, high), (x1 + 5, high)]
        if lows:  # what was asked for by hand has none
            bands.append(_points(lows + highs[::-1]))
        middle = [(x(n), y(week.rate.rate or 0)) for n, week in stretch]
        lines.append(_points(middle))
        dots += [(*at, week) for at, (_, week) in zip(middle, stretch, strict=True)]
    every = -(-len(weeks) // NAMES)
    return WeeklyLine(
        bands=tuple(bands),
        lines=tuple(lines),
        dots=tuple(dots),
        rules=tuple((y(share), share) for share in ticks_of(top)),
        marks=tuple(x(place_of(weeks, each)) for each in breaks),
        names=tuple((x(n), weeks[n].monday) for n in range(0, len(weeks), every)),
    )


def place_of(weeks: Sequence[WeekCounts], broken: Break) -> float:
    """Where among the weeks a break lies: 0 is the middle of the first."""
    return (paris_day(broken.at) - weeks[0].monday).days / 7 - 0.5


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
