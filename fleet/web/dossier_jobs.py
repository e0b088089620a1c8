"""
Dossiers made for readers of the pages: one at a time on a server, kept for an hour.

A dossier takes a Chromium and up to some minutes, so whoever asks for it gets a page that tells how
far it is. What is known of one is a small file in `data_dir/dossiers`, seen by all processes that
serve; a lock says whether somebody is at work. The same order over the same attempts, seals and
timestamps is not made twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import time
from typing import TYPE_CHECKING, Literal, Self

import structlog

from fleet.errors import FleetError
from fleet.evidence.dossier.builder import build
from fleet.evidence.dossier.collect import DossierOrder
from fleet.ledger.canonical import canonical, sha256
from fleet.models import Frozen, Instant, now
from fleet.system.state_file import FileLock, StateFile

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.web.context import WebContext

MAX_ATTEMPTS = 2_000
"""Of one dossier made here; `fleet dossier` makes larger ones."""

KEEP_S = 3600
MAX_BYTES = 4_000_000_000
FREE_BYTES = 2_000_000_000
"""With less free disk than this, none is made."""

SWEEP_S = 300.0
LOCK_TRIES, LOCK_WAIT_S = 4, 0.05

_KEY = re.compile("[0-9a-f]{32}")


class Busy(FleetError):
    """Another dossier is being made on this server."""


class NoRoom(FleetError):
    """The disk has too little room for another dossier."""


class Job(Frozen):
    """
    A dossier that was asked for.

    `state` is `lost` if its process ended meanwhile. `written` of its `attempts` are in the ZIP so
    far; `takedowns` is how many files had been taken down in all when it was begun.
    """

    key: str
    order: DossierOrder
    began_at: Instant
    attempts: int
    takedowns: int
    state: Literal["making", "made", "failed", "lost"] = "making"
    written: int = 0
    size_bytes: int = 0
    problem: str = ""


class Dossiers:
    """The dossiers of one server; `async with` it while it serves."""

    def __init__(self, context: WebContext) -> None:
        self._context = context
        self._folder = context.data_dir / "dossiers"
        self._work: asyncio.Task[None] | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._sweeper = asyncio.create_task(self._sweep_always())
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in (self._sweeper, self._work):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def start(self, order: DossierOrder, covering: dict[str, int | None]) -> str:
        """
        Begin to make a dossier of these attempts, unless it is there or under way; its key.

        Args:
            covering: its attempts with the numbers of their seals (`Ledger.seals_over`).

        Raises:
            Busy: another one is being made.
            NoRoom: the disk is full.
        """
        store, numbers = self._context.store, {n for n in covering.values() if n is not None}
        stamped = await store.ledger.token_counts(sorted(numbers))
        takedowns = await store.removals.count_takedowns()
        content = [order.model_dump(mode="json"), covering, sorted(stamped.items()), takedowns]
        key = sha256(canonical(content))[:32]
        job = await self.job(key)
        if job is not None and job.state in ("making", "made"):
            return key
        lock = FileLock(self._folder / "lock")
        if not await _take_lock(lock):
            raise Busy("another dossier is being made")
        try:
            await asyncio.to_thread(self._make_room, key)
        except BaseException:
            lock.release()
            raise
        job = Job(key=key, order=order, began_at=now(), attempts=len(covering), takedowns=takedowns)
        self._write(job)
        self._work = asyncio.create_task(self._make(job, lock))
        return key

    async def job(self, key: str) -> Job | None:
        """What is known of a dossier; None if there is none (any more)."""
        if not _KEY.fullmatch(key):
            return None
        job = self._read(key)
        if job is None:
            return None
        if job.state == "making":
            lock = FileLock(self._folder / "lock")
            if await _take_lock(lock):  # nobody is at work: its process was ended
                lock.release()
                job = self._read(key) or job
                return job if job.state != "making" else job.model_copy(update={"state": "lost"})
        elif job.state == "made":
            # what was taken down since must not go out any more
            takedowns = await self._context.store.removals.count_takedowns()
            if takedowns != job.takedowns or not self.path(job).exists():
                await asyncio.to_thread(self._remove, key)
                return None
        return job

    def path(self, job: Job) -> Path:
        """The ZIP of a dossier that is made."""
        return self._folder / f"{job.key}.zip"

    async def _make(self, job: Job, lock: FileLock) -> None:
        context, open_pages = self._context, self._context.chromium
        assert open_pages is not None

        def note_progress(written: int) -> None:
            self._write(job.model_copy(update={"written": written}))

        changes: dict[str, object]
        try:
            async with open_pages() as pages:
                path = self.path(job)
                built = await build(
                    context.store,
                    pages,
                    job.order,
                    path,
                    context.roots,
                    note_progress,
                    context.key,
                )
            changes = {"state": "made", "size_bytes": built.size_bytes, "written": built.attempts}
            self._write(job.model_copy(update=changes))
        except FleetError as exc:
            structlog.get_logger().warning("no dossier", key=job.key, problem=str(exc))
            self._write(job.model_copy(update={"state": "failed", "problem": str(exc)}))
        finally:
            lock.release()

    # The folder ---------------------------------------------------------------------------------

    def _file(self, key: str) -> StateFile[Job]:
        return StateFile(self._folder / f"{key}.json", Job)

    def _read(self, key: str) -> Job | None:
        return self._file(key).read()

    def _write(self, job: Job) -> None:
        self._file(job.key).write(job)

    def _remove(self, key: str) -> None:
        for ending in ("json", "zip"):
            with contextlib.suppress(OSError):
                (self._folder / f"{key}.{ending}").unlink(missing_ok=True)

    def _make_room(self, key: str) -> None:
        """Called with the lock: nobody else writes."""
        self._remove(key)
        self.sweep()
        if shutil.disk_usage(self._folder).free < FREE_BYTES:
            raise NoRoom(f"less than {FREE_BYTES / 1e9:g} GB free at {self._folder}")

    def sweep(self, max_bytes: int = MAX_BYTES) -> None:
        """Remove what is older than `KEEP_S`, and the oldest above `max_bytes`."""
        there = []
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                with contextlib.suppress(OSError):  # another process removed it
                    there.append((path.stat().st_mtime, path.stat().st_size, path))
        total = 0
        for mtime, size, path in sorted(there, reverse=True):
            total += size
            if path.name != "lock" and (time.time() - mtime > KEEP_S or total > max_bytes):
                with contextlib.suppress(OSError):
                    path.unlink()

    async def _sweep_always(self) -> None:
        while True:
            await asyncio.to_thread(self.sweep)
            await asyncio.sleep(SWEEP_S)


async def _take_lock(lock: FileLock) -> bool:
    """Whether the lock is ours now. One that only looks whether it is free holds it for no time."""
    for _ in range(LOCK_TRIES):
        if lock.take():
            return True
        await asyncio.sleep(LOCK_WAIT_S)
    return False
