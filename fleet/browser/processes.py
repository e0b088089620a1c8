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
    from collections.abc import Iterable, Iterator, Sequence

TEMPORARY = "fleet-chromium-"
WATCH_S = 0.25
"""How often to look whether Chromium and the driver live: Playwright tells of Chromium only."""

DRIVER_HEAP_MB = 1024
"""Most of JavaScript's memory in the driver: a leak there ends the driver, not the machine."""


async def watch(processes: Sequence[psutil.Process], died: asyncio.Event) -> None:
    """Set `died` when one of the processes has ended; collect their orphans until cancelled."""
    while True:
        reap(processes)
        if not all(lives(process) for process in processes):
            died.set()
        await asyncio.sleep(WATCH_S)


def family(roots: Iterable[psutil.Process]) -> list[psutil.Process]:
    """These processes and all that they have started, each once."""
    found = dict.fromkeys(roots)
    for root in [*found]:
        with contextlib.suppress(psutil.Error):
            found.update(dict.fromkeys(root.children(recursive=True)))
    return list(found)


def started_in(folder: Path) -> list[psutil.Process]:
    """Our children that were started with `folder` as `TMPDIR`."""
    # other children of ours (MongoDB's server, another Chromium's driver) are not meant
    found = []
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if child.environ().get("TMPDIR") == str(folder):
                found.append(child)
    return found


def pss_bytes(processes: Iterable[psutil.Process]) -> int:
    """
    Their memory, shared pages counted once (proportional set size); 0 where nobody tells it.

    Costs a few milliseconds for a Chromium: for a thread and every few seconds, not every visit.
    """
    total = 0
    for process in processes:
        with contextlib.suppress(psutil.Error, OSError):  # it has ended, or is another's
            total += getattr(process.memory_full_info(), "pss", 0)
    return total


def reap(processes: Iterable[psutil.Process]) -> None:
    """
    Collect what has ended in the groups that these processes lead, if it was left to us.

    The first process of a container without an init inherits Chromium's orphans, and they stay as
    zombies until it asks for them. Only whole groups that are not our own are asked about, so
    what asyncio and subprocess wait for is never taken from them.
    """
    for process in processes:
        with contextlib.suppress(psutil.Error, ChildProcessError):
            if not process.is_running() and psutil.pid_exists(process.pid):
                continue  # its number belongs to another process by now
            while os.waitpid(-process.pid, os.WNOHANG)[0]:
                pass


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
def environment_of_driver(folder: Path) -> Iterator[None]:
    """
    For a driver that is started within: its `TMPDIR`, and a limit to its memory.

    Playwright has no other way to say it. The environment is that of the whole process, so two
    drivers must not be started at the same time.
    """
    options = os.environ.get("NODE_OPTIONS", "")
    heap = f"--max-old-space-size={DRIVER_HEAP_MB} {options}".strip()  # the last one counts
    before = {name: os.environ.get(name) for name in ("TMPDIR", "NODE_OPTIONS")}
    os.environ |= {"TMPDIR": str(folder), "NODE_OPTIONS": heap}
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def sweep_temporary() -> None:
    """Remove the temporary folders of fleets that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{TEMPORARY}*"):
        owner = folder.name.removeprefix(TEMPORARY).split("-", 1)[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)
