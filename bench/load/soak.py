"""
`make soak`: what a fleet that watches for long takes of the machine, minute by minute.

    python -m bench.load.soak [--minutes 60] [--recycle-visits 100]

Memory is PSS: shared pages count once. After a warm-up the second half of the time is compared
with the first; what grows with every visit shows there.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

import psutil

from bench.faults.supervisor import end_in_order, events, said
from bench.faults.witnesses import Records, counted
from bench.faults.world import World, machine
from fleet.browser.processes import family, pss_bytes
from fleet.models import now

COUNTRY = ("--hosts", "20", "--flows", "2")
SETTINGS: dict[str, object] = {
    "MEAN_GAP_MINUTES": 1,
    "MIN_GAP_MINUTES": 0.2,
    "PAUSE_S": 0.5,
    "HOST_VISITS_PER_HOUR": 3600,
}
SAMPLE_S = 5.0
WARM_UP = 0.2
"""The part of the time that is left out of the comparison."""


class Memory(NamedTuple):
    """Megabytes (PSS); Chromiums and drivers that relieve each other are counted together."""

    python: float
    driver: float
    chromium: float

    @property
    def all(self) -> float:
        return sum(self)


def measured(world: World) -> Memory | None:
    """The memory at this moment; None while the fleet does not run."""
    processes = world.of_fleet()
    if not processes:
        return None
    drivers = world.drivers()
    browsers = [child for driver in drivers for child in children_of(driver)]
    return Memory(*(pss_bytes(each) / 1e6 for each in (processes[:1], drivers, family(browsers))))


def children_of(process: psutil.Process) -> list[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return list(process.children())
    return []


def mean(samples: list[Memory]) -> Memory:
    return Memory(*(fmean(column) for column in zip(*samples, strict=True)))


def row(name: str, memory: Memory, visits: str) -> str:
    return (
        f"{name:14} {memory.python:7.0f} {memory.driver:7.0f} {memory.chromium:9.0f}"
        f" {memory.all:7.0f}  {visits}"
    )


async def main(given: argparse.Namespace, folder: Path) -> int:
    end_in_order()
    settings = {**SETTINGS, "RECYCLE_VISITS": given.recycle_visits}
    world = World(folder, COUNTRY, settings)
    print(f"{given.minutes:g} minutes, {machine()}", flush=True)
    print(f"{'MB (PSS)':14} {'Python':>7} {'driver':>7} {'Chromium':>9} {'all':>7}")
    samples: list[Memory] = []
    async with world.running():
        began, minute = time.monotonic(), [0, 0]
        while (passed := time.monotonic() - began) < 60 * given.minutes:
            if (memory := await asyncio.to_thread(measured, world)) is not None:
                samples.append(memory)
            if passed // 60 >= minute[0] and memory is not None:
                made = said(world.fleet.log, "attempt")
                print(
                    row(f"{now():%H:%M:%S}", memory, f"{made - minute[1]} visits, {machine()}"),
                    flush=True,
                )
                minute = [minute[0] + 1, made]
            await asyncio.sleep(SAMPLE_S)
        stopped = await world.fleet.stop()
        await world.served()
    warm = samples[int(len(samples) * WARM_UP) :]
    halves = mean(warm[: len(warm) // 2]), mean(warm[len(warm) // 2 :])
    print(row("first half", halves[0], f"mean of {len(warm) // 2} samples after the warm-up"))
    print(row("second half", halves[1], f"{100 * (halves[1].all / halves[0].all - 1):+.1f} %"))
    print(row("most", Memory(*(max(column) for column in zip(*samples, strict=True))), "of each"))
    relieved = Counter(
        str(each["why"]) for each in events(world.fleet.log) if each["event"] == "Chromium relieved"
    )
    print(f"browsers relieved: {counted(relieved)}; fleet ended with {stopped}")
    async with world.records() as store:
        records = await Records.of(store, world.fleet.log, world.requests.values(), world.forms)
    print(records.summary())
    wrong = {
        **records.wrong(),
        "tripwires": world.tripwires,
        "zombies": len(world.zombies),
        "processes and temporary files left behind": len(world.left()),
    }
    print("; ".join(f"{n} {what}" for what, n in wrong.items()))
    return int(bool(stopped or any(wrong.values())))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.load.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--recycle-visits", type=int, default=100)
    options = parser.parse_args()
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        code = asyncio.run(main(options, home))
    sys.exit(code)
