"""
Where the signs that decided stand on a picture, for whoever reads the evidence.

Asked while the page lies as it was pictured. It decides nothing: a place that cannot be told, or
not in time, is left open.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

from fleet.models.attempt import MAX_BOXES, MAX_MARKS, Mark
from fleet.rules.signs import MAX_FRAMES, quoted
from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.visit.page_agent import PageAgent

PLACES_S = 2.0
"""How long a page may take to say where its signs stand: the picture waits for it."""

LEAST_PX = 2

ELEMENT, WORDS = "css", "text"

_Number = Annotated[float, Field(allow_inf_nan=False)]

_Rect = tuple[_Number, _Number, _Number, _Number]


class _FoundSign(BaseModel):
    """Left, top, right and bottom of what is drawn; whether some is not."""

    model_config = ConfigDict(extra="forbid")

    boxes: Annotated[list[_Rect], Field(max_length=MAX_BOXES)]
    outside: bool


class _FoundSigns(BaseModel):
    """What `places` in page_agent.js gives."""

    model_config = ConfigDict(extra="forbid")

    signs: list[_FoundSign]
    frames: Annotated[list[list[_Number] | None], Field(max_length=MAX_FRAMES)]


async def marks_of(agent: PageAgent, signs: Sequence[str], png: bytes) -> tuple[Mark, ...]:
    """
    A mark for each of these signs that may stand on this picture, which was just taken.

    Args:
        signs: what was seen, in the words of `Sign.seen` or of the classifier.
    """
    asked = []
    for words in dict.fromkeys(signs):
        kind, pattern = quoted(words) or ("", "")
        if kind in ("css", "text", "heading", "whole page"):
            asked.append((words, (ELEMENT if kind == "css" else WORDS, pattern)))
    asked = asked[:MAX_MARKS]
    if not asked:
        return ()
    found = await wait_at_most(PLACES_S, _found(agent, [sign for _, sign in asked]))
    if found is None:
        return tuple(Mark(sign=words) for words, _ in asked)
    size = struct.unpack(">II", png[16:24])
    marks = [_mark(words, parts, size) for (words, _), parts in zip(asked, found, strict=True)]
    return tuple(_shared(marks))


async def _found(agent: PageAgent, asked: list[tuple[str, str]]) -> list[list[_FoundSign]] | None:
    """For each sign, what the page and each frame of another site say; None: it cannot say."""
    question = ("places", asked, MAX_BOXES, MAX_FRAMES)
    try:
        main = _FoundSigns.model_validate(await agent.ask(*question, None))
        others = await agent.ask_each_foreign(
            [(*question, origin) if origin else () for origin in main.frames]
        )
        parts = [main, *(_FoundSigns.model_validate(each) for each in others if each is not None)]
        return [list(each) for each in zip(*(part.signs for part in parts), strict=True)]
    except ValueError:  # nothing, or nothing that our program would say
        return None


def _mark(words: str, parts: Iterable[_FoundSign], size: tuple[int, ...]) -> Mark:
    """The mark of one sign, of which these documents say where it stands."""
    boxes, outside = [], False
    for part in parts:
        outside = outside or part.outside
        for left, top, right, bottom in part.boxes:
            x, y = max(0, round(left)), max(0, round(top))
            width, height = min(size[0], round(right)) - x, min(size[1], round(bottom)) - y
            if width >= LEAST_PX and height >= LEAST_PX:
                boxes.append((x, y, width, height))
            else:
                outside = True
    return Mark(sign=words, boxes=tuple(dict.fromkeys(boxes))[:MAX_BOXES], outside=outside)


def _shared(marks: list[Mark]) -> Iterable[Mark]:
    """The marks with `MAX_BOXES` boxes in all; those that need few get them."""
    left, shares = MAX_BOXES, {}
    for n, each in enumerate(sorted(marks, key=lambda mark: len(mark.boxes))):
        shares[each.sign] = min(len(each.boxes), left // (len(marks) - n))
        left -= shares[each.sign]
    for each in marks:
        yield each.model_copy(update={"boxes": each.boxes[: shares[each.sign]]})
