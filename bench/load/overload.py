"""
`python -m bench.load.overload`: how fast places follow the machine, and whether memory holds.

1. Processes that take the processors, then one that takes memory: seconds until fewer pages are
   allowed.
2. Far more pages are wanted than fit, each with 60 MB of its own, and nothing but memory in use
   holds them back: the most memory taken, and how many processes the kernel killed. `--without`
   does the same with nothing to hold them back.

In a container (`docker run -m 2g`) or a control group with a memory limit that limit is real.
Elsewhere `--limit-mb` is an invented one above the real memory (PSS) of this process and its
children: more than that would have been a kill. The pages are real, on a real Chromium.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import proclimits
import psutil

from fleet import log
from fleet.bootstrap.visits import open_chromium
from fleet.browser import processes
from fleet.browser.page import OpenPage
from fleet.engine.concurrency import ConcurrencyLimiter, LoadThresholds
from fleet.settings import Settings
from fleet.system.resources import Machine, ResourceReading

MB = 1_000_000
HOG = """
import sys, time
print(flush=True)
taken = []
for _ in range(int(sys.argv[1]) // 20):
    taken.append(b"x" * 20_000_000)
    time.sleep(0.02)
time.sleep(600)
"""
FILL = "() => { window.kept = new Uint8Array(60_000_000).fill(1).map((_, i) => i); }"
STAYS_S = 10.0


class Memory:
    """Readings under the real limit, or under an invented one of this tree of processes."""

    def __init__(self, limit_mb: int) -> None:
        self.real = proclimits.get_memory_budget() is not None
        self.limit_bytes = limit_mb * MB
        self.most_bytes = 0
        self._machine, self._own = Machine(), psutil.Process()

    def read(self) -> ResourceReading:
        reading = self._machine.read()
        if not self.real:
            used = processes.pss_bytes(processes.family([self._own]))
            reading = replace(reading, memory_bytes=used, memory_limit_bytes=self.limit_bytes)
        self.limit_bytes = reading.memory_limit_bytes
        self.most_bytes = max(self.most_bytes, reading.memory_bytes)
        return reading


@contextlib.contextmanager
def child(*arguments: str) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "-c", *arguments], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it has begun: starting Python takes a while on a busy machine
    try:
        yield
    finally:
        process.kill()
        process.wait()


async def seconds_until_fewer(places: ConcurrencyLimiter) -> float:
    before, began = places.allowed, time.monotonic()
    while places.allowed >= before:
        if time.monotonic() - began > 30:
            return float("nan")
        await asyncio.sleep(0.01)
    return time.monotonic() - began


def alone(reading: ResourceReading) -> ResourceReading:
    """A reading in which nothing is pressed but memory in use, which then has to do alone."""
    return replace(reading, memory_stalled_s=0.0, cpu_stalled_s=0.0)


async def processors() -> None:
    cores = os.cpu_count() or 1
    async with ConcurrencyLimiter(16, thresholds=LoadThresholds(pages_per_core=8)) as places:
        await asyncio.sleep(3)
        if places.allowed < 16:
            print(f"processors: the machine is not calm to begin with ({places.why}); no figure")
            return
        with contextlib.ExitStack() as stack:
            for _ in range(3 * cores):
                stack.enter_context(child("print(flush=True)\nwhile True: pass"))
            took = await seconds_until_fewer(places)
        print(
            f"processors: {took:.1f} s from the start of {3 * cores} busy processes ({places.why})"
        )


async def memory(limit_mb: int) -> None:
    memory = Memory(limit_mb)

    def read() -> ResourceReading:
        return alone(memory.read())

    def tight() -> bool:
        reading = memory.read()
        left = reading.memory_limit_bytes - reading.memory_bytes
        return left < LoadThresholds().tight_left(reading.memory_limit_bytes)

    async with ConcurrencyLimiter(6, read) as places:
        room = memory.limit_bytes - memory.most_bytes
        with child(HOG, str(int(room / MB * 0.95))):
            while not await asyncio.to_thread(tight):  # noqa: ASYNC110 (no event tells of it)
                await asyncio.sleep(0.02)
            began = time.monotonic()
            while places.allowed == 6:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            took = time.monotonic() - began
        print(f"memory: {took:.1f} s from the instant that it was tight ({places.why})")


async def pages(limit_mb: int, wanted: int, seconds: float, held_back: bool) -> None:
    memory = Memory(limit_mb)

    def read() -> ResourceReading:
        reading = replace(alone(memory.read()), cores=wanted)
        return reading if held_back else replace(reading, memory_bytes=0, killed=0)

    opened, allowed = 0, []
    async with open_chromium(Settings(), loopback_only=True) as chromium:
        killed = memory.read().killed
        async with ConcurrencyLimiter(wanted, read) as places:
            end = time.monotonic() + seconds

            async def visits() -> None:
                nonlocal opened
                while time.monotonic() < end:
                    async with places.place():
                        if time.monotonic() < end:
                            page: OpenPage = await chromium.open_page()
                            opened += 1
                            await page.page.evaluate(FILL)
                            allowed.append(places.allowed)
                            await asyncio.sleep(STAYS_S)
                            await chromium.close_page(page)

            await asyncio.gather(*(visits() for _ in range(wanted)))
        killed = memory.read().killed - killed
        starts = chromium.starts
    kind = "real" if memory.real else "invented"
    print(
        f"pages: {wanted} wanted at once, {'held back' if held_back else 'NOT held back'}:"
        f" {opened} opened in {seconds:g} s, allowed {min(allowed)} to {max(allowed)};"
        f" at most {memory.most_bytes / MB:,.0f} MB of {memory.limit_bytes / MB:,.0f} MB"
        f" ({kind} limit); {killed} killed by the kernel, {starts - 1} restarts"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.load.overload")
    parser.add_argument("--limit-mb", type=int, default=2_000)
    parser.add_argument("--pages", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--without", action="store_true", help="also with nothing held back")
    given = parser.parse_args()
    await processors()
    await memory(given.limit_mb)
    await pages(given.limit_mb, given.pages, given.seconds, held_back=True)
    if given.without:
        await pages(given.limit_mb, given.pages, given.seconds, held_back=False)


if __name__ == "__main__":
    log.configure(quiet=True)
    asyncio.run(main())
