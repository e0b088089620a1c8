"""A Chromium of one test's own, which the test may kill; whatever it leaves behind is found."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.settings import Settings

SOON_S = 20.0
"""Far longer than anything here takes; over means that it hangs."""


class Alone:
    """Chromium and the processes that carry `folder` (their temporary folder) in them."""

    def __init__(self, chromium: Chromium, folder: Path) -> None:
        self.chromium = chromium
        self._folder = folder
        self._groups: set[int] = set()

    def driver(self) -> psutil.Process:
        """Playwright's node."""
        (found,) = [p for p in tagged(self._folder) if has(p, "run-driver")]
        return found

    def browser(self) -> psutil.Process:
        """Chromium's first process itself, not the shell script that may have started it."""
        # whatever the shell or Chromium forks carries their command line until it is another
        # program: the shell is told by its program, Chromium's own forks by their parent
        named = {}
        for process in tagged(self._folder):
            with contextlib.suppress(psutil.Error):
                if "--remote-debugging-pipe" in process.cmdline() and not _is_shell(process):
                    named[process.pid] = process.ppid(), process
        (found,) = [process for parent, process in named.values() if parent not in named]
        self._groups.add(os.getpgid(found.pid))
        return found

    def parts(self, kind: str) -> list[psutil.Process]:
        """Chromium's processes of one `--type`, such as `renderer`."""
        children = self.browser().children(recursive=True)
        return [p for p in children if has(p, f"--type={kind}")]

    def left(self) -> list[str]:
        """Processes that still live, and files that are still there."""
        living = [p for p in psutil.process_iter() if _group(p) in self._groups]
        return sorted({*map(str, living), *map(str, left_in(self._folder))})


@contextlib.asynccontextmanager
async def alone(folder: Path, *, close_s: float = 2) -> AsyncIterator[Alone]:
    """A Chromium for one test; fails if a context, a process or a file of it is left at the end."""
    temporary = folder / "temporary"
    temporary.mkdir()
    before, tempfile.tempdir = tempfile.tempdir, str(temporary)
    try:
        async with Chromium(
            find_chromium(Settings().chromium),
            fleet_version=fleet.__version__,
            close_s=close_s,
            loopback_only=True,
        ) as chromium:
            its = Alone(chromium, temporary)
            its.browser()
            yield its
            assert chromium.open_contexts == 0
            with contextlib.suppress(ValueError):  # it may be dead now, and not started again
                its.browser()
    finally:
        tempfile.tempdir = before
    # a killed process needs a moment until the kernel has taken it away
    await until(lambda: its.left() == [], lambda: f"left behind: {its.left()}")


def tagged(folder: Path) -> list[psutil.Process]:
    """Living processes with `folder` in their command line or environment, but not this one."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = [*process.cmdline(), *process.environ().values()]
            if any(str(folder) in word for word in words):
                found.append(process)
    return found


def left_in(folder: Path) -> list[psutil.Process | Path]:
    """Processes tagged with `folder`, and what is in it."""
    return [*tagged(folder), *folder.iterdir()]


async def until(
    true: Callable[[], bool], words: Callable[[], str] = lambda: "it does not come"
) -> None:
    """Wait for something that must come soon."""
    give_up = time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < give_up, words()
        await asyncio.sleep(0.02)


def has(process: psutil.Process, word: str) -> bool:
    """Whether this is a word of a living process's command line."""
    with contextlib.suppress(psutil.Error):
        return word in process.cmdline()
    return False


def _is_shell(process: psutil.Process) -> bool:
    return Path(process.exe()).name in ("sh", "dash", "bash", "busybox")


def _group(process: psutil.Process) -> int | None:
    try:
        return None if process.status() == psutil.STATUS_ZOMBIE else os.getpgid(process.pid)
    except (psutil.Error, ProcessLookupError):
        return None


async def freeze(process: psutil.Process) -> None:
    """Stop a process, and wait until all its threads stand still."""
    process.suspend()
    tasks = Path(f"/proc/{process.pid}/task")
    await until(
        lambda: {(t / "stat").read_text().rsplit(") ", 1)[1][0] for t in tasks.iterdir()} == {"T"}
    )
