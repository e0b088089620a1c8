"""
What the fleet keeps, in MongoDB: `runs`, `attempts`, `judgements` and the bucket `evidence`.

Attempts are only ever added. Files are stored first and the attempt that names them last: an
attempt that can be read has all its evidence. What is only counted from attempts is made after
that (`rollup`), and can be made anew at any time.

Nothing here knows of Playwright (pyproject.toml: import-linter).
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from bson.codec_options import CodecOptions
from pymongo import ASCENDING, DESCENDING, IndexModel, timeout
from pymongo.errors import DuplicateKeyError, OperationFailure

from fleet.analysis.care import HISTORY, Care, care_list
from fleet.errors import BadInput, StoreRefused
from fleet.models import Attempt, EvidenceFile, Run
from fleet.models.judgement import Judgement
from fleet.storage.backup import Dumps
from fleet.storage.client import connect, translated_errors
from fleet.storage.collections.accounts import Accounts
from fleet.storage.collections.events import Events
from fleet.storage.collections.ledger import Ledger
from fleet.storage.collections.missed import MissedVisits
from fleet.storage.collections.observations import Observations
from fleet.storage.collections.references import References
from fleet.storage.collections.removals import Removals
from fleet.storage.collections.verification_log import Verifications
from fleet.storage.collections.watch_state import WatchState
from fleet.storage.evidence_files import EvidenceFiles
from fleet.storage.figures.figures import FigureQueries
from fleet.storage.figures.rollups import Rollups
from fleet.storage.indexes import ATTEMPT_INDEXES, BY_DUE_TIME, BY_TIME
from fleet.storage.lease import Lease
from fleet.storage.migrations import SchemaVersion
from fleet.storage.queries import AttemptQueries
from fleet.storage.validator import ATTEMPT_SCHEMA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorClient

    from fleet.storage.evidence_files import Damage

    pass


UNAUTHORIZED = 13
"""MongoDB's code for what this user of the database may not do."""

INDEXES_S = 3600
"""How long the making of indexes may take when an older database is opened."""


