"""A loop that stands is seen from outside, told when it goes on, and ended if it never does."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from fleet.system import pulse
from fleet.system.pulse import STUCK, Pulse

STANDS = """
import asyncio, re, sys, time
from fleet import log
from fleet.system import pulse

async def held():
    with pulse.Pulse(stuck_s={stuck_s}):
        await asyncio.sleep(0.1)
        {stands}

log.configure()
asyncio.run(held())
"""


@pytest.mark.process
@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("stands", "stuck_s", "code"),
    [
        ("time.sleep(600)", 1, STUCK),
        # nothing of Python's goes on meanwhile: no thread, no handler of a signal
        ("int.__pow__(7, 10**9)", 60, -signal.SIGPROF),
    ],
    ids=["waits", "holds Python"],
)
def test_a_process_whose_loop_stands_ends_loudly(stands: str, stuck_s: float, code: int) -> None:
    source = STANDS.format(stands=stands, stuck_s=stuck_s)

    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=False
    )

    assert done.returncode == code, done.stderr
    assert "in held" in done.stderr
    assert ("the event loop stands" in done.stderr) == (code == STUCK)


async def test_a_loop_that_stood_says_so_while_it_stands_and_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pulse, "STILL_S", 0.6)
    told: list[float] = []
    with Pulse(on_still=told.append) as own:
        await asyncio.sleep(0.1)
        assert own.problem is None
        until = time.monotonic() + 20
        while not own.still_s and time.monotonic() < until:
            time.sleep(0.05)  # noqa: ASYNC251 (this is what it is about)
        assert "the event loop has not turned for" in str(own.problem)
        while not told:  # noqa: ASYNC110 (no event tells of it)
            await asyncio.sleep(0.05)
        assert own.problem is None
    assert told[0] >= 0.6
