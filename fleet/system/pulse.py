"""
Whether the event loop turns: seen from outside of it, because a loop that stands tells nobody.

A thread counts its own ticks while the loop does not beat. It sleeps when the process is stopped
or the machine suspended, so such time counts for nothing. What holds Python itself (a regular
expression, a library in C) stops that thread too: for this case a timer of the kernel counts the
processor time that the process burns without a beat of either, and ends it without Python's help.
"""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Self

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

TICK_S = 0.5

STILL_S = 5.0
"""From here on it is said that the loop stands: more than a busy machine keeps it waiting."""

STUCK_S = 60.0
"""A loop that stood for so long will not go on: the process ends, and is started anew."""

BLAMED_S = 10.0
"""As long as this may code stand that is not the fleet's own, such as a scenario's."""

HELD_S = 10.0
"""So much processor time may pass in which no thread of Python's runs."""

STUCK = 70
"""The exit code of a process whose loop stood; of one that could not even say so, by SIGPROF."""


class Pulse:
    """
    `with Pulse() as pulse:` inside the loop watches it; `still_s` may be asked from any thread.

    Args:
        stuck_s: after so many seconds without a turn, the stack of the loop's thread goes to the
            log and the process ends with `STUCK`.
        on_still: called in the loop, with the seconds, after it stood for `STILL_S` and went on.
        on_beat: called in the loop at each of its beats.
        blame: asked outside of the loop, once it stood for `BLAMED_S`: who holds it, by the
            innermost frame of its thread and the name of its task. Who is named ends the process.
    """

    def __init__(
        self,
        *,
        stuck_s: float = STUCK_S,
        on_still: Callable[[float], None] | None = None,
        on_beat: Callable[[], None] = lambda: None,
        blame: Callable[[FrameType | None, str], str | None] = lambda *_: None,
    ) -> None:
        self._stuck_s, self._on_still = stuck_s, on_still
        self._on_beat, self._blame = on_beat, blame
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticks = 0
        self._end = threading.Event()
        self._loop_thread = 0
        self._beating: asyncio.Task[None] | None = None

    @property
    def still_s(self) -> float:
        """For how long the loop has not turned; 0 if that is less than `STILL_S`."""
        seconds = self._ticks * TICK_S
        return seconds if seconds >= STILL_S else 0.0

    @property
    def problem(self) -> str | None:
        """What to say of it; None if it turns."""
        still_s = self.still_s
        return f"the event loop has not turned for {still_s:.0f} s" if still_s else None

    def __enter__(self) -> Self:
        self._loop_thread = threading.get_ident()
        self._loop = asyncio.get_running_loop()
        with contextlib.suppress(RuntimeError, ValueError, AttributeError):  # no stderr, no Unix
            faulthandler.register(signal.SIGPROF, file=sys.__stderr__ or 2, chain=True)
        self._beating = asyncio.ensure_future(self._beat())
        threading.Thread(target=self._count, name="pulse", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._beating is not None:
            self._beating.cancel()
        signal.setitimer(signal.ITIMER_PROF, 0)

    async def _beat(self) -> None:
        last = time.monotonic()
        while True:
            self._ticks = 0
            self._on_beat()
            # processor time, of all threads: so much never passes between two beats of a loop
            # that turns, or two ticks of the thread; and none does while the process is stopped
            signal.setitimer(signal.ITIMER_PROF, HELD_S)
            still_s, last = time.monotonic() - last, time.monotonic()
            if self._on_still is not None and still_s >= STILL_S:
                self._on_still(still_s)
            await asyncio.sleep(TICK_S)

    def _count(self) -> None:
        while not self._end.wait(TICK_S):
            self._ticks += 1
            signal.setitimer(signal.ITIMER_PROF, HELD_S)
            stood_s = self._ticks * TICK_S
            frame = sys._current_frames().get(self._loop_thread)
            blamed = self._blamed(frame) if stood_s >= BLAMED_S else None
            if blamed or stood_s >= self._stuck_s:
                self._give_up(frame, blamed)

    def _blamed(self, frame: FrameType | None) -> str | None:
        with contextlib.suppress(Exception):  # safe: whom nobody can name is ended later
            task = asyncio.current_task(self._loop)
            return self._blame(frame, task.get_name() if task else "")
        return None

    def _give_up(self, frame: FrameType | None, blamed: str | None) -> None:
        stack = "".join(traceback.format_stack(frame)) if frame else "unknown"
        with contextlib.suppress(Exception):  # safe: it ends in any case
            structlog.get_logger().critical(
                "the event loop stands; this process ends",
                seconds=round(self._ticks * TICK_S),
                held_by=blamed,
                stack=stack,
            )
            sys.stderr.flush()
        os._exit(STUCK)
