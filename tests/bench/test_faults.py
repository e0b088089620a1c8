"""A fleet in a process of its own, killed in the middle; the long version is `make faults`."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.faults.supervisor import said
from bench.faults.witnesses import Records, unreadable
from bench.faults.world import World
from tests.alerts.postbox import Postbox, serving

SETTINGS = {
    "MEAN_GAP_MINUTES": 0.05,
    "MIN_GAP_MINUTES": 0.02,
    "PAUSE_S": 0,
    "HOST_VISITS_PER_HOUR": 3600,
    "DEADLINE_S": 20,
    "CLOSE_S": 5,
}


@pytest.fixture
async def postbox() -> AsyncIterator[Postbox]:
    async with serving() as own:
        yield own


@pytest.fixture
async def monitor() -> AsyncIterator[Postbox]:
    async with serving() as own:
        yield own


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_a_fleet_that_is_killed_in_a_visit_loses_nothing_and_leaves_nothing(
    tmp_path: Path, postbox: Postbox, monitor: Postbox
) -> None:
    """Chromium is killed, then the fleet; the next one is ended with SIGTERM. Who asked is told."""
    told = {
        "NOTIFY_URLS": postbox.url,
        "HEARTBEAT_URL": f"http://127.0.0.1:{monitor.port}/alive",
    }
    world = World(tmp_path, ("--hosts", "2", "--flows", "2"), {**SETTINGS, **told})
    async with world.running():
        await world.until(lambda: said(world.fleet.log, "attempt"), "no attempt")
        await world.until(world.visiting, "no visit")
        for browser in world.browsers():
            browser.kill()
        await world.until(lambda: said(world.fleet.log, "attempt") >= 3, "no more attempts")
        await world.until(world.visiting, "no visit")
        os.kill(world.fleet.pid, signal.SIGKILL)
        await world.until(lambda: world.fleet.ends, "it does not end")
        before = said(world.fleet.log, "attempt")
        await world.until(lambda: said(world.fleet.log, "attempt") > before, "no more attempts")
        waited = said(world.fleet.log, "waiting for the lease of another fleet")
        ended = await world.fleet.stop()
        await world.served()
        left = world.left()

    async with world.records() as store:
        records = await Records.of(store, world.fleet.log, world.requests.values(), world.forms)
        wrong = {**records.wrong(), "unreadable": await unreadable(store, records.attempts)}
    assert {what: n for what, n in wrong.items() if n} == {}
    assert [end.code for end in world.fleet.ends] == [-signal.SIGKILL, 0]
    assert (ended, left, world.zombies, world.tripwires) == (0, [], set(), 0)
    assert waited == 0, "the dead fleet's lease was waited for"
    assert len(records.sessions) > 3
    words = "\n".join(notice["message"] for notice in postbox.notices)
    assert "La flotte commence à observer." in words
    assert "La flotte cesse d’observer, après " in words
    assert monitor.requests >= 2
