"""One flow: its rate, its verdicts, its days and hours, its delays, its latest pictures."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.analysis.delays import Delay
from fleet.analysis.waits import waits_of
from fleet.models import FLOW_SLUG, PARIS, Verdict
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Filter, Period
from fleet.rendering import figure_words
from fleet.rendering.labels import DELAYS, LOOKING
from fleet.rendering.scale import IN_NO_RATE, LEVELS, SEEN, share_text
from fleet.web.charts.calendar import months_of
from fleet.web.charts.hours import hours_of
from fleet.web.charts.weekly import HEIGHT, LEFT, RIGHT, WIDTH, line_of, weeks_of
from fleet.web.context import context_of
from fleet.web.embed_code import badge_address, badge_code, frame_code
from fleet.web.pages.attempt import frame_address
from fleet.web.pages.missed_visits import gaps_of
from fleet.web.pages.prefecture import bar_of, last_attempt, platform_name
from fleet.web.period import CHOICES, period_of
from fleet.web.picture_groups import grouped
from fleet.web.removed import notices
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.analysis.samples import Totals
    from fleet.models import Attempt
    from fleet.storage.figures.figures import FlowFigures
    from fleet.storage.queries import GalleryTile
    from fleet.web.context import WebContext
    from fleet.web.removed import Notice

router = APIRouter()

PICTURES = 48
"""Attempts in the strip."""

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
    before_period = _before(asked.period)
    last, beside, pictures, gaps, before = await asyncio.gather(
        last_attempt(context, scenario_id),
        context.store.figures.department(department, asked.period),
        context.queries.pictures(Filter(scenario_id=scenario_id), limit=PICTURES),
        gaps_of(page, context, scenario_id, asked.period),
        context.store.figures.flow(scenario_id, before_period),
    )
    control = scenario.control if scenario else bool(last and last.control)
    removed = await notices(request, [tile.picture for tile in pictures.items])
    common: dict[str, Any] = {
        "scenario_id": scenario_id,
        "department": department,
        "flow": flow,
        "name": DEPARTMENTS[department],
        "title": context.title(scenario_id),
        "platform": platform_name(page, scenario.family) if scenario else None,
        "url": scenario.url if scenario else last.url if last else "",
        "control": control,
        "enters": scenario.enters if scenario else (),
        "last": last,
        "asked": asked,
        "choices": CHOICES,
        "share": partial(share_text, page),
        "paris": PARIS,
        "figures": figures,
        **_passed_on(page, scenario_id, context.title(scenario_id), last, removed),
        **_strip(pictures.items, removed),
        "gaps": gaps,
    }
    if figures is None:
        return page.render("flow_empty.html", **common)
    return page.render(
        "flow.html",
        **common,
        **_charts(page, figures, asked.period),
        counts=figures.totals.counts,
        nothing=figure_words.nothing_sentence(page, figures.totals.counts, figures.span_days),
        verdicts=[v for v in Verdict if v in ALWAYS or figures.totals.counts.of(v)],
        bar_of=bar_of,
        delays=[(each, page.t(DELAYS[each])) for each in Delay],
        compared=_comparison(beside, scenario_id, control=control),
        before=before.totals.counts if before else None,
        before_period=before_period,
        waits=waits_of(figures.days),
        looking=LOOKING,
    )


def _charts(page: PageContext, figures: FlowFigures, period: Period) -> dict[str, Any]:
    """Calendar, hours of the week, and the line of weeks, as the template draws them."""
    weeks, months = weeks_of(figures), months_of(figures, period)
    days = [day for month in months for week in month.weeks for day in week if day]
    return {
        "months": months,
        "in_no_rate": page.t(IN_NO_RATE) if any(day.shade == "plain" for day in days) else "",
        "seen": [(name, sign, page.t(words)) for name, (sign, words) in SEEN.items()],
        "hours": hours_of(figures),
        "levels": [(name, page.t(words)) for _, name, words in LEVELS],
        "weeks": weeks,
        "line": line_of(weeks, figures.breaks),
        "box": (WIDTH, HEIGHT, LEFT, RIGHT),
    }


def _strip(tiles: Sequence[GalleryTile], removed: Mapping[str, Notice]) -> dict[str, Any]:
    """The latest pictures in a row."""
    return {"pictures": tiles, "groups": grouped(tiles), "removed": removed}


def _passed_on(
    page: PageContext,
    scenario_id: str,
    title: str,
    last: Attempt | None,
    removed: Mapping[str, Notice],
) -> dict[str, Any]:
    """What the page offers to those who show it elsewhere."""
    return {
        "codes": (frame_code(page, scenario_id, title), badge_code(page, scenario_id, title)),
        "badge": badge_address(page, scenario_id),
        "picture_address": frame_address(page, last, removed) if last else None,
    }


def _before(period: Period) -> Period:
    """As many days as the period has, just before it; it may begin before anything was watched."""
    days = period.last - period.first + timedelta(days=1)
    return Period.model_construct(first=period.first - days, last=period.last - days)


def _comparison(beside: list[Totals], scenario_id: str, *, control: bool) -> list[Totals]:
    """This flow, and those of the department that are for another public."""
    return [
        each for each in beside if each.scenario_id == scenario_id or each.control is not control
    ]
