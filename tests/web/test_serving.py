"""`fleet serve` in several processes: all serve, one that dies is replaced, all end together."""

from __future__ import annotations

import asyncio
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from fleet.cli.commands.serve import connection_limits
from fleet.cli.serve_processes import beside, usual_number
from fleet.errors import FleetError
from tests.cli.test_cli import ROOT, environment

LONG_S = 30


@dataclass(frozen=True)
class Served:
    """A running `fleet serve`: its process, the others, its address, what it says."""

    process: asyncio.subprocess.Process
    url: str
    said: asyncio.StreamReader

    def others(self) -> list[psutil.Process]:
        """The further server processes."""
        found = psutil.Process(self.process.pid).children()
        return [each for each in found if "spawn_main" in " ".join(each.cmdline())]


@asynccontextmanager
async def serving(database: dict[str, str], processes: int) -> AsyncIterator[Served]:
    """`fleet serve`, killed in the end if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fleet", "serve", "--port", "0", "--processes", str(processes)),
        env=environment(**database),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout
    assert process.stderr
    try:
        line = await asyncio.wait_for(process.stdout.readline(), LONG_S)
        yield Served(process, line.decode().strip().rstrip("/"), process.stderr)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def gone(processes: list[psutil.Process]) -> bool:
    """Whether all of them end; a zombie that nobody waits for has ended."""
    await asyncio.to_thread(psutil.wait_procs, processes, timeout=LONG_S)
    return not any(
        each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes
    )


async def all_answer(served: Served) -> None:
    """Ask on many connections at once, so that each process has some."""
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(once(served.url))


SCENARIO = """from fleet.families import bookingserver

essai = bookingserver.flow(
    department="63",
    flow="{flow}",
    title="{title}",
    url="http://essai.localhost/booking/create/1",
)
"""


async def test_a_scenario_file_that_is_new_or_bad_is_known_without_a_restart(
    database: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "d63_un.py").write_text(SCENARIO.format(flow="un", title="Le premier"))
    own = {**database, "FLEET_SCENARIOS_DIR": str(tmp_path)}
    async with serving(own, 1) as served, httpx.AsyncClient(timeout=LONG_S) as http:
        unknown = await http.get(served.url + "/demarche/63/deux")
        (tmp_path / "d63_deux.py").write_text(SCENARIO.format(flow="deux", title="Le second"))
        (tmp_path / "d63_trois.py").write_text("no Python")
        for page in range(100):  # each an address of its own: answers are kept
            known = await http.get(f"{served.url}/demarche/63/deux?page={page}")
            if "Le second" in known.text:
                break
            await asyncio.sleep(0.5)
        page_of_it = await http.get(served.url + "/installation")

    assert unknown.status_code == 404
    assert "Le second" in known.text
    assert "d63_trois.py: line 1: invalid syntax" in page_of_it.text


async def once(url: str) -> None:
    async with httpx.AsyncClient() as http:
        assert (await http.get(url + "/methode", timeout=LONG_S)).status_code == 200


async def test_a_server_process_that_dies_is_replaced_and_all_end_on_sigterm(
    database: dict[str, str],
) -> None:
    async with serving(database, 2) as served:
        await all_answer(served)
        (other,) = served.others()
        other.send_signal(signal.SIGTERM)  # as a process manager sends it to every process
        other.send_signal(signal.SIGINT)
        await all_answer(served)
        assert served.others() == [other]
        other.kill()
        said = await asyncio.wait_for(served.said.readline(), LONG_S)
        assert re.fullmatch(
            rf"fleet: server process {other.pid} has died \(exit code -9\); another one is started",
            said.decode().strip(),
        )
        await all_answer(served)
        (new,) = served.others()
        assert new != other
        served.process.send_signal(signal.SIGTERM)

        assert await asyncio.wait_for(served.process.wait(), LONG_S) == 0
        assert await gone([new])
        assert await served.said.read() == b""


async def test_the_others_end_when_the_first_is_killed(database: dict[str, str]) -> None:
    async with serving(database, 2) as served:
        others = served.others()
        assert others
        served.process.kill()

        assert await gone(others)


async def test_a_server_process_that_does_not_begin_ends_the_command_and_says_so() -> None:
    with pytest.raises(FleetError, match=r"ended before it served \(exit code 3\)"):
        async with beside(ends_at_once, 1):
            pytest.fail("nobody serves")


def ends_at_once(_: object) -> None:
    sys.exit(3)


def test_all_open_files_that_may_be_are_used() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
        limits = connection_limits()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert limits.connections * 2 < hard


def test_there_is_one_process_for_each_processor_that_this_one_may_use() -> None:
    mine = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(mine)})
        assert usual_number() == 1
    finally:
        os.sched_setaffinity(0, mine)

    assert 1 <= usual_number() <= min(4, len(mine))


def test_little_memory_has_room_for_one_process_only() -> None:
    assert usual_number(500 * 2**20) == usual_number(1) == 1
    assert usual_number(1500 * 2**20) == usual_number(2**40)  # the limit of the stack is enough
