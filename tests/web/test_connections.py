"""Connections within bounds: half requests, slow bodies, readers who take nothing, too many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from fleet.web.connections import ConnectionLimits, bounded
from fleet.web.proxies import Proxies
from tests.web.conftest import ServerWithoutSignals

SHORT = ConnectionLimits(
    connections=8,
    of_an_address=8,
    request_s=0.2,
    body_pause_s=0.2,
    body_s=600,
    taking_s=0.2,
    look_s=0.02,
)
LONG = replace(SHORT, request_s=600, body_pause_s=600, taking_s=600)
PATIENCE_S = 30
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
UPLOAD = b"POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
LARGE = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"


async def pages(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, after the whole body, or with what no buffer takes."""
    request = Request(scope, receive)
    if scope["path"] == "/body":
        await request.body()
    size = 20_000_000 if scope["path"] == "/large" else 2
    answer: Response = PlainTextResponse("x" * size)
    await answer(scope, receive, send)


class Reader:
    """One connection."""

    def __init__(self, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self.incoming, self.outgoing = streams

    def say(self, words: bytes) -> None:
        """Send some of a request."""
        self.outgoing.write(words)

    async def ends(self) -> bytes:
        """What is left to be read once the server has ended the connection."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.incoming.read()
            except ConnectionError:
                return b""

    async def answer(self) -> bytes:
        """The first line of an answer."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self.incoming.readline()).strip()

    async def drips(self, words: bytes) -> bytes:
        """Say this again and again until the server ends the connection; what came of it."""
        ending = asyncio.create_task(self.ends())
        while not ending.done():
            self.say(words)
            await asyncio.sleep(0.02)
        return await ending


class Door:
    """A server within limits."""

    def __init__(self, port: int, server: uvicorn.Server) -> None:
        self._port, self._server = port, server
        self._readers: list[Reader] = []

    async def reader(self, words: bytes = b"") -> Reader:
        """A new connection, on which this was said."""
        limit = 1000  # so that what is not read stays with the server
        found = Reader(await asyncio.open_connection("127.0.0.1", self._port, limit=limit))
        self._readers.append(found)
        found.say(words)
        return found

    async def is_left(self) -> None:
        """Until the server has no connection any more."""
        async with asyncio.timeout(PATIENCE_S):
            while self._server.server_state.connections:  # noqa: ASYNC110 - as below
                await asyncio.sleep(0.01)

    def leave(self) -> None:
        """End all connections."""
        for each in self._readers:
            each.outgoing.transport.abort()


@asynccontextmanager
async def door(limits: ConnectionLimits, behind: Proxies | None = None) -> AsyncIterator[Door]:
    is_proxy = behind.is_one if behind is not None else lambda _: False
    http = bounded(limits, is_proxy)
    config = uvicorn.Config(pages, port=0, http=http, ws="none", log_config=None, lifespan="off")
    server, socket = ServerWithoutSignals(config), config.bind_socket()
    running = asyncio.ensure_future(server.serve([socket]))
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    opened = Door(socket.getsockname()[1], server)
    try:
        yield opened
    finally:
        opened.leave()
        server.should_exit = True
        await running


@pytest.mark.parametrize(
    "words",
    [
        *(b"", REQUEST[:-2], REQUEST + REQUEST[:10], UPLOAD, UPLOAD + b"x" * 10, LARGE),
        # the answer has come, the rest of the body has not
        UPLOAD.replace(b"/body", b"/"),
        LARGE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    ],
)
async def test_half_a_request_or_a_reader_who_takes_nothing_is_ended(words: bytes) -> None:
    async with door(SHORT) as opened:
        reader = await opened.reader(words)
        await opened.is_left()

        assert len(await reader.ends()) < 20_000_000


async def test_what_comes_byte_by_byte_has_a_bound_all_the_same() -> None:
    async with door(replace(SHORT, body_pause_s=600, body_s=0.2)) as opened:
        header = await opened.reader(REQUEST[:-2])
        assert await header.drips(b"X: x\r\n") == b""
        body = await opened.reader(UPLOAD.replace(b"1000", b"1000000"))
        assert await body.drips(b"x") == b""


async def test_a_body_that_comes_slowly_is_waited_for() -> None:
    async with door(replace(SHORT, body_pause_s=600)) as opened:
        reader = await opened.reader(UPLOAD)
        for _ in range(10):
            await asyncio.sleep(0.04)
            reader.say(b"x" * 100)

        assert await reader.answer() == b"HTTP/1.1 200 OK"


async def test_of_too_many_half_requests_the_oldest_makes_room() -> None:
    async with door(LONG) as opened:
        halves = [await opened.reader(REQUEST[:-2]) for _ in range(LONG.connections)]
        for _ in range(3):
            reader = await opened.reader(REQUEST)
            assert await reader.answer() == b"HTTP/1.1 200 OK"

        for each in halves[:3]:
            assert await each.ends() == b""
        halves[3].say(b"\r\n")
        assert await halves[3].answer() == b"HTTP/1.1 200 OK"


async def test_a_reader_who_takes_nothing_makes_room_and_work_under_way_does_not() -> None:
    async with door(LONG) as opened:
        slow = await opened.reader(LARGE)
        assert await slow.answer() == b"HTTP/1.1 200 OK"
        working = [await opened.reader(UPLOAD) for _ in range(LONG.connections - 1)]
        first, second = await opened.reader(UPLOAD), await opened.reader(REQUEST)

        assert await second.answer() == b"HTTP/1.1 503 Service Unavailable"
        assert len(await slow.ends()) < 20_000_000
        for each in (first, *working):
            each.say(b"x" * 1000)
            assert await each.answer() == b"HTTP/1.1 200 OK"


async def test_one_address_may_have_some_connections_and_a_proxy_all() -> None:
    few = replace(LONG, of_an_address=2)
    async with door(few) as opened:
        halves = [await opened.reader(REQUEST[:-2]) for _ in range(3)]
        assert await halves[0].ends() == b""
        halves[1].say(b"\r\n")
        assert await halves[1].answer() == b"HTTP/1.1 200 OK"
    async with door(few, Proxies()) as opened:  # this machine is one
        halves = [await opened.reader(REQUEST[:-2]) for _ in range(LONG.connections)]
        for each in halves:
            each.say(b"\r\n")
            assert await each.answer() == b"HTTP/1.1 200 OK"
