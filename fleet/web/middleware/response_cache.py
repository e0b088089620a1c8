"""
Whole answers kept for some seconds, so that twenty equal requests draw a page once.

Only what is the same for everybody: a GET, at an address of `CACHEABLE_PATHS`, by a reader without
a cookie of ours; of its answers only a whole 200 that sets no cookie and says nothing of caches
itself. Everything else passes as if this were not here. Pages for members only are never kept:
the application then has no `ResponseCache` (docs/decisions/0013-page-cache.md).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from fleet.web.middleware.sessions import WebSession
from fleet.web.not_modified import is_unchanged

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEEP_S = 20.0
"""How old an answer may be when it is asked for, counted from when it began to be made."""

MAX_BYTES = 16 * 1024 * 1024
"""Of all kept answers of a process; the one not asked for longest goes first."""

MAX_ANSWER_BYTES = 1024 * 1024
MAX_ADDRESS = 2000

CACHEABLE_PATHS = re.compile(
    r"/|/departement/[^/]+|/demarche/[^/]+/[^/]+|/galerie|/etat|/tentative/[^/]+|/a-soigner|/sceaux"
    r"|/api/(attempts|attempts/[^/]+|rates|calendars/[^/]+/[^/]+|changes|scenarios|care)"
)
"""Figures and evidence. No form, sign-in, live run, stream, export or stored file is among them."""

UNCACHEABLE_HEADERS = ("cache-control", "etag", "expires", "set-cookie", "vary", "content-encoding")
"""An answer with one of these knows better."""

Key = tuple[str, str, str, str, bytes]
"""Language, scheme, host, path without the language, query."""


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """A whole answer: when it began to be made, its headers, its body and the tag of both."""

    began: float
    headers: list[tuple[bytes, bytes]]
    body: bytes
    tag: str

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about."""
        return len(self.body) + sum(len(name) + len(value) for name, value in self.headers) + 500


@dataclass(frozen=True, slots=True)
class PendingResponse:
    """An answer that is being made; in the end the answer, or None if it may not be kept."""

    began: float
    answer: asyncio.Future[CachedResponse | None]


class ResponseCache:
    """Sends an answer that was made a moment ago again; `clock` gives seconds that only grow."""

    def __init__(
        self,
        app: ASGIApp,
        clock: Callable[[], float],
        keep_s: float,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._app = app
        self._clock = clock
        self._keep_s = keep_s
        self._max_bytes = max_bytes
        self._answers: OrderedDict[Key, CachedResponse] = OrderedDict()
        self._bytes = 0
        self._pending: dict[Key, PendingResponse] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request from what is kept, else from the application."""
        key = _key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        answer = self._find_fresh(key)
        if answer is None:
            # twenty readers at the same moment: the first has it made, the others wait for that
            before = self._pending.get(key)
            if before is None or self._clock() - before.began >= self._keep_s:
                await self._make(key, scope, receive, send)
                return
            # its maker may go away or fail: then this request is served on its own
            answer = await asyncio.shield(before.answer)
        if answer is None:
            await self._app(scope, receive, send)
        else:
            await _send(answer, scope, send, age_s=self._clock() - answer.began)

    def _find_fresh(self, key: Key) -> CachedResponse | None:
        answer = self._answers.get(key)
        if answer is None or self._clock() - answer.began >= self._keep_s:
            return None
        self._answers.move_to_end(key)
        return answer

    async def _make(self, key: Key, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer; keep it and give it to those who wait, if that may be."""
        began = self._clock()
        pending = PendingResponse(began, asyncio.get_running_loop().create_future())
        self._pending[key] = pending
        start: Message | None = None
        answer: CachedResponse | None = None

        # held back until its end: only then are its size and its tag known
        async def hold_back(message: Message) -> None:
            nonlocal start, answer
            if message["type"] == "http.response.start" and _is_cacheable(message):
                start = message
                return
            if start is not None:
                if not message.get("more_body", False):
                    answer = _complete(began, start, message.get("body", b""))
                    return
                await send(start)  # comes in pieces: a stream
                start = None
            await send(message)

        try:
            await self._app(scope, receive, hold_back)
            if answer is not None and answer.size_bytes <= MAX_ANSWER_BYTES:
                self._keep(key, answer)
        finally:
            pending.answer.set_result(answer)  # also if it failed: others wait for this
            if self._pending.get(key) is pending:
                del self._pending[key]
        if answer is not None:
            await _send(answer, scope, send)

    def _keep(self, key: Key, answer: CachedResponse) -> None:
        if (before := self._answers.pop(key, None)) is not None:
            self._bytes -= before.size_bytes
        self._answers[key] = answer
        self._bytes += answer.size_bytes
        # in the order in which they were last asked for: `_find_fresh` moves them to the end
        while self._bytes > self._max_bytes:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= oldest.size_bytes


def _key(scope: Scope) -> Key | None:
    """What an answer is kept under; None if it must not be kept."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    path, query = scope["path"], scope["query_string"]
    if len(path) + len(query) > MAX_ADDRESS or not CACHEABLE_PATHS.fullmatch(path):
        return None
    session: WebSession = scope["fleet.session"]
    headers = Headers(scope=scope)
    if session != WebSession() or "authorization" in headers or "range" in headers:
        return None
    scheme = scope.get("scheme", "http")  # pages name their own address
    return scope["fleet.language"], scheme, headers.get("host", ""), path, query


def _is_cacheable(start: Message) -> bool:
    if start["status"] != 200:
        return False
    return not any(name.lower().decode() in UNCACHEABLE_HEADERS for name, _ in start["headers"])


def _complete(began: float, start: Message, body: bytes) -> CachedResponse:
    headers = MutableHeaders(raw=list(start["headers"]))
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers["ETag"] = tag
    # kept by a browser too, but never shown without asking; not shown to who has signed in since
    headers["Cache-Control"] = "no-cache"
    headers["Vary"] = "Cookie"
    return CachedResponse(began, headers.raw, body, tag)


async def _send(
    answer: CachedResponse, scope: Scope, send: Send, age_s: float | None = None
) -> None:
    """The answer, or 304 to who has it; with its age if it was made for another request."""
    aged = [] if age_s is None else [(b"age", str(int(age_s)).encode())]
    if is_unchanged(Request(scope), answer.tag):
        headers = [
            (name, value)
            for name, value in answer.headers
            if name not in (b"content-length", b"content-type")
        ]
        await send({"type": "http.response.start", "status": 304, "headers": headers + aged})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.start", "status": 200, "headers": answer.headers + aged})
    await send({"type": "http.response.body", "body": answer.body})
