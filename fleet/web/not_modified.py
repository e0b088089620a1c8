"""Whether a reader has an answer already: one reading of If-None-Match for every page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.requests import Request


def is_unchanged(request: Request, tag: str) -> bool:
    """
    Whether the reader has the answer with this tag already, and is told 304.

    Strong or weak is the same here: a proxy that compresses makes a tag weak.
    """
    asked = ",".join(request.headers.getlist("if-none-match"))
    has = [each.strip().removeprefix("W/") for each in asked.split(",")]
    return has == ["*"] or tag.removeprefix("W/") in has
