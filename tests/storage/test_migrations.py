"""The schema version of a database: kept, brought up step by step, never read if newer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from fleet.analysis.rates import Counts
from fleet.errors import StoreRefused
from fleet.models import Verdict
from fleet.models.query import Period
from fleet.storage.backup import DUMP_FILE, Dumps
from fleet.storage.migrations import SchemaVersion
from fleet.storage.store import Store
from tests.cli.test_cli import fleet
from tests.storage.databases import own_database
from tests.storage.figures.test_rollups import AT, add, attempt_at
from tests.storage.test_backup import filled

Database = AsyncIOMotorDatabase[dict[str, Any]]


async def one(db: Database) -> None:
    await db.notes.update_many({"a": {"$exists": True}}, {"$rename": {"a": "b"}})


async def two(db: Database) -> None:
    await db.notes.update_many({"b": 1}, {"$set": {"b": "one"}})


async def cut_off(db: Database) -> None:
    raise ConnectionError("the server is gone")


@pytest.fixture
async def db(mongodb_url: str) -> AsyncIterator[Database]:
    """A database in use, made before there were versions; its note has the first shape."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongodb_url)
    async with own_database(mongodb_url) as name:
        found = client[name]
        await found.attempts.insert_one({"_id": "an attempt"})
        await found.notes.insert_one({"_id": 1, "a": 1})
        yield found
    client.close()


async def note(db: Database) -> dict[str, Any] | None:
    return await db.notes.find_one({}, {"_id": 0})


async def test_an_older_database_is_brought_up_step_by_step_and_once(db: Database) -> None:
    await SchemaVersion(db, [one]).migrate()
    between = await note(db)
    await SchemaVersion(db, [one, two]).migrate()
    await db.notes.insert_one({"_id": 2, "a": 1})  # a step that ran again would rename this
    await SchemaVersion(db, [one, two]).migrate()

    assert between == {"b": 1}
    assert await note(db) == {"b": "one"}
    assert await db.notes.find_one({"_id": 2}) == {"_id": 2, "a": 1}
    assert await SchemaVersion(db, ()).version() == 3


async def test_an_upgrade_that_was_cut_off_goes_on_where_it_was(db: Database) -> None:
    with pytest.raises(ConnectionError):
        await SchemaVersion(db, [one, cut_off]).migrate()
    left = await SchemaVersion(db).version()
    await SchemaVersion(db, [cut_off, two]).migrate()

    assert left == 2
    assert await note(db) == {"b": "one"}


async def test_an_empty_database_needs_no_step(db: Database) -> None:
    await db.attempts.delete_many({})

    await SchemaVersion(db, [cut_off]).migrate()

    assert await SchemaVersion(db).version() == 2


async def test_who_may_only_read_reads_neither_an_older_nor_a_newer_one(db: Database) -> None:
    await SchemaVersion(db, ()).check_readable()
    with pytest.raises(StoreRefused, match="schema version 1, this fleet reads 2: start"):
        await SchemaVersion(db, [one]).check_readable()
    await SchemaVersion(db).set(3)
    with pytest.raises(StoreRefused, match="made by a newer fleet; this one knows up to 2"):
        await SchemaVersion(db, [one]).check_readable()


async def test_a_database_or_a_backup_of_a_newer_fleet_is_left_as_it_is(
    database: dict[str, str], tmp_path: Path
) -> None:
    await filled(database)
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(database["FLEET_MONGODB_URL"])
    schema = SchemaVersion(client[database["FLEET_DATABASE"]])
    made = await fleet("backup", tmp_path / "backup", **database)
    kept = await schema.version()
    said = (tmp_path / "backup" / DUMP_FILE).read_text()
    newer = said.replace(f'"schema_version": {schema.newest}', '"schema_version": 7')
    (tmp_path / "backup" / DUMP_FILE).write_text(newer)

    backup = await fleet("restore", tmp_path / "backup", "--replace", **database)
    await schema.set(7)
    opened = await fleet("rollup", "--check", **database)
    client.close()

    assert made.code == 0
    assert kept == schema.newest
    assert newer != said
    assert backup.code == opened.code == 3, (backup, opened)
    assert "the backup" in backup.err
    assert "has schema version 7, made by a newer fleet" in backup.err
    assert f"the database {database['FLEET_DATABASE']} has schema version 7" in opened.err


async def test_a_backup_of_an_older_fleet_is_brought_up(db: Database, tmp_path: Path) -> None:
    await Dumps(db, SchemaVersion(db, ())).write(tmp_path, "0.0")
    schema = SchemaVersion(db, [one])

    await Dumps(db, schema).read(tmp_path, replace=True)

    assert await schema.version() == 2
    assert await note(db) == {"b": 1}


async def test_roll_ups_that_counted_the_last_attempts_are_made_anew(store: Store) -> None:
    """As an older fleet left them: without what was drawn, and a retry in the rate."""
    first = attempt_at(AT, Verdict.OVERLOAD, run_id="r")
    again = attempt_at(AT + timedelta(minutes=1), Verdict.SLOTS, run_id="r", number=2)
    await add(store, first, again)
    db = store._db
    await db.rollups.update_many({}, {"$unset": {"drawn": 1, "retries": 1, "retry_answers": 1}})
    await db.rollups.update_many({}, {"$set": {"verdicts": {"slots": 1}, "seen": 99}})
    await db.department_rollups.update_many({}, {"$unset": {"foreigners_by_hand": 1}})
    await db.schema.update_one({"_id": "version"}, {"$set": {"number": 1}})

    await SchemaVersion(db).migrate()

    assert (await store.rollups.check()).differences == ()
    period = Period(first=AT.date(), last=AT.date())
    (halves,) = (await store.figures.overview(period)).values()
    assert halves.foreigners == Counts({Verdict.OVERLOAD: 1}, retried=1, retry_answers=1)
