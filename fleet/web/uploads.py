"""
A picture that a person sends: opened within bounds, made anew, never kept as it came.

What is kept is a JPEG drawn from the pixels alone, upright, on white: place, camera, names and
whatever else was hidden in the file are not in it. Only PNG, JPEG and WebP are opened, by what is
in the file and not by its name; their size in pixels is read before any pixel is.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import math
import struct
from dataclasses import dataclass

import anyio
import anyio.to_thread
from PIL import Image, ImageOps

from fleet.rendering.i18n import N_

MAX_PIXELS = 40_000_000
"""Of a picture that is sent. A telephone takes 12 to 16 million unless told otherwise; decoding
this many takes about 300 MB for a moment."""

SMALL_PX = (480, 360)

_DAMAGED = (OSError, SyntaxError, ValueError, TypeError, IndexError, KeyError, EOFError)
_DAMAGED_TOO = (struct.error, OverflowError)

NO_PICTURE = N_(
    "Ce fichier n’est pas une image PNG, JPEG ou WebP entière. Choisissez une capture d’écran ou"
    " une photo."
)
TOO_MANY_PIXELS = N_(
    "Cette image a trop de points (plus de 40 millions). Réduisez-la, puis recommencez."
)


class UnusablePicture(Exception):
    """The file is not taken; the message says why (French, a key)."""


@dataclass(frozen=True, slots=True)
class CopyLimits:
    """How large the copy that is kept may be; a larger one is drawn smaller or coarser."""

    pixels: int = 8_000_000
    side_px: int = 10_000
    size_bytes: int = 4 * 1024 * 1024


@dataclass(frozen=True)
class UploadedPicture:
    """The copy of a picture, a small one of it, and the hash of what it was made from."""

    picture: bytes
    small: bytes
    width: int
    height: int
    original_sha256: str
    original_size_bytes: int

    @property
    def sha256(self) -> str:
        """The hash of the copy."""
        return hashlib.sha256(self.picture).hexdigest()


_one_at_a_time = anyio.CapacityLimiter(1)


async def uploaded_picture(original: bytes, limits: CopyLimits | None = None) -> UploadedPicture:
    """
    The copy of a picture to keep, made in a thread, one at a time.

    Raises:
        UnusablePicture: it is none, or too large.
    """
    limits = limits or CopyLimits()
    return await anyio.to_thread.run_sync(_copy_of, original, limits, limiter=_one_at_a_time)


def _copy_of(original: bytes, limits: CopyLimits) -> UploadedPicture:
    content, picture = _encode(_open(original, limits), limits.size_bytes)
    return UploadedPicture(
        picture=content,
        small=_small(picture),
        width=picture.width,
        height=picture.height,
        original_sha256=hashlib.sha256(original).hexdigest(),
        original_size_bytes=len(original),
    )


def _open(content: bytes, limits: CopyLimits) -> Image.Image:
    """The picture, upright and opaque, no larger than is kept."""
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG", "WEBP"]) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise UnusablePicture(TOO_MANY_PIXELS)
            picture.load()
            copy = _reduce(_opaque(picture), _scale(picture, limits))
    except Image.DecompressionBombError as exc:  # Pillow's own limit, above ours
        raise UnusablePicture(TOO_MANY_PIXELS) from exc
    except (*_DAMAGED, *_DAMAGED_TOO) as exc:  # whatever Pillow calls a damaged file
        raise UnusablePicture(NO_PICTURE) from exc
    # in place: the pixels are turned before the rest of what the camera wrote is read, and they
    # may be good all the same
    with contextlib.suppress(*_DAMAGED, *_DAMAGED_TOO):
        ImageOps.exif_transpose(copy, in_place=True)
    # Pillow carries comments, XMP and more along from picture to picture, and writes some of them
    copy.info = {}
    return copy


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
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
