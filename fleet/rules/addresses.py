"""
How an address may be read: the one normalisation for every rule that looks at an address.

A server may take an address for another than is written: percent-encoded once or more often, in
large letters, with doubled slashes, dot segments, parameters behind a semicolon. What the server
at hand does is not known. So a rule is asked for every reading, and holds if it holds for one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

from fleet.models.address import ORIGIN

MAX_ENCODINGS = 4
"""How often an address may be percent-encoded and still be read."""

MAX_LENGTH = 10_000
"""Characters of a path, and of a query, that are read; no server takes as many."""

_UNSEEN = re.compile(r"[\x00-\x20\x7f]+")
_PARAMETERS = re.compile(r";[^/]*")
_SLASHES = re.compile(r"/+")


@dataclass(frozen=True, slots=True)
class AddressReading:
    """One way to read an address: path and query without encoding, in small letters."""

    path: str
    query: str


def readings(url: str) -> tuple[AddressReading, ...]:
    """Every way in which a server may read this address; the plainest first."""
    path, query = path_and_query(url)
    return _readings(f"{path[:MAX_LENGTH]}?{query[:MAX_LENGTH]}")


def too_long(url: str) -> bool:
    """Whether the path of this address is longer than what is read."""
    return len(path_and_query(url)[0]) > MAX_LENGTH


def path_and_query(url: str) -> tuple[str, str]:
    """
    Path and query as they are written, without a fragment, which is never sent.

    Of any text: a page may name what is no address.
    """
    origin = ORIGIN.match(url)
    path, _, query = (url[origin.end() :] if origin else url).partition("#")[0].partition("?")
    return path, query


@lru_cache(maxsize=256)
def _readings(rest: str) -> tuple[AddressReading, ...]:
    found: dict[AddressReading, None] = {}
    for _ in range(MAX_ENCODINGS + 1):
        path, _, query = _plain(rest).partition("?")
        bare = _PARAMETERS.sub("", path)
        for way in (path, bare):
            short = _SLASHES.sub("/", way)
            for each in (way, short, _without_dots(short)):
                found[AddressReading(each, query)] = None
        if query.startswith("/"):  # a script that takes the path in its query (`index.php?/…`)
            found[AddressReading(query.partition("&")[0], query)] = None
        if (decoded := unquote(rest)) == rest:
            break
        rest = decoded
    return tuple(found)


def _plain(text: str) -> str:
    """Small letters, one kind of slash, nothing that cannot be seen."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _UNSEEN.sub("", folded.replace("\\", "/"))


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
