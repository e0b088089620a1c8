"""A service that takes notices by HTTP, on loopback: what was sent to it can be read here."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import web


class Postbox:
    """A service that takes notices, or does not: `status`, and `open` while it answers at all."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        self.status = 200
        self.open, self.asked, self.came = (asyncio.Event() for _ in range(3))
        self.open.set()
        self.requests = 0
        self.port = 0

    async def take(self, request: web.Request) -> web.Response:
        notice = json.loads(await request.text() or "{}")
        self.requests += 1
        self.asked.set()
        await self.open.wait()
        if self.status == 200:
            self.notices.append(notice)
            self.came.set()
        return web.Response(status=self.status)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/geheim-topic"

    @property
    def titles(self) -> list[str]:
        return [notice["title"] for notice in self.notices]


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[Postbox]:
    postbox = Postbox()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", postbox.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    postbox.port = runner.addresses[0][1]
    yield postbox
    postbox.open.set()
    await runner.cleanup()
