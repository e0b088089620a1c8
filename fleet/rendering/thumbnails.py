"""
Small copies of pictures for lists: the top of the page, made once and kept in a folder.

The folder can be deleted at any time; what is missing is made again.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.system.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

MAX_COPIES = 20_000
"""Small copies kept, about 12 kB each; the oldest make room for new ones."""


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """The folder of small copies, `max_copies` of them."""

    folder: Path
    max_copies: int = MAX_COPIES

    def get(self, sha256: str) -> bytes | None:
        """The small copy of that picture, None if it is not there."""
        with contextlib.suppress(OSError):
            return self._path(sha256).read_bytes()
        return None

    def put(self, sha256: str, content: bytes) -> None:
        """Keep a small copy. A disk that is full only means that it will be made again."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self._path(sha256), content, sync=False)
        if sha256.endswith("00"):  # one picture in 256: counting the folder takes a while
            self.prune()

    def drop(self, sha256: str) -> None:
        """Take a small copy away, if it is there."""
        with contextlib.suppress(OSError):
            self._path(sha256).unlink(missing_ok=True)

    def prune(self) -> None:
        """Take away the oldest above `most`, and what a process that was killed left half."""
        files = []
        with contextlib.suppress(OSError):
            for path in self.folder.iterdir():
                with contextlib.suppress(OSError):  # another process took it away
                    files.append((path.stat().st_mtime, path))
        files.sort(reverse=True)
        for _, path in files[self.max_copies :]:
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, sha256: str) -> Path:
        return self.folder / f"{sha256}.webp"
