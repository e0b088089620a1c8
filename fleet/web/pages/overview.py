"""The first page: every department on a map and in a table, and what changed lately."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.analysis.rates import Counts, mean_rate
from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.rendering.i18n import N_
from fleet.rendering.scale import FEW, LEVELS, level, share_text
from fleet.web.charts import map as departments_map
from fleet.web.context import context_of
from fleet.web.freshness import freshness
from fleet.web.pages.installation import missing_points
from fleet.web.period import CHOICES, period_of
from fleet.web.table_order import TableOrder
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Callable

router = APIRouter()

CHANGES = 8


@dataclass(frozen=True)
class DepartmentRow:
    """A department in the table."""

    code: str
    name: str
    foreigners: Counts
    control: Counts


def _or_last(share: float | None, backwards: bool) -> float:
    """A share to sort by; what has none comes last, whichever way."""
    if share is None:
        return -1.0 if backwards else 2.0
    return share


Key = tuple[str | float | int, ...]

SORTED_BY: dict[str, tuple[str, Callable[[DepartmentRow, bool], Key]]] = {
    "departement": (
        N_("Département"),
        lambda row, back: (row.code == NOWHERE, bool(row.foreigners.rate.n) is back, row.code),
    ),
    "n": (N_("Réponses (n)"), lambda row, _: (row.foreigners.rate.n,)),
    "taux": (
        N_("Taux d’offre"),
        lambda row, back: (_or_last(row.foreigners.rate.rate, back), row.foreigners.rate.n),
    ),
    "sans-reponse": (
        N_("Sans réponse"),
        lambda row, back: (_or_last(row.foreigners.unanswered_share, back),),
    ),
    "temoin": (
        N_("Taux des démarches témoins"),
        lambda row, back: (_or_last(row.control.rate.rate, back), row.control.rate.n),
    ),
}
"""For `?tri=`: what a column is called, and by what of a row (and whether backwards) it sorts."""


def in_order(rows: list[DepartmentRow], order: TableOrder) -> list[DepartmentRow]:
    """The rows in this order."""
    key = SORTED_BY[order.column][1]
    return sorted(rows, key=lambda row: key(row, order.backwards), reverse=order.backwards)


@router.get("/")
async def overview(request: Request) -> HTMLResponse:
    """The map, the table, the latest changes."""
    page, context = PageContext(request), context_of(request)
    asked = period_of(request.query_params)
    order = TableOrder.of(request.query_params, SORTED_BY)
    missing, fresh, halves, changes = await asyncio.gather(
        missing_points(page, context),
        freshness(page, context),
        context.store.figures.overview(asked.period),
        context.store.figures.changes(CHANGES, control=False),
    )
    rows = [
        DepartmentRow(c, DEPARTMENTS.get(c, c), h.foreigners, h.control) for c, h in halves.items()
    ]
    return page.render(
        "overview.html",
        asked=asked,
        choices=CHOICES,
        order=order,
        columns={name: page.t(words) for name, (words, _) in SORTED_BY.items()},
        rows=in_order(rows, order),
        foreigners=Counts.total(row.foreigners for row in rows),
        control=Counts.total(row.control for row in rows),
        even=mean_rate(row.foreigners.rate for row in rows),
        answering=[row for row in rows if row.foreigners.rate.n],
        without=[row for row in rows if row.foreigners.rate.n and not row.foreigners.rate.slots],
        measured=sum(row.code != NOWHERE for row in rows),
        places=departments_map.map_departments(page, {row.code: row.foreigners for row in rows}),
        map=departments_map,
        levels=[(name, page.t(words)) for _, name, words in LEVELS],
        few=FEW,
        names=DEPARTMENTS,
        share=partial(share_text, page),
        level=level,
        changes=changes,
        missing=missing,
        fresh=fresh,
    )
