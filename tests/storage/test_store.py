"""What is stored is what was seen: real mongod, real GridFS, another client beside ours."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import inspect
import re
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import WriteError

from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.models import Attempt, Evidence, EvidenceFile, Run, Served, Verdict
from fleet.storage.collections.attempts import StoredAttempts
from fleet.storage.store import Store
from tests.storage.databases import own_database

AT = datetime(2026, 11, 20, 8, 30, 15, 123000, tzinfo=UTC)
CHUNK = 255 * 1024
BIG = bytes(range(256)) * (3 * CHUNK // 256 + 7)  # four chunks

Documents = dict[str, Any]


def file_of(content: bytes, kind: str = "picture") -> EvidenceFile:
    evidence = Evidence(
        kind=kind,  # type: ignore[arg-type]
        step=0,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        taken_at=AT,
        url="http://evry.localhost/",
        title="Préfecture",
    )
    return EvidenceFile(evidence=evidence, content=content)


def attempt_of(*files: EvidenceFile, **changes: Any) -> Attempt:
    fields: Documents = {
        "id": uuid.uuid4().hex,
        "run_id": "run",
        "scenario_id": "91/titre-de-sejour",
        "scenario_version": "0123456789ab",
        "department": "91",
        "flow": "titre-de-sejour",
        "control": False,
        "url": "http://evry.localhost/booking/create/99101",
        "ruleset": "1",
        "number": 1,
        "verdict": Verdict.SLOTS,
        "group": Verdict.SLOTS.group,
        "detail": "offre « Étape suivante », œuf",
        "signs": ("text", "url"),
        "first_dates": (date(2026, 11, 26), date(2026, 11, 27)),
        "slot_count": 2,
        "started_at": AT,
        "seconds": 1.25,
        "served": (Served(url="http://evry.localhost/", status=200, at=AT),),
        "dialogs": (),
        "notes": (),
        "evidence": tuple(file.evidence for file in files),
        "chromium_version": "156.0",
        "fleet_version": "0.1.0",
        **changes,
    }
    return Attempt(**fields)


class Beside:
    """A database as another program sees it, with a store of ours in it."""

    def __init__(self, url: str, name: str, client: AsyncIOMotorClient[Documents]) -> None:
        self.url, self.name = url, name
        self.db = client[name]
        self.files, self.chunks = self.db["evidence.files"], self.db["evidence.chunks"]

    async def open(self) -> Store:
        return await Store.open(self.url, self.name)


@pytest.fixture
async def beside(mongodb_url: str) -> AsyncIterator[Beside]:
    client: AsyncIOMotorClient[Documents] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    async with own_database(mongodb_url) as name:
        yield Beside(mongodb_url, name, client)
    client.close()


async def stored(store: Store) -> list[Attempt]:
    return [attempt async for attempt in store.attempts.find()]


async def test_an_attempt_is_read_back_equal_in_every_field(store: Store) -> None:
    attempt = attempt_of()

    await store.attempts.add(attempt, [])

    assert await stored(store) == [attempt]


async def test_adding_the_same_attempt_twice_keeps_one(store: Store) -> None:
    attempt = attempt_of(file_of(b"png"))

    await store.attempts.add(attempt, [file_of(b"png")])
    await store.attempts.add(attempt, [file_of(b"png")])

    assert await stored(store) == [attempt]


async def test_an_attempt_whose_file_is_refused_cannot_be_read(beside: Beside) -> None:
    """Files first, then the attempt: nobody reads an attempt that lacks its evidence."""
    async with await beside.open() as store:
        # the server itself refuses the second file
        await beside.db.create_collection("evidence.files", validator={"length": {"$ne": 6}})
        good, bad = file_of(b"good"), file_of(b"refuse")

        with pytest.raises(StoreRefused, match="could not keep attempt"):
            await store.attempts.add(attempt_of(good, bad), [good, bad])

        assert await stored(store) == []


async def test_the_same_picture_is_stored_once_under_its_hash(beside: Beside) -> None:
    picture = file_of(BIG)
    async with await beside.open() as store:
        for _ in range(3):
            await store.attempts.add(attempt_of(picture), [picture])

        assert [f["_id"] async for f in beside.files.find()] == [picture.evidence.sha256]
        assert await beside.chunks.count_documents({}) == 4
        assert await store.evidence(picture.evidence.sha256) == BIG


async def test_twenty_coroutines_that_add_one_picture_store_it_once(beside: Beside) -> None:
    picture = file_of(BIG)
    async with await beside.open() as store:
        await asyncio.gather(
            *(store.attempts.add(attempt_of(picture), [picture]) for _ in range(20))
        )

        assert await beside.files.count_documents({}) == 1
        assert await beside.chunks.count_documents({}) == 4
        assert len(await stored(store)) == 20
        assert await store.evidence(picture.evidence.sha256) == BIG


async def test_many_stores_that_add_one_picture_at_once_store_it_once(beside: Beside) -> None:
    """Other processes share no lock with us: GridFS itself must settle who writes."""
    pictures = [file_of(BIG + bytes([n])) for n in range(5)]
    stores = [await beside.open() for _ in range(6)]

    for picture in pictures:
        await asyncio.gather(
            *(store.attempts.add(attempt_of(picture), [picture]) for store in stores)
        )

    assert await beside.files.count_documents({}) == 5
    assert await beside.chunks.count_documents({}) == 20
    assert len(await stored(stores[0])) == 30
    for picture in pictures:
        assert await stores[0].evidence(picture.evidence.sha256) == picture.content
    for store in stores:
        store.close()


WRITER = """
import asyncio, sys
from fleet.storage.store import Store
from tests.storage.test_store import BIG, attempt_of, file_of

