"""
Further processes that serve the same pages on the same socket, as long as the first one does.

Each is started anew (spawn): nothing of the first one's threads, connections or event loop is in
it. A pipe is all that ties them: a process says on it that it serves; its end in either process
tells the other that this one is gone. So they end with the first, even if that is killed, and
one that dies is started again. Ctrl-C and SIGTERM are for the first only: they are blocked here.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import multiprocessing
import os
import signal
import sys
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

import proclimits

from fleet.errors import FleetError
from fleet.system.resources import Machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

MAX_USUAL = 4
"""More are only started on request; MongoDB needs a processor too."""

PROCESS_BYTES = 350 * 2**20
"""That one should have: itself, and a picture that is being framed or made small."""

ENDING_S = 10.0
"""An answer under way may take half of this (`serve.GRACE_S`); then the process is killed."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def usual_number(memory_bytes: int | None = None) -> int:
    """
    One process for each processor that this one may use, at least 1 and at most `MAX_USUAL`.

    No more than `memory_bytes` have room for; None: what this process may use.
    """
    mine = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    room = (memory_bytes or Machine().read().memory_limit_bytes) // PROCESS_BYTES
    return max(1, min(mine, math.floor(proclimits.get_cpu_limit() or mine), room, MAX_USUAL))


@contextlib.asynccontextmanager
async def beside(serve: Callable[[Connection], None], number: int) -> AsyncIterator[None]:
    """
    `number` more processes, all of them serving when this begins, none left when it ends.

    Args:
        serve: what each does with its end of the pipe: serve, send some bytes when it does, end
            when `said` on it ends. Pickled, so a module's function or a `partial` of one.

    Raises:
        FleetError: a process ended before it served; also later, if one that died cannot be
            started again: the block is then cancelled.
    """
    try:
        async with asyncio.TaskGroup() as group:
            serving = [asyncio.Event() for _ in range(number)]
            keepers = [group.create_task(_keep_one(serve, each)) for each in serving]
            await asyncio.gather(*(each.wait() for each in serving))
            yield
            for keeper in keepers:
                keeper.cancel()
    except* FleetError as several:
        raise several.exceptions[0] from None


async def _keep_one(serve: Callable[[Connection], None], serving: asyncio.Event) -> None:
    """A process that serves, and another when it dies; ended when this is cancelled."""
    while True:
        ours, theirs = multiprocessing.Pipe()
        process = _start(serve, theirs)
        theirs.close()
        try:
            if not await has_message(ours):
                await _wait_for_end(process)
                raise FleetError(
                    f"a server process ended before it served (exit code {process.exitcode});"
                    " what it said is above. Try again with --processes 1"
                )
            serving.set()
            await has_message(ours)
        finally:
            ours.close()
            await _wait_for_end(process)
        print(
            f"fleet: server process {process.pid} has died (exit code {process.exitcode});"
            " another one is started",
            file=sys.stderr,
            flush=True,
        )


def _start(serve: Callable[[Connection], None], theirs: Connection) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    resource_tracker.ensure_running()  # `start` would do it, and unblock these signals
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)  # a child inherits what is blocked
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


async def has_message(connection: Connection) -> bool:
    """Whether the other process said something on it; False when it is gone."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection.fileno(), readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection.fileno())
    try:
        return bool(connection.recv_bytes())
    except (EOFError, OSError):
        return False


async def _wait_for_end(process: SpawnProcess) -> None:
    await asyncio.to_thread(process.join, ENDING_S)
    if process.exitcode is None:
        process.kill()
        await asyncio.to_thread(process.join)
