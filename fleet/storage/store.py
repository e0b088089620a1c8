"""
What the fleet keeps, in MongoDB: one database, opened, and what is asked of all of it.

Each collection has its module in `fleet.storage.collections`; the bytes of evidence are in
`fleet.storage.evidence_files`, counts that are kept ready in `fleet.storage.figures`.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Self

from bson.codec_options import CodecOptions
from pymongo import timeout
from pymongo.errors import OperationFailure

from fleet.analysis.care import HISTORY, Care, care_list
from fleet.errors import BadInput, StoreRefused
from fleet.storage.backup import Dumps
from fleet.storage.client import connect, translated_errors
from fleet.storage.collections.accounts import Accounts
from fleet.storage.collections.attempts import StoredAttempts
from fleet.storage.collections.audits import Audits
from fleet.storage.collections.events import Events
from fleet.storage.collections.invitations import Invitations
from fleet.storage.collections.judgements import Judgements
from fleet.storage.collections.ledger import Ledger
from fleet.storage.collections.missed import MissedVisits
from fleet.storage.collections.notice_tests import NoticeTests
from fleet.storage.collections.observations import Observations
from fleet.storage.collections.references import References
from fleet.storage.collections.removals import Removals
from fleet.storage.collections.runs import Runs
from fleet.storage.collections.sealed_mentions import SealedMentions
from fleet.storage.collections.second_factor import SecondFactors
from fleet.storage.collections.verification_log import Verifications
from fleet.storage.collections.watch_state import WatchState
from fleet.storage.collections.withdrawals import Withdrawals
from fleet.storage.evidence_files import EvidenceFiles
from fleet.storage.figures.figures import FigureQueries
from fleet.storage.figures.rollups import Rollups
from fleet.storage.lease import Lease
from fleet.storage.migrations import SchemaVersion
from fleet.storage.queries import AttemptQueries

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from motor.motor_asyncio import AsyncIOMotorClient

    from fleet.storage.evidence_files import Damage

UNAUTHORIZED = 13
"""MongoDB's code for what this user of the database may not do."""

BUSY = "transient issue"

INDEXES_S = 3600
"""How long the making of indexes may take when an older database is opened."""


