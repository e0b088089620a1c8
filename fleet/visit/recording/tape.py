"""
A tape: what one visit was served, request by request, so that it can be played again.

Entries are in the order of the requests; a redirect is an entry of its own. `recorder.py` makes
tapes, `redaction.py` takes secrets out of them, `har.py` keeps them as files, `player.py` plays
them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from fleet.models import Verdict

MAX_BODY_BYTES = 5_000_000
"""Of one answer; a longer one is left out and its entry marked."""

MAX_TAPE_BYTES = 20_000_000
"""Of all bodies together; what comes after is left out and marked."""

Headers = tuple[tuple[str, str], ...]

_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_TEXT = re.compile(
    r"text/|application/(.+\+)?(json|xml|javascript|x-www-form-urlencoded)|image/svg"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TapeEntry:
    """
    One request and its answer.

    `status` is 0 when no answer came: then `error` says why (`net::ERR_…`), or `unanswered` that
    the visit ended first. `unfinished`: the body is what had come until then. `problem` says why
    the answer could not be kept; such an entry cannot be played.
    """

    method: str
    url: str
    kind: str
    """What the page wanted it for, as Chromium names it: Document, Image, XHR, …"""
    at: datetime
    seconds: float = 0.0
    sent: Headers = ()
    posted: str | None = None
    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    error: str | None = None
    unanswered: bool = False
    unfinished: bool = False
    problem: str | None = None

    def header(self, name: str) -> str:
        """The answer's header of that name, or ""."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    @property
    def media_type(self) -> str:
        """`text/html`, without parameters."""
        return self.header("content-type").partition(";")[0].strip().lower()

    @property
    def charset(self) -> str:
        """The encoding that the answer names in its header or its first bytes; else UTF-8."""
        head = self.body[:1024].decode("ascii", "replace")
        named = _CHARSET.search(self.header("content-type")) or _CHARSET.search(head)
        name = named.group(1).lower() if named else "utf-8"
        return "cp1252" if name in ("iso-8859-1", "latin1") else name  # as browsers read it

    @property
    def text(self) -> str | None:
        """The body as text, if it is one that turns back into the same bytes."""
        if not _TEXT.match(self.media_type):
            return None
        try:
            text = self.body.decode(self.charset)
            return text if text.encode(self.charset) == self.body else None
        except (UnicodeError, LookupError):
            return None

    def saying(self, text: str) -> TapeEntry:
        """The same answer with this text as its body, in the same encoding."""
        return replace(self, body=text.encode(self.charset, "xmlcharrefreplace"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tape:
    """
    A visit on record.

    `url` is where it began, `clock` when; `practice` says whose scenario `scenario_id` is.
    """

    scenario_id: str
    url: str
    practice: bool
    clock: datetime
    verdict: Verdict
    fleet_version: str
    chromium_version: str
    entries: tuple[TapeEntry, ...]

    @property
    def size_bytes(self) -> int:
        """Of all bodies."""
        return sum(len(entry.body) for entry in self.entries)

    @property
    def problems(self) -> tuple[str, ...]:
        """What cannot be played, one line for each entry."""
        return tuple(f"{e.method} {e.url[:200]}: {e.problem}" for e in self.entries if e.problem)

    @property
    def pages(self) -> tuple[str, ...]:
        """Addresses of the documents with text, each once: what `with_body` can change."""
        documents = (e.url for e in self.entries if e.kind == "Document" and e.text is not None)
        return tuple(dict.fromkeys(documents))

    def text_of(self, url: str) -> str:
        """The text of the first answer from `url` that has one; KeyError if none has."""
        for entry in self.entries:
            if entry.url == url and entry.body and entry.text is not None:
                return entry.text
        raise KeyError(url)

    def with_body(self, url: str, text: str) -> Self:
        """The same tape on which every answer with text from `url` says `text` instead."""
        if not any(e.url == url and e.text is not None for e in self.entries):
            raise KeyError(url)
        return self.mapped(
            lambda e: e.saying(text) if e.url == url and e.text is not None and e.body else e
        )

    def mapped(self, change: Callable[[TapeEntry], TapeEntry]) -> Self:
        """The same tape with every entry changed."""
        return replace(self, entries=tuple(map(change, self.entries)))
