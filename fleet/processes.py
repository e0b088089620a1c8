"""Chromium's and the driver's processes and their temporary folder: watched, ended, removed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TEMPORARY = "fleet-chromium-"
WATCH_S = 0.25
"""How often to look whether Chromium and the driver live: Playwright tells of Chromium only."""


async def watch(processes: Sequence[psutil.Process], died: asyncio.Event) -> None:
    """Set `died` when one of the processes has ended."""
    while all(lives(process) for process in processes):  # noqa: ASYNC110 (no event tells of it)
        await asyncio.sleep(WATCH_S)
    died.set()


def lives(process: psutil.Process) -> bool:
    """Whether a process is at work; one that has ended and waits to be collected is not."""
    with contextlib.suppress(psutil.Error):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def kill(process: psutil.Process) -> None:
    """Kill a process, and its group if it leads one, even when it is gone itself."""
    with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
        if not process.is_running() and psutil.pid_exists(process.pid):
            return  # its number belongs to another process by now
        with contextlib.suppress(ProcessLookupError):  # it leads no group, or nobody is left in it
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()


async def until_gone(processes: Sequence[psutil.Process], seconds: float) -> None:
    """Wait for killed processes; one that nobody collects (a zombie) is gone."""
    clock = asyncio.get_running_loop().time
    end = clock() + seconds
    while any(map(lives, processes)) and clock() < end:  # noqa: ASYNC110 (no event tells of it)
        await asyncio.sleep(0.02)


async def remove(folder: Path) -> None:
    """Remove a folder in which a process may have made a file in its last moment."""
    for _ in range(10):
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        if not await asyncio.to_thread(folder.exists):
            return
        await asyncio.sleep(0.05)


@contextlib.contextmanager
def temporary_folder(folder: Path) -> Iterator[None]:
    """`TMPDIR` for a process that is started within; Playwright has no other way to say it."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def sweep_temporary() -> None:
    """Remove the temporary folders of fleets that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        owner = folder.name.removeprefix(TEMPORARY).split("-", 1)[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
