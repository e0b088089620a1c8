"""What a page says at one moment, and whether a sign is on it."""

from __future__ import annotations

import ast
import fnmatch
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from fleet.models import Frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


MAX_TEXT = 200_000

MAX_FRAMES = 20

MAX_VALUES = 2_000

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u02bc\u0060\u00b4", "'"))

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
"""Soft hyphens, joiners and marks of direction: nobody sees them."""


def normalise(text: str) -> str:
    """`text` as it is compared: NFC, lower case, single spaces, plain apostrophes."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text)).translate(_APOSTROPHES)
    return " ".join(text.casefold().split())


@dataclass(frozen=True)
class PageReading:
    """
    What a page says at one moment, all its visible frames together.

    `text` is what a person can see (docs/verdicts.md, "Seen"), `counts` the number of seen
    elements for each CSS selector asked for, `loading` whether the document is still being
    loaded, `dialogs` what boxes opened by its scripts have said. `central` and
    `central_headings` are those of `counts` and `headings` that stand in no header, footer,
    menu, side column or dialog; None where that is not known.

    Of a page that is open now: `parsing` while its HTML still comes, `busy` if it says of itself
    that it works, `later` if its scripts have made it what it is, or may do so by their words,
    `late` the number of scripts that came after it, `awaited` what it waits for (kind, address),
    `ended` the requests of its scripts that ended (address, how often, last status; 0: no answer),
    `silent` the addresses of visible frames of other sites that do not say what they show, `cut`
    whether it shows more than was read.
    """

    url: str
    title: str
    text: str
    headings: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    loading: bool = False
    dialogs: tuple[str, ...] = ()
    central: Mapping[str, int] | None = None
    central_headings: tuple[str, ...] | None = None
    parsing: bool = False
    busy: bool = False
    later: bool = False
    late: int = 0
    awaited: tuple[tuple[str, str], ...] = ()
    ended: tuple[tuple[str, int, int], ...] = ()
    silent: tuple[str, ...] = ()
    cut: bool = False

    @property
    def content(self) -> tuple[object, ...]:
        """What a person would notice the change of."""
        return self.url, self.plain, self.headings, tuple(sorted(self.counts.items())), self.dialogs

    @cached_property
    def plain(self) -> str:
        """The text after `normalise`."""
        return normalise(self.text)


class Sign(Frozen):
    """
    Something that can be seen on a page: a sentence, an address, an element, or a box's words.

    `patterns` are alternatives: one of them is enough. A sentence, on the page or in a box that
    its script opened, is compared after `normalise`; an address is a shell pattern over the
    address without query and fragment; an element is a CSS selector with at least one visible
    match.
    """

    kind: Literal["text", "url", "css", "dialog"]
    patterns: tuple[str, ...]

    def seen(self, reading: PageReading) -> str | None:
        """The words that say what was seen, or None."""
        for pattern in self.patterns:
            if self.kind == "text" and normalise(pattern) in reading.plain:
                return f"text {pattern!r}"
            if self.kind == "url" and fnmatch.fnmatchcase(
                re.split(r"[?#]", reading.url, maxsplit=1)[0], pattern
            ):
                return f"url {pattern!r}"
            if self.kind == "css" and reading.counts.get(pattern, 0) > 0:
                return f"css {pattern!r} ×{reading.counts[pattern]}"
            if self.kind == "dialog" and any(
                normalise(pattern) in normalise(words) for words in reading.dialogs
            ):
                return f"dialog {pattern!r}"
        return None


_QUOTING = re.compile(
    r"(text|url|css|dialog|heading|whole page) (['\"].*['\"])(?: ×\d+)?", re.DOTALL
)


def quoted(words: str) -> tuple[str, str] | None:
    """
    Kind and pattern of a sign, from the words that say what was seen; None if they quote none.

    The words are those of `Sign.seen` and of the classifier.
    """
    found = _QUOTING.fullmatch(words)
    try:
        return (found[1], str(ast.literal_eval(found[2]))) if found else None
    except (ValueError, SyntaxError):  # cut where it was stored
        return None


def shows(words: str | None, reading: PageReading) -> bool:
    """Whether a person can read `words` in the page's title or text; never true for None."""
    plain = normalise(words) if words else ""
    return bool(plain) and (plain in reading.plain or plain in normalise(reading.title))


def independent(signs: Sequence[Sign]) -> bool:
    """
    Whether these signs are two proofs and not one said twice.

    Wording and address, wording and element, or two different elements; two sentences of the
    same page are one proof.
    """
    elements = {sign.patterns for sign in signs if sign.kind == "css"}
    return len({sign.kind for sign in signs}) >= 2 or len(elements) >= 2


def said(signs: Sequence[Sign], reading: PageReading) -> tuple[str, ...]:
    """The words for all of `signs` if every one is on the page; empty if one is missing."""
    seen = [sign.seen(reading) for sign in signs]
    return tuple(words for words in seen if words) if all(seen) else ()


def answered(
    answers: Mapping[str, Sequence[Sign]], reading: PageReading
) -> dict[str, tuple[str, ...]]:
    """
    Those of `answers` whose signs are all on the page, each with the words for them.

    Words of `closed` alone do not stand against another answer: a description may speak of what
    is suspended while the form beside it is open.
    """
    every = ((name, said(signs, reading)) for name, signs in answers.items())
    found = {name: words for name, words in every if words}
    if len(found) > 1 and all(sign.kind == "text" for sign in answers.get("closed", ())):
        found.pop("closed", None)
    return found
