"""A site of a test's own: every request, whatever its address, goes to one function."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_BYTES = 10_000_000
"""Of a body that is sent."""


@contextlib.asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[int]:
    """Answer at this machine meanwhile; gives the port."""
    application = web.Application(client_max_size=MOST_BYTES)
    application.router.add_route("*", "/{tail:.*}", answer)
    # what never ends is not waited for
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
