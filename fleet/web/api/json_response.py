"""JSON as the API answers it: words of a page stay words, also for who reads it on a terminal."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from fleet.models.text import visible_json


class VisibleJson(JSONResponse):
    """The same JSON, with controls and marks of direction escaped."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return visible_json(super().render(content).decode()).encode()
