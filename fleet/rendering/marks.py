"""
The signs that decided, on the copy of a picture: a numbered outline for each, and its legend.

An outline runs around its sign and a number stands where the picture is empty, so nothing that
was seen is covered where there is room for them. A sign that no picture can show (an address, a
box, a server's answer) or that lies beyond its edge is in the legend with the words for it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from PIL import ImageDraw, ImageStat

from fleet.models.attempt import MAX_MARKS
from fleet.rendering.element_words import element_words
from fleet.rendering.i18n import N_
from fleet.rendering.text import font
from fleet.rules.signs import normalise, quoted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL.Image import Image

    from fleet.models import Attempt, Evidence
    from fleet.models.attempt import Box, Mark
    from fleet.rendering.i18n import Words

SIGNS = {
    "text": N_("Phrase"),
    "url": N_("Adresse"),
    "css": N_("Élément"),
    "dialog": N_("Boîte de dialogue"),
    "heading": N_("Titre"),
    "whole page": N_("Toute la page"),
    "HTTP": N_("Réponse du serveur"),
}
"""What the first word of a sign stands for (`Sign.seen`, `classifier.judge_page`)."""

ELSEWHERE = {
    "url": N_("dans l’adresse de la page"),
    "dialog": N_("dans une boîte, que l’image ne montre pas"),
    "HTTP": N_("que l’image ne montre pas"),
}
"""Where a sign is that is on no picture."""

MAX_SAID = 300
"""Characters of a sign in the legend."""

CIRCLED = "①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳"

_COLOUR, _HALO = "#b0006d", "#ffffff"
_EVEN = 12
"""Where the picture's colours differ by less, there is nothing to be read."""

TAG_SIDES = (20, 15)
"""Of the square with an outline's number, in a usual window; the second where room is little."""

_COUNTED = re.compile(r" ×(\d+)$")

Rect = tuple[int, int, int, int]


def sign_parts(sign: str) -> tuple[str, str]:
    """What a sign is (French, a key; empty if unknown), and what was seen of it."""
    for kind, name in SIGNS.items():
        if sign.startswith(f"{kind} "):
            return name, sign if kind == "HTTP" else sign.removeprefix(f"{kind} ")
    return "", sign


def numbered(attempt: Attempt, picture: Evidence) -> list[tuple[int, Mark]]:
    """The marks of this picture that have boxes, each with the number of its sign."""
    found = {mark.sign: mark for mark in picture.marks or () if mark.boxes}
    signs = list(dict.fromkeys(attempt.signs))[:MAX_MARKS]
    return [(n, found[sign]) for n, sign in enumerate(signs, 1) if sign in found]


def legend_of(words: Words, attempt: Attempt, picture: Evidence) -> tuple[str, ...]:
    """A line for each sign that decided: its number, what it is, and where if not outlined."""
    if picture.marks is None:
        return ()
    marks = {mark.sign: mark for mark in picture.marks}
    lines = []
    for n, sign in enumerate(list(dict.fromkeys(attempt.signs))[:MAX_MARKS], 1):
        where = _where(words, sign, marks.get(sign), picture)
        line = f"{CIRCLED[n - 1]} {sign_words(words, sign)}"
        lines.append(f"{line} ({where})" if where else line)
    return tuple(lines)


def sign_words(words: Words, sign: str) -> str:
    """What a sign is, for a reader: « Phrase : « Aucun créneau » », « 2 cases marquées … »."""
    kind, said = sign_parts(sign)
    found = quoted(sign)
    if found is not None:
        seen = _COUNTED.search(sign)
        if found[0] == "css" and (
            named := element_words(words, found[1], int(seen[1]) if seen else 1)
        ):
            return named
        in_words = found[0] not in ("css", "url")
        said = f"{words.t('« ')}{found[1]}{words.t(' »')}" if in_words else found[1]
        counted = _COUNTED.search(sign)
        said += counted[0] if counted else ""
    said = said if len(said) <= MAX_SAID else f"{said[:MAX_SAID]}…"
    return f"{words.t(kind)}{words.t(' : ')}{said}" if kind else said


def _where(words: Words, sign: str, mark: Mark | None, picture: Evidence) -> str:
    """Where a sign is, if not all of it is outlined."""
    if mark is not None and mark.boxes:
        if mark.outside:
            return words.t("en partie hors de l’image")
        seen = _COUNTED.search(sign)
        if seen and int(seen[1]) > len(mark.boxes):
            return words.t("encadrés : %(n)s", n=len(mark.boxes))
        return ""
    if mark is not None and mark.outside:
        return words.t("signe hors de l’image")
    for kind, place in ELSEWHERE.items():
        if sign.startswith(f"{kind} "):
            return words.t(place)
    kind, pattern = quoted(sign) or ("", "")
    if kind == "heading" and normalise(pattern) in normalise(picture.title):
        return words.t("dans le titre de la page, que l’image ne montre pas")
    return words.t("place non relevée")


