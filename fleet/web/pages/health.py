"""
`/healthz`: whether this server lives, and whether it can answer readers. For machines, not people.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from fleet.errors import StoreRefused, StoreUnreachable
from fleet.web.context import context_of

router = APIRouter()


@router.get("/healthz/live")
async def live() -> JSONResponse:
    """It answers, so it lives."""
    return JSONResponse({"live": True}, headers={"Cache-Control": "no-store"})


@router.get("/healthz")
@router.get("/healthz/ready")
async def ready(request: Request) -> JSONResponse:
    """Whether MongoDB answers; 503 if not. What else is wrong is told with 200."""
    context, answers = context_of(request), True
    # neither an address nor a folder is named: anybody may ask this
    problem = "the scenario folder is away; what was read stays" if context.away else None
    try:
        await context.store.version()
    except (StoreUnreachable, StoreRefused):
        answers, problem = False, "MongoDB does not answer"
    body = {"live": True, "ready": answers, "problem": problem}
    return JSONResponse(body, 200 if answers else 503, headers={"Cache-Control": "no-store"})
