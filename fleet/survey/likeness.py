"""Which pages are alike: by what they say, three words at a time, whatever the numbers in it."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, TypeVar

from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

WORDS = 3
"""In a shingle."""

MOST = 400
"""Shingles kept of one page, those with the smallest hashes: enough to compare."""

ALIKE = 0.5
"""Share of shingles in common from which two pages are one page, shown twice."""

_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")


def shingles(text: str) -> frozenset[int]:
    """Hashes of every three words in a row of a text, numbers apart."""
    words = _WORD.findall(_NUMBER.sub("0", normalise(text)))
    rows = (words[n : n + WORDS] for n in range(max(1, len(words) - WORDS + 1)))
    return frozenset(sorted({zlib.crc32(" ".join(row).encode()) for row in rows})[:MOST])


def likeness(one: frozenset[int], other: frozenset[int]) -> float:
    """The share of shingles that both have, of those that either has."""
    return len(one & other) / len(one | other) if one or other else 1.0


def groups(things: Iterable[T], of: Callable[[T], frozenset[int]]) -> list[list[T]]:
    """Things that are alike together, the largest group first; each is like its group's first."""
    found: list[list[T]] = []
    for thing in things:
        own = of(thing)
        best = max(found, key=lambda group: likeness(of(group[0]), own), default=None)
        if best is not None and likeness(of(best[0]), own) >= ALIKE:
            best.append(thing)
        else:
            found.append([thing])
    return sorted(found, key=lambda group: -len(group))
