"""The collection `judgements`: what later rules say of stored attempts, beside them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from fleet.models.judgement import Judgement
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase


class Judgements:
    """The judgements of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._judgements = db.judgements

    async def prepare(self) -> None:
        """Make the index where it is missing."""
        await self._judgements.create_index([("attempt_id", ASCENDING), ("judged_at", ASCENDING)])

    async def add(self, judgement: Judgement) -> None:
        """Keep a judgement of a stored attempt. Adding the same again is harmless."""
        with (
            translated_errors(f"keep a judgement of attempt {judgement.attempt_id}"),
            contextlib.suppress(DuplicateKeyError),
        ):
            await self._judgements.insert_one(judgement.to_document())

    async def of(self, attempt_id: str) -> list[Judgement]:
        """The judgements of an attempt, oldest first."""
        with translated_errors(f"read the judgements of attempt {attempt_id}"):
            found = self._judgements.find({"attempt_id": attempt_id}).sort("judged_at", ASCENDING)
            return [Judgement.from_document(document) async for document in found]
