"""
The copy of a picture that somebody sent, drawn anew from its pixels in a process of its own.

What is sent may be made to take all memory, or minutes: `python picture_copy.py LIMITS` reads it
from its standard input and has bounds for both, set before anything is opened. So that it begins
quickly it knows nothing of the fleet: Pillow is all that it imports.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import resource
import struct
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from PIL import Image, ImageOps

MAX_PIXELS = 40_000_000
"""Of a picture that is sent. A telephone takes 12 to 16 million unless told otherwise."""

MAX_PIXELS_WEBP = 20_000_000
"""Of a WebP, of which several copies are made while it is decoded."""

MEMORY_BYTES = 512 * 1024 * 1024
PROCESSOR_S = 20
"""What the process may take; a picture of 40 million pixels takes some 4 s."""

_DAMAGED = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError)
_DAMAGED_TOO = (struct.error, OverflowError)

SMALL_PX = (480, 360)


class NoCopy(Exception):
    """No copy is made: `no_picture`, `too_many_pixels` or `too_much_work`."""


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """How large the copy that is kept may be; a larger one is drawn smaller or coarser."""

    pixels: int = 8_000_000
    side_px: int = 10_000
    size_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class PictureCopy:
    """The copy, and a small one of it."""

    picture: bytes
    small: bytes
    width: int
    height: int


def copy_of(original: bytes, limits: CopyLimits) -> PictureCopy:
    """
    The copy of a picture to keep.

    Raises:
        NoCopy: it is none, or too large.
    """
    try:
        content, picture = _encode(_open(original, limits), limits.size_bytes)
        small = _small(picture)
    except MemoryError as exc:
        raise NoCopy("too_much_work") from exc
    return PictureCopy(content, small, picture.width, picture.height)


def _open(content: bytes, limits: CopyLimits) -> Image.Image:
    """The picture, upright and opaque, no larger than is kept."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as picture:
            pixels = picture.width * picture.height
            if pixels > MAX_PIXELS:
                raise NoCopy("too_many_pixels")
            if picture.format == "WEBP" and pixels > MAX_PIXELS_WEBP:
                raise NoCopy("too_much_work")
            scale = _scale(picture, limits)
            if scale < 1:  # a JPEG can be decoded smaller at once
                picture.draft("RGB", (int(picture.width * scale), int(picture.height * scale)))
            picture.load()
            # smaller first: what is large is copied as seldom as can be
            copy = _opaque(_reduce(picture, _scale(picture, limits)))
    except Image.DecompressionBombError as exc:  # Pillow's own limit, above ours
        raise NoCopy("too_many_pixels") from exc
    except (*_DAMAGED, *_DAMAGED_TOO) as exc:  # whatever Pillow calls a damaged file
        raise NoCopy("no_picture") from exc
    # in place: the pixels are turned before the rest of what the camera wrote is read, and they
    # may be good all the same
    with contextlib.suppress(*_DAMAGED, *_DAMAGED_TOO):
        ImageOps.exif_transpose(copy, in_place=True)
    # Pillow carries comments, XMP and more along from picture to picture, and writes some of them
    copy.info = {}
    return copy


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        # a copy of what was opened, which is closed
        return picture.copy() if picture.mode == "RGB" else picture.convert("RGB")
    layered = picture.convert("RGBA")
    paper = Image.new("RGB", picture.size, "#ffffff")
    paper.paste(layered, mask=layered.getchannel("A"))
    paper.info = picture.info  # how it was held, too
    return paper


def _scale(picture: Image.Image, limits: CopyLimits) -> float:
    by_pixels = math.sqrt(limits.pixels / (picture.width * picture.height))
    return min(1.0, by_pixels, limits.side_px / max(picture.size))


def _reduce(picture: Image.Image, scale: float) -> Image.Image:
    if scale >= 1:
        return picture
    if picture.mode not in ("RGB", "RGBA", "L"):  # others have colours that cannot be mixed
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    size = (max(1, int(picture.width * scale)), max(1, int(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _encode(picture: Image.Image, max_bytes: int) -> tuple[bytes, Image.Image]:
    """The picture as JPEG of `max_bytes` at most, and as it is in there."""
    while True:
        for quality in (90, 75, 60):
            content = _jpeg(picture, quality)
            if len(content) <= max_bytes:
                return content, picture
        picture = _reduce(picture, 0.7)


def _small(picture: Image.Image) -> bytes:
    """The top of the picture, as much of it as is wide."""
    small = picture.crop((0, 0, picture.width, min(picture.height, picture.width)))
    small.thumbnail(SMALL_PX, Image.Resampling.LANCZOS)
    return _jpeg(small, 75)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    written = io.BytesIO()
    # 4:4:4: screenshots are thin coloured letters
    picture.save(written, "JPEG", quality=quality, subsampling=0)
    return written.getvalue()


def main() -> None:
    """What is said: a line of JSON, then the copy and the small one; or why there is none."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_S, PROCESSOR_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):  # if memory is short, this process goes and not the pages
        Path("/proc/self/oom_score_adj").write_text("1000")
    try:
        made = asdict(copy_of(sys.stdin.buffer.read(), CopyLimits(**json.loads(sys.argv[1]))))
    except NoCopy as exc:
        sys.stdout.buffer.write(json.dumps({"problem": str(exc)}).encode() + b"\n")
        return
    picture, small = made.pop("picture"), made.pop("small")
    head = json.dumps({**made, "picture_bytes": len(picture)}).encode()
    sys.stdout.buffer.write(head + b"\n" + picture + small)


if __name__ == "__main__":
    main()
