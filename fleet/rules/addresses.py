"""
How an address may be read: the one normalisation for every rule that looks at an address.

A server may take an address for another than is written: percent-encoded once or more often, or in
ways that only some servers decode, in large letters or in letters that look like others, with
doubled slashes, dot segments, dots at the end of a name, parameters behind a semicolon, or with the
path in its query. What the server at hand does is not known. So a rule is asked for every reading,
and holds if it holds for one.
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

MAX_ROUTES = 10
"""Of a query, that are read as a path."""

MAX_LENGTH = 10_000
"""Characters of a path, and of a query, that are read; no server takes as many."""

_UNSEEN = re.compile(r"[\x00-\x20\x7f]+")
_PARAMETERS = re.compile(r";[^/]*")
_SLASHES = re.compile(r"/+")
_ENDS = re.compile(r"(?<![.+])[.+]++(?=/|$)")
"""What some servers drop at the end of a name; of a name of dots `_without_dots` decides."""

_LOOK_ALIKE = str.maketrans({"\\": "/", "\u2044": "/", "\u2215": "/", "\u0131": "i"})
_OVERLONG = re.compile(r"%(?:c([01])|e0%8([01]))%([89ab][0-9a-f])", re.IGNORECASE)
_UNICODE = re.compile(r"%u([0-9a-f]{4})", re.IGNORECASE)

_FRONT = re.compile(r"(?:.*/)?(?:(?:index|app)\w*\.\w+)?")
_ROUTE = re.compile(r"(?:^|&)(?:q|r|p|u|url|uri|route|path|page|_url|do|action)=([^&]*)")
"""Where the one script of a site may find the path (`index.php?q=…`)."""


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
            for each in (way, short, _without_dots(short), _ENDS.sub("", short)):
                found[AddressReading(each, query)] = None
        if query.startswith("/"):  # a script that takes the path in its query (`index.php?/…`)
            found[AddressReading(re.split("[?&]", query, maxsplit=1)[0], query)] = None
        if _FRONT.fullmatch(path):
            for route in _ROUTE.findall(query)[:MAX_ROUTES]:
                inner, _, more = _plain(unquote(route)).partition("?")
                found[AddressReading(_SLASHES.sub("/", f"/{inner}"), f"{more}&{query}")] = None
        if (decoded := _decoded(rest)) == rest:
            break
        rest = decoded
    return tuple(found)


def _plain(text: str) -> str:
    """Small letters without accents, one kind of slash, nothing that cannot be seen."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text)
        text = "".join(c for c in apart if unicodedata.category(c) not in ("Mn", "Cf"))
    return _UNSEEN.sub("", text.casefold().translate(_LOOK_ALIKE))


def _decoded(text: str) -> str:
    """Once decoded, as the servers do that take the most: UTF-8 that is too long, `%u0062`."""
    text = _UNICODE.sub(lambda found: chr(int(found[1], 16)), text)
    return unquote(_OVERLONG.sub(_of_two, text))


def _of_two(found: re.Match[str]) -> str:
    return chr(int(found[1] or found[2]) << 6 | int(found[3], 16) & 0x3F)


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
