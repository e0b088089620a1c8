"""
What was removed on purpose: the collection `removals`, and the removing itself.

A removal takes the bytes of an evidence file and nothing else: the attempts that name it keep its
hash, their verdicts and their counts. It is of one of two kinds. **Retention** lets go what is
old (`fleet.evidence.retention`); should the same file be seen again, it is kept again. A
**takedown** is for good: a file with that hash is never stored or served again.

The order makes it safe to be killed at any time: a file is marked first and erased after, so that
every name in an attempt is readable or marked. A mark of retention counts only once the file is
gone; a takedown counts at once.

Fleets store attempts meanwhile, and a file that is there already is not written again. So
whoever removes says so on the file, then asks who names it; whoever stores an attempt writes it,
then looks whether one of its files is being removed (`settle`). One of the two sees the other
(docs/decisions/0019-removal.md).
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson import ObjectId
from pymongo import ReplaceOne

from fleet.errors import EvidenceRemoved
from fleet.models import now
from fleet.models.removal import MAX_NAMED, Removal, RemovalKind
from fleet.storage.client import but_duplicates, lenient, translated_errors
from fleet.storage.indexes import BY_FILE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.models import EvidenceFile
    from fleet.storage.evidence_files import EvidenceFiles


Document = dict[str, Any]

BATCH = 500
"""Files in one question."""


@dataclass(frozen=True, slots=True)
class RemovalNote:
    """What is written down with a removal."""

    kind: RemovalKind
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class RemovedFiles:
    """Files whose bytes are gone, and what they took in the database."""

    sha256s: tuple[str, ...]
    stored_bytes: int


class Removals:
    """The removals of one database: asked for, made, and undone where a file is seen again."""

    def __init__(self, db: AsyncIOMotorDatabase[Document], evidence: EvidenceFiles) -> None:
        self._removals, self._attempts = lenient(db).removals, db.attempts
        self._files, self._chunks = db["evidence.files"], db["evidence.chunks"]
        self._evidence = evidence

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        await self._attempts.create_index(BY_FILE)
        await self._removals.create_index("unfinished", sparse=True)
        await self._removals.create_index(
            "kind", partialFilterExpression={"kind": RemovalKind.TAKEDOWN.value}
        )

    # What readers ask ---------------------------------------------------------------------------

    async def get(self, sha256: str) -> Removal | None:
        """How a file was removed; None if it was not."""
        return (await self.get_many([sha256])).get(sha256)

    async def get_many(self, sha256s: Sequence[str]) -> dict[str, Removal]:
        """By hash, how these files were removed; those that were not have no entry."""
        with translated_errors("read removals"):
            marks = {each["_id"]: each async for each in self._removals.find(_any(sha256s))}
            # one that a killed process marked and did not erase, or that was seen again since
            expired = [
                name
                for name, each in marks.items()
                if each.get("kind") != RemovalKind.TAKEDOWN.value
            ]
            entries = await self._entries(expired) if expired else {}
        found: dict[str, Removal] = {}
        for name, mark in marks.items():
            # a mark that somebody altered says nothing: then the file is missing
            with contextlib.suppress(ValueError):
                if name not in entries:
                    found[name] = Removal.from_document(mark)
        return found

    async def count_takedowns(self) -> int:
        """How many files were taken down so far; it only grows."""
        with translated_errors("count removals"):
            return await self._removals.count_documents({"kind": RemovalKind.TAKEDOWN.value})

    async def check(self, sha256: str) -> None:
        """
        Raises:
            EvidenceRemoved: this file was removed.
        """
        if removal := await self.get(sha256):
            raise EvidenceRemoved(
                sha256=sha256, day=removal.at.date(), kind=removal.kind, reason=removal.reason
            )

    # What the store does when it keeps an attempt -----------------------------------------------

    async def without_taken_down(self, files: Sequence[EvidenceFile]) -> list[EvidenceFile]:
        """These files without those that were taken down."""
        taken_down = await self._find_taken_down([file.evidence.sha256 for file in files])
        return [file for file in files if file.evidence.sha256 not in taken_down]

    async def settle(self, files: Sequence[EvidenceFile]) -> None:
        """
        Right after an attempt was stored: what a removal took of its files meanwhile comes back.

        And what was taken down meanwhile goes.
        """
        while files:
            names = list({file.evidence.sha256 for file in files})
            marks = {each["_id"]: each async for each in self._removals.find(_any(names))}
            entries = await self._entries(names)
            held = [
                name
                for name, entry in entries.items()
                if "removing" not in entry or await self._hold(name)
            ]
            taken_down = [
                n for n, mark in marks.items() if mark.get("kind") == RemovalKind.TAKEDOWN.value
            ]
            if taken_down:
                await self._erase(taken_down)
            for name, mark in marks.items():
                # it is here again, and was when the mark was already read: nobody is at work on it
                if name in held and name not in taken_down and "unfinished" not in mark:
                    await self._removals.delete_one({"_id": name, "at": mark["at"]})
            files = [f for f in files if f.evidence.sha256 not in (*held, *taken_down)]
            for file in files:
                await self._evidence.add(file)

    async def _hold(self, sha256: str) -> bool:
        """Take a file out of a removal under way; whether it was still there."""
        done = await self._files.update_one({"_id": sha256}, {"$unset": {"removing": ""}})
        return bool(done.matched_count)

    async def _find_taken_down(self, sha256s: Sequence[str]) -> set[str]:
        takedown = {"kind": RemovalKind.TAKEDOWN.value}
        found = self._removals.find({**_any(sha256s), **takedown}, {"_id": 1})
        return {each["_id"] async for each in found}

    # Removing -----------------------------------------------------------------------------------

    async def take_down(self, sha256s: Sequence[str], *, reason: str, by: str) -> list[Removal]:
        """
        Remove files for good, whether they are there or not; one taken down before stays as it was.

        Raises:
            StoreUnreachable, StoreRefused: some may still be there; do it again.
        """
        with translated_errors("take files down"):
            await self._mark(sha256s, RemovalNote(RemovalKind.TAKEDOWN, reason, by), {})
            await self._erase(sha256s)
        return list((await self.get_many(sha256s)).values())

    async def expire(
        self,
        sha256s: Sequence[str],
        may_go: Callable[[str], Awaitable[bool]],
        *,
        reason: str,
        by: str,
    ) -> RemovedFiles:
        """
        Remove these files of those that `may_go` says may go, asked when each is announced.

        One process at a time may do this (`Store.lease`). The files are few (hundreds).
        """
        token = ObjectId()
        with translated_errors("remove files"):
            await self._files.update_many(_any(sha256s), {"$set": {"removing": token}})
            answers = await asyncio.gather(*(may_go(each) for each in sha256s))
            removable = [each for each, may in zip(sha256s, answers, strict=True) if may]
            staying = [each for each in sha256s if each not in removable]
            await self._files.update_many(
                {**_any(staying), "removing": token}, {"$unset": {"removing": ""}}
            )
            entries = await self._entries(removable)
            chunks = await self._chunk_ids(list(entries))
            marks = {n: {"unfinished": {"token": token, "chunks": chunks[n]}} for n in entries}
            await self._mark(list(entries), RemovalNote(RemovalKind.RETENTION, reason, by), marks)
            # not what a new attempt has taken out of the removal meanwhile
            await self._files.delete_many({**_any(list(entries)), "removing": token})
            gone = await self._finish(chunks, {"unfinished.token": token})
        return RemovedFiles(tuple(gone), sum(entries[name]["length"] for name in gone))

    async def finish(self) -> None:
        """Erase what a process that was killed had marked, and has left half erased."""
        with translated_errors("finish a removal"):
            half: Document = {"unfinished": {"$exists": True}}
            chunks = {
                each["_id"]: each["unfinished"]["chunks"]
                async for each in self._removals.find(half)
            }
            # it may only be frozen: what it has not erased yet, it shall not erase any more
            announced = {**_any(list(chunks)), "removing": {"$exists": True}}
            await self._files.update_many(announced, {"$unset": {"removing": ""}})
            await self._finish(chunks, half)
            takedown = {"kind": RemovalKind.TAKEDOWN.value}
            taken_down = [each["_id"] async for each in self._removals.find(takedown, {"_id": 1})]
            for begin in range(0, len(taken_down), BATCH):
                await self._erase(taken_down[begin : begin + BATCH])

    async def _entries(self, sha256s: Sequence[str]) -> dict[str, Document]:
        return {each["_id"]: each async for each in self._files.find(_any(sha256s))}

    async def _chunk_ids(self, sha256s: Sequence[str]) -> dict[str, list[ObjectId]]:
        chunks: dict[str, list[ObjectId]] = {each: [] for each in sha256s}
        async for each in self._chunks.find({"files_id": {"$in": list(sha256s)}}, {"files_id": 1}):
            chunks[each["files_id"]].append(each["_id"])
        return chunks

    async def _mark(
        self, sha256s: Sequence[str], note: RemovalNote, more: dict[str, Document]
    ) -> None:
        """Write down that these files are removed; a takedown is never written over."""

        async def write(sha256: str) -> ReplaceOne[Document]:
            named: Document = {"evidence.sha256": sha256}
            find = self._attempts.find(named, {"evidence.$": 1}).sort(BY_FILE[1:]).hint(BY_FILE)
            newest = await find.limit(MAX_NAMED).to_list(None)
            file = newest[0]["evidence"][0] if newest else {}
            removal = Removal(
                sha256=sha256,
                kind=note.kind,
                reason=note.reason,
                at=now(),
                by=note.by,
                file=file.get("kind"),
                size_bytes=file.get("size_bytes"),
                attempts=await self._attempts.count_documents(named, hint=BY_FILE),
                attempt_ids=tuple(each["_id"] for each in newest),
            )
            document = {**removal.to_document(), **more.get(sha256, {})}
            no_takedown = {"kind": {"$ne": RemovalKind.TAKEDOWN.value}}
            return ReplaceOne({"_id": sha256, **no_takedown}, document, upsert=True)

        writes = await asyncio.gather(*map(write, sha256s))
        if not writes:
            return
        with but_duplicates():
            await self._removals.bulk_write(writes, ordered=False)

    async def _finish(self, chunks: dict[str, list[ObjectId]], marked: Document) -> list[str]:
        """Erase the chunks of files that have no entry any more, which it gives; unmark others."""
        left = await self._entries(list(chunks))
        gone = [name for name in chunks if name not in left]
        # by their ids: whoever stores the same file anew makes new ones
        await self._chunks.delete_many(_any([each for name in gone for each in chunks[name]]))
        await self._removals.delete_many({**_any(list(left)), **marked})
        await self._removals.update_many({**_any(gone), **marked}, {"$unset": {"unfinished": ""}})
        return gone

    async def _erase(self, sha256s: Sequence[str]) -> None:
        """Erase files that were taken down, and what a writer had begun of them."""
        await self._files.delete_many(_any(sha256s))
        await self._chunks.delete_many({"files_id": {"$in": list(sha256s)}})


def _any(ids: Sequence[Any]) -> Document:
    return {"_id": {"$in": list(ids)}}
