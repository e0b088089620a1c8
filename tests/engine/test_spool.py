"""What was put into the spool is there once and whole, whatever is killed, full or damaged."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import resource
import subprocess
import sys
import uuid
import zipfile
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.engine.in_progress import VisitMarks
from fleet.engine.reconciliation import Reconciliation
from fleet.engine.spool import TWICE, Spool
from fleet.engine.spool_format import pack, read_item
from fleet.errors import BadInput, DamagedItem, SpoolFull, StoreRefused, StoreUnreachable
from fleet.models import Attempt, Verdict
from fleet.models.attempt import Capture
from fleet.models.missed import MissedVisit, MissReason
from fleet.practice import PREFECTURES
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store
from tests.conftest import scenario_of
from tests.storage.databases import own_database
from tests.storage.test_embedded import servers_of, small_disk
from tests.storage.test_store import AT, attempt_of, file_of

PLENTY = 1_000_000_000

MISSED = MissedVisit(
    scenario_id="91/titre-de-sejour",
    department="91",
    control=False,
    due_at=AT,
    why=MissReason.COOLING,
    detail="evry.localhost is left alone",
    noted_at=AT,
)


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with spool_in(tmp_path / "spool") as own:
        yield own


@contextlib.contextmanager
def spool_in(folder: Path) -> Iterator[Spool]:
    own = Spool(folder, max_bytes=PLENTY, free_bytes=0)
    own.open()
    try:
        yield own
    finally:
        own.close()


@pytest.fixture
async def beside(mongodb_url: str) -> AsyncIterator[Any]:
    """The database `beside`, as another program sees it."""
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(mongodb_url)
    async with own_database(mongodb_url) as name:
        yield client[name]
    client.close()


def kept(name: str = "a", **changes: object) -> Capture:
    files = [file_of(name.encode() * 1000), file_of(f"<html>{name}".encode(), "html")]
    return Capture(attempt_of(*files, **changes), files)


async def all_of(store: Store) -> list[Attempt]:
    return [attempt async for attempt in store.attempts.find()]


def items_in(folder: Path) -> list[Capture | MissedVisit]:
    """What lies in a spool, in order; fails if an item is not whole."""
    return [read_item(path) for path in files_of(folder)]


def files_of(folder: Path) -> list[Path]:
    """The files of a spool's items, in order; fails if anything else is there."""
    found = sorted(path for path in folder.iterdir() if path.is_file() and path.name != "lock")
    assert {path.suffix for path in found} <= {".zip"}
    return found


# What it keeps -------------------------------------------------------------------------------


async def test_attempts_and_missed_visits_come_into_the_store_as_they_were(
    spool: Spool, store: Store, tmp_path: Path
) -> None:
    item = kept()
    await spool.put(item)
    await spool.put(MISSED)
    assert (spool.waiting, spool.oldest is not None) == (2, True)

    seen: list[Attempt] = []

    async def stored(attempt: Attempt) -> None:
        seen.append(attempt)

    await spool.drain(store, stored)

    assert await all_of(store) == [item.attempt] == seen
    for file in item.files:
        assert await store.evidence(file.evidence.sha256) == file.content
    assert await store.missed_visits.of(None, AT, AT + timedelta(days=1)) == [MISSED]
    assert (spool.waiting, spool.bytes, spool.oldest) == (0, 0, None)
    assert [p.name for p in (tmp_path / "spool").iterdir()] == ["lock"]


async def test_an_item_is_a_zip_that_anybody_can_open(spool: Spool, tmp_path: Path) -> None:
    item = kept()
    await spool.put(item)

    (path,) = (tmp_path / "spool").glob("*.zip")
    with zipfile.ZipFile(path) as pack:
        assert Attempt.model_validate_json(pack.read("attempt.json")) == item.attempt
        assert {n for n in pack.namelist() if n != "attempt.json"} == {
            file.evidence.sha256 for file in item.files
        }


