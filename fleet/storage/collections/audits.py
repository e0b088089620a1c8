"""The collections `audit_draws` and `audit_readings`: verdicts that people check blindly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import DuplicateKeyError

from fleet.models.audit import AuditDraw, AuditReading, VerdictClass
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase

LATEST = 20
"""So many draws are read and shown."""


class Audits:
    """The blind checks of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._draws, self._readings = db.audit_draws, db.audit_readings
        self._attempts, self._withdrawals = db.attempts, db.withdrawals

    async def prepare(self) -> None:
        """Make the index where it is missing."""
        await self._readings.create_index([("draw_id", ASCENDING)])

    async def candidates(
        self, verdicts: VerdictClass, since: datetime, until: datetime
    ) -> list[str]:
        """The ids of all attempts of a class that have a picture and count in figures."""
        query = {
            "started_at": {"$gte": since, "$lt": until},
            "verdict": {"$in": [each.value for each in verdicts.verdicts]},
            "evidence.kind": "picture",
        }
        with translated_errors("read which attempts can be checked"):
            withdrawn = set(await self._withdrawals.distinct("_id"))
            found = self._attempts.find(query, {"_id": 1})
            return [each["_id"] async for each in found if each["_id"] not in withdrawn]

    async def add_draw(self, draw: AuditDraw) -> None:
        """Keep a draw."""
        with translated_errors("keep what was drawn for a check"):
            await self._draws.insert_one(draw.to_document())

    async def draws(self) -> list[AuditDraw]:
        """The latest draws, newest first."""
        with translated_errors("read what was drawn for checks"):
            found = await self._draws.find().sort("at", DESCENDING).to_list(LATEST)
        return [AuditDraw.from_document(each) for each in found]

    async def readings(self, draw: AuditDraw) -> list[AuditReading]:
        """All that people said of a draw."""
        with translated_errors("read what people saw"):
            found = await self._readings.find({"draw_id": draw.id}).to_list(None)
        return [AuditReading.from_document(each) for each in found]

    async def add_reading(self, reading: AuditReading) -> bool:
        """Keep what a person saw; false if they had said it before, which stays."""
        with translated_errors("keep what a person saw"):
            try:
                await self._readings.insert_one(reading.to_document())
            except DuplicateKeyError:
                return False
        return True
