"""
The evidence files in MongoDB: the GridFS bucket `evidence`, where a file's `_id` is its SHA-256.

The same picture is stored once however often it is seen, and by however many writers at once.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import math
import zlib
from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Literal

from bson import ObjectId
from gridfs.errors import CorruptGridFile, FileExists, NoFile
from motor.motor_asyncio import AsyncIOMotorGridFSBucket
from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from fleet.errors import BadInput, StoreRefused
from fleet.storage.client import lenient, translated_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.models import EvidenceFile

_MEDIA_TYPES = {
    "picture": ("image/png", False),
    "html": ("text/html; charset=utf-8", True),
    "outline": ("application/json", True),
}
"""For each kind of evidence: its media type, and whether it is text, which is kept compressed."""

Damage = Literal["missing", "altered"]

CHUNKS_AT_ONCE = 64
"""Of 255 KiB at most, in memory while files are checked; one file more."""

PART_BYTES = 64 * 1024
"""What is read of a file at once for a reader; a stored chunk of 255 KiB is in memory beside it."""

PROVED = timedelta(minutes=10)
MAX_PROVED = 1000
"""How long it is remembered that a file's stored bytes gave its hash, and of how many files."""

NO_BYTES = hashlib.sha256(b"").hexdigest()

Document = dict[str, Any]

_RESTORE = "restore the database from a backup"

ORPHAN_AGE = timedelta(seconds=60)
"""Chunks without a file older than this were left by a process that died while it wrote."""


