"""Headers that keep pages harmless, HEAD, and the language in the address."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from starlette.responses import Response

from fleet.web.templating import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""On every answer, unless the answer has a stricter one of its own."""


OPEN_TO_OTHERS = re.compile(
    r"/badge/.+|/integrer/.+|/graphique/.+|/vignette/.+|/tentative/[^/]+/cadre/.+|/api/(?!docs).+"
)
"""What pages of other sites may show or read, while everybody may: live pictures and data."""

FOR_OTHERS = {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}


class HeadAsGet:
    """
    Whatever answers GET answers HEAD with the same headers; the server sends no body then.

    What reads or draws much asks `is_head` and makes none.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a HEAD request as a GET."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", "fleet.head": True}
        await self._app(scope, receive, send)


def is_head(request: Request) -> bool:
    """Whether only the headers of an answer are asked for."""
    return bool(request.scope.get("fleet.head", False))


def without_body(headers: Mapping[str, str], media_type: str) -> Response:
    """The answer to such a request where the length of the body is not known before it is made."""
    answer = Response(headers=headers, media_type=media_type)
    del answer.headers["content-length"]
    return answer


class LanguageOfAddress:
    """Takes the language off the front of the path and notes it in the scope."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request at its path without the language."""
        if scope["type"] == "http":
            path = scope["path"]
            english = path == PREFIX or path.startswith(f"{PREFIX}/")
            plain = (re.sub(f"^{PREFIX}(?=/|$)", "", path) or "/") if english else path
            # in the scope as it is, too: what answers for an error of ours knows no other
            scope["fleet.path"] = plain
            scope["fleet.language"] = "en" if english else "fr"
            scope = {**scope, "path": plain}
        await self._app(scope, receive, send)


class Headers:
    """
    Puts `HEADERS` on every answer that has none of its own, and how long it took.

    With `public`, what is `OPEN_TO_OTHERS` has `FOR_OTHERS`: never with a reader's cookie, which
    such an answer does not allow.

    `Server-Timing` is from the request to the first byte of its answer, in milliseconds.
    """

    def __init__(self, app: ASGIApp, *, public: bool) -> None:
        self._app = app
        self._public = public

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, with these headers on the answer."""
        began = time.perf_counter()
        usual = HEADERS
        if self._public and OPEN_TO_OTHERS.fullmatch(scope.get("path", "")):
            usual = {**HEADERS, **FOR_OTHERS}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                took = f"app;dur={(time.perf_counter() - began) * 1000:.1f}"
                message["headers"] = [*message["headers"], (b"server-timing", took.encode())]
                there = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(
                        (name.lower().encode(), value.encode())
                        for name, value in usual.items()
                        if name.lower().encode() not in there
                    ),
                ]
            await send(message)

        await self._app(scope, receive, with_headers)
