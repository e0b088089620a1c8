"""The store that the settings name, opened; without an address an embedded MongoDB is started."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fleet.errors import StoreUnreachable
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.settings import Settings

Revive = Callable[[], Awaitable[bool]]
"""Start the embedded MongoDB again if it has died; whether it had."""


@contextlib.asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[Store]:
    """The store of `FLEET_MONGODB_URL`, else of the embedded server, which is then running."""
    async with open_lasting_store(settings) as (store, _):
        yield store


@contextlib.asynccontextmanager
async def open_lasting_store(settings: Settings) -> AsyncIterator[tuple[Store, Revive | None]]:
    """The store as of `open_store`, and how to bring an embedded server back if it dies."""
    if settings.mongodb_url is not None:
        async with await Store.open(settings.mongodb_url, settings.database) as store:
            yield store, None
        return
    server = Mongod(settings.data_dir)
    async with server as url:
        try:
            async with await Store.open(url, settings.database) as store:
                yield store, server.revive
        except StoreUnreachable as exc:
            if (log_end := server.why_gone()) is None:
                raise
            raise StoreUnreachable(
                f"the embedded MongoDB in {settings.data_dir} has ended; its log ends: {log_end}."
                " Is the disk full? What was stored before is safe; make room and start again"
            ) from exc
