"""
Text drawn into pictures: fonts that are the same on every machine, nothing cut, nothing hidden.

The fonts are the DejaVu that matplotlib brings along. A character that they do not have, or that
cannot be seen (a direction mark could make an address read backwards), is written as its number.
"""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import ImageFont

LINE = 1.35
"""Height of a line, in sizes of its font."""

_NONE = "\U0010ffff"
"""No font has it: what is drawn for it is what a font draws for a character it lacks."""

_BREAK_AFTER = frozenset(" /?&=-_.,;:")


@cache
def _folder() -> Path:
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("the fonts come with matplotlib; install prefecture-fleet[web]")
    return Path(spec.submodule_search_locations[0]) / "mpl-data" / "fonts" / "ttf"


@lru_cache(maxsize=64)
def font(name: str, size_px: int) -> ImageFont.FreeTypeFont:
    """`Sans`, `Sans-Bold`, `SansMono`, … of DejaVu in that size."""
    path = str(_folder() / f"DejaVu{name}.ttf")
    # basic layout: characters stay in the order in which they are stored
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=20_000)
def _spell(name: str, character: str) -> str:
    used = font(name, 16)
    seen = character == " " or bytes(used.getmask(character)) != bytes(used.getmask(_NONE))
    return character if character.isprintable() and seen else f"[U+{ord(character):04X}]"


@lru_cache(maxsize=20_000)
def _width(name: str, size_px: int, character: str) -> float:
    return font(name, size_px).getlength(character)


def legible(name: str, text: str) -> str:
    """One line of text as this font can show it; white space of any kind becomes a space."""
    return "".join(_spell(name, " " if c.isspace() else c) for c in text)


def wrap(name: str, size_px: int, text: str, width_px: float) -> list[str]:
    """
    All of `text` in lines of at most `width_px`, broken after spaces and signs, else anywhere.

    A line break of the text's own is kept.
    """
    lines = []
    for own in text.splitlines():
        rest = legible(name, own.strip())
        if not rest:
            lines.append("")
        while rest:
            end, width, after_sign = 0, 0.0, 0
            while end < len(rest):
                width += _width(name, size_px, rest[end])
                if width > width_px and end:
                    break
                end += 1
                if rest[end - 1] in _BREAK_AFTER:
                    after_sign = end
            if end < len(rest) and after_sign > end // 2:
                end = after_sign
            lines.append(rest[:end].rstrip())
            rest = rest[end:].lstrip()
    return lines or [""]
