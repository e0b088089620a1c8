"""
How right this machine's clock is, by the kernel's own account, and whether this process stood
still. Asks nobody else.

`adjtimex` with nothing to set only reads: what NTP (chrony, ntpd, systemd-timesyncd) last told
the kernel. It needs no privilege and works in containers, which share the machine's clock.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from typing import Self

from fleet.models.circumstances import Clock

UNKNOWN = Clock(source="unknown")

STA_UNSYNC = 0x0040

STA_NANO = 0x2000

TIME_ERROR = 5


class Timex(ctypes.Structure):
    """`struct timex` of Linux, as far as it is read here; the rest is room (`man 2 adjtimex`)."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("room", ctypes.c_byte * 256),
    )


def read_clock() -> Clock:
    """What the kernel says now; `unknown` where there is no such call, or it is refused."""
    try:
        call = ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):  # not Linux
        return UNKNOWN
    timex = Timex()
    return clock_of(call(ctypes.byref(timex)), timex)


def clock_of(state: int, timex: Timex) -> Clock:
    """What an answer of `adjtimex` means: its return value, and what it filled in."""
    if state < 0:
        return UNKNOWN
    if state == TIME_ERROR or timex.status & STA_UNSYNC:
        return Clock(source="kernel (adjtimex)", synchronised=False)
    unit = 1e-9 if timex.status & STA_NANO else 1e-6
    return Clock(
        source="kernel (adjtimex)",
        synchronised=True,
        offset_s=round(timex.offset * unit, 6),
        max_error_s=round(timex.maxerror * 1e-6, 6),
    )


TICK_S = 1.0


def clock() -> float:
    """Seconds since some moment; they pass also while the machine sleeps."""
    # time.monotonic stands still in a suspended machine; leases and connections do not
    return time.clock_gettime(time.CLOCK_BOOTTIME) if sys.platform == "linux" else time.monotonic()


class Standstill:
    """
    `with Standstill() as still:` notes in `longest_s` for how long at most nothing went on.

    Args:
        long_s: from here on it is long: more than a busy machine keeps a process waiting.
    """

    def __init__(self, long_s: float = 5.0) -> None:
        self.longest_s, self._long_s = 0.0, long_s
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
    def is_long(self) -> bool:
        """Whether it was so long that a limit of time means nothing."""
        return self.longest_s > self._long_s

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._look()

    def _look(self) -> None:
        at = clock()
        self.longest_s = max(self.longest_s, at - self._last - TICK_S)
        self._last = at
