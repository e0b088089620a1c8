"""
Small copies of pictures for lists: the top of the page, made once and kept in a folder.

The folder can be deleted at any time; what is missing is made again.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image

from fleet.rendering.images import open_png
from fleet.system.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

WIDTH_PX = 480
HEIGHT_PX = 360
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


def thumbnail(picture_png: bytes) -> bytes:
    """
    The top of a picture as a small WebP, `WIDTH_PX` × `HEIGHT_PX`.

    Raises:
        TooLarge, NoPicture: see `images.open_png`.
    """
    picture = open_png(picture_png)
    height = round(picture.width * HEIGHT_PX / WIDTH_PX)
    top = Image.new("RGB", (picture.width, height), "#ffffff")
    top.paste(picture.crop((0, 0, picture.width, min(height, picture.height))))
    small = top.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    written = io.BytesIO()
    small.save(written, "WEBP", quality=72, method=3)
    return written.getvalue()
