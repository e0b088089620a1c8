"""Large files and many readers: never a whole file in memory for each, nothing read for nothing."""

from __future__ import annotations

import asyncio
import hashlib
import random
import tracemalloc
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx
import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from fleet.errors import StoreRefused
from fleet.models import Evidence, EvidenceFile, now
from fleet.storage.evidence_files import PART_BYTES
from fleet.storage.store import Store
from fleet.web.context import WebContext
from fleet.web.errors import EvidenceProblem
from fleet.web.limiter import RenderLimiter
from fleet.web.middleware.large_answers import LARGE_BYTES, LargeAnswers
from tests.storage.databases import own_store
from tests.web.conftest import client, serving

SIZE_BYTES = 3_000_000
MEDIA = {"picture": "image/png", "html": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class Shelf:
    """A server over two large files that are no pictures and no pages, and its database."""

    http: httpx.AsyncClient
    store: Store
    files: dict[Literal["picture", "html"], bytes]
    chunks: AsyncIOMotorClient[dict[str, object]]

    async def alter(self, sha256: str, n: int) -> None:
        """Change a chunk of a stored file, not its length."""
        chunks = self.chunks[self.store._db.name]["evidence.chunks"]
        found = await chunks.find_one({"files_id": sha256, "n": n})
        assert found
        data = bytes(found["data"])  # type: ignore[call-overload]
        await chunks.update_one(
            {"_id": found["_id"]}, {"$set": {"data": data[:-1] + bytes([data[-1] ^ 1])}}
        )


@pytest.fixture
async def shelf(mongodb_url: str, tmp_path: Path) -> AsyncIterator[Shelf]:
    mongo: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(mongodb_url)
    noise = random.Random(1).randbytes(SIZE_BYTES)
    files: dict[Literal["picture", "html"], bytes] = {
        "picture": noise,
        "html": noise[:1_000_000] + bytes(2_000_000),
    }
    async with own_store(mongodb_url) as store:
        for kind, content in files.items():
            evidence = Evidence(
                kind=kind,
                step=0,
                sha256=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
                taken_at=now(),
                url="http://x/",
                title="x",
                truncated=False,
            )
            await store._files.add(EvidenceFile(evidence=evidence, content=content))
        library = WebContext(
            store=store, queries=store.queries, scenarios={}, made_up=False, data_dir=tmp_path
        )
        async with serving(library) as url, client(url) as http:
            yield Shelf(http, store, files, mongo)
    mongo.close()


async def test_a_file_is_sent_in_parts_whole_or_some_of_it_and_nothing_is_read_for_a_head(
    shelf: Shelf,
) -> None:
    for kind, content in shelf.files.items():
        sha256 = hashlib.sha256(content).hexdigest()
        address = f"/preuve/{sha256}"
        head = await shelf.http.head(address)
        assert shelf.store._files.proved_size_bytes(sha256) is None
        whole = await shelf.http.get(address)
        assert shelf.store._files.proved_size_bytes(sha256) == SIZE_BYTES

        assert whole.content == content
        assert whole.headers["content-type"] == MEDIA[kind]
        for name in ("content-length", "content-type", "etag", "accept-ranges"):
            assert head.headers[name] == whole.headers[name]
        for start, stop in ((0, 1), (65_535, 65_537), (261_119, 522_241), (2_999_990, 3_000_000)):
            wanted = {"Range": f"bytes={start}-{stop - 1}"}
            part = await shelf.http.get(address, headers=wanted)
            assert (part.status_code, part.content) == (206, content[start:stop])
        parts = [len(each) async for each in shelf.store.evidence_parts(sha256)]
        assert max(parts) <= PART_BYTES


async def test_a_file_that_is_changed_after_it_was_proved_is_never_sent_whole(
    shelf: Shelf,
) -> None:
    sha256 = hashlib.sha256(shelf.files["picture"]).hexdigest()
    assert (await shelf.http.get(f"/preuve/{sha256}")).status_code == 200
    await shelf.alter(sha256, 5)

    with pytest.raises(httpx.RemoteProtocolError):
        await shelf.http.get(f"/preuve/{sha256}")
    again = await shelf.http.get(f"/preuve/{sha256}")
    assert (again.status_code, "Fichier abîmé" in again.text) == (503, True)
    assert (await shelf.http.get(f"/api/evidence/{sha256}")).status_code == 503


async def test_whatever_is_altered_in_a_file_or_its_entry_is_damage(shelf: Shelf) -> None:
    names = {kind: hashlib.sha256(each).hexdigest() for kind, each in shelf.files.items()}
    entries = shelf.chunks[shelf.store._db.name]["evidence.files"]
    chunks = shelf.chunks[shelf.store._db.name]["evidence.chunks"]
    for changed in (
        *({"length": "x"}, {"length": 2**60}, {"length": 10}, {"length": 0}),
        *({"chunkSize": 0}, {"chunkSize": 7}, {"metadata.encoding": "gzip"}),
    ):
        before = await entries.find_one({"_id": names["picture"]})
        assert before
        await entries.update_one({"_id": names["picture"]}, {"$set": changed})
        with pytest.raises(StoreRefused):
            await shelf.store.prove_evidence(names["picture"])
        await entries.replace_one({"_id": names["picture"]}, before)
    assert await shelf.store.prove_evidence(names["picture"]) == SIZE_BYTES

    last = await chunks.find_one({"files_id": names["html"]}, sort=[("n", -1)])
    assert last
    await chunks.update_one({"_id": last["_id"]}, {"$set": {"data": "text"}})
    with pytest.raises(StoreRefused):
        await shelf.store.prove_evidence(names["html"])


# Waiting and large answers, without a server ---------------------------------------------------


def request_from(address: str) -> Request:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "client": (address, 1), "headers": []}
    return Request(scope, receive)


