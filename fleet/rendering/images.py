"""
Pictures opened and drawn within bounds: how many pixels, how many at once.

What is opened here was made by strangers' pages. Only PNG is decoded, its size is read from its
header before any pixel is, and the work is done in a few threads (Pillow lets go of the
interpreter while it decodes) so that readers of other pages do not wait.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import anyio
import anyio.to_thread
from PIL import Image

from fleet.models.attempt import MAX_HEIGHT_PX, MAX_WIDTH_PX

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PIXELS = MAX_WIDTH_PX * MAX_HEIGHT_PX * 5 // 4
"""The fleet takes no larger picture (`capture.take_picture`), a window's scroll bar aside."""

MAX_SIDE_PX = 16_000
THUMBNAIL_PX = 480, 360

AT_ONCE = 2
"""Pictures drawn at the same time. One of the largest takes some 300 MB, a usual one 10."""

_places = anyio.CapacityLimiter(AT_ONCE)

P = ParamSpec("P")
T = TypeVar("T")


class TooLarge(Exception):
    """The picture has more pixels than any that the fleet takes; none was decoded."""


class NoPicture(Exception):
    """The bytes are not a whole PNG."""


def check_size(width: int, height: int) -> None:
    """
    Refuse a picture that would take too much memory.

    Raises:
        TooLarge: it has more than `MAX_PIXELS`, or a side above `MAX_SIDE_PX`.
    """
    if width > MAX_SIDE_PX or height > MAX_SIDE_PX or width * height > MAX_PIXELS:
        raise TooLarge(f"{width} × {height} px")


def open_png(content: bytes) -> Image.Image:
    """
    The picture of PNG bytes, decoded, in RGB.

    Raises:
        TooLarge: see `check_size`.
        NoPicture: the bytes cannot be decoded as PNG.
    """
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as picture:
            check_size(*picture.size)
            picture.load()
            return picture if picture.mode == "RGB" else picture.convert("RGB")
    except Image.DecompressionBombError as exc:  # Pillow's own limit, far above ours
        raise TooLarge(str(exc)) from exc
    except (OSError, SyntaxError, ValueError) as exc:  # whatever Pillow calls a damaged file
        raise NoPicture(str(exc)) from exc


def as_png(picture: Image.Image) -> bytes:
    """The bytes of a picture; the same picture always gives the same."""
    written = io.BytesIO()
    picture.save(written, "PNG", compress_level=4)
    return written.getvalue()


async def draw_in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What the function makes, in one of `AT_ONCE` threads; waits until one is free."""
    return await anyio.to_thread.run_sync(lambda: function(*args, **kwargs), limiter=_places)


def thumbnail(picture_png: bytes) -> bytes:
    """
    The top of a picture as a small WebP, `THUMBNAIL_PX` wide and high.

    Raises:
        TooLarge, NoPicture: see `open_png`.
    """
    picture = open_png(picture_png)
    width_px, height_px = THUMBNAIL_PX
    height = round(picture.width * height_px / width_px)
    top = Image.new("RGB", (picture.width, height), "#ffffff")
    top.paste(picture.crop((0, 0, picture.width, min(height, picture.height))))
    small = top.resize(THUMBNAIL_PX, Image.Resampling.LANCZOS, reducing_gap=2.0)
    written = io.BytesIO()
    small.save(written, "WEBP", quality=72, method=3)
    return written.getvalue()
