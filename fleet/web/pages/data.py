"""`/donnees`: what the data are, how to get them, and how to use them honestly."""

from __future__ import annotations

from itertools import groupby

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.models import now
from fleet.models.departments import DEPARTMENTS
from fleet.models.paris import paris_day
from fleet.models.query import FIRST_DAY, Filter
from fleet.rendering.attempt_csv import CSV_COLUMNS
from fleet.web.api.export import NO_PARQUET, writes_parquet
from fleet.web.client_address import site_of
from fleet.web.context import context_of
from fleet.web.field_docs import ATTEMPT, CSV_ONLY, EVIDENCE
from fleet.web.templating import PageContext

router = APIRouter()


@router.get("/donnees")
async def data(request: Request) -> HTMLResponse:
    """About the data, with downloads for the filter in the address."""
    page, context = PageContext(request), context_of(request)
    asked = dict(request.query_params)
    wanted = Filter.of(asked)
    by_id = sorted(context.scenarios.values(), key=lambda each: each.id)
    return page.render(
        "data.html",
        wanted=wanted,
        query={name: value for name, value in asked.items() if value},
        flows=[(code, list(own)) for code, own in groupby(by_id, lambda each: each.department)],
        departments=DEPARTMENTS,
        attempt_fields=[(name, name in CSV_COLUMNS, words) for name, words in ATTEMPT.items()],
        csv_only=CSV_ONLY,
        evidence_fields=EVIDENCE,
        first_day=FIRST_DAY,
        today=paris_day(now()),
        no_parquet=None if writes_parquet() else NO_PARQUET,
        site=site_of(request),
    )
