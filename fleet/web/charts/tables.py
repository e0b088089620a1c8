"""The charts as CSV: the same numbers, with what each share is made of."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from fleet.analysis.delays import Delay
from fleet.models import Group
from fleet.models.paris import paris_day
from fleet.web.charts.hours import hours_of
from fleet.web.charts.weekly import weeks_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.analysis.rates import Counts, OfferRate
    from fleet.storage.figures.figures import FlowFigures

Cells = dict[str, object]


def table(name: str, figures: FlowFigures, *, made_up: bool) -> str:
    """
    The chart `name` as CSV, comma and UTF-8, numbers with a point, a share as a part of 1.

    Every line names the flow, and says whether the data are made up. Days and weeks without any
    visit, made or due, are left out, and hours in which none was made.
    """
    rows = [
        {"scenario_id": figures.totals.scenario_id, "made_up": str(made_up).lower(), **row}
        for row in TABLES[name](figures)
    ]
    if not rows:  # there is no hour in which a visit was made
        return ""
    written = io.StringIO()
    writer = csv.DictWriter(written, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return written.getvalue()


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _rate(rate: OfferRate) -> Cells:
    low, high = rate.interval or (None, None)
    return {
        "slots": rate.slots,
        "no_slots": rate.no_slots,
        "n": rate.n,
        "offer_rate": _share(rate.rate),
        "low_95": _share(low),
        "high_95": _share(high),
    }


def _all(counts: Counts) -> Cells:
    groups = (Group.REFUSED, Group.UNAVAILABLE, Group.OURS)
    return {
        "samples": counts.samples,
        **_rate(counts.rate),
        "closed": counts.closed,
        **{group.value: counts.group(group) for group in groups},
        "sampling": "random" if counts.drawn else "by_hand",
    }


def _with_missed(counts: Counts) -> Cells:
    least, most = counts.bounds or (None, None)
    return {
        **_all(counts),
        "missed": counts.due - counts.samples,
        "unanswered_share": _share(counts.unanswered_share),
        "seen_share": _share(counts.seen_share),
        "bound_low_95": _share(least),
        "bound_high_95": _share(most),
    }


def _days(figures: FlowFigures) -> Iterator[Cells]:
    changed = {paris_day(each.at) for each in figures.breaks}
    for each in figures.days:
        version = str(each.day in changed).lower()
        yield {"day": each.day, **_with_missed(each.counts), "version_changed": version}


def _weeks(figures: FlowFigures) -> Iterator[Cells]:
    for week in weeks_of(figures):
        if week.counts.due:
            yield {"week_from": week.monday, **_with_missed(week.counts)}


def _hours(figures: FlowFigures) -> Iterator[Cells]:
    for hour, days in enumerate(hours_of(figures).rows):
        for day, cell in enumerate(days):
            if cell.counts.samples:
                yield {
                    "weekday": day + 1,
                    "paris_hour": hour,
                    **_all(cell.counts),
                    "unavailable_share": _share(cell.down.share),
                    "offers_stand_out": str(cell.offered.stands_out).lower(),
                    "unavailable_stands_out": str(cell.down.stands_out).lower(),
                }


def _delays(figures: FlowFigures) -> Iterator[Cells]:
    n = figures.totals.counts.rate.n
    for each in Delay:
        found = figures.totals.delays.get(each, 0)
        yield {"delay": each.value, "samples": found, "share": _share(found / n if n else None)}


TABLES = {
    "calendrier": _days,
    "semaine": _hours,
    "pannes": _hours,
    "delais": _delays,
    "taux": _weeks,
}
"""What makes the lines of each chart; weekday 1 is Monday."""
