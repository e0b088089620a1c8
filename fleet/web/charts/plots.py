"""
The charts as pictures that can stand in a letter: what they show is written on them.

matplotlib without pyplot: every picture has a `Figure` of its own, nothing is shared. Only
DejaVu Sans is used, which matplotlib brings along. Titles and addresses are written as they are
(`parse_math=False`): a `$` in one is no formula. Colours are those of the light pages. It is
imported when the first picture is drawn: a server process that draws none does without its 39 MB.
"""

from __future__ import annotations

import io
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fleet.analysis.delays import Delay
from fleet.rendering.labels import DELAYS
from fleet.rendering.scale import IN_NO_RATE, LEVELS, SEEN, share_text
from fleet.web.charts.calendar import months_of
from fleet.web.charts.hours import hours_of
from fleet.web.charts.weekly import place_of, stretches, ticks_of, top_of, weeks_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from fleet.models.query import Period
    from fleet.rendering.i18n import Words
    from fleet.storage.figures.figures import FlowFigures
    from fleet.web.charts.calendar import CalendarDayCell, CalendarMonth

Kind = Literal["svg", "png"]

WIDTH_IN = 10.0
MARGIN_IN = 0.4
HEAD_LINE_IN, FOOT_LINE_IN = 0.24, 0.17
DPI = 144
FONT = "DejaVu Sans"

INK, SOFT, LINE, PAPER, WARNING = "#1d2328", "#56616b", "#d9d8d2", "#ffffff", "#a8322a"
OFFERED = {
    "none": (PAPER, SOFT),
    "plain": (PAPER, SOFT),
    "l0": ("#f7e1de", "#7d231c"),
    "l1": ("#dbe8f2", INK),
    "l2": ("#a9cce5", INK),
    "l3": ("#6aa6d0", INK),
    "l4": ("#2a6ca3", "#ffffff"),
    "l5": ("#0d3f6d", "#ffffff"),
}
DOWN = {
    "none": (PAPER, SOFT),
    "plain": (PAPER, SOFT),
    "l0": ("#f3f2ee", SOFT),
    "l1": ("#e4dccb", INK),
    "l2": ("#cdb98f", INK),
    "l3": ("#a98a52", INK),
    "l4": ("#765a2b", "#ffffff"),
    "l5": ("#463312", "#ffffff"),
}
DAYS = {
    "slots": ("#1b7a43", "#ffffff"),
    "no_slots": ("#f7e1de", "#7d231c"),
    "closed": ("#ebe3f4", "#50346f"),
    "refused": ("#f8ecd0", "#6a4a00"),
    "unavailable": ("#cfe0e7", "#2b4c59"),
    "ours": ("#e2e1dc", "#4a4a4a"),
    "unseen": (PAPER, SOFT),
}
"""What a class of the pages looks like: ground, and letters on it."""


@dataclass(frozen=True)
class PlotLabels:
    """
    What is written around a chart: `title` and `head` above it, `foot` below, small.

    `warning` stands over everything; it is empty if there is nothing to warn of.
    """

    warning: str
    title: str
    head: tuple[str, ...]
    foot: tuple[str, ...]


@dataclass(frozen=True)
class PlotData:
    """What a chart is drawn from."""

    figures: FlowFigures
    period: Period
    words: Words


def draw(name: str, sheet: PlotLabels, subject: PlotData, kind: Kind) -> bytes:
    """The picture `name` (a key of `PAINTERS`), as SVG or as PNG. Blocks for a moment."""
    from matplotlib.figure import Figure

    head = [(line, 10.0, "bold", WARNING) for line in textwrap.wrap(sheet.warning, 100)]
    head += [(line, 13.0, "bold", INK) for line in textwrap.wrap(sheet.title, 84)]
    for each in sheet.head:
        head += [(line, 10.0, "normal", INK) for line in textwrap.wrap(each, 108)]
    foot = [line for each in sheet.foot for line in textwrap.wrap(each, 140)]
    head_in = MARGIN_IN + HEAD_LINE_IN * (len(head) + 1)
    foot_in = MARGIN_IN / 2 + FOOT_LINE_IN * (len(foot) + 1)
    painter, body_in = PAINTERS[name], _height_in(name, subject)
    height = head_in + body_in + foot_in
    figure = Figure(figsize=(WIDTH_IN, height), facecolor=PAPER)
    at = 1 - MARGIN_IN / height
    for n, (line, size, weight, colour) in enumerate(head):
        figure.text(
            MARGIN_IN / WIDTH_IN, at - n * HEAD_LINE_IN / height, line, va="top", color=colour,
            fontsize=size, fontweight=weight, family=FONT, parse_math=False,
        )  # fmt: skip
    for n, line in enumerate(foot):
        y = (foot_in - FOOT_LINE_IN * (n + 1)) / height
        figure.text(
            MARGIN_IN / WIDTH_IN, y, line, va="top", color=SOFT,
            fontsize=8, family=FONT, parse_math=False,
        )  # fmt: skip
    inner = WIDTH_IN - 2 * MARGIN_IN
    axes = figure.add_axes(
        (MARGIN_IN / WIDTH_IN, foot_in / height, inner / WIDTH_IN, body_in / height)
    )
    painter(axes, subject, inner, body_in)
    written = io.BytesIO()
    metadata: dict[str, Any] = {"Title": sheet.title}
    if kind == "svg":
        metadata["Date"] = None
    figure.savefig(written, format=kind, dpi=DPI, metadata=metadata)
    return written.getvalue()


