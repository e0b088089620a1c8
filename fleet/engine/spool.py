"""
The spool: what was seen is on this disk before anything else is done with it.

A finished attempt, or a missed visit, is first one file here (`fleet.engine.spool_format`: a zip
that anyone can open), then in MongoDB, then removed. The file has its name only when it is whole:
written under another, synced, renamed, and the folder synced. Names begin with a number that grows,
so that the order is kept across restarts.

What MongoDB will never take (a document that it refuses for what it is) goes to `refused/`, what
cannot be read any more to `damaged/`, and the attempt of a due time that has one to `twice/`: none
may stand in the way of those behind it. They are for a person to look at; what is moved back into
the folder is taken at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from fleet.engine.keeping import stand_in
from fleet.engine.spool_format import mark_in, pack, read_item
from fleet.errors import BadInput, DamagedItem, SpoolFull, StoreNeverTakes, StoreRefused
from fleet.models.missed import MissedVisit, due_mark
from fleet.system.files import HALF, boot_id, sync_folder, write_whole
from fleet.system.waiting import finish_first

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from fleet.models import Attempt
    from fleet.models.attempt import Capture
    from fleet.storage.store import Store

NAME = re.compile(r"(\d{1,20})-(attempt|missed)(?:-([0-9a-f]{32}))?\.zip")
"""When, what, and of which due time (`due_mark`); names of older fleets do not say that."""

REFUSED, DAMAGED, TWICE = "refused", "damaged", "twice"


class Spool:
    """
    The spool in `folder`.

    `refused`, `damaged` and `twice` are how many items lie in the folders of these names. `lost`
    says of which due times (`due_mark`) nothing can be read any more, and whether it was an
    `attempt` or a `missed` visit.

    Args:
        max_bytes: how much may wait here before no new visit may begin.
        free_bytes: how much must be free on this disk for a new visit to begin.
    """

    def __init__(self, folder: Path, *, max_bytes: int, free_bytes: int) -> None:
        self._folder = folder
        self._max_bytes, self._free_bytes = max_bytes, free_bytes
        self._items: dict[str, int] = {}  # sizes by name, in the order of the names
        self._number = 0
        self._lock: int | None = None
        self._put_lock, self._drain_lock = asyncio.Lock(), asyncio.Lock()
        self.refused = self.damaged = self.twice = 0
        self.lost: dict[str, str] = {}
        self._log = structlog.get_logger()

    def open(self) -> None:
        """
        Take the folder for this process, sweep what a killed one left half-written, count items.

        Raises:
            BadInput: the folder cannot be used, or another fleet has it.
        """
        try:
            _make(self._folder)
            lock = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                self._lock_folder(lock)
                self._count()
            except BaseException:  # safe: raised on; whatever it was, the lock is given back
                os.close(lock)
                raise
        except OSError as exc:
            raise BadInput(
                f"FLEET_DATA_DIR: {self._folder} cannot be used: {exc.strerror}. Expected a folder"
                " on a local disk that this user may write"
            ) from exc
        self._lock = lock

    def _lock_folder(self, lock: int) -> None:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            who = os.pread(lock, 40, 0).decode(errors="replace").strip() or "unknown"
            raise BadInput(
                f"{self._folder}: another fleet (process {who}) keeps its attempts here. Stop it,"
                " or give this one another FLEET_DATA_DIR"
            ) from None
        # for whoever is refused; the lock itself is the kernel's and ends with this process
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)

    def _count(self) -> None:
        for half in self._folder.glob(f"*{HALF}"):
            half.unlink(missing_ok=True)
        waiting, refused, damaged, twice = (
            _items_in(self._folder / each) for each in ("", REFUSED, DAMAGED, TWICE)
        )
        self._items, self.refused, self.twice = waiting, len(refused), len(twice)
        self.damaged = len(damaged)
        for name in damaged:
            self._lose(name, self._folder / DAMAGED / name)
        # beyond all that wait, also if the clock was set back since
        self._number = max(map(_number, waiting), default=0)

    def close(self) -> None:
        """Let the folder go; what waits in it stays."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def seat(self) -> str | None:
        """
        Names this folder's lock among all that this kernel keeps; None if it is not held, or the
        kernel cannot be told from others.

        Two processes that give the same seat cannot both live: the second could not open the
        folder. A copy of the folder, or the same folder after the machine began anew, is another.
        """
        boot = boot_id()
        if self._lock is None or boot is None:
            return None
        file = os.fstat(self._lock)
        return f"{boot} {file.st_dev} {file.st_ino}"

    @property
    def waiting(self) -> int:
        """Items that MongoDB does not have yet."""
        return len(self._items)

    @property
    def bytes(self) -> int:
        """Their size on disk."""
        return sum(self._items.values())

    @property
    def oldest(self) -> datetime | None:
        """Since when the first of them waits; None if none does."""
        for name in self._items:
            with contextlib.suppress(OSError):  # stored meanwhile
                return datetime.fromtimestamp((self._folder / name).stat().st_mtime, UTC)
        return None

    def why_full(self) -> str | None:
        """None if a visit may begin; else one sentence that says why not."""
        if self.bytes >= self._max_bytes:
            return (
                f"the spool {self._folder} is full: {_mb(self.bytes)} of {_mb(self._max_bytes)}"
                " wait for MongoDB (FLEET_SPOOL_MB)"
            )
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as exc:
            return f"the spool {self._folder} cannot be used: {exc.strerror}"
        if free < self._free_bytes:
            return (
                f"the disk of {self._folder} is nearly full: {_mb(free)} free,"
                f" {_mb(self._free_bytes)} wanted (FLEET_DISK_FREE_MB)"
            )
        return None

    async def put(self, item: Capture | MissedVisit) -> None:
        """
        Make an item durable: when this returns, no crash and no power failure takes it away.

        A cancellation is passed on only when that is done.

        Raises:
            SpoolFull: the disk does not take it (full, failing, read-only); nothing of it is left.
        """
        async with self._put_lock:
            # milliseconds, not 1, 2, 3: a number must not come again once the folder was empty, or
            # what was set aside would be overwritten; and still growing if the clock is set back
            self._number = max(self._number + 1, time.time_ns() // 1_000_000)
            await finish_first(self._put(f"{self._number:013d}-{_what(item)}.zip", item))

    async def _put(self, name: str, item: Capture | MissedVisit) -> None:
        self._items[name] = await asyncio.to_thread(self._write, name, item)

    def _write(self, name: str, item: Capture | MissedVisit) -> int:
        content, path = pack(item), self._folder / name
        try:
            write_whole(path, content)
        except OSError as exc:
            with contextlib.suppress(OSError):  # its name may stand, and not be durable
                path.unlink(missing_ok=True)
            raise SpoolFull(
                f"{self._folder}: {exc.strerror}; nothing more can be kept. Make room on this disk"
            ) from exc
        return len(content)

    async def drain(
        self, store: Store, on_stored: Callable[[Attempt], Awaitable[None]] | None = None
    ) -> None:
        """
        Give MongoDB what waits, in order and one at a time, until nothing does.

        Args:
            on_stored: called with every attempt that MongoDB has now.

        Raises:
            StoreUnreachable, StoreRefused: MongoDB takes nothing at the moment, or an item cannot
                be opened at the moment; what was not taken stays, in its order.
        """
        async with self._drain_lock:
            while self._items:
                await self._store_item(next(iter(self._items)), store, on_stored)

    async def _store_item(
        self, name: str, store: Store, on_stored: Callable[[Attempt], Awaitable[None]] | None
    ) -> None:
        path = self._folder / name
        try:
            item = await asyncio.to_thread(read_item, path)
        except FileNotFoundError:
            self._log.error("somebody took an item out of the spool", item=str(path))
            self._lose(name, path)
            del self._items[name]
            return
        except DamagedItem as exc:
            self.damaged += 1
            self._lose(name, path)
            self._set_aside(name, DAMAGED, str(exc))
            return
        except OSError as exc:
            # the disk may give it later; those behind it wait, for they are stored in their order
            raise StoreRefused(f"could not open {path}: {exc.strerror}; it stays there") from exc
        is_first = True
        try:
            if isinstance(item, MissedVisit):
                await store.missed_visits.add([item])
            else:
                is_first = await store.attempts.add(item.attempt, item.files)
        except StoreNeverTakes as exc:
            self.refused += 1
            if not isinstance(item, MissedVisit):
                await self._stand_in(item, store, exc)
            self._set_aside(name, REFUSED, str(exc))
            return
        if not is_first and not isinstance(item, MissedVisit):
            # a due time has one attempt, but what was seen is nobody's to throw away
            self.twice += 1
            self._set_aside(
                name,
                TWICE,
                f"{item.attempt.scenario_id} was visited twice for {item.attempt.due_at}, by two"
                f" fleets; the first that came is kept, this is attempt {item.attempt.id}",
            )
            return
        # killed before this, it is given again at the next start; MongoDB then has it already
        await finish_first(self._remove(name))
        if not isinstance(item, MissedVisit) and on_stored is not None:
            await on_stored(item.attempt)

    async def _stand_in(self, item: Capture, store: Store, why: StoreNeverTakes) -> None:
        """Store that a visit was made of which nothing that was seen can be stored."""
        with contextlib.suppress(StoreNeverTakes):  # then its file, set aside, is all there is
            await store.attempts.add(stand_in(item, why).attempt, ())

    async def _remove(self, name: str) -> None:
        """Forget an item that MongoDB has. If its file comes back, storing it again is harmless."""
        path = self._folder / name
        try:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as exc:
            self._log.error("stored, but not removed", item=str(path), problem=exc.strerror)
        del self._items[name]

    def _lose(self, name: str, path: Path) -> None:
        """Remember of which due time an item was that cannot be read."""
        found = NAME.fullmatch(name)
        mark = found and (found[3] or mark_in(path))
        if found and mark:
            self.lost[mark] = found[2]

    def _set_aside(self, name: str, where: str, problem: str) -> None:
        aside = self._folder / where / name
        try:
            aside.parent.mkdir(exist_ok=True)
            (self._folder / name).rename(aside)
        except OSError as exc:  # it is looked at again at the next start
            aside = self._folder / name
            problem = f"{problem}; and it cannot be moved to {where}/: {exc.strerror}"
        self._log.error("set aside from the spool", item=str(aside), problem=problem)
        del self._items[name]


def _items_in(folder: Path) -> dict[str, int]:
    """Size by name of the items in a folder, in order; what has another name is none of ours."""
    sizes = {p.name: p.stat().st_size for p in folder.glob("*.zip") if NAME.fullmatch(p.name)}
    return {name: sizes[name] for name in sorted(sizes, key=_number)}


def _what(item: Capture | MissedVisit) -> str:
    """What the name of its file says of it."""
    if isinstance(item, MissedVisit):
        return f"missed-{due_mark(item.scenario_id, item.due_at)}"
    due_at = item.attempt.due_at
    return f"attempt-{due_mark(item.attempt.scenario_id, due_at)}" if due_at else "attempt"


def _number(name: str) -> int:
    return int(name.partition("-")[0])


def _make(folder: Path) -> None:
    """Make a folder that a power failure does not take away."""
    new = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in new:
        sync_folder(each.parent)


def _mb(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
