"""Browsers that relieve each other: no visit notices, and nothing of the old one is left."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.browser.page import OpenPage
from fleet.browser.pool import BrowserPool, Lifetime
from fleet.settings import Settings
from tests.browser.alone import SOON_S, has, left_in, tagged, until

pytestmark = pytest.mark.process

LONG = Lifetime(visits=1_000, age_s=3_600, memory_bytes=10**12, rest_s=0)


def maker(*more: Path) -> Callable[[], Chromium]:
    """Gives Chromiums; after the first, those of `more` as long as there are some."""
    starting, usual = asyncio.Lock(), find_chromium(Settings().chromium)
    programs = iter((usual, *more))

    def make() -> Chromium:
        return Chromium(
            next(programs, usual),
            fleet_version=fleet.__version__,
            close_s=2,
            loopback_only=True,
            starting=starting,
        )

    return make


@contextlib.asynccontextmanager
async def browsers(
    folder: Path, lifetime: Lifetime, *more: Path, longest_visit_s: float = SOON_S
) -> AsyncIterator[BrowserPool]:
    """Browsers whose temporary files are in `folder`; fails if anything is left at the end."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        async with BrowserPool(
            maker(*more), lifetime, longest_visit_s=longest_visit_s, sample_s=0.05
        ) as own:
            yield own
            assert own.open_contexts == 0
    finally:
        tempfile.tempdir = before
    await until(lambda: left_in(folder) == [], lambda: f"left behind: {left_in(folder)}")


async def visit(own: BrowserPool) -> None:
    await own.close_page(await own.open_page())


def drivers(folder: Path) -> int:
    """How many Chromiums run: each has one driver."""
    return sum(has(process, "run-driver") for process in tagged(folder))


async def says(opened: OpenPage) -> int:
    answer: int = await opened.page.evaluate("1 + 1")
    return answer


async def test_after_its_visits_a_chromium_is_relieved_and_nothing_of_it_is_left(
    tmp_path: Path,
) -> None:
    async with browsers(tmp_path, Lifetime(visits=2)) as own:
        for _ in range(2):
            await visit(own)

        await until(lambda: own.starts == 2 and len([*tmp_path.iterdir()]) == 1)

        assert own.restarts == {"visits": 1}
        await until(lambda: drivers(tmp_path) == 1)
        await visit(own)


async def test_a_page_of_the_old_chromium_goes_on_and_new_pages_come_from_the_new_one(
    tmp_path: Path,
) -> None:
    """And as long as one is being relieved, no third is started."""
    async with browsers(tmp_path, Lifetime(visits=1)) as own:
        first = await own.open_page()
        await visit(own)
        await until(lambda: own.starts == 2)
        second = await own.open_page()
        await visit(own)

        assert first.context.browser is not second.context.browser
        assert await says(first) == await says(second) == 2
        assert own.starts == 2

        await own.close_page(first)
        await until(lambda: own.starts == 3)  # the second is worn as well by now
        await own.close_page(second)
        await until(lambda: drivers(tmp_path) == 1)


async def test_a_relieved_chromium_whose_page_never_closes_is_ended_with_it(tmp_path: Path) -> None:
    async with browsers(tmp_path, Lifetime(visits=1), longest_visit_s=0.2) as own:
        with capture_logs() as logs:
            stuck = await own.open_page()
            await visit(own)
            async with asyncio.timeout(SOON_S):
                await stuck.died.wait()

        assert ("a page of a relieved Chromium does not close", 1) in events(logs, "pages")
        await until(lambda: drivers(tmp_path) == 1)
        await own.close_page(stuck)


@pytest.mark.parametrize(
    ("why", "lifetime"),
    [
        ("age", Lifetime(age_s=0.5)),
        ("memory", Lifetime(memory_bytes=50_000_000, rest_s=0.5)),
    ],
)
async def test_a_chromium_is_relieved_without_a_visit(
    tmp_path: Path, why: str, lifetime: Lifetime
) -> None:
    async with browsers(tmp_path, lifetime) as own:
        await until(lambda: own.restarts[why] > 0)

        assert set(own.restarts) == {why}
        await until(lambda: own.memory_bytes > 100_000_000)  # node alone takes that
        await visit(own)


