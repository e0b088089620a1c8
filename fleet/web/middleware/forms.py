"""The forms of these pages: sent from them and by the same browser, their texts made plain."""

from __future__ import annotations

import hmac
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from fleet.rendering.i18n import N_
from fleet.web.middleware.sessions import session_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.datastructures import FormData
    from starlette.requests import Request

TOKEN = "jeton"
"""The field of every form that holds the form token."""


@asynccontextmanager
async def read_form(request: Request, *, files: int = 0) -> AsyncIterator[FormData]:
    """
    The fields of a form, and its files, which are on disk if they are large.

    Raises:
        HTTPException: 403, the form token is missing or another browser's; 400, no form at all.
    """
    async with request.form(max_files=files, max_fields=30) as form:
        given, right = form.get(TOKEN), session_of(request).form_token
        if (
            not right
            or not isinstance(given, str)
            or not hmac.compare_digest(given.encode(), right.encode())
        ):
            expired = N_(
                "Ce formulaire n’est plus valable, ou votre navigateur refuse les cookies."
                " Revenez à la page précédente, rechargez-la, puis recommencez."
            )
            raise HTTPException(403, PageContext(request).t(expired))
        yield form


def text_of(form: FormData, name: str) -> str:
    """A field's text, `\\n` at the end of its lines, without control characters; else empty."""
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "", lines).strip()
