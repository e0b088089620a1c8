"""A fleet that died is succeeded at once by one at its place, and by no other: real processes."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fleet.engine.spool import Spool
from fleet.errors import BadInput, LeaseTaken
from fleet.storage.store import Store
from fleet.system.files import boot_id
from fleet.system.pulse import STUCK

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(boot_id() is None, reason="this kernel has no name"),
]

HOLDER = """
import asyncio, sys
from pathlib import Path
from fleet.engine.spool import Spool
from fleet.storage.store import Store
from fleet.system.pulse import Pulse

async def main(url, database, folder, stuck_s):
    spool = Spool(Path(folder), max_bytes=10**9, free_bytes=0)
    spool.open()
    async with await Store.open(url, database) as store:
        await store.lease("watch", seat=spool.seat).take()
        with Pulse(stuck_s=float(stuck_s)):
            await asyncio.sleep(0)
            print("taken", flush=True)
            sys.stdin.readline()  # the loop stands

asyncio.run(main(*sys.argv[1:]))
"""


def spool_in(folder: Path) -> Spool:
    return Spool(folder, max_bytes=10**9, free_bytes=0)


@pytest.fixture
async def store(mongodb_url: str, database: dict[str, str]) -> AsyncIterator[Store]:
    async with await Store.open(mongodb_url, database["FLEET_DATABASE"]) as opened:
        yield opened


async def holder_in(
    folder: Path, url: str, database: str, *, stuck_s: float
) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLDER, url, database, str(folder), str(stuck_s)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    assert await process.stdout.readline() == b"taken\n"
    return process


async def test_a_fleet_whose_loop_stood_is_succeeded_at_once_at_its_place_and_nowhere_else(
    store: Store, mongodb_url: str, database: dict[str, str], tmp_path: Path
) -> None:
    """Its lease would last for 30 s; that it has ended is known by the lock that it had."""
    here, copy = tmp_path / "spool", tmp_path / "copy"

    dead = await holder_in(here, mongodb_url, database["FLEET_DATABASE"], stuck_s=1)
    assert await dead.wait() == STUCK

    shutil.copytree(here, copy)
    elsewhere, again = spool_in(copy), spool_in(here)
    elsewhere.open()
    with pytest.raises(LeaseTaken):
        await store.lease("watch", seat=elsewhere.seat).take()
    with pytest.raises(LeaseTaken):
        await store.lease("watch").take()
    again.open()
    successor = store.lease("watch", seat=again.seat)
    await successor.take()
    assert (successor.is_certain(), successor.fence) == (True, 2)
    again.close()
    elsewhere.close()


async def test_a_fleet_that_lives_is_succeeded_by_nobody_though_it_is_frozen(
    store: Store, mongodb_url: str, database: dict[str, str], tmp_path: Path
) -> None:
    living = await holder_in(tmp_path, mongodb_url, database["FLEET_DATABASE"], stuck_s=300)
    living.send_signal(signal.SIGSTOP)
    try:
        other = spool_in(tmp_path)
        with pytest.raises(BadInput, match="another fleet"):
            other.open()
        assert other.seat is None
        with pytest.raises(LeaseTaken):
            await store.lease("watch", seat=other.seat).take()
    finally:
        living.kill()
        await living.wait()