def draw_marks(
    sheet: Image, top: int, size: tuple[int, int], marks: Iterable[tuple[int, Mark]]
) -> None:
    """Outline the signs on a picture of this size that stands on `sheet`, `top` pixels down."""
    drawing, scale = ImageDraw.Draw(sheet), min(2.0, max(1.0, size[0] / 1280))
    edge = (0, top, size[0] - 1, top + size[1] - 1)
    outlines = [
        (number, n == 0, rect)
        for number, mark in marks
        for n, box in enumerate(mark.boxes)
        if (rect := _around(box, top, edge, round(3 * scale))) is not None
    ]
    room = _Room(sheet, edge, [rect for _, _, rect in outlines])
    tags = []
    for number, needed, rect in sorted(outlines, key=lambda each: not each[1]):
        tag = room.beside(rect, [round(side * scale) for side in TAG_SIDES], needed=needed)
        if tag is not None:
            tags.append((number, tag))
    line = round(2 * scale)
    for _, _, rect in outlines:
        drawing.rectangle(_cut(_wider(rect, 1), edge), outline=_HALO, width=line + 2)
    for _, _, rect in outlines:
        drawing.rectangle(rect, outline=_COLOUR, width=line)
    for number, tag in tags:
        drawing.rounded_rectangle(tag, radius=round(4 * scale), fill=_COLOUR, outline=_HALO)
        middle = ((tag[0] + tag[2]) / 2, (tag[1] + tag[3]) / 2)
        bold = font("Sans-Bold", round(0.65 * (tag[2] - tag[0])))
        drawing.text(middle, str(number), fill=_HALO, font=bold, anchor="mm")


class _Room:
    """Where on a picture a number may stand: `taken` are those that stand there already."""

    def __init__(self, sheet: Image, edge: Rect, outlines: list[Rect]) -> None:
        self.sheet, self.edge, self.outlines = sheet, edge, outlines
        self.taken: list[Rect] = []

    def beside(self, rect: Rect, sides: Iterable[int], *, needed: bool) -> Rect | None:
        """
        A square at an outline where the picture is empty; None if there is none.

        Args:
            sides: its sizes, the best first.
            needed: it must stand somewhere, also where little is covered.
        """
        found: list[tuple[int, Rect]] = []
        for side in sides:
            for place in _places(rect, side):
                if not _within(place, self.edge) or any(_meet(place, t) for t in self.taken):
                    continue
                crossed = sum(_confuses(place, rect, other) for other in self.outlines)
                found.append((1000 * crossed + self._spread(place), place))
        if not found:
            return None
        spread, best = min(found, key=lambda each: each[0] if each[0] >= _EVEN else 0)
        if spread >= _EVEN and not needed:
            return None
        self.taken.append(best)
        return best

    def _spread(self, rect: Rect) -> int:
        """How far the colours in there differ; 0 where all is of one colour."""
        part = self.sheet.crop((rect[0], rect[1], rect[2] + 1, rect[3] + 1))
        return max(most - least for least, most in ImageStat.Stat(part).extrema)


def _places(rect: Rect, side: int) -> list[Rect]:
    """Squares around an outline, then in its corners, the best first."""
    left, upper, right, lower = rect
    beside = (left - side - 2, right + 2)
    middle = (upper + lower - side) // 2
    corners = [
        *((x, y) for y in (upper, middle) for x in beside),
        *((x, y) for y in (upper - side - 2, lower + 2) for x in (left, right - side)),
        *((x, lower - side) for x in beside),
        *((x, y) for y in (upper + 4, lower - side - 4) for x in (right - side - 4, left + 4)),
    ]
    return [(x, y, x + side, y + side) for x, y in corners]


def _wider(rect: Rect, px: int) -> Rect:
    return rect[0] - px, rect[1] - px, rect[2] + px, rect[3] + px


def _cut(rect: Rect, edge: Rect) -> Rect:
    left, upper, right, lower = rect
    return max(edge[0], left), max(edge[1], upper), min(edge[2], right), min(edge[3], lower)


def _around(box: Box, top: int, edge: Rect, px: int) -> Rect | None:
    """The outline of a box: around it, but on the picture; None if it is not on it."""
    x, y, width, height = box
    rect = _cut(_wider((x, top + y, x + width - 1, top + y + height - 1), px), edge)
    return rect if rect[0] < rect[2] and rect[1] < rect[3] else None


def _within(one: Rect, other: Rect) -> bool:
    return other[0] <= one[0] and other[1] <= one[1] and one[2] <= other[2] and one[3] <= other[3]


def _meet(one: Rect, other: Rect) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _confuses(place: Rect, rect: Rect, other: Rect) -> bool:
    """Whether what stands there for `rect` would lie on the line of another, or seem to be its."""
    inside = _within(_wider(place, 3), other) and _within(rect, other)
    return _meet(place, other) and not inside
