"""The pages that explain: method, and what the data are."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.web.templating import PageContext

router = APIRouter()


@router.get("/methode")
async def method(request: Request) -> HTMLResponse:
    """What is measured, what is not, denominators and limits."""
    return PageContext(request).render("method.html")