async def main():
    async with await Store.open(sys.argv[1], sys.argv[2]) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        for n in range(10):
            picture = file_of(BIG + b"%d" % n)
            await store.attempts.add(attempt_of(picture), [picture])

asyncio.run(main())
"""


async def test_two_processes_that_add_the_same_pictures_store_each_once(beside: Beside) -> None:
    writers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WRITER, beside.url, beside.name),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout
        assert await writer.stdout.readline() == b"ready\n"
    ended = await asyncio.gather(*(writer.communicate(b"go\n") for writer in writers))

    assert [writer.returncode for writer in writers] == [0, 0], ended
    assert await beside.files.count_documents({}) == 10
    assert await beside.chunks.count_documents({}) == 40
    assert await beside.db.attempts.count_documents({}) == 20


async def leave_chunks(beside: Beside, picture: EvidenceFile, age: timedelta) -> None:
    """What a writer leaves that died `age` ago, before it wrote the file's entry."""
    await beside.chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
    for n in range(2):
        made = ObjectId.from_datetime(datetime.now(UTC) - age).binary[:4]
        await beside.chunks.insert_one(
            {
                "_id": ObjectId(made + ObjectId().binary[4:]),
                "files_id": picture.evidence.sha256,
                "n": n,
                "data": b"half",
            }
        )


async def test_chunks_of_a_writer_that_died_are_swept_and_the_upload_succeeds(
    beside: Beside,
) -> None:
    picture = file_of(BIG)
    async with await beside.open() as store:
        await leave_chunks(beside, picture, timedelta(minutes=5))

        await store.attempts.add(attempt_of(picture), [picture])

        assert await store.evidence(picture.evidence.sha256) == BIG
        assert await beside.chunks.count_documents({}) == 4


async def test_the_chunks_of_a_writer_at_work_are_left_alone(beside: Beside) -> None:
    """Its first chunk may be old already: a large file on a slow line."""
    picture = file_of(BIG)
    async with await beside.open() as store:
        await leave_chunks(beside, picture, timedelta(minutes=5))
        await beside.chunks.insert_one(
            {"files_id": picture.evidence.sha256, "n": 2, "data": b"young"}
        )

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(store.attempts.add(attempt_of(picture), [picture]), 1)

        assert await beside.chunks.count_documents({}) == 3
        assert await stored(store) == []


async def test_damaged_bytes_are_told_and_not_handed_out(beside: Beside) -> None:
    picture = file_of(b"a picture")
    async with await beside.open() as store:
        await store.attempts.add(attempt_of(picture), [picture])
        await beside.chunks.update_one({}, {"$set": {"data": b"a Picture"}})

        with pytest.raises(StoreRefused, match="damaged"):
            await store.evidence(picture.evidence.sha256)


