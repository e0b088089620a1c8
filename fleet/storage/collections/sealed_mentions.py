"""
The collection `mentions`: what seals cover beside links, each with the number of its seal.

A mention stays as it was sealed, whatever becomes of the document that it was made of: that is how
a change is found.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, IndexModel

from fleet.ledger.canonical import sha256
from fleet.ledger.mentions import MentionKind, mentions_of
from fleet.models import now
from fleet.storage.client import lenient, translated_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.ledger.chain import Document

COLLECTIONS = {
    MentionKind.MISSED: ("missed", "noted_at"),
    MentionKind.REMOVAL: ("removals", "at"),
    MentionKind.WITHDRAWAL: ("withdrawals", "at"),
    MentionKind.OBSERVATION: ("observations", "added_at"),
    MentionKind.WATCHED: ("watched", None),
}
"""Where each kind is stored, and the field that says when it was written down."""

MAX_MENTIONS = 50_000
"""Under one seal; more make more seals."""

LATEST_ARRIVAL = timedelta(days=30)
"""How long after it was written down something is still sealed: it may lie in a spool."""

BATCH = 1_000


class SealedMentions:
    """The mentions of one database, and the documents of which they are made."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._db = lenient(db)  # what it reads may have been altered
        self._mentions, self._marks = self._db.mentions, self._db.ledger

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        await self._mentions.create_indexes([IndexModel([("seal", ASCENDING)])])

    async def unsealed(self) -> list[bytes]:
        """What is stored and under no seal, at most `MAX_MENTIONS`; each is canonical JSON."""
        found: list[bytes] = []
        mark = await self._marks.find_one({"_id": "mentioned"})
        for kind in COLLECTIONS:
            since = mark["until"] - LATEST_ARRIVAL if mark else None
            async for leaves, _ in self.documents(kind, since):
                found += await self.without_seal(leaves)
                if len(found) >= MAX_MENTIONS:
                    return found[:MAX_MENTIONS]
        return found

    async def documents(
        self, kind: MentionKind, since: datetime | None = None
    ) -> AsyncIterator[tuple[list[bytes], int]]:
        """The mentions of what is stored of a kind, some at a time; of how many there are none."""
        name, written = COLLECTIONS[kind]
        query: Document = {"unfinished": {"$exists": False}}
        if since is not None and written is not None:
            query[written] = {"$gte": since}
        with translated_errors(f"read what is to be sealed of {name}"):
            cursor = self._db[name].find(query)
            while some := await cursor.to_list(BATCH):
                each_own = [_leaves(kind, each) for each in some]
                yield [leaf for own in each_own for leaf in own], sum(not own for own in each_own)

    async def without_seal(self, leaves: Sequence[bytes]) -> list[bytes]:
        """Those of these mentions that no seal covers."""
        named = {sha256(leaf): leaf for leaf in leaves}
        with translated_errors("read mentions"):
            there = self._mentions.find({"_id": {"$in": list(named)}}, {"_id": 1})
            for each in await there.to_list(None):
                named.pop(each["_id"])
        return list(named.values())

    async def add(self, seal: int, leaves: Sequence[bytes]) -> None:
        """Keep the mentions of a seal that is about to be made."""
        documents = [
            {"_id": sha256(leaf), "seal": seal, "kind": _kind(leaf), "leaf": leaf.decode()}
            for leaf in leaves
        ]
        with translated_errors("keep mentions"):
            for begin in range(0, len(documents), BATCH):
                await self._mentions.insert_many(documents[begin : begin + BATCH])

    async def finish(self) -> None:
        """All that is stored is under a seal: what is older is not looked at again."""
        with translated_errors("keep up to when mentions are sealed"):
            mark = {"until": now()}
            await self._marks.replace_one({"_id": "mentioned"}, mark, upsert=True)

    async def discard_after(self, seal: int) -> None:
        """Drop those of a seal that a crash prevented: they are sealed with the next."""
        with translated_errors("drop mentions without a seal"):
            await self._mentions.delete_many({"seal": {"$gt": seal}})

    async def under(self, seal: int) -> list[bytes]:
        """The mentions under a seal, as they were sealed."""
        with translated_errors(f"read the mentions of seal {seal}"):
            found = self._mentions.find({"seal": seal}, {"leaf": 1})
            return [str(each.get("leaf")).encode() async for each in found]

    async def stored(self, kind: MentionKind, abouts: Sequence[Any]) -> dict[Any, Document]:
        """By id, the documents of which these mentions were made, as they are now."""
        name, _ = COLLECTIONS[kind]
        with translated_errors(f"read {name}"):
            found = self._db[name].find({"_id": {"$in": list(abouts)}})
            return {each["_id"]: each async for each in found}

    async def has_attempt(self, scenario_id: str, due_at: datetime) -> bool:
        """Whether an attempt carries this due time."""
        query = {"scenario_id": scenario_id, "due_at": due_at}
        with translated_errors("look for an attempt"):
            return await self._db.attempts.find_one(query, {"_id": 1}) is not None

    async def has_file(self, name: str) -> bool:
        """Whether the evidence file of this hash is there."""
        with translated_errors("look for a file"):
            return await self._db["evidence.files"].find_one({"_id": name}, {"_id": 1}) is not None


def _leaves(kind: MentionKind, document: Document) -> list[bytes]:
    try:
        return list(mentions_of(kind, document))
    except (ValueError, TypeError, AttributeError):
        return []  # somebody altered it: a verification names it


def _kind(leaf: bytes) -> str:
    return str(json.loads(leaf)["kind"])
