"""
The failures of the machines in front of a booking site, and of the network.

Bodies of 403, 502, 503 and 504 are HAProxy's own texts, as public checkers met them on the real
sites [B]; 404, 429 and 500 are HAProxy's texts too but were never reported there. They are
byte-faithful and for that reason carry no « RÉPLIQUE DE TEST » banner: a proxy that answers in
the site's place knows nothing of the site. « Service surchargé » is known by its `<h1>` only;
the rest of that page is our guess.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter

from aiohttp import web

from fleet.practice.flow import Fault, FaultKind, Flow

HANG_LIMIT_S = 600.0

PROXY_TEXTS = {
    FaultKind.HTTP_403: (403, "Forbidden", "Request forbidden by administrative rules."),
    FaultKind.HTTP_404: (404, "Not Found", "The resource could not be found."),
    FaultKind.HTTP_429: (
        429,
        "Too Many Requests",
        "You have sent too many requests in a given amount of time.",
    ),
    FaultKind.HTTP_500: (500, "Internal Server Error", "An internal server error occurred."),
    FaultKind.HTTP_502: (
        502,
        "Bad Gateway",
        "The server returned an invalid or incomplete response.",
    ),
    FaultKind.HTTP_503: (
        503,
        "Service Unavailable",
        "No server is available to handle this request.",
    ),
    FaultKind.HTTP_504: (504, "Gateway Time-out", "The server didn't respond in time."),
}


class Faults:
    """Decides which requests fail, and fails them. Counts how often each fault struck."""

    def __init__(self, closing: asyncio.Event) -> None:
        self._closing = closing
        self._struck: Counter[tuple[str, str, int]] = Counter()

    def due(self, flow: Flow, step: int | str, method: str, visits: int) -> Fault | None:
        """The fault that strikes this request, counted as struck; None for a healthy answer."""
        asked = "GET" if method == "HEAD" else method
        for number, fault in enumerate(flow.faults):
            if (fault.step, fault.method) != (step, asked) or visits <= fault.after_visits:
                continue
            key = (*flow.key, number)
            if fault.times is None or self._struck[key] < fault.times:
                self._struck[key] += 1
                return fault
        return None

    @property
    def closing(self) -> bool:
        """Whether the server is being closed."""
        return self._closing.is_set()

    async def answer(self, fault: Fault, request: web.Request) -> web.Response | None:
        """The failing answer; None after `SLOW`, when the healthy one is due."""
        kind = FaultKind(fault.kind)
        if kind is FaultKind.SLOW:
            await self.wait(fault.seconds)
            return None
        if kind is FaultKind.HANG:
            return await self.hang(request)
        if kind is FaultKind.RESET:
            return cut(request, reset=True)
        if kind is FaultKind.EMPTY_RESPONSE:
            return cut(request, reset=False)
        if kind in (FaultKind.SURCHARGE_200, FaultKind.SURCHARGE_503):
            return web.Response(
                status=200 if kind is FaultKind.SURCHARGE_200 else 503,
                text="<html><body><h1>Service surchargé</h1></body></html>\n",
                content_type="text/html",
                charset="utf-8",
            )
        response = proxy_error(kind)
        if kind is FaultKind.HTTP_429:
            response.headers["Retry-After"] = str(fault.retry_after_s)
        return response

    async def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the closing of the server."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def hang(self, request: web.Request) -> web.Response:
        """Answer nothing for ten minutes or until the server closes, then cut the connection."""
        await self.wait(HANG_LIMIT_S)
        return cut(request, reset=True)


def proxy_error(kind: FaultKind) -> web.Response:
    """The page of HAProxy for that error, byte for byte."""
    status, title, sentence = PROXY_TEXTS[kind]
    body = f"<html><body><h1>{status} {title}</h1>\n{sentence}\n</body></html>\n"
    response = web.Response(
        status=status,
        body=body.encode(),
        headers={"Cache-Control": "no-cache", "Content-Type": "text/html"},
    )
    response.force_close()
    return response


def cut(request: web.Request, *, reset: bool) -> web.Response:
    """
    End the connection without a byte: by RST if `reset`, else by a normal close.

    The response only satisfies aiohttp, which drops it: its transport is gone.
    """
    transport = request.transport
    if transport is not None:
        if reset:
            raw = transport.get_extra_info("socket")
            # Without a zero linger time the kernel sends FIN, which is EMPTY_RESPONSE.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
