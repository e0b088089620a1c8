"""
What volunteers saw by hand, in MongoDB: `observations` and `observation_pictures`.

An observation is a person's word with a picture, not a visit of the fleet: it is kept apart from
attempts and evidence and enters no figure. Its picture has a collection of its own, by the
observation's id and not by its hash, so that taking one away can never take anything else with
it. The picture is stored first: an observation that can be read has its picture.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from bson import Binary
from pydantic import Field, model_validator
from pymongo import DESCENDING

from fleet.errors import StoreRefused
from fleet.models import Frozen, Instant
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase

Document = dict[str, Any]

MAX_NOTE = 2_000
MAX_REASON = 500
MAX_FLOW_WORDS = 120

BY_SEEN = [("seen_at", DESCENDING), ("_id", DESCENDING)]


class Sighting(StrEnum):
    """What a volunteer says was seen. Not a verdict: no rule and no sign stands behind it."""

    SLOTS = "slots"
    NO_SLOTS = "no_slots"
    CLOSED = "closed"
    CAPTCHA = "captcha"
    LOGIN_REQUIRED = "login_required"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    OTHER = "other"


class Withdrawal(Frozen):
    """Who took an observation back (no name: who gave it), when and why."""

    by: str
    at: Instant
    reason: str = Field(min_length=1, max_length=MAX_REASON)


class Observation(Frozen):
    """
    One thing that a volunteer saw.

    `seen_at` is when, as the volunteer says; `added_at` is when it came here. The flow is either
    a scenario's (`scenario_id`) or in the volunteer's words (`flow_words`). `original_sha256` is
    the hash of the file as it was received, which is not kept; `sha256` that of the copy that is,
    without the original's metadata.
    """

    id: str = Field(pattern="^[0-9a-f]{32}$")
    author: str
    added_at: Instant
    seen_at: Instant
    department: str
    scenario_id: str | None = None
    flow_words: str = Field(default="", max_length=MAX_FLOW_WORDS)
    seen: Sighting
    note: str = Field(max_length=MAX_NOTE)
    original_sha256: str
    original_size_bytes: int
    sha256: str
    size_bytes: int
    width: int
    height: int
    withdrawn: Withdrawal | None = None

    @model_validator(mode="after")
    def _one_flow(self) -> Self:
        if (self.scenario_id is None) is (self.flow_words == ""):
            raise ValueError("expected a scenario or words for the flow, and not both")
        return self


class Observations:
    """The observations of one database, each with its picture."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._observations, self._pictures = db.observations, db.observation_pictures

    async def add(self, observation: Observation, picture: bytes, small: bytes) -> None:
        """
        Keep an observation with its picture and a small copy of it, both JPEG.

        Raises:
            StoreUnreachable, StoreRefused: nothing of it can be read afterwards.
        """
        document = observation.model_dump()
        document["_id"] = document.pop("id")
        document["seen"] = observation.seen.value
        with translated_errors(f"keep observation {observation.id}"):
            await self._observations.create_index(BY_SEEN)
            await self._pictures.insert_one(
                {"_id": observation.id, "picture": Binary(picture), "small": Binary(small)}
            )
            await self._observations.insert_one(document)

    async def get(self, id_: str) -> Observation | None:
        """An observation by its id, withdrawn or not; None if there is none."""
        with translated_errors("read an observation"):
            found = await self._observations.find_one({"_id": id_})
        return _observation(found) if found else None

    async def latest(
        self, limit: int, *, skip: int = 0, department: str | None = None
    ) -> list[Observation]:
        """Observations by when they were seen, newest first, withdrawn ones too."""
        query = {} if department is None else {"department": department}
        with translated_errors("read observations"):
            found = self._observations.find(query).sort(BY_SEEN).skip(skip).limit(limit)
            return [_observation(document) async for document in found]

    async def picture(self, observation: Observation) -> bytes | None:
        """
        The picture, proved by its hash; None once it is withdrawn.

        Raises:
            StoreRefused: the stored bytes do not give the hash any more.
        """
        content = await self._bytes(observation, "picture")
        if content is not None and hashlib.sha256(content).hexdigest() != observation.sha256:
            raise StoreRefused(
                f"the picture of observation {observation.id} is damaged: its stored bytes give"
                " another hash; restore the database from a backup"
            )
        return content

    async def small(self, observation: Observation) -> bytes | None:
        """The small copy of the picture; None once it is withdrawn."""
        return await self._bytes(observation, "small")

    async def _bytes(self, observation: Observation, which: str) -> bytes | None:
        if observation.withdrawn is not None:
            return None
        with translated_errors(f"read the picture of observation {observation.id}"):
            found = await self._pictures.find_one({"_id": observation.id}, {which: 1})
        return bytes(found[which]) if found else None

    async def withdraw(self, id_: str, withdrawal: Withdrawal) -> None:
        """
        Take an observation back: its picture, note and giver's name go for good.

        Hashes, reason and when stay, and who took it back unless that is who gave it.

        One that is withdrawn already keeps its first withdrawal.
        """
        own = {"$eq": ["$author", "$withdrawn.by"]}
        with translated_errors(f"withdraw observation {id_}"):
            await self._observations.update_one(
                {"_id": id_, "withdrawn": None},
                [
                    {"$set": {"withdrawn": {"$literal": withdrawal.model_dump()}, "note": ""}},
                    {"$set": {"withdrawn.by": {"$cond": [own, "", "$withdrawn.by"]}}},
                    {"$set": {"author": ""}},
                ],
            )
            # also if it was withdrawn before: whoever did may have died in the middle
            await self._pictures.delete_one({"_id": id_})


def _observation(document: Document) -> Observation:
    fields = dict(document)
    return Observation.model_validate({"id": fields.pop("_id"), **fields})
