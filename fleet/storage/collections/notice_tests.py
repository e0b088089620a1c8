"""
Tests of notices, in MongoDB: asked for on a page, made by the fleet that watches.

The pages know no address of a notice and reach nobody outside; the fleet that watches does both.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING
from pymongo.errors import DuplicateKeyError

from fleet.models import Frozen, Instant, now
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

ONE_IN = timedelta(minutes=1)
"""Not more often: each sends something to everybody who gets notices."""

STALE = timedelta(minutes=5)
"""After this nobody waits for it any more, and none is sent."""


class ChannelResult(Frozen):
    """Whether one address took a notice; `channel` is its place and kind, `problem` why not."""

    channel: str
    problem: str | None = None


class NoticeTest(Frozen):
    """
    A test that somebody asked for: taken by a fleet, then answered.

    Its `results` are empty if no address is set.
    """

    asked_at: Instant
    asked_by: str
    taken_at: Instant | None = None
    answered_at: Instant | None = None
    results: tuple[ChannelResult, ...] = ()

    def is_waiting(self, at: datetime) -> bool:
        """Whether it may still be made."""
        return self.answered_at is None and at - self.asked_at < STALE


class NoticeTests:
    """The tests of notices of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._tests = db.notice_tests

    async def ask(self, name: str, *, at: datetime | None = None) -> bool:
        """Ask for one in the name of an account; false if one was asked for just now."""
        asked = NoticeTest(asked_at=at or now(), asked_by=name)
        # one document for each minute: of two who ask at the same moment one does
        minute = int(asked.asked_at.timestamp() // ONE_IN.total_seconds())
        with translated_errors("ask for a test of notices"):
            try:
                await self._tests.insert_one({"_id": minute, **asked.model_dump()})
            except DuplicateKeyError:
                return False
        return True

    async def last(self) -> NoticeTest | None:
        """The one that was asked for last."""
        with translated_errors("read a test of notices"):
            found = await self._tests.find_one(sort=[("_id", DESCENDING)])
        return _test(found) if found else None

    async def take(self, *, at: datetime | None = None) -> int | None:
        """The number of one that waits, which nobody else gets then; None if none does."""
        at = at or now()
        waiting = {"taken_at": None, "asked_at": {"$gt": at - STALE}}
        with translated_errors("take a test of notices"):
            found = await self._tests.find_one_and_update(waiting, {"$set": {"taken_at": at}})
        return int(found["_id"]) if found else None

    async def answer(self, number: int, results: Sequence[ChannelResult]) -> None:
        """Say what became of it."""
        kept = {"answered_at": now(), "results": [each.model_dump() for each in results]}
        with translated_errors("answer a test of notices"):
            await self._tests.update_one({"_id": number}, {"$set": kept})


def _test(document: dict[str, Any]) -> NoticeTest:
    return NoticeTest.model_validate({k: v for k, v in document.items() if k != "_id"})
