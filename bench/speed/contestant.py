"""
How a contender talks with the benchmark: one word on its input, one line of JSON as answer.

`visit N` makes N visits and tells how long they took and what the whole tree of processes
(itself, driver, Chromium, mongod) spent; `size` tells what is stored, in bytes; `seal` links and
seals all attempts anew and tells what that took; anything else ends it.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Protocol

import psutil

from fleet.browser.processes import pss_bytes

Visits = Callable[[int], Awaitable[list[str]]]


class Answers(Protocol):
    async def __call__(
        self,
        visits: Visits,
        *,
        size: Callable[[], Awaitable[int]] | None = None,
        seal: Callable[[], Awaitable[dict[str, float]]] | None = None,
    ) -> None: ...


Contend = Callable[[int, int, Answers], Awaitable[None]]


def tree() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def cpu_seconds() -> float:
    """
    What the tree has spent so far, processes that have ended included.

    A process that ends leaves its time with the parent that waits for it, which Chromium's
    zygote and the driver do.
    """
    total = 0.0
    for process in tree():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


class MemoryWatch(threading.Thread):
    """Samples the tree's memory until `stop`; off by default, for reading it costs time."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._ended = threading.Event()
        self.samples: list[int] = []

    def run(self) -> None:
        while not self._ended.wait(0.25):
            self.samples.append(pss_bytes(tree()))

    def stop(self) -> int:
        self._ended.set()
        self.join()
        ordered = sorted(self.samples)
        return ordered[int(len(ordered) * 0.9)] if ordered else 0


async def answers(
    visits: Visits,
    *,
    size: Callable[[], Awaitable[int]] | None = None,
    seal: Callable[[], Awaitable[dict[str, float]]] | None = None,
) -> None:
    while True:
        words = (await asyncio.to_thread(sys.stdin.readline)).split()
        if words[:1] == ["visit"]:
            watch = MemoryWatch() if words[2:] == ["memory"] else None
            if watch:
                watch.start()
            cpu, wall = cpu_seconds(), time.monotonic()
            verdicts = await visits(int(words[1]))
            reply = {
                "wall_s": time.monotonic() - wall,
                "cpu_s": cpu_seconds() - cpu,
                "verdicts": Counter(verdicts),
                "pss_bytes": watch.stop() if watch else 0,
            }
            print(json.dumps(reply), flush=True)
        elif words[:1] == ["size"] and size is not None:
            print(json.dumps({"bytes": await size()}), flush=True)
        elif words[:1] == ["seal"] and seal is not None:
            print(json.dumps(await seal()), flush=True)
        else:
            return


def main(contend: Contend, arguments: list[str]) -> None:
    asyncio.run(contend(int(arguments[1]), int(arguments[2]), answers))  # type: ignore[arg-type]
