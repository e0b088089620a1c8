"""
Databases of their own on the session's server.

A new one has about fifty files, whose making costs the server ten times what emptying them does;
and one that keeps hundreds of databases needs twice the time for each new one. So what a test got
is emptied and lent to the next, or goes when it is done with.
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from fleet.storage.store import Store

Document = dict[str, Any]
Shape = dict[str, Document]
"""For each collection: its options and its indexes."""

_DEFAULTS = {"validationLevel": "strict", "validationAction": "error"}
"""A collection whose validator was set again says them, another does not; they are the same."""


@asynccontextmanager
async def own_database(mongodb_url: str, ending: str = "") -> AsyncIterator[str]:
    """The name of a new database; what is in it goes at the end, and its practice world's."""
    name = _new_name(ending)
    try:
        yield name
    finally:
        client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(mongodb_url)
        for each in _both(name):
            await client.drop_database(each)
        client.close()


@asynccontextmanager
async def lent_database(mongodb_url: str, ending: str = "") -> AsyncIterator[str]:
    """
    The name of a database without a document, as its practice world's is.

    Another test may have had it before: what it had other than `Store.open` makes it is gone.
    """
    lender = _lender(mongodb_url)
    name = await lender.lend(ending)
    try:
        yield name
    finally:
        await lender.take_back(name, ending)


@asynccontextmanager
async def own_store(mongodb_url: str, ending: str = "") -> AsyncIterator[Store]:
    """A store in a database without a document."""
    async with (
        lent_database(mongodb_url, ending) as name,
        await Store.open(mongodb_url, name) as store,
    ):
        yield store


async def end_lending(mongodb_url: str) -> None:
    """Drop what is kept to be lent again: the server is somebody's, and stays."""
    await _lender(mongodb_url).end()


@functools.cache
def _lender(mongodb_url: str) -> _Lender:
    return _Lender(mongodb_url)


class _Lender:
    """The databases of one server that nobody has at the moment."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(url)
        self._free: dict[str, list[str]] = defaultdict(list)
        self._usual: Shape = {}

    async def lend(self, ending: str) -> str:
        if not self._usual:
            self._usual = await self._shape_of_a_new_one()
        name = self._free[ending].pop() if self._free[ending] else _new_name(ending)
        for each in _both(name):
            db = self._client[each]
            for collection in await db.list_collection_names():
                await db[collection].delete_many({})
        return name

    async def take_back(self, name: str, ending: str) -> None:
        usual = [await self._is_usual(self._client[each]) for each in _both(name)]
        if all(usual):
            self._free[ending].append(name)
        else:
            for each in _both(name):
                await self._client.drop_database(each)

    async def end(self) -> None:
        for name in (each for free in self._free.values() for each in free):
            for each in _both(name):
                await self._client.drop_database(each)
        self._free.clear()

    async def _is_usual(self, db: AsyncIOMotorDatabase[Document]) -> bool:
        """Whether its collections are the usual ones or fewer, once all others are gone."""
        found = await _shape_of(db)
        for name in found.keys() - self._usual.keys():
            await db.drop_collection(name)
        return all(found[name] == self._usual[name] for name in found.keys() & self._usual.keys())

    async def _shape_of_a_new_one(self) -> Shape:
        """With the bucket for evidence, which makes its indexes when it gets its first file."""
        async with (
            own_database(self._url) as name,
            await Store.open(self._url, name) as store,
        ):
            await store._files._bucket.upload_from_stream("a file", b"")
            return await _shape_of(self._client[name])


async def _shape_of(db: AsyncIOMotorDatabase[Document]) -> Shape:
    collections = [each async for each in await db.list_collections()]
    indexes = await asyncio.gather(
        *(db[each["name"]].list_indexes().to_list(None) for each in collections)
    )
    return {
        each["name"]: {
            "type": each["type"],
            "options": _DEFAULTS | each["options"],
            "indexes": of_it,
        }
        for each, of_it in zip(collections, indexes, strict=True)
    }


def _new_name(ending: str) -> str:
    return f"test_{uuid.uuid4().hex[:12]}{ending}"


def _both(name: str) -> tuple[str, ...]:
    """That database, and where practice sites and trials are kept."""
    return name, f"{name}_practice", f"{name}_trials"
