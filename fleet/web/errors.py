"""Evidence that cannot be shown: why, in the reader's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping


class EvidenceProblem(HTTPException):
    """Evidence or proof that cannot be shown; `title` and `words` (French, keys) say why."""

    def __init__(
        self,
        status: int,
        title: str,
        words: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status, detail, headers)
        self.title = title
        self.words = words


async def show_problem(request: Request, exc: Exception) -> HTMLResponse:
    """The page for an `EvidenceProblem`."""
    assert isinstance(exc, EvidenceProblem)
    page = PageContext(request)
    return page.render(
        "error.html",
        status=exc.status_code,
        headers=exc.headers,
        code=exc.status_code,
        title=page.t(exc.title),
        words=page.t(exc.words),
        days=None,
        detail=exc.detail,
        english=False,
    )
