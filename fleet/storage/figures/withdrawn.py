"""Which attempts count in figures: all of a scenario but those that were withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase


async def counting(db: AsyncIOMotorDatabase[Any], scenario_id: str) -> dict[str, Any]:
    """The query for the attempts of a scenario that count."""
    withdrawn = await db.withdrawals.distinct("_id", {"scenario_id": scenario_id})
    which: dict[str, Any] = {"scenario_id": scenario_id}
    return {**which, "_id": {"$nin": withdrawn}} if withdrawn else which
