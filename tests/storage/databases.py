"""
Databases of their own on the session's server, gone when they are done with.

A server that keeps hundreds of them needs twice the time for each new one.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient

from fleet.storage.store import Store


@asynccontextmanager
async def own_database(mongodb_url: str, ending: str = "") -> AsyncIterator[str]:
    """The name of a new database; what is in it goes at the end, and its practice world's."""
    name = f"test_{uuid.uuid4().hex[:12]}{ending}"
    try:
        yield name
    finally:
        client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongodb_url)
        for each in (name, f"{name}_practice"):
            await client.drop_database(each)
        client.close()


@asynccontextmanager
async def own_store(mongodb_url: str, ending: str = "") -> AsyncIterator[Store]:
    """A store in a new database, which goes at the end."""
    async with (
        own_database(mongodb_url, ending) as name,
        await Store.open(mongodb_url, name) as store,
    ):
        yield store