class EvidenceFiles:
    """Evidence files by their hash."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._bucket = AsyncIOMotorGridFSBucket(db, bucket_name="evidence")
        db = lenient(db)
        self._files, self._chunks = db["evidence.files"], db["evidence.chunks"]
        self._locks: dict[str, asyncio.Lock] = {}
        self._proved: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    async def add(self, file: EvidenceFile) -> None:
        """
        Keep a file unless it is there already.

        Raises:
            StoreRefused: another writer holds it and does not end.
        """
        sha256 = file.evidence.sha256
        lock = self._locks.setdefault(sha256, asyncio.Lock())
        try:
            async with lock:
                if not await self._has(sha256):
                    await self._upload(file)
        finally:
            if not lock.locked():
                self._locks.pop(sha256, None)

    async def _has(self, sha256: str) -> bool:
        return await self._files.find_one({"_id": sha256}, {"_id": 1}) is not None

    async def _upload(self, file: EvidenceFile) -> None:
        sha256 = file.evidence.sha256
        media_type, is_text = _MEDIA_TYPES[file.evidence.kind]
        metadata = {
            "kind": file.evidence.kind,
            "media_type": media_type,
            "encoding": "gzip" if is_text else "identity",
            "size_bytes": len(file.content),
        }
        # mtime=0: the same text gives the same stored bytes
        stored = gzip.compress(file.content, 6, mtime=0) if is_text else file.content
        for _ in range(3):
            try:
                await self._bucket.upload_from_stream_with_id(
                    sha256, sha256, stored, metadata=metadata
                )
            except (DuplicateKeyError, FileExists):  # GridFS says either, by what came first
                if await self._wait_for_writer(sha256):
                    return
            else:
                return
        raise StoreRefused(f"evidence {sha256} could not be stored: another writer holds it")

    async def _wait_for_writer(self, sha256: str) -> bool:
        """
        Wait until another process has finished the same file; sweep up if it died meanwhile.

        GridFS writes chunks first and the file's entry last. Chunks alone belong to a writer
        at work as long as one of them is young. Only old ones are swept: a third writer may
        have begun anew in the meantime.
        """
        while not await self._has(sha256):
            horizon = ObjectId.from_datetime(datetime.now(UTC) - ORPHAN_AGE)
            if not await self._chunks.find_one({"files_id": sha256, "_id": {"$gte": horizon}}):
                await self._chunks.delete_many({"files_id": sha256, "_id": {"$lt": horizon}})
                return False
            await asyncio.sleep(0.2)
        return True

    async def kind(self, sha256: str) -> str | None:
        """What a stored file is: `picture`, `html`, `outline`; None if no file has this hash."""
        with translated_errors(f"look for evidence {sha256}"):
            found = await self._files.find_one({"_id": sha256}, {"metadata.kind": 1})
        return str(found["metadata"]["kind"]) if found else None

    async def get(self, sha256: str) -> bytes:
        """
        The bytes of a stored file, proved by their hash.

        Raises:
            BadInput: no file has this hash.
            StoreRefused: the stored bytes do not give this hash any more.
        """
        with translated_errors(f"read evidence {sha256}"):
            try:
                stream = await self._bucket.open_download_stream(sha256)
                content: bytes = await stream.read()
            except NoFile:
                raise _no_file(sha256) from None
            except CorruptGridFile as exc:
                raise StoreRefused(f"evidence {sha256} is damaged: {exc}; {_RESTORE}") from exc
        try:
            content = _unpack(content, stream.metadata)
        except (OSError, EOFError, zlib.error) as exc:
            raise StoreRefused(f"evidence {sha256} is damaged: {exc}; {_RESTORE}") from exc
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreRefused(
                f"evidence {sha256} is damaged: its stored bytes give another hash; {_RESTORE}"
            )
        return content

    async def size_bytes(self, sha256: str) -> int | None:
        """The size that a file had when it was stored, unproved; None if none has this hash."""
        with translated_errors(f"look for evidence {sha256}"):
            found = await self._files.find_one({"_id": sha256}, {"metadata.size_bytes": 1})
        return int(found["metadata"]["size_bytes"]) if found else None

    def proved_size_bytes(self, sha256: str) -> int | None:
        """The size of a file that was proved by its hash lately; None of another."""
        at, size_bytes = self._proved.get(sha256, (datetime.min.replace(tzinfo=UTC), 0))
        return size_bytes if datetime.now(UTC) - at < PROVED else None

    async def prove(self, sha256: str) -> int:
        """
        The size of a stored file, now proved by its hash; only a part of it is in memory at once.

        Raises:
            BadInput: no file has this hash.
            StoreRefused: the stored bytes do not give this hash any more.
        """
        self._proved.pop(sha256, None)
        size_bytes = 0
        async for part in self.parts(sha256):
            size_bytes += len(part)
        self._proved[sha256] = (datetime.now(UTC), size_bytes)
        while len(self._proved) > MAX_PROVED:
            self._proved.popitem(last=False)
        return size_bytes

    async def parts(self, sha256: str, wanted: range | None = None) -> AsyncIterator[bytes]:
        """
        The bytes of a stored file, or those wanted of it, a part after the other.

        Of a whole file the last part comes only once all of them gave the hash.

        Raises:
            BadInput, StoreRefused: as `prove`; also in the middle, if the file is changed.
        """
        with translated_errors(f"read evidence {sha256}"):
            entry = await self._files.find_one({"_id": sha256})
        if entry is None:
            raise _no_file(sha256)
        try:
            if wanted is None:
                async for part in _proved_parts(sha256, self._read(entry, 0)):
                    yield part
            else:
                async for part in _some_parts(wanted, self._read(entry, wanted.start)):
                    yield part
        except (_Damaged, zlib.error) as exc:
            self._proved.pop(sha256, None)
            raise StoreRefused(f"evidence {sha256} is damaged: {exc}; {_RESTORE}") from exc

    async def _read(self, entry: Document, start: int) -> AsyncIterator[tuple[int, bytes]]:
        """The content from `start` or earlier on: where each part stands, and its bytes."""
        sha256, length, chunk_bytes = entry["_id"], entry.get("length"), entry.get("chunkSize")
        if not (isinstance(length, int) and isinstance(chunk_bytes, int) and chunk_bytes > 0):
            raise _Damaged("its entry is not what was stored")
        packed = _is_packed(entry.get("metadata"))
        unpacker = zlib.decompressobj(wbits=31) if packed else None
        first = 0 if packed else start // chunk_bytes
        at = first * chunk_bytes
        for n in range(first, math.ceil(length / chunk_bytes)):
            with translated_errors(f"read evidence {sha256}"):
                chunk = await self._chunks.find_one({"files_id": sha256, "n": n})
            data = chunk and chunk.get("data")
            if not isinstance(data, bytes) or len(data) != min(
                chunk_bytes, length - n * chunk_bytes
            ):
                raise _Damaged(f"its chunk {n} is not what was stored")
            while data:
                if unpacker is None:
                    part, data = data[:PART_BYTES], data[PART_BYTES:]
                else:
                    part = unpacker.decompress(data, PART_BYTES)
                    data = unpacker.unconsumed_tail
                yield at, part
                at += len(part)
        if unpacker is not None:
            while rest := unpacker.decompress(b"", PART_BYTES):
                yield at, rest
                at += len(rest)
            if not unpacker.eof:
                raise _Damaged("its end is missing")

    async def find_damage(self, sha256s: Sequence[str]) -> dict[str, Damage]:
        """
        By hash, what is wrong with these files; those whose bytes give their hash have no entry.

        As `get` of each, but read in a few large answers: a verification reads them all.
        """
        if not sha256s:
            return {}
        with translated_errors("read evidence"):
            entries = await self._files.find({"_id": {"$in": list(sha256s)}}).to_list(None)
            found: dict[str, Damage] = dict.fromkeys(sha256s, "missing")
            found |= dict.fromkeys((entry["_id"] for entry in entries), "altered")
            by_name = {entry["_id"]: entry for entry in entries}
            chunks = self._chunks.find({"files_id": {"$in": list(by_name)}}, {"_id": 0})
            in_order = chunks.sort([("files_id", ASCENDING), ("n", ASCENDING)])
            whole, rest = list[list[Document]](), list[Document]()
            while some := await in_order.to_list(CHUNKS_AT_ONCE):
                whole = [list(own) for _, own in groupby([*rest, *some], _file_of)]
                rest = whole.pop()  # more of it may come
                for name in await asyncio.to_thread(_intact, by_name, whole):
                    del found[name]
            for name in await asyncio.to_thread(_intact, by_name, [rest] if rest else []):
                del found[name]
        if NO_BYTES in by_name and NO_BYTES in found and _is_intact(by_name[NO_BYTES], []):
            del found[NO_BYTES]  # it has no chunk
        return found


class _Damaged(Exception):
    """The stored bytes cannot be those of the file; the message says why."""


def _no_file(sha256: str) -> BadInput:
    return BadInput(
        f"no evidence {sha256!r}; expected the 64 hexadecimal digits that an attempt names"
        " (fleet export attempts)"
    )


async def _proved_parts(
    sha256: str, parts: AsyncIterator[tuple[int, bytes]]
) -> AsyncIterator[bytes]:
    digest, held = hashlib.sha256(), b""
    async for _, part in parts:
        digest.update(part)
        if held:
            yield held
        held = part or held
    if digest.hexdigest() != sha256:
        raise _Damaged("its stored bytes give another hash")
    if held:
        yield held


async def _some_parts(
    wanted: range, parts: AsyncIterator[tuple[int, bytes]]
) -> AsyncIterator[bytes]:
    async for at, part in parts:
        if at >= wanted.stop:
            return
        if some := part[max(0, wanted.start - at) : wanted.stop - at]:
            yield some


def _is_packed(metadata: object) -> bool:
    return isinstance(metadata, dict) and metadata.get("encoding") == "gzip"


def _unpack(stored: bytes, metadata: object) -> bytes:
    """The bytes of a file from those that are stored; raises what gzip raises."""
    return gzip.decompress(stored) if _is_packed(metadata) else stored


def _file_of(chunk: Document) -> str:
    return str(chunk["files_id"])


def _intact(entries: Mapping[str, Document], files: Sequence[Sequence[Document]]) -> list[str]:
    """Of these files, each with its chunks in order, those that are whole and give their hash."""
    named = [(entries[_file_of(chunks[0])], chunks) for chunks in files]
    return [entry["_id"] for entry, chunks in named if _is_intact(entry, chunks)]


def _is_intact(entry: Document, chunks: Sequence[Document]) -> bool:
    # whoever altered a file may have altered its entry: nothing in either is taken for granted
    parts = [data for chunk in chunks if isinstance(data := chunk.get("data"), bytes)]
    stored = b"".join(parts)
    if (
        [chunk.get("n") for chunk in chunks] != [*range(len(chunks))]
        or len(stored) != entry.get("length")
        or len(parts) != len(chunks)
        or any(len(part) != entry.get("chunkSize") for part in parts[:-1])
    ):
        return False
    try:
        content = _unpack(stored, entry.get("metadata"))
    except (OSError, EOFError, zlib.error):
        return False
    return bool(hashlib.sha256(content).hexdigest() == entry["_id"])