async def test_an_address_that_asks_for_much_waits_for_itself_and_not_the_others() -> None:
    turns, go_on, done = RenderLimiter(8, 6), asyncio.Event(), list[str]()

    async def one(address: str) -> None:
        async with turns.turn(request_from(address)):
            await go_on.wait()
            done.append(address)

    greedy = [asyncio.create_task(one("203.0.113.9")) for _ in range(7)]
    await asyncio.sleep(0)
    with pytest.raises(EvidenceProblem) as refused:
        await one("203.0.113.9")
    assert refused.value.status_code == 503
    modest = [asyncio.create_task(one(f"198.51.100.{n}")) for n in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(EvidenceProblem):
        await one("198.51.100.7")
    greedy.pop(3).cancel()  # who gives up waiting holds nobody up
    go_on.set()
    await asyncio.gather(*greedy, *modest)

    assert done[:4] == ["203.0.113.9", "203.0.113.9", "198.51.100.0", "198.51.100.1"]
    assert len(done) == 8


async def test_who_has_gone_while_waiting_has_nothing_made() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    request = Request({"type": "http", "client": ("203.0.113.9", 1), "headers": []}, gone)
    turns = RenderLimiter()
    with pytest.raises(EvidenceProblem):
        async with turns.turn(request):
            pytest.fail("it was made")
    async with turns.turn():
        pass


BODY_BYTES = 10 * LARGE_BYTES


async def answers_of(app: LargeAnswers, readers: int, taken: asyncio.Event) -> list[bytes]:
    """What readers get who take nothing before `taken`."""
    got = [b""] * readers
    waiting, all_wait = 0, asyncio.Event()

    async def one(number: int) -> None:
        async def send(message: Message) -> None:
            nonlocal waiting
            waiting += message["type"] == "http.response.start"
            if waiting == readers:
                all_wait.set()
            await taken.wait()
            got[number] += message.get("body", b"")

        await app({"type": "http", "method": "GET", "headers": []}, receive, send)

    async def receive() -> Message:
        raise AssertionError

    tasks = [asyncio.create_task(one(number)) for number in range(readers)]
    await all_wait.wait()
    held, _ = tracemalloc.get_traced_memory()
    assert held < readers * BODY_BYTES / 3
    taken.set()
    await asyncio.gather(*tasks)
    return got


async def test_large_answers_wait_for_slow_readers_on_the_disk(tmp_path: Path) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(bytes(BODY_BYTES))(scope, receive, send)

    tracemalloc.start()
    try:
        got = await answers_of(LargeAnswers(app, tmp_path / "new"), 8, asyncio.Event())
    finally:
        tracemalloc.stop()

    assert [len(each) for each in got] == [BODY_BYTES] * 8
    assert list((tmp_path / "new").iterdir()) == []


async def test_a_large_answer_without_room_on_the_disk_is_503(tmp_path: Path) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(bytes(LARGE_BYTES))(scope, receive, send)

    (tmp_path / "file").touch()
    through = httpx.ASGITransport(LargeAnswers(app, tmp_path / "file"))
    async with httpx.AsyncClient(transport=through, base_url="http://x") as http:
        got = await http.get("/")

    assert (got.status_code, got.headers["retry-after"]) == (503, "60")