class Store:
    """
    An open database. Made by `Store.open`; `close` when done (or `async with`).

    `queries` and `figures` answer what a reader asks; `rollups` are the counts behind the figures.
    `accounts` are who may sign in, `observations` what these people saw by hand; `missed_visits`
    are the visits that were due and were not made, `watch_state` says up to when all are accounted
    for; `ledger` is the chain that proves that attempts are as they were, `verifications` when
    that was last checked; `events` is what happened, and what of it was told to whom. `removals`
    are the files removed on purpose, `references` says which attempts name a file; `dumps` are
    backups, `schema` is the version of the shape of all this.
    """

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]], database: str) -> None:
        self._client = client
        options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self._db = client.get_database(database, codec_options=options)
        self._bucket = EvidenceFiles(self._db)
        self.rollups = Rollups(self._db)
        self.figures = FigureQueries(self._db)
        self.queries = AttemptQueries(self._db)
        self.accounts = Accounts(self._db)
        self.observations = Observations(self._db)
        self.missed_visits = MissedVisits(self._db)
        self.ledger = Ledger(self._db)
        self.verifications = Verifications(self._db)
        self.watch_state = WatchState(self._db)
        self.references = References(self._db)
        self.removals = Removals(self._db, self._bucket)
        self.schema = SchemaVersion(self._db)
        self.dumps = Dumps(self._db, self.schema)
        self.events = Events(self._db)

    @classmethod
    async def open(cls, url: str, database: str) -> Self:
        """
        Connect, and make collections, indexes and the validator where they are missing.

        An older schema version is brought up to this fleet's first (`schema`). A user of the
        database who may only read makes nothing: who writes has made them.

        Raises:
            StoreUnreachable: nothing answers at `url` in `client.SELECT_S` s, or it refuses us.
            StoreRefused: the database is a newer fleet's; or older, and this user may only read.
            BadInput: `url` is no MongoDB address.
        """
        store = cls(connect(url), database)
        try:
            with translated_errors("open the database"):
                await store._prepare()
        except BaseException:
            store.close()
            raise
        return store

    async def _prepare(self) -> None:
        await self._client.admin.command("ping")
        try:
            await self.schema.migrate()
            await self._make()
        except OperationFailure as exc:
            if exc.code != UNAUTHORIZED:
                raise
            await self.schema.check_readable()

    async def _make(self) -> None:
        names = await self._db.list_collection_names()
        validator = {"$jsonSchema": ATTEMPT_SCHEMA}
        if "attempts" in names:
            await self._db.command("collMod", "attempts", validator=validator)
        else:
            with contextlib.suppress(OperationFailure):  # made by another fleet meanwhile
                await self._db.create_collection("attempts", validator=validator)
        # an index that an older fleet did not have is made over all attempts, which takes longer
        # than a socket may be silent
        with timeout(INDEXES_S):
            await self._db.attempts.create_indexes([IndexModel(keys) for keys in ATTEMPT_INDEXES])
            await self._db.attempts.create_index(
                BY_DUE_TIME, unique=True, partialFilterExpression={"due_at": {"$type": "date"}}
            )
            await self._db.runs.create_index(BY_TIME)
            await self._db.judgements.create_index(
                [("attempt_id", ASCENDING), ("judged_at", ASCENDING)]
            )
            await self.rollups.prepare()
            await self.missed_visits.prepare()
            await self.ledger.prepare()
            await self.removals.prepare()
            await self.events.prepare()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections; what was added is already safe."""
        self._client.close()

    def lease(self, name: str) -> Lease:
        """The right to do a work alone in this database, such as `watch`; not taken yet."""
        return Lease(self._db, name)

    async def version(self) -> str:
        """The server's version, such as `6.0.5`."""
        with translated_errors("ask MongoDB for its version"):
            return str((await self._client.server_info())["version"])

    async def add_run(self, run: Run) -> None:
        """Write down that a run has begun, or how it stands now (same id)."""
        document = run.model_dump(mode="python")
        document["_id"] = document.pop("id")
        with translated_errors(f"keep run {run.id}"):
            await self._db.runs.replace_one({"_id": run.id}, document, upsert=True)

    async def runs(self, limit: int = 20) -> list[Run]:
        """The latest runs, newest first."""
        with translated_errors("read runs"):
            found = await self._db.runs.find().sort("started_at", DESCENDING).to_list(limit)
        return [Run.model_validate({"id": run.pop("_id"), **run}) for run in found]

    async def run(self, run_id: str) -> Run | None:
        """A run by its id; None if there is none."""
        with translated_errors(f"read run {run_id[:80]}"):
            found = await self._db.runs.find_one({"_id": run_id})
        return Run.model_validate({"id": found.pop("_id"), **found}) if found else None

    async def add(self, attempt: Attempt, files: Sequence[EvidenceFile]) -> bool:
        """
        Keep an attempt: its files, itself, its link, its counts. Adding it again is harmless.

        Returns:
            Whether it is kept now; false if another attempt is there for its due time, made by
            a fleet that did not know of this one.

        Raises:
            StoreUnreachable: no server; either nothing of the attempt can be read afterwards, or
                only its link and counts are missing (`ledger`, `rollup`: how they are put right).
            StoreRefused: the server would not keep it (disk full, invalid document); same.
        """
        with translated_errors(f"keep attempt {attempt.id} of {attempt.scenario_id}"):
            files = await self.removals.without_taken_down(files)
            for file in files:
                await self._bucket.add(file)
            document = attempt.to_document()
            try:
                await self._db.attempts.insert_one(document)
            except DuplicateKeyError:
                if not await self._db.attempts.find_one({"_id": attempt.id}, {"_id": 1}):
                    return False
            await self.removals.settle(files)
            await self.ledger.link(document)
            await self.events.keep(attempt, await self.rollups.keep(attempt))
            return True

    async def evidence(self, sha256: str) -> bytes:
        """
        The bytes of a stored file, proved by their hash.

        Raises:
            EvidenceRemoved: they were removed on purpose.
            BadInput: no file has this hash.
            StoreRefused: the stored bytes do not give this hash any more.
        """
        await self.removals.check(sha256)
        try:
            return await self._bucket.get(sha256)
        except (BadInput, StoreRefused):
            await self.removals.check(sha256)  # it may have been removed while it was read
            raise

    async def find_damage(self, sha256s: Sequence[str]) -> dict[str, Damage]:
        """
        By hash, what is wrong with these files' stored bytes; good ones have no entry.

        One that was removed on purpose is missing, whatever is there.
        """
        removed = await self.removals.get_many(sha256s) if sha256s else {}
        left = [name for name in sha256s if name not in removed]
        return {**dict.fromkeys(removed, "missing"), **await self._bucket.find_damage(left)}

    async def evidence_kind(self, sha256: str) -> str | None:
        """What a stored file is: `picture`, `html`, `outline`; None if no file has this hash."""
        return await self._bucket.kind(sha256)

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
        with translated_errors("read attempts"):
            async for document in self._db.attempts.find(query).sort("started_at", ASCENDING):
                yield Attempt.from_document(document)

    async def latest_attempts(self, scenario_id: str, limit: int) -> list[Attempt]:
        """The latest attempts of a scenario, newest first."""
        with translated_errors(f"read attempts of {scenario_id}"):
            found = self._db.attempts.find({"scenario_id": scenario_id})
            latest = found.sort("started_at", DESCENDING).limit(limit)
            return [Attempt.from_document(document) async for document in latest]

    async def add_judgement(self, judgement: Judgement) -> None:
        """Keep a judgement of a stored attempt. Adding the same again is harmless."""
        with (
            translated_errors(f"keep a judgement of attempt {judgement.attempt_id}"),
            contextlib.suppress(DuplicateKeyError),
        ):
            await self._db.judgements.insert_one(judgement.to_document())

    async def judgements(self, attempt_id: str) -> list[Judgement]:
        """The judgements of an attempt, oldest first."""
        with translated_errors(f"read the judgements of attempt {attempt_id}"):
            found = self._db.judgements.find({"attempt_id": attempt_id}).sort(
                "judged_at", ASCENDING
            )
            return [Judgement.from_document(document) async for document in found]

    async def size_bytes(self) -> int:
        """What the database takes on disk, indexes included."""
        with translated_errors("measure the database"):
            await self._client.admin.command("fsync")
            stats = await self._db.command("dbStats")
        return int(stats["storageSize"]) + int(stats["indexSize"])


async def needing_care(store: Store, scenario_ids: Iterable[str]) -> list[Care]:
    """The scenarios among these that need care, the longest first."""
    histories = {each: await store.latest_attempts(each, HISTORY) for each in scenario_ids}
    return care_list(histories)