async def test_when_no_new_chromium_starts_the_old_one_goes_on_and_it_is_said(
    tmp_path: Path,
) -> None:
    async with browsers(tmp_path, Lifetime(visits=1), Path("/bin/false")) as own:
        with capture_logs() as logs:
            await visit(own)
            await until(lambda: len(logs) > 0)
        await visit(own)

        ((event, problem),) = events(logs, "problem")
        assert event == "no new Chromium; the old one goes on"
        assert "/bin/false does not start" in problem
        assert (own.starts, own.restarts) == (1, {})


async def test_a_chromium_that_died_is_counted_and_serves_its_visits_anew(tmp_path: Path) -> None:
    async with browsers(tmp_path, Lifetime(visits=3)) as own:
        await visit(own)
        await visit(own)
        own.kill()
        await visit(own)
        await visit(own)

        assert own.restarts == {"died": 1}
        await visit(own)
        await until(lambda: own.restarts == {"died": 1, "visits": 1})


async def test_a_context_left_open_is_told_and_ends_its_chromium(tmp_path: Path) -> None:
    async with browsers(tmp_path, LONG) as own:
        opened = await own.open_page()
        browser = opened.context.browser
        assert browser is not None
        await browser.new_context()

        with capture_logs() as logs:
            await own.close_page(opened)
            await until(lambda: own.restarts == {"leak": 1})
            await until(lambda: own.open_contexts == 0)

        assert events(logs, "contexts")[0][1] == 1
        assert logs[0]["log_level"] == "error"


async def test_leaving_while_a_new_chromium_starts_leaves_nothing(tmp_path: Path) -> None:
    async with browsers(tmp_path, Lifetime(visits=1)) as own:
        await visit(own)
        await until(lambda: len([*tmp_path.iterdir()]) == 2)


async def test_drivers_started_at_once_have_each_its_own_folder_and_a_bounded_heap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("NODE_OPTIONS", "--no-deprecation")
    before, make = dict(os.environ), maker()

    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(make()) for _ in range(2)))
        started = [p.environ() for p in tagged(tmp_path) if has(p, "run-driver")]

    assert len({each["TMPDIR"] for each in started}) == 2
    assert {e["NODE_OPTIONS"] for e in started} == {"--max-old-space-size=1024 --no-deprecation"}
    assert dict(os.environ) == before


AS_FIRST_PROCESS = """
import asyncio, os
import psutil
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.settings import Settings
from tests.browser.alone import until

def zombies():
    return [p for p in psutil.process_iter() if p.status() == psutil.STATUS_ZOMBIE]

async def main():
    assert os.getpid() == 1
    found = find_chromium(Settings().chromium)
    async with Chromium(found, fleet_version="0", loopback_only=True) as own:
        opened = await own.open_page()
        chromium = psutil.Process().children(recursive=True)
        beside = await asyncio.create_subprocess_exec("sh", "-c", "exit 7")
        for process in chromium:
            process.kill()
        await opened.died.wait()
        await until(lambda: zombies() == [], lambda: f"{zombies()}")
        assert await beside.wait() == 7
        await own.close_page(await own.open_page())
    await until(lambda: zombies() == [], lambda: f"{zombies()}")
    print("no zombies")

asyncio.run(main())
"""


def test_as_the_first_process_of_a_container_the_fleet_leaves_no_zombies(tmp_path: Path) -> None:
    """Without an init, whatever Chromium leaves behind when it is killed becomes our child."""
    alone = ["unshare", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to make a PID namespace (root)")

    said = subprocess.run(
        [*alone, sys.executable, "-c", AS_FIRST_PROCESS],
        check=False,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "TMPDIR": str(tmp_path),
            "PYTHONPATH": str(Path(fleet.__file__).parents[1]),
        },
    )

    assert (said.stdout, said.returncode) == ("no zombies\n", 0), said.stderr


def events(logs: list[Any], key: str) -> list[tuple[str, Any]]:
    return [(line["event"], line[key]) for line in logs if key in line]
