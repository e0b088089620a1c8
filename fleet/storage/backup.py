"""
Dumps: all that a database holds, as files, and back.

A dump is a folder with one `.bson` file for each collection, the documents one after the other as
mongodump writes them (so `mongorestore` reads them too), and `dump.json`: how many documents each
file has, and its SHA-256. Fleets may go on meanwhile: a collection that refers to another is read
before it, and nothing in the other is ever removed but on purpose, so what is referred to is there.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any, BinaryIO

from bson import decode_file_iter
from bson.codec_options import CodecOptions
from bson.errors import BSONError
from bson.raw_bson import RawBSONDocument

from fleet.errors import BadInput
from fleet.models import Frozen, Instant, now
from fleet.storage.client import translated_errors
from fleet.storage.migrations import FIRST, SchemaVersion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from motor.motor_asyncio import AsyncIOMotorDatabase

LEFT_OUT = (
    *("invitations", "leases", "notice_tests", "schema", "sessions", "sign_in_tries", "status"),
)
"""Of the moment: who is at work, signed in, or has tried to. The schema version is in `NAME`."""

LAST = ("attempts", "evidence.files", "evidence.chunks")
"""What others refer to is read after them, in this order, and put back before them."""

DUMP_FILE = "dump.json"
BATCH_BYTES = 8_000_000
BATCH = 1000


class DumpFile(Frozen):
    """One collection in a dump."""

    documents: int
    size_bytes: int
    sha256: str


class Dump(Frozen):
    """What `dump.json` says."""

    version: int = 1
    schema_version: int = FIRST
    fleet_version: str
    database: str
    at: Instant
    files: dict[str, DumpFile]

    @property
    def documents(self) -> int:
        """How many documents all files have."""
        return sum(each.documents for each in self.files.values())


class LastDump(Frozen):
    """When the latest dump of a database began, and how many attempts it holds."""

    at: Instant
    attempts: int


class Dumps:
    """Writes one database into a folder and reads it back; notes when that was last done."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]], schema: SchemaVersion) -> None:
        self._db, self._schema = db, schema

    async def note(self, dump: Dump) -> None:
        """Write down that this dump is complete, and stands where it is to stay."""
        attempts = dump.files["attempts"].documents if "attempts" in dump.files else 0
        last = LastDump(at=dump.at, attempts=attempts)
        with translated_errors("note that there is a backup"):
            await self._db.status.replace_one(
                {"_id": "dump"}, last.model_dump(mode="python"), upsert=True
            )

    async def last(self) -> LastDump | None:
        """The latest that was noted; None if there is none, or the database was put back since."""
        with translated_errors("read when there was a backup"):
            found = await self._db.status.find_one({"_id": "dump"}, {"_id": 0})
        return LastDump.model_validate(found) if found else None

    async def write(self, folder: Path, fleet_version: str) -> Dump:
        """
        Write a dump into `folder`, which is empty.

        Raises:
            OSError: the disk does not take it.
            StoreUnreachable, StoreRefused: it is not complete.
        """
        at, files = now(), {}
        with translated_errors("read the database for a dump"):
            schema_version = await self._schema.version()
            names = await self._db.list_collection_names()
            for name in _in_order(names):
                files[name] = await self._write(name, folder / f"{name}.bson")
        dump = Dump(
            schema_version=schema_version,
            fleet_version=fleet_version,
            database=self._db.name,
            at=at,
            files=files,
        )
        (folder / DUMP_FILE).write_text(dump.model_dump_json(indent=1), encoding="utf-8")
        return dump

    async def _write(self, name: str, path: Path) -> DumpFile:
        documents, size, digest = 0, 0, hashlib.sha256()
        with path.open("xb") as file:
            async for batch in self._db[name].find_raw_batches({}, batch_size=BATCH):
                await asyncio.to_thread(_append, file, digest, batch)
                documents += sum(1 for _ in _lengths(batch))
                size += len(batch)
        return DumpFile(documents=documents, size_bytes=size, sha256=digest.hexdigest())

    async def read(self, folder: Path, *, replace: bool) -> Dump:
        """
        Put a dump back, all of it checked first; what it refers to comes first. One of an older
        schema version is brought up to this fleet's.

        Args:
            replace: empty the database before; else it must hold no attempt.

        Raises:
            BadInput: there is no dump, it is damaged, or the database is in use.
            StoreRefused: it is a newer fleet's; nothing is changed.
            StoreUnreachable, StoreRefused: it is not complete; do it again with `replace`.
        """
        dump = await asyncio.to_thread(check_dump, folder)
        self._schema.check(dump.schema_version, f"the backup {folder}")
        with translated_errors("put a dump back"):
            if replace:
                for name in await self._db.list_collection_names():
                    await self._db[name].delete_many({})
            elif await self._db.attempts.find_one({}, {"_id": 1}):
                raise BadInput(
                    f"the database {self._db.name} holds attempts; add --replace to remove all that"
                    " is in it first"
                )
            for name in reversed(_in_order(dump.files)):
                await self._read(name, folder / f"{name}.bson")
            await self._schema.set(dump.schema_version)
            await self._schema.migrate()
            await self._db.status.delete_one({"_id": "dump"})  # it was of what was here before
        return dump

    async def _read(self, name: str, path: Path) -> None:
        batch: list[RawBSONDocument] = []
        size = 0
        with path.open("rb") as file:
            raw = CodecOptions(document_class=RawBSONDocument)
            for document in decode_file_iter(file, raw):
                batch.append(document)
                size += len(document.raw)
                if size > BATCH_BYTES or len(batch) == BATCH:
                    await self._db[name].insert_many(batch, ordered=False)
                    batch, size = [], 0
        if batch:
            await self._db[name].insert_many(batch, ordered=False)


def read_dump(folder: Path) -> Dump:
    """
    What a dump says of itself.

    Raises:
        BadInput: there is none.
    """
    try:
        return Dump.model_validate_json((folder / DUMP_FILE).read_bytes())
    except (OSError, ValueError) as exc:
        raise BadInput(
            f"{folder}: no backup of a fleet: {DUMP_FILE} in it cannot be read: {str(exc)[:300]}"
        ) from exc


def check_dump(folder: Path) -> Dump:
    """
    What a dump says of itself, once all of it was found to be so.

    Raises:
        BadInput: there is none, or it is damaged; says what.
    """
    dump = read_dump(folder)
    for name, expected in dump.files.items():
        path = folder / f"{name}.bson"
        try:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as exc:
            raise BadInput(f"{path}: cannot be read: {exc}; take another backup") from exc
        if found != expected.sha256:
            raise BadInput(
                f"{path}: it was altered or is damaged (SHA-256 {found[:12]}…, expected"
                f" {expected.sha256[:12]}…); take another backup"
            )
    return dump


def _in_order(names: Iterator[str] | list[str] | dict[str, DumpFile]) -> list[str]:
    included = [n for n in names if n not in LEFT_OUT and not n.startswith("system.")]
    return sorted(included, key=lambda n: (LAST.index(n) + 1 if n in LAST else 0, n))


def _append(file: BinaryIO, digest: Any, batch: bytes) -> None:
    digest.update(batch)
    file.write(batch)


def _lengths(batch: bytes) -> Iterator[int]:
    at = 0
    while at < len(batch):
        length = int.from_bytes(batch[at : at + 4], "little")
        if length < 5:
            raise BSONError("a document without a length")
        yield length
        at += length
