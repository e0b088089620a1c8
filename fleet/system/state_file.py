"""
Small facts that outlive a process: one JSON file each, and locks between processes.

A file is written whole or not at all. One that cannot be understood is set aside and reported,
never fatal. None is synced: after a power failure one may be empty, which counts as damaged.
Whoever changes a file that others change too holds a `FileLock` meanwhile.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from fleet.models import Frozen
from fleet.system.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_BYTES = 2_000_000
"""A longer file is none of ours."""

M = TypeVar("M", bound=Frozen)


class StateFile(Generic[M]):
    """
    One value in one file; what other processes write is seen at the next `read`.

    Args:
        path: None keeps the value in memory only.
        fallback: gives the value that stands for a file that cannot be understood; None for one
            that is as good as missing.
    """

    def __init__(
        self, path: Path | None, model: type[M], fallback: Callable[[], M | None] = lambda: None
    ) -> None:
        self._path, self._model, self._fallback = path, model, fallback
        self._value: M | None = None
        self._stamp: tuple[int, int, int] | None = None
        self._refused = False

    def read(self) -> M | None:
        """The value; None if there is none yet. Never raises."""
        if self._path is None or self._refused:
            return self._value
        try:
            stat = self._path.stat()
            seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if seen != self._stamp:
                if stat.st_size > MAX_BYTES:
                    raise ValueError(f"{stat.st_size} bytes, more than such a file can have")
                self._value = self._model.model_validate_json(self._path.read_bytes())
                self._stamp = seen
        except FileNotFoundError:
            self._value = self._stamp = None
        except ValueError as exc:  # pydantic's errors are some too
            self._set_aside(self._path, exc)
        except OSError as exc:
            self._warn(exc)
            self._value = self._fallback()
        return self._value

    def write(self, value: M) -> None:
        """Keep `value`. What the disk refuses is reported and lives in memory. Never raises."""
        self._value = value
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, value.model_dump_json().encode(), sync=False)
            self._refused, self._stamp = False, None
        except OSError as exc:
            self._warn(exc)

    def _set_aside(self, path: Path, exc: ValueError) -> None:
        aside = path.with_name(f"{path.name}.damaged")
        structlog.get_logger().warning(
            "a file is damaged and was set aside; the fleet goes on carefully without it",
            path=str(path),
            aside=str(aside),
            problem=str(exc).splitlines()[0],
        )
        with contextlib.suppress(OSError):  # another process did the same just now
            path.replace(aside)
        self._value = self._fallback()
        if self._value is not None:
            self.write(self._value)

    def _warn(self, exc: OSError) -> None:
        if not self._refused:
            structlog.get_logger().warning(
                "a file cannot be read or written; what is in it is known to this process only."
                " Give this user the right to its folder, and the disk some room",
                path=str(self._path),
                problem=str(exc),
            )
        self._refused = True


class FileLock:
    """
    An exclusive lock between processes; the kernel releases it when its holder dies.

    Args:
        path: the file to lock, made if it is missing and never removed; None locks nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file: int | None = None
        self._warned = False

    def take(self) -> bool:
        """
        Whether the lock is ours now; never waits, never raises.

        Where the file cannot be made, no process can share it: reported once, and ours.
        """
        if self._path is None:
            return True
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as exc:
            if not self._warned:
                structlog.get_logger().warning(
                    "no lock file; other fleets on this machine are not waited for",
                    path=str(self._path),
                    problem=str(exc),
                )
            self._warned = True
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Give the lock back, if it is ours."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