async def test_items_keep_their_order_across_a_restart_and_a_clock_set_back(
    store: Store, tmp_path: Path
) -> None:
    ahead = 9_999_999_999_998  # the name of an item from a time when the clock was wrong
    items = [kept("ahead"), kept("next"), kept("after the restart")]
    (tmp_path / f"{ahead}-attempt.zip").write_bytes(pack(items[0]))
    with spool_in(tmp_path) as spool:
        await spool.put(items[1])
    with spool_in(tmp_path) as spool:
        await spool.put(items[2])
        order: list[str] = []

        async def stored(attempt: Attempt) -> None:
            order.append(attempt.id)

        await spool.drain(store, stored)

    assert order == [item.attempt.id for item in items]


@given(data=st.data())
@settings(deadline=None, max_examples=150, derandomize=True)
def test_what_is_read_is_what_was_put_whatever_a_page_says(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = st.text(max_size=40)
    attempt = attempt_of(
        detail=data.draw(text),
        signs=tuple(data.draw(st.lists(text, max_size=3))),
        facts=data.draw(st.dictionaries(text, text, max_size=3)),
        seconds=data.draw(st.floats(0, 1e9)),
        due_at=data.draw(st.none() | st.just(AT)),
    )
    path = tmp_path_factory.getbasetemp() / "any.zip"
    path.write_bytes(pack(Capture(attempt, ())))

    assert read_item(path) == Capture(attempt, [])


ITEM = kept("h")
WHOLE = pack(ITEM)
SIZE = len(WHOLE)
DIRECTORY = WHOLE.index(b"PK\1\2")
"""Where the zip's own directory begins, which has names, sizes and ways of packing."""


@given(
    changes=st.lists(
        st.tuples(st.integers(0, SIZE - 1) | st.integers(DIRECTORY, SIZE - 1), st.integers(0, 255)),
        max_size=3,
    )
)
@settings(deadline=None, max_examples=400, derandomize=True)
def test_bytes_that_changed_are_noticed_or_harmless(
    changes: list[tuple[int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    content = bytearray(WHOLE)
    for place, byte in changes:
        content[place] = byte
    path = tmp_path_factory.getbasetemp() / "changed.zip"
    path.write_bytes(content)

    with contextlib.suppress(DamagedItem):
        assert read_item(path) == ITEM


def test_an_end_that_is_missing_or_zeros_is_noticed(tmp_path: Path) -> None:
    """What a power failure may leave of a file that was not synced."""
    for length in range(0, SIZE, 41):
        for end in (b"", bytes(SIZE - length)):
            if WHOLE[:length] + end == WHOLE:  # it ends with zeros
                continue
            (tmp_path / "cut.zip").write_bytes(WHOLE[:length] + end)
            with pytest.raises(DamagedItem):
                read_item(tmp_path / "cut.zip")


def test_a_file_whose_evidence_was_exchanged_is_damaged(tmp_path: Path) -> None:
    """A sound zip, so that only the hash can tell."""
    (tmp_path / "whole.zip").write_bytes(WHOLE)
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(tmp_path / "whole.zip") as whole, zipfile.ZipFile(other, "w") as changed:
        for name in whole.namelist():
            changed.writestr(name, whole.read(name) + (b"" if name.endswith(".json") else b"!"))

    with pytest.raises(DamagedItem, match=r"its file [0-9a-f]{64} has other bytes"):
        read_item(other)


async def test_another_fleet_cannot_take_the_same_folder(spool: Spool, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=rf"another fleet \(process {os.getpid()}\)"):
        Spool(tmp_path / "spool", max_bytes=1, free_bytes=0).open()


async def test_a_folder_that_cannot_be_one_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BadInput, match=r"file/spool cannot be used: Not a directory"):
        Spool(tmp_path / "file" / "spool", max_bytes=1, free_bytes=0).open()


async def test_items_put_at_once_have_one_order(spool: Spool, store: Store, tmp_path: Path) -> None:
    items = [kept(str(n)) for n in range(10)]
    order: list[str] = []

    async def stored(attempt: Attempt) -> None:
        order.append(attempt.id)

    await asyncio.gather(*(spool.put(item) for item in items))
    assert items_in(tmp_path / "spool") == items
    await spool.drain(store, stored)

    assert order == [item.attempt.id for item in items]


# What MongoDB does not take ------------------------------------------------------------------


async def test_what_mongodb_never_takes_and_what_is_damaged_stand_in_nobodys_way(
    store: Store, tmp_path: Path
) -> None:
    with spool_in(tmp_path) as spool:
        await spool.put(kept("refused", scenario_id="no scenario at all"))
        large = kept("too large", notes=("x" * 500,) * 40_000)
        await spool.put(large)
        await spool.put(kept("damaged"))
        good = kept("good")
        await spool.put(good)
        damaged = files_of(tmp_path)[2]
        content = bytearray(damaged.read_bytes())
        content[content.index(b"damaged" * 10)] ^= 1
        damaged.write_bytes(content)

        await spool.drain(store)

        stored = {each.id: each for each in await all_of(store)}
        assert stored.keys() == {large.attempt.id, good.attempt.id}
        assert stored[good.attempt.id] == good.attempt
        bare = stored[large.attempt.id]
        assert bare.due_at == large.attempt.due_at
        assert bare.verdict is Verdict.CRASHED
        assert "what was seen cannot be kept: StoreNeverTakes" in bare.detail
        assert (spool.waiting, spool.refused, spool.damaged) == (0, 2, 1)
    assert [p.name for p in (tmp_path / "damaged").iterdir()] == [damaged.name]
    with spool_in(tmp_path) as again:
        assert (again.refused, again.damaged) == (2, 1)


async def test_what_was_set_aside_is_not_overwritten_by_later_ones(
    store: Store, tmp_path: Path
) -> None:
    """Not even where a person has put it."""
    items = [kept(name, scenario_id="no scenario at all") for name in "abcd"]
    person = tmp_path / "person"
    person.mkdir()
    for item in items:
        with spool_in(tmp_path / "spool") as spool:  # empty at each start
            await spool.put(item)
            await spool.drain(store)
        if item in items[:2]:
            (path,) = files_of(tmp_path / "spool" / "refused")
            path.rename(person / path.name)

    assert items_in(person) == items[:2]
    assert items_in(tmp_path / "spool" / "refused") == items[2:]


async def test_a_missed_visit_that_mongodb_never_takes_is_set_aside_too(
    spool: Spool, beside: Any, mongodb_url: str
) -> None:
    await beside.create_collection("missed", validator={"department": {"$ne": "91"}})
    async with await Store.open(mongodb_url, beside.name) as store:
        await spool.put(MISSED)

        await spool.drain(store)

    assert (spool.waiting, spool.refused) == (0, 1)


async def test_what_mongodb_refuses_for_its_own_reasons_stays_in_its_place(
    spool: Spool, beside: Any, mongodb_url: str
) -> None:
    """Here the collection is a view meanwhile, into which nothing can be written."""
    first, second = kept("first"), kept("second")
    async with await Store.open(mongodb_url, beside.name) as store:
        await beside.attempts.rename("aside")
        await beside.create_collection("attempts", viewOn="aside", pipeline=[])
        await spool.put(first)
        await spool.put(second)

        with pytest.raises(StoreRefused):
            await spool.drain(store)

        assert (spool.waiting, spool.refused) == (2, 0)
        await beside.attempts.drop()
        await beside.aside.rename("attempts")
        await spool.drain(store)
        assert {a.id for a in await all_of(store)} == {first.attempt.id, second.attempt.id}


async def test_an_item_that_somebody_took_away_stands_in_nobodys_way(
    store: Store, tmp_path: Path
) -> None:
    with spool_in(tmp_path) as spool:
        await spool.put(kept("gone"))
        files_of(tmp_path)[0].unlink()
        there = kept("there")
        await spool.put(there)

        await spool.drain(store)

    assert await all_of(store) == [there.attempt]


async def test_of_two_attempts_for_one_due_time_the_first_counts_and_the_other_is_set_aside(
    spool: Spool, store: Store, tmp_path: Path
) -> None:
    first, double = kept("one", due_at=AT), kept("two", due_at=AT)
    retry = kept("three", due_at=AT, number=2)
    by_hand = [kept("four"), kept("five")]  # without a due time nothing is a double
    for item in (first, double, retry, *by_hand):
        await spool.put(item)
    told: list[str] = []

    async def stored(attempt: Attempt) -> None:
        told.append(attempt.id)

    await spool.drain(store, stored)

    assert told == [item.attempt.id for item in (first, retry, *by_hand)]
    assert sorted(a.id for a in await all_of(store)) == sorted(told)
    (aside,) = items_in(tmp_path / "spool" / TWICE)
    assert (aside, spool.twice, spool.waiting) == (double, 1, 0)


async def test_an_attempt_that_comes_late_takes_away_that_it_was_missed(store: Store) -> None:
    """Whatever comes first: the note, the attempt, or the note of who did not know of it."""
    late = kept(due_at=AT, started_at=AT + timedelta(seconds=2)).attempt
    unwatched = MISSED.model_copy(
        update={"scenario_id": late.scenario_id, "why": MissReason.UNWATCHED}
    )
    interrupted = unwatched.model_copy(update={"why": MissReason.INTERRUPTED})

    async def noted() -> list[MissReason]:
        return [m.why for m in await store.missed_visits.of(None, AT, AT + timedelta(days=1))]

    await store.missed_visits.add([unwatched])
    await store.missed_visits.add([interrupted])
    assert await noted() == [MissReason.INTERRUPTED], "who knows more is believed"
    await store.missed_visits.add([unwatched])
    assert await noted() == [MissReason.INTERRUPTED]

    await store.attempts.add(late, kept().files)
    assert await noted() == []
    await store.missed_visits.add([unwatched, interrupted])
    assert await noted() == []


async def test_a_due_time_whose_file_is_damaged_is_lost_and_not_unwatched(
    store: Store, tmp_path: Path
) -> None:
    """Also after a restart, and also if the file is all zeros; unless it is found after all."""
    plan = await store.watch_state.use_plan(timedelta(hours=1), timedelta(minutes=10), AT)
    scenario = scenario_of(PREFECTURES[0])
    due = plan.due(scenario.id, AT, AT + timedelta(days=3))[:4]
    await store.watch_state.set_reconciled([scenario.id], AT)
    missed = MissedVisit.of(scenario, due[3], MissReason.COOLING, "left alone", AT)
    good = kept("good", scenario_id=scenario.id, due_at=due[0])
    with spool_in(tmp_path / "spool") as spool:
        await spool.put(good)
        await spool.put(kept("bad", scenario_id=scenario.id, due_at=due[1]))
        await spool.put(missed)
        (_, second, third) = files_of(tmp_path / "spool")
        second.write_bytes(b"\0" * second.stat().st_size)
        third.write_bytes(third.read_bytes()[:40])
        await spool.drain(store)
    until = due[3] + timedelta(milliseconds=1)
    with spool_in(tmp_path / "spool") as spool:
        marks = VisitMarks(tmp_path / "begun")
        await Reconciliation(store, marks, lost=spool.lost).reconcile([scenario], until)

    found = await store.missed_visits.of(None, AT, until)
    assert {m.due_at: m.why for m in found} == {
        due[1]: MissReason.LOST,
        due[2]: MissReason.UNWATCHED,
        due[3]: MissReason.LOST,
    }


async def test_a_crash_between_storing_and_removing_doubles_nothing(
    spool: Spool, store: Store
) -> None:
    item = kept()
    await store.attempts.add(item.attempt, item.files)  # and then the fleet died
    await spool.put(item)

    await spool.drain(store)

    assert await all_of(store) == [item.attempt]


async def test_two_fleets_that_visit_one_due_time_at_once_count_once(
    beside: Any, mongodb_url: str
) -> None:
    async with (
        await Store.open(mongodb_url, beside.name) as one,
        await Store.open(mongodb_url, beside.name) as other,
    ):
        attempts = [attempt_of(due_at=AT) for _ in range(6)]

        kept = await asyncio.gather(
            *(
                store.attempts.add(a, [])
                for a, store in zip(attempts, (one, other) * 3, strict=True)
            )
        )

        assert kept.count(True) == 1
        assert await all_of(one) == [attempts[kept.index(True)]]


async def test_a_database_from_before_due_times_opens_with_all_its_attempts(
    beside: Any, mongodb_url: str
) -> None:
    old = [attempt_of() for _ in range(3)]
    for attempt in old:
        document = attempt.to_document()
        del document["due_at"]
        await beside.attempts.insert_one(document)

    async with await Store.open(mongodb_url, beside.name) as store:
        assert await store.attempts.add(attempt_of(due_at=AT), [])
        assert {a.id for a in await all_of(store)} >= {a.id for a in old}


@pytest.mark.process
async def test_a_mongod_killed_while_the_spool_empties_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    server = Mongod(tmp_path)
    items = [kept("the same picture", due_at=AT + timedelta(hours=n)) for n in range(12)]
    order: list[str] = []
    async with server as url, await Store.open(url, "kept") as store:
        with spool_in(tmp_path / "spool") as spool:
            for item in items:
                await spool.put(item)

            async def kill() -> None:
                await asyncio.sleep(random.uniform(0, 0.05))
                for process in servers_of(tmp_path):
                    process.kill()

            killing: list[asyncio.Task[None]] = []

            async def stored(attempt: Attempt) -> None:
                order.append(attempt.id)
                if len(order) == 3:
                    killing.append(asyncio.ensure_future(kill()))

            with pytest.raises(StoreUnreachable):
                await spool.drain(store, stored)
            await killing[0]
            late = kept("put while it is away")
            await spool.put(late)
            assert spool.waiting == len(items) + 1 - len(order)

            await server.revive()
            await spool.drain(store, stored)

            ids = [item.attempt.id for item in (*items, late)]
            assert order == ids
            assert sorted(a.id for a in await all_of(store)) == sorted(ids)
            assert (await store.rollups.check()).differences == ()
            for file in (*items[0].files, *late.files):
                assert await store.evidence(file.evidence.sha256) == file.content


async def test_what_is_put_while_the_spool_empties_is_stored_too(
    spool: Spool, store: Store
) -> None:
    items = [kept(str(n)) for n in range(8)]

    async def fill() -> None:
        for item in items[2:]:
            await spool.put(item)

    for item in items[:2]:
        await spool.put(item)
    await asyncio.gather(fill(), spool.drain(store), spool.drain(store))
    await spool.drain(store)

    assert sorted(a.id for a in await all_of(store)) == sorted(i.attempt.id for i in items)


async def test_a_drain_that_is_cancelled_anywhere_goes_on_later(spool: Spool, store: Store) -> None:
    items = [kept(f"{n} {uuid.uuid4()}") for n in range(6)]
    for item in items:
        await spool.put(item)
    latest_s = 0.03
    while spool.waiting > 2:
        draining = asyncio.ensure_future(spool.drain(store))
        await asyncio.sleep(random.uniform(0, latest_s))
        latest_s += 0.01  # on a busy machine none is stored in the time of the first
        draining.cancel()
        await asyncio.wait({draining})

    await spool.drain(store)

    assert sorted(a.id for a in await all_of(store)) == sorted(i.attempt.id for i in items)
    assert (spool.waiting, spool.damaged) == (0, 0)


async def test_a_put_that_is_cancelled_has_kept_it(store: Store, tmp_path: Path) -> None:
    item = kept()
    with spool_in(tmp_path) as spool:
        putting = asyncio.ensure_future(spool.put(item))
        await asyncio.sleep(0)  # it has begun
        putting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await putting

        assert items_in(tmp_path) == [item]
        assert spool.waiting == 1


# Full disks, kills ---------------------------------------------------------------------------


def test_room_is_told_by_what_waits_and_by_the_disk(tmp_path: Path) -> None:
    full = Spool(tmp_path / "a", max_bytes=0, free_bytes=0)
    full.open()
    assert "is full: 0 MB of 0 MB" in str(full.why_full())
    full.close()
    disk = Spool(tmp_path / "b", max_bytes=PLENTY, free_bytes=2**62)
    disk.open()
    assert "is nearly full" in str(disk.why_full())
    disk.close()


@pytest.mark.process
async def test_a_full_disk_is_told_and_what_was_kept_stays_whole(tmp_path: Path) -> None:
    items = [kept(f"{n} {'x' * 50}") for n in range(40)]
    with small_disk(tmp_path / "disk", 1) as disk, spool_in(disk / "spool") as spool:

        async def fill() -> None:
            for item in items:
                await spool.put(item)

        with pytest.raises(SpoolFull, match="No space left on device; nothing more can be kept"):
            await fill()
        taken = spool.waiting
        assert items_in(disk / "spool") == items[:taken]
        assert taken > 2

        files_of(disk / "spool")[0].unlink()  # room again
        await spool.put(items[taken])

        assert items_in(disk / "spool") == items[1 : taken + 1]


@contextlib.contextmanager
def no_file_longer_than(size_bytes: int) -> Iterator[None]:
    """This process may write no longer files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_disk_that_takes_half_of_an_item_keeps_none_of_it(tmp_path: Path) -> None:
    with spool_in(tmp_path) as spool:
        before, big, after = kept("before"), kept("big" * 200), kept("after")
        await spool.put(before)
        with (
            no_file_longer_than(100_000),
            pytest.raises(SpoolFull, match="File too large; nothing more can be kept"),
        ):
            await spool.put(big)
        await spool.put(after)

        assert items_in(tmp_path) == [before, after]
        assert spool.waiting == 2


LIVES = """
import asyncio, os, random, select, signal, sys
from pathlib import Path
from resource import RLIMIT_CORE, RLIMIT_FSIZE, setrlimit
from fleet.engine.spool import Spool
from tests.engine.test_spool import kept

async def life(out):
    spool = Spool(Path(sys.argv[1]), max_bytes=10**9, free_bytes=0)
    spool.open()
    while True:
        item = kept(os.urandom(8).hex())
        await spool.put(item)
        os.write(out, f"{item.attempt.id}\\n".encode())

for n in range(32):
    back, out = os.pipe()
    pid = os.fork()
    if not pid:
        if n % 4 == 0:  # the kernel kills it when its first file is half written
            setrlimit(RLIMIT_CORE, (0, 0))
            setrlimit(RLIMIT_FSIZE, (2000, 2000))
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
        asyncio.run(life(out))
    os.close(out)
    said = b"".join(os.read(back, 33) for _ in range(n % 4))  # it has come so far
    if n % 4:
        select.select([], [], [], random.uniform(0, 0.01))
        os.kill(pid, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) < 0
    while more := os.read(back, 33):
        said += more
    os.close(back)
    print(said.decode(), end="", flush=True)
"""


@pytest.mark.process
def test_fleets_killed_at_any_moment_lose_and_halve_and_double_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIVES, str(tmp_path)], capture_output=True, text=True, check=True
    )
    said = done.stdout.split()
    with spool_in(tmp_path) as spool:
        assert spool.waiting == len(files_of(tmp_path))

    ids = [item.attempt.id for item in items_in(tmp_path) if isinstance(item, Capture)]

    assert len(said) >= 48
    # what had returned is there, once and in order; one more of each life may not have been said
    assert [each for each in ids if each in set(said)] == said
    assert len(ids) == len(set(ids)) <= len(said) + 32
