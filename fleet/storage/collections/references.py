"""
Which attempts name a file, and which of them keep theirs however old. For retention.

Everything is read through indexes in small parts: a database of millions of attempts is gone
through without being held in memory.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING

from fleet.models import Verdict
from fleet.storage.client import translated_errors
from fleet.storage.indexes import BY_FILE, BY_SCENARIO

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

Document = dict[str, Any]

OBSERVATION_WINDOW = timedelta(days=1)
"""How long before and after an observation a visit of the same flow speaks of the same thing."""

BATCH = 200

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")


class KeepReason(StrEnum):
    """Why an attempt keeps its files however old it is; the first that holds, in this order."""

    OBSERVED = "observed"
    """A volunteer's observation names it, or is of the same flow within a day."""
    CHANGE = "change"
    """It is on one of the two sides of a change of state."""
    SLOTS = "slots"
    """It saw slots."""
    CORRECTED = "corrected"
    """A later judgement says something else than it: the files are what that rests on."""


@dataclass(frozen=True, slots=True)
class FileReference:
    """An attempt with the hashes of its files."""

    attempt_id: str
    scenario_id: str
    started_at: datetime
    verdict: Verdict
    first_dates: tuple[str, ...]
    sha256s: tuple[str, ...]


_FIELDS = ("scenario_id", "started_at", "verdict", "first_dates", "evidence.sha256")


class References:
    """The files that the attempts of one database name."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._db = db

    async def flows(self) -> list[str]:
        """The ids of all scenarios that have an attempt."""
        with translated_errors("read flows"):
            return sorted(await self._db.attempts.distinct("scenario_id"))

    async def start_of_newest(self, scenario_id: str, files: int) -> datetime | None:
        """
        When the attempt began with which a flow's newest `files` files are reached.

        None if the flow does not have so many.
        """
        counted = 0
        with translated_errors("count files"):
            async for batch in self._read({"scenario_id": scenario_id}, BY_SCENARIO):
                for reference in batch:
                    counted += len(reference.sha256s)
                    if counted >= files:
                        return reference.started_at
        return None

    async def attempts_before(
        self, scenario_id: str, at: datetime
    ) -> AsyncIterator[list[FileReference]]:
        """A flow's attempts that began before `at`, newest first, some at a time."""
        query = {"scenario_id": scenario_id, "started_at": {"$lt": at}}
        with translated_errors("read attempts"):
            async for batch in self._read(query, BY_SCENARIO):
                yield batch

    async def attempts_naming(self, sha256: str) -> AsyncIterator[list[FileReference]]:
        """The attempts that name a file, newest first, some at a time."""
        with translated_errors("ask who names a file"):
            async for batch in self._read({"evidence.sha256": sha256}, BY_FILE):
                yield batch

    async def _read(self, query: Document, index: Any) -> AsyncIterator[list[FileReference]]:
        found = self._db.attempts.find(query, dict.fromkeys(_FIELDS, 1)).hint(index)
        newest = found.sort([("started_at", DESCENDING), ("_id", DESCENDING)]).batch_size(BATCH)
        batch: list[FileReference] = []
        async for document in newest:
            batch.append(_reference(document))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch

    async def stored_sizes(self, sha256s: Collection[str]) -> dict[str, int]:
        """Those of these files that are in the bucket, with what each takes there, in bytes."""
        with translated_errors("measure files"):
            found = self._db["evidence.files"].find({"_id": {"$in": list(sha256s)}}, {"length": 1})
            return {each["_id"]: each["length"] async for each in found}

    async def marked_attempts(self) -> dict[str, KeepReason]:
        """The attempts that keep their files for what stands beside them, judgements apart."""
        reasons: dict[str, KeepReason] = {}
        with translated_errors("read what is kept longer"):
            sides = {"before.attempt_id": 1, "after.attempt_id": 1}
            async for change in self._db.changes.find({}, sides):
                for side in ("before", "after"):
                    reasons[change[side]["attempt_id"]] = KeepReason.CHANGE
            async for each in self._db.observations.find({"withdrawn": None}):
                for attempt_id in await self._observed_attempts(each):
                    reasons[attempt_id] = KeepReason.OBSERVED
        return reasons

    async def _observed_attempts(self, observation: Document) -> list[str]:
        named = _ID.findall(observation["note"])
        if observation["scenario_id"] is None:
            return named
        seen = observation["seen_at"]
        around = {
            "scenario_id": observation["scenario_id"],
            "started_at": {"$gte": seen - OBSERVATION_WINDOW, "$lte": seen + OBSERVATION_WINDOW},
        }
        found = self._db.attempts.find(around, {"_id": 1}).hint(BY_SCENARIO)
        return [*named, *[each["_id"] async for each in found]]

    async def keep_reasons(
        self, references: Sequence[FileReference], marked: dict[str, KeepReason]
    ) -> dict[str, KeepReason]:
        """By id, why these attempts keep their files; those that do not have no entry."""
        found = {
            each.attempt_id: marked[each.attempt_id]
            for each in references
            if each.attempt_id in marked
        }
        rest = {each.attempt_id: each for each in references if each.attempt_id not in found}
        for each in references:
            if each.verdict is Verdict.SLOTS:
                found.setdefault(each.attempt_id, KeepReason.SLOTS)
        with translated_errors("read judgements"):
            judgements = self._db.judgements.find(
                {"attempt_id": {"$in": list(rest)}},
                {"attempt_id": 1, "verdict": 1, "first_dates": 1},
            )
            async for judgement in judgements:
                own = rest[judgement["attempt_id"]]
                judged = (judgement["verdict"], tuple(judgement["first_dates"]))
                if judged != (own.verdict.value, own.first_dates):
                    found.setdefault(own.attempt_id, KeepReason.CORRECTED)
        return found


def _reference(document: Document) -> FileReference:
    return FileReference(
        attempt_id=document["_id"],
        scenario_id=document["scenario_id"],
        started_at=document["started_at"],
        verdict=Verdict(document["verdict"]),
        first_dates=tuple(document["first_dates"]),
        sha256s=tuple(dict.fromkeys(each["sha256"] for each in document["evidence"])),
    )
