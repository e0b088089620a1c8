"""What differs between two pictures: how much, where, and a drawing of it."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops, ImageColor, ImageDraw

from fleet.rendering.images import as_png, check_size, open_png

DRAWING = "1"
"""Changes with what is drawn."""

_MARK = "#d2006b"


@dataclass(frozen=True, slots=True)
class Difference:
    """
    How many pixels differ, of how many, and the box around them (None if none does).

    Where the pictures are not of one size, what only one of them has differs.
    """

    pixels: int
    of: int
    box: tuple[int, int, int, int] | None
    same_size: bool

    @property
    def share(self) -> float:
        """The share of the pixels that differ."""
        return self.pixels / self.of


def measure(older_png: bytes, newer_png: bytes) -> Difference:
    """
    How much differs.

    Raises:
        TooLarge, NoPicture: see `images.open_png`; together they may be too large as well.
    """
    older, newer = open_png(older_png), open_png(newer_png)
    mask = _mask(older, newer)
    return Difference(
        pixels=mask.histogram()[255],
        of=mask.width * mask.height,
        box=mask.getbbox(),
        same_size=older.size == newer.size,
    )


def draw(older_png: bytes, newer_png: bytes) -> bytes:
    """
    The newer picture, pale, with what differs tinted and a frame around all of it; as PNG.

    Raises:
        TooLarge, NoPicture: see `measure`.
    """
    older, newer = open_png(older_png), open_png(newer_png)
    mask = _mask(older, newer)
    del older  # one of the largest takes 80 MB
    grey = Image.new("L", mask.size, 255)
    grey.paste(newer.convert("L"))
    del newer
    wide = _wider(mask)
    bands = []
    for colour in ImageColor.getrgb(_MARK):  # a band at a time, for the same reason
        band = grey.point([round(255 - (255 - value) * 0.35) for value in range(256)])
        band.paste(grey.point([(value + colour) // 2 for value in range(256)]), mask=wide)
        bands.append(band)
    sheet = Image.merge("RGB", bands)
    if (box := mask.getbbox()) is not None:
        left, top, right, bottom = box
        around = (max(0, left - 5), max(0, top - 5), right + 4, bottom + 4)
        ImageDraw.Draw(sheet).rectangle(around, outline=_MARK, width=2)
    return as_png(sheet)


def _mask(older: Image.Image, newer: Image.Image) -> Image.Image:
    """White where they differ."""
    width, height = max(older.width, newer.width), max(older.height, newer.height)
    check_size(width, height)
    common = (0, 0, min(older.width, newer.width), min(older.height, newer.height))
    mask = Image.new("L", (width, height), 255)
    strongest = Image.new("L", common[2:], 0)
    for band in "RGB":
        one, other = (each.getchannel(band).crop(common) for each in (older, newer))
        strongest = ImageChops.lighter(strongest, ImageChops.difference(one, other))
    mask.paste(strongest.point([0] + [255] * 255), common)
    return mask


def _wider(mask: Image.Image) -> Image.Image:
    """A pixel more on the right and below: a single one could be overlooked."""
    wide = mask.copy()
    for step in ((1, 0), (0, 1)):
        moved = Image.new("L", wide.size, 0)
        moved.paste(wide, step)
        wide = ImageChops.lighter(wide, moved)
    return wide