class Store:
    """
    An open database. Made by `Store.open`; `close` when done (or `async with`).

    One attribute for each collection, or for what is asked of several: `queries` gives lists page
    by page, `figures` what was counted, from `rollups`; `references` says which attempts name a
    file, `watch_state` up to when every due time is accounted for; `ledger` is the chain that
    proves that attempts are as they were, `mentions` what seals cover beside, `verifications` when
    that was last checked; `dumps` are backups, `schema` is the version of the shape of all this.
    """

    def __init__(self, client: AsyncIOMotorClient[dict[str, Any]], database: str) -> None:
        self._client = client
        options: CodecOptions[dict[str, Any]] = CodecOptions(tz_aware=True, tzinfo=UTC)
        self._db = client.get_database(database, codec_options=options)
        self._files = EvidenceFiles(self._db)
        self.rollups = Rollups(self._db)
        self.figures = FigureQueries(self._db)
        self.queries = AttemptQueries(self._db)
        self.accounts = Accounts(self._db)
        self.invitations = Invitations(self._db, self.accounts)
        self.second_factors = SecondFactors(self._db)
        self.notice_tests = NoticeTests(self._db)
        self.observations = Observations(self._db)
        self.missed_visits = MissedVisits(self._db)
        self.ledger = Ledger(self._db)
        self.mentions = SealedMentions(self._db)
        self.verifications = Verifications(self._db)
        self.watch_state = WatchState(self._db)
        self.references = References(self._db)
        self.removals = Removals(self._db, self._files)
        self.schema = SchemaVersion(self._db)
        self.dumps = Dumps(self._db, self.schema)
        self.events = Events(self._db)
        self.runs = Runs(self._db)
        self.judgements = Judgements(self._db)
        self.audits = Audits(self._db)
        self.withdrawals = Withdrawals(self._db, self.rollups)
        self.attempts = StoredAttempts(
            self._db,
            self._files,
            removals=self.removals,
            missed=self.missed_visits,
            ledger=self.ledger,
            rollups=self.rollups,
            events=self.events,
        )

    @classmethod
    async def open(cls, url: str, database: str) -> Self:
        """
        Connect, and make collections, indexes and the validator where they are missing.

        An older schema version is brought up to this fleet's first (`SchemaVersion`). A user of the
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
            self.schema.check(await self.schema.version(), f"the database {self._db.name}")
            # before the steps, which read by indexes that an older fleet may not have had
            await self._make()
            await self.schema.migrate()
        except OperationFailure as exc:
            if exc.code != UNAUTHORIZED:
                raise
            await self.schema.check_readable()

    async def _make(self) -> None:
        # an index that an older fleet did not have is made over all attempts, which takes longer
        # than a socket may be silent
        with timeout(INDEXES_S):
            await self.attempts.prepare()
            await self.runs.prepare()
            await self.judgements.prepare()
            await self.audits.prepare()
            await self.withdrawals.prepare()
            await self.rollups.prepare()
            await self.missed_visits.prepare()
            await self.ledger.prepare()
            await self.mentions.prepare()
            await self.removals.prepare()
            await self.events.prepare()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Drop the connections; what was added is already safe."""
        self._client.close()

    def lease(self, name: str, *, seat: str | None = None) -> Lease:
        """
        The right to do a work alone in this database, such as `watch`; not taken yet.

        Args:
            seat: what only one living process can have (see `Lease`).
        """
        return Lease(self._db, name, seat=seat)

    async def version(self) -> str:
        """The server's version, such as `6.0.5`."""
        with translated_errors("ask MongoDB for its version"):
            return str((await self._client.server_info())["version"])

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
            return await self._files.get(sha256)
        except (BadInput, StoreRefused):
            await self.removals.check(sha256)  # it may have been removed while it was read
            raise

    async def evidence_size_bytes(self, sha256: str, *, proved: bool = True) -> int | None:
        """
        The size of a stored file; None if it was not proved by its hash in the last minutes.

        Args:
            proved: False for the size that it had when it was stored; None then if there is none.
        """
        if proved:
            return self._files.proved_size_bytes(sha256)
        return await self._files.size_bytes(sha256)

    async def prove_evidence(self, sha256: str) -> int:
        """
        The size of a stored file, now proved by its hash; only a part of it is in memory at once.

        Raises:
            EvidenceRemoved, BadInput, StoreRefused: as `evidence`.
        """
        await self.removals.check(sha256)
        try:
            return await self._files.prove(sha256)
        except (BadInput, StoreRefused):
            await self.removals.check(sha256)  # it may have been removed while it was read
            raise

    def evidence_parts(self, sha256: str, wanted: range | None = None) -> AsyncIterator[bytes]:
        """
        The bytes of a stored file, or those wanted of it, a part after the other.

        Of a whole file the last part comes only once all of them gave the hash.

        Raises:
            BadInput, StoreRefused: as `evidence`; also in the middle, if the file is changed.
        """
        return self._files.parts(sha256, wanted)

    async def find_damage(self, sha256s: Sequence[str]) -> dict[str, Damage]:
        """
        By hash, what is wrong with these files' stored bytes; good ones have no entry.

        One that was removed on purpose is missing, whatever is there.
        """
        removed = await self.removals.get_many(sha256s) if sha256s else {}
        left = [name for name in sha256s if name not in removed]
        return {**dict.fromkeys(removed, "missing"), **await self._files.find_damage(left)}

    async def evidence_kind(self, sha256: str) -> str | None:
        """What a stored file is: `picture`, `html`, `outline`; None if no file has this hash."""
        return await self._files.kind(sha256)

    async def collections(self) -> list[str]:
        """The names of all collections that there are, of this fleet or not."""
        with translated_errors("list the collections"):
            return sorted(await self._db.list_collection_names())

    async def validate(self, collection: str) -> list[str]:
        """
        What MongoDB itself finds wrong with a collection, its documents and its indexes.

        All of it is read, which may take long; who writes to it waits meanwhile.

        Raises:
            StoreUnreachable, StoreRefused: it was not read to its end; damage may be why.
        """
        with translated_errors(f"validate {collection}"), timeout(INDEXES_S):
            found = await self._db.command("validate", collection, full=True)
            # what is in use, or not on the disk yet, cannot be looked at below the documents
            if any(BUSY in str(each) for each in found.get("warnings", ())):
                found = await self._db.command("validate", collection)
        wrong = [*found.get("errors", ())]
        for name, index in found.get("indexDetails", {}).items():
            wrong += [f"index {name}: {each}" for each in index.get("errors", ())]
        if not found.get("valid"):
            wrong += [*found.get("warnings", ())] or ["it is not valid"]
        return [" ".join(str(each).split())[:300] for each in wrong]

    async def size_bytes(self) -> int:
        """What the database takes on disk, indexes included."""
        with translated_errors("measure the database"):
            await self._client.admin.command("fsync")
            stats = await self._db.command("dbStats")
        return int(stats["storageSize"]) + int(stats["indexSize"])


async def needing_care(store: Store, scenario_ids: Iterable[str]) -> list[Care]:
    """The scenarios among these that need care, the longest first."""
    histories = {each: await store.attempts.latest(each, HISTORY) for each in scenario_ids}
    return care_list(histories)
