"""
What the fleet keeps, in MongoDB: `runs`, `attempts` and the GridFS bucket `evidence`.

Attempts are only ever added. A file's `_id` is the SHA-256 of its bytes, so the same picture
is stored once however often it is seen. Files are stored first and the attempt that names
them last: an attempt that can be read has all its evidence.

The only module that imports motor (and pymongo's errors); no Playwright in here.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import re
import warnings
import zlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from bson import ObjectId
from bson.codec_options import CodecOptions
from gridfs.errors import CorruptGridFile, FileExists, NoFile
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorGridFSBucket
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import (
    ConfigurationError,
    ConnectionFailure,
    DuplicateKeyError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)

from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.models import Attempt, EvidenceFile, Group, Run, Verdict

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

SELECT_S = 3.0
"""How long to look for a server before saying that there is none."""

_RESTORE = "restore the database from a backup"

ORPHAN_AGE = timedelta(seconds=60)
"""Chunks without a file older than this were left by a process that died while it wrote."""

_ATTEMPT_SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": sorted(
        {"_id", *(n for n, field in Attempt.model_fields.items() if field.is_required())} - {"id"}
    ),
    "additionalProperties": False,
    "properties": {
        **{name: {} for name in Attempt.model_fields if name != "id"},
        "_id": {"bsonType": "string"},
        "scenario_id": {"bsonType": "string", "pattern": "^[0-9AB]{2,3}/[a-z0-9-]+$"},
        "number": {"bsonType": "int", "minimum": 1},
        "verdict": {"enum": [verdict.value for verdict in Verdict]},
        "group": {"enum": [group.value for group in Group]},
        "started_at": {"bsonType": "date"},
        "seconds": {"bsonType": ["double", "int"], "minimum": 0},
        "served": {"bsonType": "array"},
        "evidence": {
            "bsonType": "array",
            "items": {
                "bsonType": "object",
                "required": ["kind", "step", "sha256", "size_bytes", "taken_at"],
                "properties": {"sha256": {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"}},
            },
        },
    },
}

_INDEXES = [
    IndexModel([("started_at", DESCENDING)]),
    IndexModel([("scenario_id", ASCENDING), ("started_at", DESCENDING)]),
    IndexModel([("verdict", ASCENDING), ("started_at", DESCENDING)]),
    IndexModel([("department", ASCENDING), ("started_at", DESCENDING)]),
    IndexModel([("run_id", ASCENDING)]),
]


class Store:
    """An open database. Made by `Store.open`; `close` when done (or `async with`)."""

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]], database: str) -> None:
        self._client = client
        options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self._db = client.get_database(database, codec_options=options)
        self._bucket = AsyncIOMotorGridFSBucket(self._db, bucket_name="evidence")
        self._writing: dict[str, asyncio.Lock] = {}

    @classmethod
    async def open(cls, url: str, database: str) -> Self:
        """
        Connect, and make collections, indexes and the validator where they are missing.

        Raises:
            StoreUnreachable: nothing answers at `url` within `SELECT_S` seconds, or it refuses us.
            BadInput: `url` is no MongoDB address.
        """
        store = cls(_client(url), database)
        try:
            with _telling("open the database"):
                await store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    async def _prepare(self) -> None:
        await self._client.admin.command("ping")
        names = await self._db.list_collection_names()
        validator = {"$jsonSchema": _ATTEMPT_SCHEMA}
        if "attempts" in names:
            await self._db.command("collMod", "attempts", validator=validator)
        else:
            with contextlib.suppress(OperationFailure):  # made by another fleet meanwhile
                await self._db.create_collection("attempts", validator=validator)
        await self._db.attempts.create_indexes(_INDEXES)
        await self._db.runs.create_index([("started_at", DESCENDING)])

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections; what was added is already safe."""
        self._client.close()

    async def version(self) -> str:
        """The server's version, such as `6.0.5`."""
        with _telling("ask MongoDB for its version"):
            return str((await self._client.server_info())["version"])

    async def add_run(self, run: Run) -> None:
        """Write down that a run has begun, or how it stands now (same id)."""
        document = run.model_dump(mode="python")
        document["_id"] = document.pop("id")
        with _telling(f"keep run {run.id}"):
            await self._db.runs.replace_one({"_id": run.id}, document, upsert=True)

    async def runs(self, limit: int = 20) -> list[Run]:
        """The latest runs, newest first."""
        with _telling("read runs"):
            found = await self._db.runs.find().sort("started_at", DESCENDING).to_list(limit)
        return [Run.model_validate({"id": run.pop("_id"), **run}) for run in found]

    async def add(self, attempt: Attempt, files: Sequence[EvidenceFile]) -> None:
        """
        Keep an attempt: its files first, then itself. Adding the same attempt again is harmless.

        Raises:
            StoreUnreachable: no server; nothing of the attempt can be read afterwards.
            StoreRefused: the server would not keep it (disk full, invalid document); same.
        """
        with _telling(f"keep attempt {attempt.id} of {attempt.scenario_id}"):
            for file in files:
                await self._add_file(file)
            with contextlib.suppress(DuplicateKeyError):
                await self._db.attempts.insert_one(attempt.to_document())

    async def _add_file(self, file: EvidenceFile) -> None:
        sha256 = file.evidence.sha256
        lock = self._writing.setdefault(sha256, asyncio.Lock())
        try:
            async with lock:
                if not await self._has(sha256):
                    await self._upload(file)
        finally:
            if not lock.locked():
                self._writing.pop(sha256, None)

    async def _has(self, sha256: str) -> bool:
        return await self._db["evidence.files"].find_one({"_id": sha256}, {"_id": 1}) is not None

    async def _upload(self, file: EvidenceFile) -> None:
        sha256 = file.evidence.sha256
        is_html = file.evidence.kind == "html"
        metadata = {
            "kind": file.evidence.kind,
            "media_type": "text/html; charset=utf-8" if is_html else "image/png",
            "encoding": "gzip" if is_html else "identity",
            "size_bytes": len(file.content),
        }
        # mtime=0: the same HTML gives the same stored bytes
        stored = gzip.compress(file.content, 6, mtime=0) if is_html else file.content
        for _ in range(3):
            try:
                await self._bucket.upload_from_stream_with_id(
                    sha256, sha256, stored, metadata=metadata
                )
            except (DuplicateKeyError, FileExists):  # GridFS says either, by what came first
                if await self._written_by_another(sha256):
                    return
            else:
                return
        raise StoreRefused(f"evidence {sha256} could not be stored: another writer holds it")

    async def _written_by_another(self, sha256: str) -> bool:
        """
        Wait until another process has finished the same file; sweep up if it died meanwhile.

        GridFS writes chunks first and the file's entry last. Chunks alone belong to a writer
        at work as long as one of them is young. Only old ones are swept: a third writer may
        have begun anew in the meantime.
        """
        chunks = self._db["evidence.chunks"]
        while not await self._has(sha256):
            horizon = ObjectId.from_datetime(datetime.now(UTC) - ORPHAN_AGE)
            if not await chunks.find_one({"files_id": sha256, "_id": {"$gte": horizon}}):
                await chunks.delete_many({"files_id": sha256, "_id": {"$lt": horizon}})
                return False
            await asyncio.sleep(0.2)
        return True

    async def evidence(self, sha256: str) -> bytes:
        """
        The bytes of a stored file, proved by their hash.

        Raises:
            BadInput: no file has this hash.
            StoreRefused: the stored bytes do not give this hash any more.
        """
        with _telling(f"read evidence {sha256}"):
            try:
                stream = await self._bucket.open_download_stream(sha256)
                content: bytes = await stream.read()
            except NoFile:
                raise BadInput(
                    f"no evidence {sha256!r}; expected the 64 hexadecimal digits that an attempt"
                    " names (fleet export attempts)"
                ) from None
            except CorruptGridFile as exc:
                raise StoreRefused(f"evidence {sha256} is damaged: {exc}; {_RESTORE}") from exc
        try:
            if (stream.metadata or {}).get("encoding") == "gzip":
                content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as exc:
            raise StoreRefused(f"evidence {sha256} is damaged: {exc}; {_RESTORE}") from exc
        if hashlib.sha256(content).hexdigest() != sha256:
            raise StoreRefused(
                f"evidence {sha256} is damaged: its stored bytes give another hash; {_RESTORE}"
            )
        return content

    async def attempts(
        self,
        *,
        scenario_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        run_id: str | None = None,
    ) -> AsyncIterator[Attempt]:
        """Stored attempts, oldest first; `since` is included, `until` is not."""
        query: dict[str, Any] = {}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        if run_id is not None:
            query["run_id"] = run_id
        if since is not None or until is not None:
            bounds = {"$gte": since, "$lt": until}
            query["started_at"] = {op: at for op, at in bounds.items() if at is not None}
        with _telling("read attempts"):
            async for document in self._db.attempts.find(query).sort("started_at", ASCENDING):
                yield Attempt.from_document(document)

    async def size_bytes(self) -> int:
        """What the database takes on disk, indexes included."""
        with _telling("measure the database"):
            await self._client.admin.command("fsync")
            stats = await self._db.command("dbStats")
        return int(stats["storageSize"]) + int(stats["indexSize"])


