"""The collection `withdrawals`: attempts that count in no figure any more, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from fleet.models.withdrawal import AttemptWithdrawal
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.storage.figures.rollups import Rollups


class Withdrawals:
    """The withdrawals of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]], rollups: Rollups) -> None:
        self._withdrawals, self._rollups = db.withdrawals, rollups

    async def prepare(self) -> None:
        """Make the index where it is missing."""
        await self._withdrawals.create_index([("scenario_id", ASCENDING)])

    async def add(self, withdrawal: AttemptWithdrawal) -> AttemptWithdrawal:
        """
        Withdraw an attempt; the figures of its flow and department are made anew without it.

        Returns:
            What is kept: of an attempt withdrawn before, what was said then.
        """
        with translated_errors(f"withdraw attempt {withdrawal.attempt_id}"):
            document = withdrawal.to_document()
            key = {"_id": document["_id"]}
            await self._withdrawals.update_one(key, {"$setOnInsert": document}, upsert=True)
            await self._rollups.make_anew(withdrawal.scenario_id)
        return await self.get(withdrawal.attempt_id) or withdrawal

    async def ids(self) -> set[str]:
        """The attempts that count in no figure."""
        with translated_errors("read which attempts are withdrawn"):
            return {each["_id"] async for each in self._withdrawals.find({}, {"_id": 1})}

    async def get(self, attempt_id: str) -> AttemptWithdrawal | None:
        """Why an attempt counts in no figure; None if it counts."""
        with translated_errors(f"read whether attempt {attempt_id} is withdrawn"):
            found = await self._withdrawals.find_one({"_id": attempt_id})
        return AttemptWithdrawal.from_document(found) if found else None