def _height_in(name: str, subject: PlotData) -> float:
    if name == "calendrier":
        months = months_of(subject.figures, subject.period)
        return _MONTH_IN * -(-len(months) // MONTHS_A_ROW) + _LEGEND_IN
    return {"semaine": 3.3, "pannes": 3.3, "delais": 2.6, "taux": 3.4}[name]


def _plain(axes: Axes, width: float, height: float) -> None:
    """A plane in inches, its origin in the upper left corner, without frame."""
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")


def _write(axes: Axes, x: float, y: float, text: str, **how: Any) -> None:
    look = {"fontsize": 8.5, "color": INK, "ha": "center", "va": "center", **how}
    axes.text(x, y, text, family=FONT, parse_math=False, **look)


def _box(axes: Axes, x: float, y: float, w: float, h: float, ground: str, **how: Any) -> None:
    from matplotlib.patches import Rectangle

    look = {"edgecolor": LINE, "linewidth": 0.6, **how}
    axes.add_patch(Rectangle((x, y), w, h, facecolor=ground, **look))


MONTHS_A_ROW = 4
_MONTH_IN, _DAY_IN, _LEGEND_IN = 2.7, 0.37, 1.3


def _calendar(axes: Axes, subject: PlotData, width: float, height: float) -> None:
    _plain(axes, width, height)
    months = months_of(subject.figures, subject.period)
    across = width / MONTHS_A_ROW
    for n, month in enumerate(months):
        row, column = divmod(n, MONTHS_A_ROW)
        _month(axes, subject.words, month, column * across, row * _MONTH_IN, (across - 0.2) / 7)
    y = height - _LEGEND_IN + 0.2
    slots = SEEN["slots"][0]
    keys = [(*OFFERED[name], slots, meaning) for _, name, meaning in LEVELS[1:]]
    keys += [(*DAYS[name], *SEEN[name]) for name in SEEN if name != "slots"]
    if any(
        day and day.shade == "plain" for month in months for week in month.weeks for day in week
    ):
        keys.append((*OFFERED["plain"], slots, IN_NO_RATE))
    for n, (ground, ink, sign, meaning) in enumerate(keys):
        column, row = divmod(n, 5)
        x, at = column * width / 3, y + row * 0.22
        _box(axes, x, at - 0.08, 0.22, 0.17, ground)
        _write(axes, x + 0.11, at, sign, color=ink, fontsize=7.5)
        label = textwrap.shorten(subject.words.t(meaning), 58, placeholder=" …")
        _write(axes, x + 0.3, at, label, ha="left", fontsize=7)


def _month(axes: Axes, words: Words, month: CalendarMonth, x: float, y: float, cell: float) -> None:
    _write(axes, x, y + 0.1, words.month(month.first), ha="left", fontweight="bold")
    for day in range(7):
        name = words.weekday(day, "abbreviated")[:2]
        _write(axes, x + (day + 0.5) * cell, y + 0.3, name, color=SOFT, fontsize=7)
    for n, week in enumerate(month.weeks):
        for m, day_ in enumerate(week):
            if day_:
                _day(axes, day_, x + m * cell, y + 0.4 + n * _DAY_IN, cell)


def _day(axes: Axes, day: CalendarDayCell, x: float, y: float, cell: float) -> None:
    ground, ink = OFFERED[day.shade] if day.shade else DAYS[day.seen]
    _box(axes, x, y, cell, _DAY_IN, ground)
    text = f"{day.day.day}{day.sign}" if day.sign else str(day.day.day)
    rate = day.counts.rate
    at = y + _DAY_IN * (0.3 if rate.n else 0.5)
    _write(axes, x + cell / 2, at, text, color=ink, fontsize=7)
    if rate.n:
        text = f"{rate.slots}/{rate.n}"
        _write(axes, x + cell / 2, y + _DAY_IN * 0.74, text, color=ink, fontsize=5.5)
    if day.changed:
        axes.plot([x, x], [y, y + _DAY_IN], color=INK, linewidth=2.5, solid_capstyle="butt")


def _hours(axes: Axes, subject: PlotData, width: float, height: float, *, down: bool) -> None:
    _plain(axes, width, height)
    left, top = 0.95, 0.3
    w, h = (width - left) / 24, (height - top - 0.1) / 7
    for hour, row in enumerate(hours_of(subject.figures).rows):
        _write(axes, left + (hour + 0.5) * w, top / 2, f"{hour}\u202fh", color=SOFT, fontsize=7.5)
        for day, cell in enumerate(row):
            part = cell.down if down else cell.offered
            ground, ink = (DOWN if down else OFFERED)[part.colour]
            x, y = left + hour * w, top + day * h
            _box(axes, x, y, w, h, ground)
            # as a fraction on two lines: a cell is narrower than it is high
            text = f"{part.found}\n{part.n}" if part.n else "·" if cell.counts.samples else ""
            weight = "bold" if part.stands_out else "normal"
            _write(axes, x + w / 2, y + h / 2, text, color=ink, fontsize=6.5, fontweight=weight)
    for day in range(7):
        _write(axes, 0, top + (day + 0.5) * h, subject.words.weekday(day), ha="left")


def _offered(axes: Axes, subject: PlotData, width: float, height: float) -> None:
    _hours(axes, subject, width, height, down=False)


def _down(axes: Axes, subject: PlotData, width: float, height: float) -> None:
    _hours(axes, subject, width, height, down=True)


def _delays(axes: Axes, subject: PlotData, width: float, height: float) -> None:
    _plain(axes, width, height)
    totals, words = subject.figures.totals, subject.words
    left, n, step = 3.7, totals.counts.rate.n, height / len(Delay)
    for row, each in enumerate(Delay):
        found = totals.delays.get(each, 0)
        share = found / n if n else None
        y = row * step
        _write(axes, 0, y + step / 2, words.t(DELAYS[each]), ha="left", fontsize=9)
        length = (width - left - 1.6) * (share or 0)
        colour = "#a8322a" if each is Delay.NONE else DAYS["slots"][0]
        _box(axes, left, y + 0.08, length, step - 0.16, colour, edgecolor=colour)
        text = f"{words.number(found)}  ({share_text(words, share)})"
        _write(axes, left + length + 0.1, y + step / 2, text, ha="left", fontsize=9)


def _rate(axes: Axes, subject: PlotData, width: float, height: float) -> None:
    weeks, words = weeks_of(subject.figures), subject.words
    left, below = 0.6 / width, 0.45 / height  # room for the names of the axes
    x0, y0, w, h = axes.get_position().bounds
    axes.set_position((x0 + left * w, y0 + below * h, w * (1 - left), h * (1 - below)))
    top = top_of(weeks)
    axes.set_xlim(-0.6, len(weeks) - 0.4)
    axes.set_ylim(-top * 0.02, top * 1.02)
    for stretch in stretches(weeks):
        at = [n for n, _ in stretch]
        rates = [week.rate.rate or 0.0 for _, week in stretch]
        intervals = [week.rate.interval for _, week in stretch if week.rate.interval]
        if intervals:  # what was asked for by hand has none
            lows, highs = zip(*intervals, strict=True)
            axes.fill_between(at, lows, highs, color="#a9cce5", alpha=0.6, linewidth=0)
            axes.vlines(at, lows, highs, color="#6aa6d0", linewidth=1)
        axes.plot(at, rates, color="#0d3f6d", linewidth=1.8, marker="o", markersize=4)
    for each in subject.figures.breaks:
        axes.axvline(place_of(weeks, each), color=INK, linewidth=1, linestyle=(0, (4, 3)))
    every = -(-len(weeks) // 9)
    shown = range(0, len(weeks), every)
    axes.set_xticks(list(shown), [words.short_day(weeks[n].monday) for n in shown])
    ticks = ticks_of(top)
    axes.set_yticks(ticks, [words.percent(tick) for tick in ticks])
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(colors=SOFT, labelsize=8, labelfontfamily=FONT, length=3)
    for name, side in axes.spines.items():
        side.set_visible(name in ("left", "bottom"))
        side.set_color(LINE)
    axes.set_xlabel(words.t("semaine commençant le"), fontsize=8, color=SOFT, family=FONT)


PAINTERS = {
    "calendrier": _calendar,
    "semaine": _offered,
    "pannes": _down,
    "delais": _delays,
    "taux": _rate,
}
"""What paints each chart into its axes, which are so many inches wide and high."""
