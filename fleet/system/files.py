"""Files that are there whole or not at all, whatever kills the process that writes them."""

from __future__ import annotations

import contextlib
import os
import uuid
from pathlib import Path

HALF = ".half"
"""How the name of a file ends while it is written; who sweeps a folder may remove these."""


def write_whole(
    path: Path, content: bytes, *, overwrite: bool = True, sync: bool = True, mode: int = 0o666
) -> None:
    """
    Write a file under another name, then give it its own: a reader sees all of it or nothing.

    Args:
        overwrite: False leaves a file that is there already as it is.
        sync: False for what a power failure may take away.
        mode: who may read and write it, less what the process's umask takes away.

    Raises:
        FileExistsError: it is there already, and is not to be overwritten.
        OSError: the disk does not take it. With `sync`, the file may be there all the same.
    """
    half = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}{HALF}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        if overwrite:
            half.replace(path)
        else:
            os.link(half, path)  # unlike a rename, never over another file
        if sync:
            sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):  # what went wrong with the file says more
            half.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable: a synced file without its name is lost all the same."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def boot_id() -> str | None:
    """What this kernel has been called since it started; None where it has no such name."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip() or None
    except OSError:
        return None
