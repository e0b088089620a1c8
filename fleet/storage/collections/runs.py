"""The collection `runs`: when a fleet visited, what it was asked to visit, how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.models import Run
from fleet.storage.client import translated_errors
from fleet.storage.indexes import BY_TIME

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase


class Runs:
    """The runs of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._runs = db.runs

    async def prepare(self) -> None:
        """Make the index where it is missing."""
        await self._runs.create_index(BY_TIME)

    async def keep(self, run: Run) -> None:
        """Write down that a run has begun, or how it stands now (same id)."""
        document = run.model_dump(mode="python")
        document["_id"] = document.pop("id")
        with translated_errors(f"keep run {run.id}"):
            await self._runs.replace_one({"_id": run.id}, document, upsert=True)

    async def get(self, run_id: str) -> Run | None:
        """A run by its id; None if there is none."""
        with translated_errors(f"read run {run_id[:80]}"):
            found = await self._runs.find_one({"_id": run_id})
        return Run.model_validate({"id": found.pop("_id"), **found}) if found else None
