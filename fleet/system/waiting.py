"""
Waiting for Playwright with a limit, without ever cancelling it.

Cancelling a task that is inside a Playwright call is undefined behaviour (its documentation,
"Known issues"), so `asyncio.timeout` and `wait_for` must not be put around one. Here the
waiting ends and the call goes on; it ends by itself when its page is closed.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

T = TypeVar("T")


def _forget(task: asyncio.Task[Any]) -> None:
    """Take the exception of a call nobody waits for, so that asyncio does not print it."""
    if not task.cancelled():
        task.exception()


async def wait_at_most(
    seconds: float, call: Coroutine[Any, Any, T], *, unless: asyncio.Event | None = None
) -> T | None:
    """
    What `call` gives, or None if it takes longer than `seconds`; it then goes on unseen.

    Args:
        unless: ends the waiting too, such as the death of what was called.

    Raises:
        Exception: whatever `call` raised in time.
    """
    task = asyncio.ensure_future(call)
    ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(unless.wait())] if unless else []
    try:
        await asyncio.wait(
            {task, *ends}, timeout=max(0.0, seconds), return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for end in ends:
            end.cancel()
        task.add_done_callback(_forget)
    return task.result() if task.done() else None


async def finish_first(call: Coroutine[Any, Any, T]) -> T:
    """
    What `call` gives. A cancellation meanwhile is passed on only when `call` has ended.

    For starting and ending processes: half started, nobody would know of them.
    """
    task = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        _forget(task)
        raise
