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
    """Whether MongoDB answers; 503 if not."""
    try:
        await context_of(request).store.version()
        problem = None
    except (StoreUnreachable, StoreRefused):
        problem = "MongoDB does not answer"  # not its address: anybody may ask this
    body = {"live": True, "ready": problem is None, "problem": problem}
    return JSONResponse(body, 503 if problem else 200, headers={"Cache-Control": "no-store"})
