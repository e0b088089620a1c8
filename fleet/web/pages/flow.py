"""One flow: its rate, its verdicts, its days and hours, its delays, its latest pictures."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.analysis.rates import Delay
from fleet.models import FLOW_SLUG, PARIS, Verdict
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Filter
from fleet.rendering.labels import DELAYS
from fleet.rendering.scale import LEVELS, SEEN, level, share_text
from fleet.web.charts.calendar import months_of
from fleet.web.charts.hours import hours_of
from fleet.web.charts.weekly import HEIGHT, LEFT, RIGHT, WIDTH, line_of, weeks_of
from fleet.web.context import context_of
from fleet.web.pages.missed_visits import gaps_of
from fleet.web.pages.prefecture import bar_of, last_attempt, platform_name
from fleet.web.period import CHOICES, period_of
from fleet.web.removed import notices
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.analysis.samples import Totals
    from fleet.storage.figures.figures import FlowFigures
    from fleet.web.context import WebContext

router = APIRouter()

PICTURES = 8

ALWAYS = (Verdict.SLOTS, Verdict.NO_SLOTS)
"""Verdicts in the table even if there was none: that is the answer."""


async def figures_of_flow(
    context: WebContext, department: str, flow: str, query: Mapping[str, str]
) -> FlowFigures | None:
    """
    What was counted of a flow in the period that `query` asks for; None if nothing was.

    Raises:
        HTTPException: 404, there is no such flow.
        BadInput: the period cannot be used.
    """
    scenario_id = f"{department}/{flow}"
    asked = period_of(query)
    if department not in DEPARTMENTS or not FLOW_SLUG.fullmatch(flow):
        raise HTTPException(404)
    found = await context.store.figures.flow(scenario_id, asked.period)
    if found or scenario_id in context.scenarios or await last_attempt(context, scenario_id):
        return found
    raise HTTPException(404)


@router.get("/demarche/{department}/{flow}")
async def flow_page(request: Request, department: str, flow: str) -> HTMLResponse:
    """Everything that is counted of one flow."""
    page, context = PageContext(request), context_of(request)
    scenario_id = f"{department}/{flow}"
    figures = await figures_of_flow(context, department, flow, request.query_params)
    asked = period_of(request.query_params)
    scenario = context.scenarios.get(scenario_id)
    last, beside, pictures, gaps = await asyncio.gather(
        last_attempt(context, scenario_id),
        context.store.figures.department(department, asked.period),
        context.queries.pictures(Filter(scenario_id=scenario_id), limit=PICTURES),
        gaps_of(page, context, scenario_id, asked.period),
    )
    control = scenario.control if scenario else bool(last and last.control)
    url = scenario.url if scenario else last.url if last else ""
    common: dict[str, Any] = {
        "scenario_id": scenario_id,
        "department": department,
        "flow": flow,
        "name": DEPARTMENTS[department],
        "title": context.title(scenario_id),
        "platform": platform_name(page, scenario.family) if scenario else None,
        "url": url,
        "control": control,
        "enters": scenario.enters if scenario else (),
        "last": last,
        "asked": asked,
        "choices": CHOICES,
        "share": partial(share_text, page),
        "paris": PARIS,
        "figures": figures,
        "pictures": pictures.items,
        "removed": await notices(request, [tile.picture for tile in pictures.items]),
        "gaps": gaps,
    }
    if figures is None:
        return page.render("flow_empty.html", **common)
    weeks = weeks_of(figures)
    return page.render(
        "flow.html",
        **common,
        counts=figures.totals.counts,
        verdicts=[v for v in Verdict if v in ALWAYS or figures.totals.counts.of(v)],
        bar_of=bar_of,
        level=level,
        months=months_of(figures, asked.period),
        seen=[(name, sign, page.t(words)) for name, (sign, words) in SEEN.items()],
        hours=hours_of(figures.week),
        levels=[(name, page.t(words)) for _, name, words in LEVELS],
        delays=[(each, page.t(DELAYS[each])) for each in Delay],
        compared=_comparison(beside, scenario_id, control=control),
        weeks=weeks,
        line=line_of(weeks, figures.breaks),
        box=(WIDTH, HEIGHT, LEFT, RIGHT),
    )


def _comparison(beside: list[Totals], scenario_id: str, *, control: bool) -> list[Totals]:
    """This flow, and those of the department that are for another public."""
    return [
        each for each in beside if each.scenario_id == scenario_id or each.control is not control
    ]
