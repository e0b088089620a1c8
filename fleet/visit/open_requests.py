"""
Which requests of a page's scripts are under way, and how those that ended did.

Chromium tells that one begins (`Fetch.requestPaused`), the page's own record of resource timing,
read where the page cannot change it, that one ended: whether it brought something, failed or was
given up, always under the address that was asked for first.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fleet.rules.requests import is_quiet

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

    from fleet.rules.signs import PageReading

KIND = "XHR"
"""What scripts ask for and read, `fetch` included; a prefetched link is `Fetch` to Chromium."""

BODY_S = 12.0
"""
How long after its answer began a request may still be bringing the rest of it.

Of a worker's requests the page has no record, so nothing else tells that they have ended.
"""

SHORT_BODY_S = 1.0
"""The same of an answer that says that it is short."""

SHORT_BODY_BYTES = 200_000

LEAVES_S = 5.0
"""A page that goes on by itself (a refresh) within so long has not answered yet."""

MAX_REQUESTS = 2_000
"""Noted for one document; a page that makes more is not followed further."""

POLLS = 2
"""A script that has asked the same address so often before asks again and again."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that has not ended: its address, and since when (monotonic seconds)."""

    url: str
    since: float


class OpenRequests:
    """The requests of the present document and of its frames."""

    def __init__(self) -> None:
        self._begun: list[tuple[str, OpenRequest]] = []
        self._asked: dict[str, OpenRequest] = {}
        self._answered: dict[OpenRequest, float] = {}
        self._frames: dict[str, str] = {}
        self._coming: dict[str, OpenRequest] = {}
        self._failed: dict[str, int] = {}
        self.streams: list[str] = []
        self.sockets: list[str] = []
        self.leaves_soon = False

    def watch(self, cdp: CDPSession) -> None:
        """Be told which frames go, and which have all that belongs to them."""
        cdp.on("Page.frameDetached", lambda event: self.forget(event["frameId"]))
        cdp.on("Page.frameStoppedLoading", self._on_whole)

    def _on_whole(self, event: dict[str, Any]) -> None:
        self._coming.pop(event["frameId"], None)

    def begin(self, event: dict[str, Any]) -> None:
        """Note a paused request of `KIND`; a redirect is the same request."""
        request = _key(event)
        if "redirectedRequestId" in event or request in self._asked:
            return
        if len(self._begun) >= MAX_REQUESTS:
            return
        url = _plain(event["request"]["url"])
        begun = self._asked[request] = OpenRequest(url, time.monotonic())
        headers = {name.lower(): value for name, value in event["request"]["headers"].items()}
        # an EventSource is none of its own to Chromium's interception
        if "text/event-stream" in headers.get("accept", ""):
            self.streams.append(url)
        else:
            self._begun.append((event["frameId"], begun))

    def begin_frame(self, event: dict[str, Any]) -> None:
        """Note that a document is asked for, for a frame of the page."""
        self._frames[event["frameId"]] = _plain(event["request"]["url"])

    def answer_frame(self, event: dict[str, Any], *, comes: bool) -> None:
        """Note that it is answered; `comes`: that it will stand in the frame in a moment."""
        status = event.get("responseStatusCode", 0)
        if (status == 0 or status >= HTTPStatus.BAD_REQUEST) and len(self._failed) < MAX_REQUESTS:
            self._failed[_plain(event["request"]["url"])] = status
        if not comes:
            self._frames.pop(event["frameId"], None)

    def answer(self, event: dict[str, Any], *, whole: bool) -> None:
        """Note that an answer began to come; `whole`: that nothing comes after it."""
        begun = self._asked.get(_key(event))
        if begun is None:
            return
        headers = {h["name"].lower(): h["value"] for h in event.get("responseHeaders", ())}
        length = headers.get("content-length", "")
        short = length.isascii() and length.isdigit() and int(length[:12]) <= SHORT_BODY_BYTES
        began = time.monotonic() - (BODY_S - SHORT_BODY_S if short else 0.0)
        self._answered.setdefault(begun, -math.inf if whole else began)

    def forget(self, frame: str | None = None) -> None:
        """Forget those of a frame whose document goes, or (None) all of them."""
        if frame is None:
            self._begun.clear()
            self._asked.clear()
            self._answered.clear()
            self._frames.clear()
            self._coming.clear()
            self._failed.clear()
            self.streams.clear()
            self.sockets.clear()
            self.leaves_soon = False
        else:
            self._frames.pop(frame, None)
            self._coming.pop(frame, None)
            self._begun = [each for each in self._begun if each[0] != frame]

    def stand(self, frame: str | None) -> None:
        """Note that a frame, or the page (None), has another document; more of it may come."""
        url = self._frames.get(frame) if frame is not None else None
        self.forget(frame)
        if frame is not None and url is not None and len(self._coming) < MAX_REQUESTS:
            self._coming[frame] = OpenRequest(url, time.monotonic())

    def under_way(self, reading: PageReading) -> list[OpenRequest]:
        """Those that had not ended when the page was read, the oldest first."""
        left = Counter({_plain(url): times for url, times, _ in reading.ended})
        found = []
        for _, request in self._begun:
            if left[request.url] > 0:
                left[request.url] -= 1
            elif time.monotonic() - self._answered.get(request, math.inf) < BODY_S:
                found.append(request)
        return found

    def leaves(self, delay_s: float | None) -> None:
        """Note that the page says it will go on by itself, after so long (None: no longer)."""
        self.leaves_soon = delay_s is not None and delay_s <= LEAVES_S

    @property
    def frames(self) -> list[str]:
        """The addresses of documents on their way into frames, seen or not."""
        return list(self._frames.values())

    @property
    def coming(self) -> list[OpenRequest]:
        """Documents that stand in frames, seen or not, and are not whole, or lack a picture."""
        return list(self._coming.values())

    @property
    def failed_frames(self) -> tuple[tuple[str, int, int], ...]:
        """Documents of frames that came with an error status, or (0) not at all."""
        return tuple((url, 1, status) for url, status in self._failed.items())

    def polled(self, reading: PageReading, before: PageReading | None = None) -> set[str]:
        """Addresses, without their queries, that the page asks again and again since `before`."""
        times: Counter[str] = Counter()
        for url, count, _ in reading.ended:
            times[_bare(url)] += count
        for url, count, _ in before.ended if before else ():
            times[_bare(url)] -= count
        return {url for url, count in times.items() if count > POLLS}

    def news(self, reading: PageReading) -> int:
        """
        Grows whenever a request that may bring the page's answer begins or ends.

        Each address counts a few times only: what is asked again and again is no news.
        """
        begun = Counter(_bare(each.url) for _, each in self._begun if not is_quiet(each.url))
        ended: Counter[str] = Counter()
        for url, times, _ in reading.ended:
            ended[_bare(url)] += 0 if is_quiet(url) else times
        return sum(min(times, POLLS + 1) for times in (*begun.values(), *ended.values()))


def _key(event: dict[str, Any]) -> str:
    """What a request is called from its begin to its end, redirects included."""
    return str(event.get("networkId") or event["requestId"].partition(".")[0])


def _bare(url: str) -> str:
    """An address without its query, which many scripts make anew each time."""
    return url.partition("?")[0]


def _plain(url: str) -> str:
    """An address as both sources write it: without fragment, cut."""
    return url.partition("#")[0][:2000]
