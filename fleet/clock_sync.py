"""
How right this machine's clock is, by the kernel's own account. Asks nobody else.

`adjtimex` with nothing to set only reads: what NTP (chrony, ntpd, systemd-timesyncd) last told
the kernel. It needs no privilege and works in containers, which share the machine's clock.
"""

from __future__ import annotations

import ctypes

from fleet.circumstances import Clock

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
    said = Timex()
    return clock_of(call(ctypes.byref(said)), said)


def clock_of(state: int, said: Timex) -> Clock:
    """What an answer of `adjtimex` means: its return value, and what it filled in."""
    if state < 0:
        return UNKNOWN
    if state == TIME_ERROR or said.status & STA_UNSYNC:
        return Clock(source="kernel (adjtimex)", synchronised=False)
    unit = 1e-9 if said.status & STA_NANO else 1e-6
    return Clock(
        source="kernel (adjtimex)",
        synchronised=True,
        offset_s=round(said.offset * unit, 6),
        max_error_s=round(said.maxerror * 1e-6, 6),
    )
