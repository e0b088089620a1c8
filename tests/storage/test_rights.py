"""What the accounts of docker/accounts.py may do: a real mongod that asks for passwords."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from bench.faults.supervisor import free_port
from fleet.errors import StoreUnreachable
from fleet.storage.backup import LastDump
from fleet.storage.embedded import find_mongod
from fleet.storage.store import Store
from tests.storage.test_store import attempt_of, file_of

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]
DATABASE = "fleet"


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses of a mongod with passwords, by account; `nobody` has none."""
    folder, port = tmp_path_factory.mktemp("rights"), free_port()
    (folder / "db").mkdir()
    mongod = subprocess.Popen(
        [
            *(str(find_mongod()), "--dbpath", str(folder / "db"), "--port", str(port)),
            *("--bind_ip", "127.0.0.1", "--nounixsocket", "--auth", "--quiet"),
            *("--wiredTigerCacheSizeGB", "0.25"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        # the first account may be made from this machine
        with MongoClient[dict[str, Any]](port=port, serverSelectionTimeoutMS=60_000) as client:
            client.admin.command("createUser", "root", pwd="r" * 20, roles=["root"])
        (folder / "root").write_text("r" * 20 + "\n")
        found = {"nobody": f"mongodb://127.0.0.1:{port}/"}
        for name in ("watch", "web"):
            url = f"mongodb://{name}:{name * 5}@127.0.0.1:{port}/?authSource=admin"
            (folder / name).write_text(url + "\n")
            found[name] = url
        for _ in range(2):  # what is there already is put in order
            subprocess.run(
                [
                    *(sys.executable, str(ROOT / "docker" / "accounts.py"), found["nobody"]),
                    *(str(folder / each) for each in ("root", "watch", "web")),
                ],
                check=True,
            )
        yield found
    finally:
        mongod.terminate()
        mongod.wait()


async def test_the_watching_fleet_stores_and_the_pages_read_but_cannot_write(
    urls: dict[str, str], tmp_path: Path
) -> None:
    picture = file_of(b"picture")
    attempt = attempt_of(picture)
    async with await Store.open(urls["watch"], DATABASE) as store:
        await store.attempts.add(attempt, [picture])
        dump = await store.dumps.write(tmp_path, "1")
        await store.dumps.note(dump)
        assert {n: await store.validate(n) for n in await store.collections()}["attempts"] == []

    async with await Store.open(urls["web"], DATABASE) as pages:
        assert await pages.evidence(picture.evidence.sha256) == b"picture"
        assert [each.id async for each in pages.attempts.find()] == [attempt.id]
        with pytest.raises(StoreUnreachable, match="refuses the user"):
            await pages.attempts.add(attempt_of(), [])
        with pytest.raises(StoreUnreachable, match="refuses the user"):
            await pages.removals.take_down([picture.evidence.sha256], reason="no", by="web")
        for collection in ("attempts", "links", "seals", "evidence.files"):
            with pytest.raises(OperationFailure, match="not authorized"):
                await pages._db[collection].delete_many({})
        with pytest.raises(StoreUnreachable, match="refuses the user"):
            await pages.dumps.note(dump)
        assert (await pages.dumps.last()) == LastDump(at=dump.at, attempts=1)
        user = await pages.accounts.add("Anne", "no hash")
        assert (await pages.accounts.find("anne"))[0] == user


async def test_nobody_reads_without_a_password(urls: dict[str, str]) -> None:
    with pytest.raises(StoreUnreachable, match="refuses the user"):
        await Store.open(urls["nobody"], DATABASE)


async def test_the_pages_open_a_database_that_nobody_has_filled_yet(urls: dict[str, str]) -> None:
    async with await Store.open(urls["web"], "fleet_practice") as pages:
        assert [each async for each in pages.attempts.find()] == []