@pytest.mark.parametrize("harm", ["not gzip", "cut", "chunk lost"])
async def test_damaged_html_is_told_and_not_handed_out(beside: Beside, harm: str) -> None:
    page = file_of("<p>préfecture</p>".encode() * 100, "html")
    async with await beside.open() as store:
        await store.attempts.add(attempt_of(page), [page])
        chunk = await beside.chunks.find_one({})
        assert chunk
        if harm == "chunk lost":
            await beside.chunks.delete_many({})
        else:
            bad = b"x" * len(chunk["data"])
            if harm == "cut":
                bad = chunk["data"][:-20] + b"\0" * 20
            await beside.chunks.update_one({}, {"$set": {"data": bad}})

        with pytest.raises(StoreRefused, match=page.evidence.sha256):
            await store.evidence(page.evidence.sha256)


async def test_html_is_compressed_on_disk_and_read_back_byte_for_byte(beside: Beside) -> None:
    content = b"<p>Il n'existe plus de plage horaire libre\r\n</p>" * 500
    page = file_of(content, "html")
    async with await beside.open() as store:
        await store.attempts.add(attempt_of(page), [page])

        kept = await beside.files.find_one({})
        chunk = await beside.chunks.find_one({})
        assert kept
        assert chunk
        assert kept["length"] < len(content) / 10
        assert gzip.decompress(chunk["data"]) == content
        assert await store.evidence(page.evidence.sha256) == content


async def test_an_unknown_hash_is_bad_input(store: Store) -> None:
    with pytest.raises(BadInput, match="expected the 64 hexadecimal digits"):
        await store.evidence("0" * 64)


WRONG = {
    "verdict": "available",
    "group": "fine",
    "started_at": "2026-11-20",
    "scenario_id": "Essonne",
    "number": 0,
    "evidence": [{"kind": "picture"}],
    "surprise": True,
}


async def test_the_server_itself_refuses_an_attempt_with_a_wrong_field(beside: Beside) -> None:
    """A program that does not go through `Store` cannot spoil the records."""
    (await beside.open()).close()
    right = attempt_of().to_document()

    taken = [field for field in WRONG if await takes(beside, {**right, field: WRONG[field]})]

    assert taken == []
    assert await takes(beside, right)


async def takes(beside: Beside, document: dict[str, Any]) -> bool:
    """Whether the server takes it; if not, for what it is."""
    try:
        await beside.db.attempts.insert_one(document)
    except WriteError as exc:
        if exc.code == FAILED_VALIDATION:
            return False
        raise
    return True


FAILED_VALIDATION = 121
"""MongoDB's code for « Document failed validation »."""

REQUIRED = sorted(n for n, f in Attempt.model_fields.items() if f.is_required() and n != "id")


async def test_the_server_refuses_an_attempt_that_lacks_a_field(beside: Beside) -> None:
    (await beside.open()).close()
    whole = attempt_of().to_document()

    lacking = {field: {k: v for k, v in whole.items() if k != field} for field in REQUIRED}
    taken = [field for field, document in lacking.items() if await takes(beside, document)]

    assert len(REQUIRED) > 20
    assert taken == []
    assert await takes(beside, whole)


async def test_fleets_that_open_a_new_database_at_once_all_open_it(mongodb_url: str) -> None:
    async with own_database(mongodb_url) as name:
        opened = await asyncio.gather(*(Store.open(mongodb_url, name) for _ in range(24)))

    assert len(opened) == 24
    for each in opened:
        each.close()


async def test_the_validator_is_still_there_when_the_database_is_opened_again(
    beside: Beside,
) -> None:
    await beside.db.create_collection("attempts")  # of an older fleet, without one
    (await beside.open()).close()

    with pytest.raises(WriteError):
        await beside.db.attempts.insert_one({"verdict": "available"})


def index_of(plan: Documents) -> str:
    """The index of a winning plan without a sort in memory; fails if there is one."""
    assert plan["stage"] not in ("COLLSCAN", "SORT"), plan
    return str(plan["indexName"]) if plan["stage"] == "IXSCAN" else index_of(plan["inputStage"])