def _client(url: str) -> AsyncIOMotorClient[dict[str, Any]]:
    # before pymongo reads it: what it cannot read it quotes, and that may be half a password
    user = re.match(r"[a-z+]+://(.*)@", url)
    if user and re.search("[/@?#]|:.*:|%(?![0-9A-Fa-f]{2})", user[1]):
        raise BadInput(
            "FLEET_MONGODB_URL: the characters / : @ ? # % in its user or password (and @ in its"
            " options) must be percent-encoded, such as %2F for /"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)  # an option that MongoDB does not know
            return AsyncIOMotorClient(
                url,
                serverSelectionTimeoutMS=int(SELECT_S * 1000),
                connectTimeoutMS=int(SELECT_S * 1000),
                socketTimeoutMS=30_000,
                journal=True,  # stored means on disk: a killed mongod gives it back
                appname="prefecture-fleet",
                uuidRepresentation="standard",
            )
    except (InvalidURI, ConfigurationError, ValueError, UserWarning) as exc:
        raise BadInput(
            f"FLEET_MONGODB_URL is not a MongoDB address: {' '.join(str(exc).split())}. Expected"
            " mongodb://user:password@host:27017/ or mongodb+srv://…"
        ) from exc


@contextlib.contextmanager
def _telling(doing: str) -> Iterator[None]:
    """Turn the driver's errors into ours, saying what could not be done and what to do."""
    try:
        yield
    except ConnectionFailure as exc:
        raise StoreUnreachable(
            f"could not {doing}: no MongoDB answers ({str(exc).split(' (configured')[0][:200]})."
            " Check FLEET_MONGODB_URL and that the server runs"
        ) from exc
    except OperationFailure as exc:
        if exc.code in (13, 18):  # Unauthorized, AuthenticationFailed
            raise StoreUnreachable(
                f"could not {doing}: MongoDB refuses the user of FLEET_MONGODB_URL"
                f" ({str(exc)[:200]})"
            ) from exc
        raise StoreRefused(
            f"could not {doing}: MongoDB refused ({str(exc)[:300]}). Is its disk full?"
        ) from exc
    except PyMongoError as exc:
        raise StoreRefused(f"could not {doing}: {str(exc)[:300]}") from exc
