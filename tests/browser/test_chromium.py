"""Chromium and its driver are killed and frozen; what comes after must be as if nothing was."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from pathlib import Path

import pytest

from fleet.browser import chromium as chromium_module
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.browser.processes import sweep_temporary
from fleet.errors import NoChromium
from fleet.settings import Settings
from tests.browser.alone import SOON_S, alone, freeze, has, left_in, tagged, until

pytestmark = pytest.mark.process


async def test_a_driver_that_was_killed_is_started_again_for_the_next_page(tmp_path: Path) -> None:
    """Playwright goes on to call such a Chromium connected."""
    async with alone(tmp_path) as own:
        own.driver().kill()

        opened = await own.chromium.open_page()

        assert await opened.page.evaluate("1 + 1") == 2
        assert own.chromium.starts == 2
        await own.chromium.close_page(opened)


async def test_pages_wanted_after_chromium_was_killed_start_it_again_once(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:
        own.browser().kill()

        pages = await asyncio.gather(*(own.chromium.open_page() for _ in range(4)))

        assert own.chromium.starts == 2
        assert own.chromium.open_contexts == 4
        for opened in pages:
            await own.chromium.close_page(opened)


@pytest.mark.parametrize("after_s", [0.005, 0.015, 0.025])
async def test_a_chromium_killed_while_it_opens_a_page_is_not_waited_for(
    tmp_path: Path, after_s: float
) -> None:
    """Playwright does not always tell a call that what it asked is dead."""
    async with alone(tmp_path) as own:
        browser = own.browser()
        opening = asyncio.ensure_future(own.chromium.open_page())
        await until(lambda: own.chromium.open_contexts == 1)
        await asyncio.sleep(after_s)
        browser.kill()

        async with asyncio.timeout(SOON_S):
            opened = await asyncio.shield(opening)

        await own.chromium.close_page(opened)


async def test_a_page_learns_that_its_chromium_died_and_a_new_page_does_not(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:
        first = await own.chromium.open_page()
        own.driver().kill()
        async with asyncio.timeout(SOON_S):
            await first.died.wait()

        second = await own.chromium.open_page()

        assert not second.died.is_set()
        await own.chromium.close_page(second)


@pytest.mark.parametrize("who", ["browser", "driver"])
async def test_what_is_frozen_is_ended_when_its_page_does_not_close(
    tmp_path: Path, who: str
) -> None:
    async with alone(tmp_path, close_s=0.3) as own:
        opened = await own.chromium.open_page()
        frozen = own.browser() if who == "browser" else own.driver()
        await freeze(frozen)

        await own.chromium.close_page(opened)

        assert opened.died.is_set()
        second = await own.chromium.open_page()
        assert await second.page.evaluate("1 + 1") == 2
        await own.chromium.close_page(second)


async def test_a_frozen_part_does_not_outlive_a_chromium_that_was_killed(tmp_path: Path) -> None:
    """It cannot see that its browser is gone, and nobody knows its number any more."""
    async with alone(tmp_path) as own:
        opened = await own.chromium.open_page()
        (renderer, *_) = own.parts("renderer")
        await freeze(renderer)
        own.browser().kill()
        await opened.died.wait()


async def test_leaving_with_a_frozen_chromium_ends_it(tmp_path: Path) -> None:
    async with alone(tmp_path, close_s=0.3) as own:
        await freeze(own.browser())


async def test_a_page_whose_opening_is_cancelled_does_not_stay_open(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:
        for steps in range(6):
            opening = asyncio.ensure_future(own.chromium.open_page())
            await asyncio.sleep(0.01 * steps)
            opening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await own.chromium.close_page(await opening)

        assert own.chromium.open_contexts == 0


async def test_a_restart_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:
        own.browser().kill()
        opening = asyncio.ensure_future(own.chromium.open_page())
        await until(lambda: len(list((tmp_path / "temporary").iterdir())) == 1)
        await asyncio.sleep(0.05)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening

        opened = await own.chromium.open_page()

        assert own.chromium.starts == 2
        await own.chromium.close_page(opened)


@pytest.mark.parametrize("part", ["run-driver", "--remote-debugging-pipe"])
async def test_a_start_that_is_cancelled_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    """As soon as this part of it, the driver or Chromium, is there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    chromium = Chromium(find_chromium(Settings().chromium), fleet_version="0", loopback_only=True)
    starting = asyncio.ensure_future(chromium.__aenter__())
    await until(lambda: any(has(process, part) for process in tagged(tmp_path)))
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    await until(lambda: left_in(tmp_path) == [], lambda: f"{left_in(tmp_path)}")


async def test_a_driver_that_does_not_start_is_no_chromium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("NODE_OPTIONS", "--no-such-option")

    with pytest.raises(NoChromium, match="does not start"):
        async with Chromium(find_chromium(Settings().chromium), fleet_version="0"):
            pass

    assert left_in(tmp_path) == []


async def test_a_chromium_that_ends_at_once_is_no_chromium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    with pytest.raises(NoChromium, match="/bin/false does not start: "):
        async with Chromium(Path("/bin/false"), fleet_version="0"):
            pass

    assert left_in(tmp_path) == []


async def test_a_chromium_that_never_answers_at_start_is_no_chromium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(chromium_module, "START_S", 0.5)
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o755)

    with pytest.raises(NoChromium, match="silent does not start: "):
        async with Chromium(silent, fleet_version="0", close_s=1):
            pass

    assert left_in(tmp_path) == [silent]


async def test_a_chromium_without_room_for_its_temporary_files_is_no_chromium(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no error of the disk: an attempt then says so, and the fleet goes on."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))

    with pytest.raises(NoChromium, match="does not start: "):
        async with Chromium(find_chromium(Settings().chromium), fleet_version="0"):
            pass


def test_folders_of_dead_fleets_are_swept_and_those_of_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = tmp_path / "fleet-chromium-4194999-abc"  # above the largest process number
    living = tmp_path / "fleet-chromium-1-abc"
    for folder in (dead, living):
        (folder / "profile").mkdir(parents=True)

    sweep_temporary()

    assert list(tmp_path.iterdir()) == [living]


async def test_chromium_and_its_driver_get_no_signal_of_the_terminal(tmp_path: Path) -> None:
    """Ctrl-C goes to a whole group; only the fleet itself may end them."""
    async with alone(tmp_path) as own:
        opened = await own.chromium.open_page()
        own.driver().send_signal(signal.SIGINT)

        assert await opened.page.evaluate("1 + 1") == 2
        assert os.getpgid(own.browser().pid) != os.getpgrp()
        await own.chromium.close_page(opened)
