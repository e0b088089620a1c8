"""The collection `attempts`: what was seen, added and read, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError, OperationFailure

from fleet.models import Attempt, EvidenceFile
from fleet.storage.client import translated_errors
from fleet.storage.indexes import ATTEMPT_INDEXES, BY_DUE_TIME
from fleet.storage.validator import ATTEMPT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.storage.collections.events import Events
    from fleet.storage.collections.ledger import Ledger
    from fleet.storage.collections.missed import MissedVisits
    from fleet.storage.collections.removals import Removals
    from fleet.storage.evidence_files import EvidenceFiles
    from fleet.storage.figures.rollups import Rollups

Document = dict[str, Any]

NAMESPACE_EXISTS = 48
"""MongoDB's code for a collection that is there already: of an older fleet, or made meanwhile."""


class StoredAttempts:
    """
    The attempts of one database, and what has to be done when one is added.

    Files are stored first and the attempt that names them last: an attempt that can be read has
    all its evidence. Its link, its counts and its events come after that, and can be made anew.
    """

    def __init__(
        self,
        db: AsyncIOMotorDatabase[Document],
        files: EvidenceFiles,
        *,
        removals: Removals,
        missed: MissedVisits,
        ledger: Ledger,
        rollups: Rollups,
        events: Events,
    ) -> None:
        self._db, self._attempts = db, db.attempts
        self._files, self._removals, self._missed = files, removals, missed
        self._ledger, self._rollups, self._events = ledger, rollups, events

    async def prepare(self) -> None:
        """Make the collection, its validator and its indexes where they are missing."""
        validator = {"$jsonSchema": ATTEMPT_SCHEMA}
        try:
            await self._db.create_collection("attempts", check_exists=False, validator=validator)
        except OperationFailure as exc:
            if exc.code != NAMESPACE_EXISTS:
                raise
            await self._db.command("collMod", "attempts", validator=validator)
        await self._attempts.create_indexes([IndexModel(keys) for keys in ATTEMPT_INDEXES])
        await self._attempts.create_index(
            BY_DUE_TIME, unique=True, partialFilterExpression={"due_at": {"$type": "date"}}
        )

    async def add(self, attempt: Attempt, files: Sequence[EvidenceFile]) -> bool:
        """
        Keep an attempt: its files, itself, its link, its counts. Adding it again is harmless.

        If its due time was noted as missed before it came, that is taken away.

        Returns:
            Whether it is kept now; false if another attempt is there for its due time, made by
            a fleet that did not know of this one.

        Raises:
            StoreUnreachable: no server; either nothing of the attempt can be read afterwards, or
                only its link and counts are missing (`Ledger`, `Rollups`: how they are put right).
            StoreRefused: the server would not keep it (disk full, invalid document); same.
        """
        with translated_errors(f"keep attempt {attempt.id} of {attempt.scenario_id}"):
            files = await self._removals.without_taken_down(files)
            for file in files:
                await self._files.add(file)
            document = attempt.to_document()
            try:
                await self._attempts.insert_one(document)
            except DuplicateKeyError:
                # this attempt, stored before a crash, goes on; another of its due time does not
                if not await self._attempts.find_one({"_id": attempt.id}, {"_id": 1}):
                    return False
            if attempt.due_at is not None:
                await self._missed.forget(attempt.scenario_id, attempt.due_at)
            await self._removals.settle(files)
            await self._ledger.link(document)
            await self._events.keep(attempt, await self._rollups.keep(attempt))
            return True

    async def find(
        self,
        *,
        scenario_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        run_id: str | None = None,
    ) -> AsyncIterator[Attempt]:
        """Stored attempts, oldest first; `since` is included, `until` is not."""
        query: Document = {}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        if run_id is not None:
            query["run_id"] = run_id
        if since is not None or until is not None:
            bounds = {"$gte": since, "$lt": until}
            query["started_at"] = {op: at for op, at in bounds.items() if at is not None}
        with translated_errors("read attempts"):
            async for document in self._attempts.find(query).sort("started_at", ASCENDING):
                yield Attempt.from_document(document)

    async def latest(self, scenario_id: str, limit: int) -> list[Attempt]:
        """The latest attempts of a scenario, newest first."""
        with translated_errors(f"read attempts of {scenario_id}"):
            found = self._attempts.find({"scenario_id": scenario_id})
            newest = found.sort("started_at", DESCENDING).limit(limit)
            return [Attempt.from_document(document) async for document in newest]
