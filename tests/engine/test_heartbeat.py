"""Somebody outside is told that the fleet works, as long as it does, and of nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from fleet.engine.heartbeat import beat
from tests.alerts.postbox import Postbox, serving


@pytest.fixture
async def monitor() -> AsyncIterator[Postbox]:
    async with serving() as own:
        yield own


@contextlib.asynccontextmanager
async def beating(url: str, problems: list[str | None]) -> AsyncIterator[asyncio.Event]:
    """A heart that beats at once, for as many problems as there are; then the event is set."""
    over = asyncio.Event()
    left = iter(problems)

    def healthy() -> str | None:
        try:
            return next(left)
        except StopIteration:
            over.set()
            return "over"

    task = asyncio.ensure_future(beat(url, healthy, every_s=0))
    yield over
    task.cancel()
    await asyncio.wait([task])


async def test_the_monitor_is_asked_only_while_the_fleet_truly_works(monitor: Postbox) -> None:
    url = f"http://127.0.0.1:{monitor.port}/geheim"

    async with beating(url, [None, "MongoDB is away", "it is", None]) as over:
        await over.wait()

    assert monitor.requests == 2


async def test_a_heartbeat_that_fails_is_logged_once_and_without_its_address(
    monitor: Postbox,
) -> None:
    monitor.status = 500
    url = f"http://127.0.0.1:{monitor.port}/geheim"

    with capture_logs() as logs:
        async with beating(url, [None, None, "it hangs"]) as over:
            await over.wait()
        monitor.status = 200
        async with beating(url, ["it starts", None, None]) as over:
            await over.wait()

    told = [(log["event"], log.get("problem")) for log in logs]
    assert told[0] == ("no heartbeat", "HTTP 500")
    assert told[1:3] == [("no heartbeat", "not sent: it starts"), ("heartbeat again", None)]
    assert "geheim" not in str(logs)


async def test_a_monitor_that_is_not_there_ends_nothing(unused_tcp_port: int) -> None:
    with capture_logs() as logs:
        async with beating(f"http://127.0.0.1:{unused_tcp_port}/geheim", [None, None]) as over:
            await over.wait()

    assert [log["problem"] for log in logs] == ["ClientConnectorError"]
