"""Ctrl-C and SIGTERM while a command works."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextlib.contextmanager
def on_signal(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """
    Call `first` on the first Ctrl-C or SIGTERM, `second` on those after it.

    Afterwards they do nothing: closing is bounded in time, and cut short it would leave processes.
    """
    loop = asyncio.get_running_loop()
    calls = 0

    def called() -> None:
        nonlocal calls
        calls += 1
        (first if calls == 1 else second)()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, called)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)


def interrupt_event() -> asyncio.Event:
    """An event that Ctrl-C or SIGTERM sets."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    return event