@pytest.mark.parametrize("field", ["scenario_id", "verdict", "department"])
async def test_attempts_of_one_kind_by_time_are_found_through_an_index(
    beside: Beside, field: str
) -> None:
    async with await beside.open() as store:
        other = {
            "scenario_id": "63/titre-de-sejour",
            "verdict": Verdict.NO_SLOTS,
            "department": "63",
        }
        for n in range(20):
            at = AT + timedelta(minutes=n)
            changes = {field: other[field]} if n % 5 else {}
            await store.attempts.add(attempt_of(started_at=at, **changes), [])
        query = {field: attempt_of().to_document()[field], "started_at": {"$gte": AT}}

        plan = await beside.db.attempts.find(query).sort("started_at", 1).explain()

    assert index_of(plan["queryPlanner"]["winningPlan"]).startswith(f"{field}_1_started_at_-1")


async def test_attempts_are_read_oldest_first_from_since_and_before_until(store: Store) -> None:
    attempts = [attempt_of(started_at=AT + timedelta(hours=n)) for n in (3, 1, 2, 0)]
    for attempt in attempts:
        await store.attempts.add(attempt, [])

    got = [
        a.started_at - AT
        async for a in store.attempts.find(
            since=AT + timedelta(hours=1), until=AT + timedelta(hours=3)
        )
    ]

    assert got == [timedelta(hours=1), timedelta(hours=2)]


def test_no_verb_of_the_store_changes_or_removes_an_attempt() -> None:
    def verbs(of: type) -> set[str]:
        return {name for name, _ in inspect.getmembers(of, callable) if not name.startswith("_")}

    assert verbs(StoredAttempts) == {"prepare", "add", "find", "latest"}
    assert verbs(Store) == {
        *("open", "close", "version", "size_bytes", "lease"),
        *("evidence", "evidence_kind", "evidence_parts", "evidence_size_bytes", "prove_evidence"),
        *("find_damage", "collections", "validate"),
    }
    source = inspect.getsource(StoredAttempts) + inspect.getsource(Store)
    for name in ("update", "replace", "delete", "remove", "drop", "rename", "bulk_write"):
        assert f"attempts.{name}" not in source


async def test_a_run_is_written_when_it_begins_and_again_when_it_ends(store: Store) -> None:
    run = Run(
        id="r",
        started_at=AT,
        scenario_ids=("91/titre-de-sejour",),
        times=1,
        fleet_version="0.1.0",
        chromium_version="156",
    )
    await store.runs.keep(run)
    ended = run.model_copy(update={"ended_at": AT + timedelta(minutes=1), "attempts": 1})

    await store.runs.keep(ended)

    assert (await store.queries.runs()).items == (ended,)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("mongodb://user:hun/ter2@localhost/", "percent-encoded"),
        ("mongodb://user:123/ter2@localhost/", "percent-encoded"),
        ("mongodb://user:123?ter2@localhost/", "percent-encoded"),
        ("mongodb://user:hun%ter2@localhost/", "percent-encoded"),
        ("mongodb://user:hun@ter2@localhost/", "percent-encoded"),
        ("mongodb://user:hunter2@localhost:port/", "[Pp]ort"),
        ("mongodb://user:hunter2@localhost/?tls=maybe", "tls"),
        ("mongodb://user:hunter2@localhost/?passwort=hunter2", "passwort"),
        ("mongodb://", "host"),
    ],
)
async def test_a_malformed_address_is_told_without_its_password(address: str, words: str) -> None:
    with pytest.raises(BadInput, match=words) as told:
        await Store.open(address, "test")

    assert not re.search("hun|ter2|123", str(told.value))


async def test_a_user_whom_mongodb_refuses_is_told_without_the_password(mongodb_url: str) -> None:
    with pytest.raises(StoreUnreachable, match="refuses the user of FLEET_MONGODB_URL") as told:
        await Store.open(mongodb_url.replace("//", "//fleet:hunter2@"), "test")

    assert "hunter2" not in str(told.value)
