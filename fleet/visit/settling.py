"""
Whether what a page shows is its answer by now, or may still change.

An answer stands when the page asks for nothing more that may change it and its content has stood
still for a moment (docs/verdicts.md, "Settled"). A page that never stops (polls, statistics, a
hung tracker, a picture that never comes) is told apart from one that is about to answer.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.rules import requests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.rules.signs import PageReading
    from fleet.visit.open_requests import OpenRequests

STANDS_S = 0.3
"""How long the content of a page that asks for nothing must stand."""

AFTERMATH_S = 1.2
"""
The same of an answer other than slots on a page whose scripts are at work: what they show first
is often a placeholder, and they wait a moment before they ask, or between two questions.
"""

STILL_LOADING_S = 1.0
"""The same on a page whose pictures or style sheets do not stop coming."""

STREAM_STANDS_S = 3.0
"""The same on a page that has opened a stream, from which anything may come."""

POLL_STANDS_S = 5.0
"""The same on a page that asks one address of its site again and again."""

SCRIPT_S = 6.0
"""How long a script that does not come, or a part of a frame, may be the one with the answer."""

SAME_ANSWER_S = 2.0
"""An answer that stood so long counts on a page whose content never stands (a clock)."""


@dataclass(frozen=True, slots=True)
class Unrest:
    """
    Why a page may still change, in words.

    `needs_s` is how long its content must stand all the same, without end if nothing but the end
    of its waiting will do; `blocks`: even after the answer's timeout nothing it shows counts.
    """

    words: str
    needs_s: float
    blocks: bool = False


class Settling:
    """
    Follows one page from reading to reading.

    Args:
        before: what it showed when it was last pressed; what it asked for until then is no poll.
    """

    def __init__(self, open_requests: OpenRequests, before: PageReading | None = None) -> None:
        self._requests = open_requests
        self._before = before
        self._content: tuple[object, ...] | None = None
        self._news = (0, 0)
        self._since = self._news_since = self._names_since = time.monotonic()
        self._at_work = self._waited = False
        self._names: frozenset[str] = frozenset()
        self._awaited: dict[str, float] = {}
        self.unrest: Unrest | None = None
        """The greatest reason for which the page may still change; None if it has settled."""

    def look(self, reading: PageReading, names: Iterable[str]) -> None:
        """Take in what the page shows now; `names` are the answers whose signs are on it."""
        now = time.monotonic()
        news = (self._requests.news(reading), reading.late)
        if reading.content != self._content:
            self._content, self._since = reading.content, now
        if news != self._news:
            self._news, self._news_since = news, now
        self._at_work = reading.later or news != (0, 0)
        if frozenset(names) != self._names:
            self._names, self._names_since = frozenset(names), now
        self._awaited = {url: self._awaited.get(url, now) for _, url in reading.awaited}
        self.unrest = self._find_unrest(reading)
        waits = self.unrest is not None and self.unrest.needs_s == math.inf
        if self._waited and not waits:  # what it waited for has come, and may change it now
            self._news_since = now
        self._waited = waits

    @property
    def answer_stood_s(self) -> float:
        """For how long the same answers have been on the page."""
        return time.monotonic() - self._names_since

    @property
    def fetched(self) -> bool:
        """Whether the page's scripts have asked for anything that may bring its answer."""
        return self._news[0] > 0

    @property
    def _says_none(self) -> bool:
        """Whether the page shows what many pages show while they wait for their slots."""
        return not self._names.isdisjoint(("no_slots", "closed")) and "slots" not in self._names

    def least_s(self, name: str) -> float:
        """How long an answer of this name must stand, if there is no other reason to wait."""
        return AFTERMATH_S if self._at_work and name != "slots" else STANDS_S

    def stands(self, unrest: Unrest | None, least_s: float) -> bool:
        """Whether what the page shows may be taken for its answer."""
        needs_s = max(least_s, unrest.needs_s if unrest else 0.0)
        now = time.monotonic()
        if now - self._news_since < least_s:
            return False
        # a clock on the page must not hide that all else stands
        if self.answer_stood_s >= max(needs_s, SAME_ANSWER_S):
            return True
        return now - self._since >= needs_s and needs_s <= AFTERMATH_S

    def stands_in_s(self, needs_s: float) -> float:
        """How long what the page shows now must still go on to stand."""
        return max(0.0, max(self._since, self._news_since) + needs_s - time.monotonic())

    def _find_unrest(self, reading: PageReading) -> Unrest | None:
        reasons = [
            each
            for why in (self._fetching, self._waiting, self._unread, self._slow)
            for each in why(reading)
        ]
        return max(reasons, key=lambda each: (each.blocks, each.needs_s), default=None)

    def _fetching(self, reading: PageReading) -> Iterable[Unrest]:
        polled = self._requests.polled(reading, self._before)
        if reading.parsing:
            yield Unrest("its document is still coming", math.inf)
        for request in self._requests.under_way(reading):
            if requests.is_quiet(request.url):
                continue
            words = f"it still waits for {request.url[:200]}"
            if request.url.partition("?")[0] in polled:
                yield Unrest(f"{words}, as again and again", POLL_STANDS_S)
            else:
                own = requests.may_answer(request.url, reading.url)
                yield Unrest(words, math.inf, blocks=own)
        for url in self._requests.frames:
            if requests.may_answer(url, reading.url):
                yield Unrest(f"a frame still waits for {url[:200]}", math.inf, blocks=True)
        for frame in self._requests.coming:
            if requests.may_answer(frame.url, reading.url):
                slow = time.monotonic() - frame.since > SCRIPT_S  # for want of a picture
                words = f"the frame {frame.url[:200]} is not whole"
                yield Unrest(words, STILL_LOADING_S if slow else math.inf)
        if any(requests.may_answer(url, reading.url) for url in polled):
            yield Unrest("it asks its site again and again", POLL_STANDS_S)
        for url in self._requests.streams:
            needs_s = math.inf if requests.gives_appointments(url) else STREAM_STANDS_S
            yield Unrest(f"it listens to {url[:200]}", needs_s)
        if self._says_none and not requests.brought(reading):
            for url in self._requests.sockets:
                if requests.may_answer(url, reading.url):
                    words = f"it has opened {url[:200]}, which a visit does not let leave"
                    yield Unrest(words, math.inf, blocks=True)
        if self._requests.leaves_soon:
            yield Unrest("it is about to go on by itself", math.inf)

    def _unread(self, reading: PageReading) -> Iterable[Unrest]:
        """What stands there and was not read may say something else than what was."""
        for url in reading.silent:
            if not requests.is_quiet(url):
                own = requests.may_answer(url, reading.url)
                words = f"the frame {url[:200] or 'without an address'} does not answer"
                yield Unrest(words, math.inf, blocks=own)
        if reading.cut and "slots" not in self._names:
            yield Unrest("it shows more than a visit reads", math.inf, blocks=self._says_none)

    def _waiting(self, reading: PageReading) -> Iterable[Unrest]:
        now = time.monotonic()
        for kind, url in reading.awaited:
            if requests.is_quiet(url):
                continue
            if kind != "frame" and now - self._awaited.get(url, now) > SCRIPT_S:
                yield Unrest(f"the {kind} {url[:200]} does not come", STILL_LOADING_S)
            else:
                own = kind in ("frame", "preload") and requests.may_answer(url, reading.url)
                yield Unrest(f"the {kind} {url[:200]} has not come", math.inf, blocks=own)

    def _slow(self, reading: PageReading) -> Iterable[Unrest]:
        if reading.busy:
            needs_s = POLL_STANDS_S if "slots" in self._names else math.inf
            yield Unrest("it says that it works", needs_s)
        if self._says_none and (words := requests.working(reading)) is not None:
            yield Unrest(f"it says {words!r}", math.inf, blocks=True)
        if reading.loading:
            yield Unrest("it does not stop loading", STILL_LOADING_S)
