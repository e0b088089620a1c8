"""
Programs kept running, as systemd or Docker would keep them.

Each is started again when it ends unasked, and orphans come to this process, as they would to an
init: so nothing that a killed fleet leaves is overlooked.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from fleet.models import now

RESTART_S = 2.0
"""How long a supervisor waits before it starts again what has ended."""
PR_SET_CHILD_SUBREAPER = 36


class End(NamedTuple):
    """A process ended; `code` is its exit code, negative: the signal that ended it."""

    at: datetime
    code: int


class Program:
    """A process that is started again when it ends, until it is stopped."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.log, self.ends = log, list[End]()
        self.pid = 0
        self._words, self._environment = words, environment
        self._stopping = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._stopping = asyncio.Event()
        self._keeping = asyncio.ensure_future(self._keep(self._stopping))

    async def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to end; gives its exit code."""
        self._stopping.set()
        if self._keeping is not None:
            with contextlib.suppress(ProcessLookupError):
                if self.pid:
                    os.kill(self.pid, number)
            await self._keeping
            self._keeping = None
        return self.ends[-1].code if self.ends else 0

    def last_words(self) -> str:
        """How it stands and what it has logged last, for whoever waited in vain."""
        logged = self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
        return f"process {self.pid or 'none'}, ended {[end.code for end in self.ends]}\n{logged}"

    async def _keep(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            with self.log.open("ab") as log:
                process = await asyncio.create_subprocess_exec(
                    *self._words, env=self._environment, stdout=log, stderr=log
                )
            self.pid = process.pid
            code = await process.wait()
            self.pid = 0
            self.ends.append(End(now(), code))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), RESTART_S)


def end_in_order() -> None:
    """From now on SIGTERM cancels the calling task, as Ctrl-C does, and what it began is ended."""
    calling = asyncio.current_task()
    assert calling is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, calling.cancel)


@contextlib.contextmanager
def adopting() -> Iterator[None]:
    """Meanwhile processes whose parents were killed come to this one, as to an init."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def words_of(process: psutil.Process) -> list[str]:
    """A process's command line; empty if it has ended."""
    with contextlib.suppress(psutil.Error):
        return list(process.cmdline())
    return []


def collect(orphan: psutil.Process) -> None:
    """Take an ended orphan away, as an init does."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(orphan.pid, os.WNOHANG)


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def events(log: Path) -> Iterator[dict[str, Any]]:
    """What a fleet has logged, oldest first."""
    if log.exists():
        for line in log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                if isinstance(event := json.loads(line), dict):
                    yield event


def said(log: Path, event: str) -> int:
    """How often this event was logged."""
    return sum(each.get("event") == event for each in events(log))
