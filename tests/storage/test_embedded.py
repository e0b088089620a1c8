"""The embedded server: a real mongod, shared, killed, damaged, out of room."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.models import Attempt
from fleet.storage.embedded import Mongod, _end
from fleet.storage.store import Store
from tests.cli.test_cli import fleet
from tests.storage.test_store import attempt_of, file_of

pytestmark = pytest.mark.process

USER = """
import asyncio, sys
from pathlib import Path
from fleet.storage.embedded import Mongod

async def main():
    async with Mongod(Path(sys.argv[1])) as url:
        print(url, flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


def servers_of(folder: Path) -> list[psutil.Process]:
    """Every living mongod on this folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(folder / "mongodb" / "files") in process.cmdline():
                found.append(process)
    return found


async def until(happened: Callable[[], bool]) -> None:
    """Wait, without a pause that would miss the moment, at most 20 s."""
    end = time.monotonic() + 20

    def look() -> None:
        while not happened():
            assert time.monotonic() < end

    await asyncio.to_thread(look)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder; whatever server a failed test leaves on it is killed."""
    yield tmp_path / "data"
    for process in servers_of(tmp_path / "data"):
        process.kill()
        process.wait(10)


@contextlib.asynccontextmanager
async def user(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """Another process that uses the server of `folder`, and the address it got."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", USER, str(folder)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout
    url = (await process.stdout.readline()).decode().strip()
    try:
        yield process, url
    finally:
        if process.returncode is None:
            await process.communicate(b"\n")


async def keep(url: str, content: bytes) -> Attempt:
    picture = file_of(content)
    attempt = attempt_of(picture)
    async with await Store.open(url, "test") as store:
        await store.attempts.add(attempt, [picture])
    return attempt


async def kept(url: str) -> list[Attempt]:
    """Every stored attempt, with all its evidence proved."""
    async with await Store.open(url, "test") as store:
        attempts = [attempt async for attempt in store.attempts.find()]
        for attempt in attempts:
            for evidence in attempt.evidence:
                await store.evidence(evidence.sha256)
    return attempts


async def test_the_server_listens_on_loopback_only_and_leaves_no_process(folder: Path) -> None:
    async with Mongod(folder):
        (server,) = servers_of(folder)
        heard = {c.laddr.ip for c in server.net_connections("all") if c.status == "LISTEN"}
        assert heard == {"127.0.0.1"}
        assert not [c for c in server.net_connections("unix") if c.laddr]

    assert servers_of(folder) == []
    log = (folder / "mongodb" / "mongod.log").read_text()
    assert "mongod shutdown complete" in log or "Shutdown complete" in log or "exiting" in log


async def test_two_processes_share_one_server_and_the_last_stops_it(folder: Path) -> None:
    async with user(folder) as (_, theirs):
        async with Mongod(folder) as ours:
            assert ours == theirs
            assert len(servers_of(folder)) == 1
        assert len(servers_of(folder)) == 1
        assert await kept(theirs) == []
    assert servers_of(folder) == []


async def test_what_was_acknowledged_is_there_after_the_server_was_killed(folder: Path) -> None:
    async with Mongod(folder) as url:
        first = await keep(url, os.urandom(400_000))
        (server,) = servers_of(folder)
        second = await keep(url, b"last")
        server.kill()
        server.wait(10)

    async with Mongod(folder) as url:
        got = await kept(url)

    assert {a.id: a for a in got} == {a.id: a for a in (first, second)}


async def test_a_server_killed_while_it_is_shared_is_started_again(folder: Path) -> None:
    async with user(folder) as (_, theirs):
        (server,) = servers_of(folder)
        server.kill()
        await until(lambda: not servers_of(folder))  # a zombie: its parent does not look
        async with Mongod(folder) as ours:
            assert ours != theirs
            assert await kept(ours) == []


async def test_a_killed_server_is_revived_on_its_port_with_its_data_and_leaves_no_zombie(
    folder: Path,
) -> None:
    server = Mongod(folder)
    async with server as url, await Store.open(url, "kept") as store:
        await store.attempts.add(attempt_of(), [])
        (process,) = servers_of(folder)
        assert not await server.revive()
        process.kill()
        with pytest.raises(StoreUnreachable):
            await store.attempts.add(attempt_of(), [])

        assert await server.revive()

        assert len([a async for a in store.attempts.find()]) == 1
        (again,) = servers_of(folder)
        assert again.pid != process.pid
        assert not process.is_running()  # collected, not only dead


async def test_a_server_that_another_process_started_is_ended_without_waiting_for_it(
    folder: Path,
) -> None:
    """Its parent reaps it late or never; `psutil.Process.wait` would wait for that."""
    async with user(folder):
        (server,) = servers_of(folder)
        began = time.monotonic()
        await asyncio.to_thread(_end, server)

        assert time.monotonic() - began < 15
        assert server.status() == psutil.STATUS_ZOMBIE


async def test_a_killed_fleet_leaves_its_server_to_the_next_which_stops_it(folder: Path) -> None:
    async with user(folder) as (process, theirs):
        process.kill()
        await process.wait()
        (server,) = servers_of(folder)

    async with Mongod(folder) as ours:
        assert ours == theirs
        assert servers_of(folder) == [server]
    assert servers_of(folder) == []


async def test_ctrl_c_while_the_server_starts_leaves_no_process(folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", USER, str(folder)), stderr=subprocess.DEVNULL
    )
    await until(lambda: bool(servers_of(folder)))
    process.send_signal(signal.SIGINT)
    await process.wait()

    assert servers_of(folder) == []


async def test_a_damaged_data_folder_is_exit_3_and_quotes_the_servers_log(folder: Path) -> None:
    async with Mongod(folder) as url:
        await keep(url, b"before")
    files = folder / "mongodb" / "files"
    for path in [*files.glob("*.wt"), *files.glob("WiredTiger*")]:
        path.write_bytes(os.urandom(4096))

    said = await fleet("export", "attempts", FLEET_DATA_DIR=folder)

    assert (said.code, said.out) == (3, "")
    assert f"MongoDB does not start on {files}: exit " in said.line
    assert '"c":' in said.line
    assert "if the folder is damaged, restore a backup or move it away" in said.line
    assert servers_of(folder) == []


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[Path]:
    """A disk of that size, mounted at `place`; skips where that is not allowed."""
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    try:
        said = subprocess.run(mount, capture_output=True, text=True, check=False)
    except OSError as exc:
        pytest.skip(f"no small disk can be mounted here: {exc}")
    if said.returncode:
        pytest.skip(f"no small disk can be mounted here: {said.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


async def test_a_data_folder_on_a_full_disk_is_exit_3(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1) as disk:
        with contextlib.suppress(OSError):
            (disk / "filler").write_bytes(bytes(2**21))
        (disk / "filler2").touch()

        said = await fleet("export", "attempts", FLEET_DATA_DIR=disk)

        assert (said.code, said.out) == (3, "")
        assert "ake room" in said.line


async def test_a_disk_that_fills_up_is_loud_and_nothing_half_written_is_read(
    tmp_path: Path,
) -> None:
    """Also for a fleet that shares the server; with room again, what was kept is all there."""
    with small_disk(tmp_path / "disk", 320) as disk:
        acknowledged = []
        with contextlib.suppress(StoreUnreachable):  # closing a store whose server died
            async with Mongod(disk) as url:
                acknowledged.append(await keep(url, b"before"))
                filler = disk / "filler"
                with filler.open("wb") as file, contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(2**20))
                        file.flush()
                told = ""
                while not told:
                    try:
                        acknowledged += [await keep(url, os.urandom(2**20))]
                    except (StoreRefused, StoreUnreachable) as exc:
                        told = str(exc)
                assert "\n" not in told
                said = await fleet("run", "--practice", "69/*", FLEET_DATA_DIR=disk)
                assert (said.code, said.out) == (3, "")
                assert len(said.err.splitlines()) == 1
        filler.unlink()

        async with Mongod(disk) as url:
            got = await kept(url)

        # the last may lack its link and counts, which are made later; all of it that is read is
        assert {a.id for a in acknowledged} <= {a.id for a in got}
        assert len(got) <= len(acknowledged) + 1
        assert servers_of(disk) == []


async def test_a_data_folder_that_is_a_file_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(BadInput, match="cannot be used as MongoDB's folder"):
        async with Mongod(tmp_path / "file"):
            pass
