"""
Whether this process stood still: stopped, paused with its container, or its machine asleep.

What could not be heard meanwhile says nothing about who was asked.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Self

TICK_S = 1.0
LONG_S = 5.0
"""Longer than a busy machine keeps a process waiting."""


def clock() -> float:
    """Seconds since some moment; they pass also while the machine sleeps."""
    # time.monotonic stands still in a suspended machine; leases and connections do not
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class Standstill:
    """`with Standstill() as still:` notes in `longest_s` for how long at most nothing went on."""

    def __init__(self) -> None:
        self.longest_s = 0.0
        self._last = clock()
        self._ticking: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._last = clock()
        self._ticking = asyncio.ensure_future(self._tick())
        return self

    def __exit__(self, *_: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
        self._look()

    @property
    def long(self) -> bool:
        """Whether it was so long that a limit of time means nothing."""
        return self.longest_s > LONG_S

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._look()

    def _look(self) -> None:
        at = clock()
        self.longest_s = max(self.longest_s, at - self._last - TICK_S)
        self._last = at
