"""
What other sites may show of a flow: a badge, and a small page for a frame.

Both are there only while everybody may read (`FLEET_READING`); both say when the flow was last
visited, so that what is old is not taken for what is.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from functools import partial

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fleet.models import FLOW_SLUG
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Period
from fleet.rendering.i18n import Words
from fleet.rendering.labels import VERDICTS
from fleet.rendering.scale import share_text
from fleet.web.context import WebContext, context_of
from fleet.web.middleware.headers import CONTENT_SECURITY_POLICY
from fleet.web.not_modified import is_unchanged
from fleet.web.pages.evidence import HARMLESS, words_of
from fleet.web.pages.prefecture import last_attempt
from fleet.web.templating import PageContext, environment

router = APIRouter()

DAYS = 30
"""Of which the small page says the rate."""

FRAMED = CONTENT_SECURITY_POLICY.replace("frame-ancestors 'none'", "frame-ancestors *")

LETTER = 7
"""How wide a letter of a badge is, about."""

LONGEST = 60


def check_shared(context: WebContext, department: str, flow: str) -> str:
    """
    The id of a flow that other sites may show.

    Raises:
        HTTPException: 404, there is no such flow, or these pages are for members only.
    """
    scenario_id = f"{department}/{flow}"
    known = department in DEPARTMENTS and FLOW_SLUG.fullmatch(flow)
    if context.members_only or not known:
        raise HTTPException(404)
    return scenario_id


@router.get("/badge/{department}/{flow}.svg")
async def badge(request: Request, department: str, flow: str) -> Response:
    """The last verdict of a flow and its instant, as a small picture."""
    context, words = context_of(request), words_of(request)
    scenario_id = check_shared(context, department, flow)
    found = await context.queries.recent([scenario_id], 1, only=True)
    last = next(iter(found[scenario_id]), None)
    if last is None and scenario_id not in context.scenarios:
        raise HTTPException(404)
    about = f"{_short(context.title(scenario_id))} ({department})"
    said = words.t("jamais visitée")
    if last is not None:
        verdict = words.t(VERDICTS[last.verdict][0])
        said = f"{verdict}, {words.instant(last.started_at)}"
    if context.made_up:
        said = f"{words.t('exercice')} · {said}"
    left, right = (LETTER * len(text) + 16 for text in (about, said))
    svg = environment().get_template("badge.svg")
    colour = last.verdict.value if last else ""
    text = svg.render(about=about, said=said, left=left, right=right, colour=colour)
    tag = f'W/"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"Cache-Control": "no-cache", "ETag": tag, "Content-Security-Policy": HARMLESS}
    if is_unchanged(request, tag):
        return Response(status_code=304, headers=headers)
    return Response(text, headers=headers, media_type="image/svg+xml")


def _short(title: str) -> str:
    words = re.sub(r"\s+", " ", title)
    return words if len(words) <= LONGEST else words[: LONGEST - 1].rstrip() + "…"


@router.get("/integrer/{department}/{flow}")
async def framed(request: Request, department: str, flow: str) -> Response:
    """A flow's last verdict and rate, on a page that other sites may put into a frame."""
    page, context = PageContext(request), context_of(request)
    scenario_id = check_shared(context, department, flow)
    period = Period.latest(DAYS)
    last, figures = await asyncio.gather(
        last_attempt(context, scenario_id), context.store.figures.flow(scenario_id, period)
    )
    if last is None and scenario_id not in context.scenarios:
        raise HTTPException(404)
    return page.render(
        "framed_flow.html",
        headers={"Content-Security-Policy": FRAMED},
        scenario_id=scenario_id,
        title=context.title(scenario_id),
        place=f"{DEPARTMENTS[department]} ({department})",
        last=last,
        counts=figures.totals.counts if figures else None,
        share=partial(share_text, Words(page.language)),
        days=DAYS,
    )
