"""
Which schema version a database has, and the steps from an older one to this fleet's.

New collections, indexes and optional fields need no step: the store makes what is missing, and a
field that is absent has a default. A step is for what would otherwise be read wrongly. Attempts,
links, seals and evidence are never rewritten by one: they are sealed as they are.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from motor.motor_asyncio import AsyncIOMotorDatabase
from pymongo import timeout

from fleet.errors import StoreRefused
from fleet.storage.figures.rollups import Rollups

Step = Callable[[AsyncIOMotorDatabase[dict[str, Any]]], Awaitable[None]]
"""Brings a database from one version to the next. It may be cut off and run again, or be run by
two processes at once: its writes must be such that this does no harm."""

STEP_S = 3600
"""How long a step may take."""

FIRST = 1
"""The version of every database that does not say which."""


async def _done_by_the_next(db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
    """Roll-ups counted the last attempt of a visit: the step after this one makes them anew."""


async def _make_rollups_anew(db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
    """Roll-ups count the first attempt of a visit, and first days within months."""
    with timeout(STEP_S):  # years of attempts take longer than a socket may be silent
        await Rollups(db).rebuild()


STEPS: tuple[Step, ...] = (_done_by_the_next, _make_rollups_anew)
"""The first leads from version 1 to 2, and so on."""


class SchemaVersion:
    """
    The schema version of one database: a document of the collection `schema`.

    `newest` is the version that this fleet reads and writes. Errors of the driver come as they
    are: who opens the database puts them in our words (`client.translated_errors`).
    """

    def __init__(
        self, db: AsyncIOMotorDatabase[dict[str, Any]], steps: Sequence[Step] = STEPS
    ) -> None:
        self._db, self._steps = db, steps
        self.newest = FIRST + len(steps)

    async def version(self) -> int:
        """The database's version."""
        found = await self._db.schema.find_one({"_id": "version"})
        return int(found["number"]) if found else FIRST

    async def set(self, number: int) -> None:
        """Write down that the database has this version: of one that was put back."""
        await self._db.schema.replace_one({"_id": "version"}, {"number": number}, upsert=True)

    def check(self, number: int, what: str) -> None:
        """
        Raises:
            StoreRefused: `number` is of a newer fleet; `what` has it.
        """
        if number > self.newest:
            raise StoreRefused(
                f"{what} has schema version {number}, made by a newer fleet; this one knows up to"
                f" {self.newest}. Start the newer fleet again, or restore a backup from before the"
                " upgrade"
            )

    async def check_readable(self) -> None:
        """
        For who may not bring it up. One without an attempt may have any older version, or none.

        Raises:
            StoreRefused: the database has an older version, or one of a newer fleet.
        """
        number = await self.version()
        self.check(number, f"the database {self._db.name}")
        if number < self.newest and await self._db.attempts.find_one({}, {"_id": 1}):
            raise StoreRefused(
                f"the database {self._db.name} has schema version {number}, this fleet reads"
                f" {self.newest}: start `fleet watch` of the same release first, which brings it up"
            )

    async def migrate(self) -> None:
        """
        Make the database one of version `newest`, step by step; an empty one is.

        Raises:
            StoreRefused: it has the version of a newer fleet; nothing is changed.
            PyMongoError: cut off; the steps that ended are kept, the next start goes on.
        """
        number = await self.version()
        self.check(number, f"the database {self._db.name}")
        if await self._db.attempts.find_one({}, {"_id": 1}) is None:
            number = self.newest
        for step in self._steps[number - FIRST :]:
            structlog.get_logger().info("schema step", database=self._db.name, to=number + 1)
            await step(self._db)
            number += 1
            await self._raise_to(number)
        await self._raise_to(number)

    async def _raise_to(self, number: int) -> None:
        """Never back: another process may be further."""
        await self._db.schema.update_one(
            {"_id": "version"}, {"$max": {"number": number}}, upsert=True
        )
