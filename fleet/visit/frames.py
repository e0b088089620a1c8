"""
Which documents stand in a page's frames: the page may send in the name of each of them.

A document counts from the moment its answer is there, before any script of it can run, under
every address it has had: scripts may change what an address says. What has no address of its
own (about:blank, srcdoc, blob:) belongs to whoever made it, so what stood there before stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet.models.address import host_of
from fleet.rules.guard import calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.async_api import CDPSession

MAX_ADDRESSES = 50
"""Of each frame, and of all that are gone: a hostile page must not fill the memory."""


class FrameDocuments:
    """The documents of one page, by frame."""

    def __init__(self) -> None:
        self._standing: dict[str, dict[str, None]] = {}
        self._parents: dict[str, str] = {}
        self._gone: dict[str, None] = {}

    def watch(self, cdp: CDPSession, tree: Mapping[str, Any]) -> None:
        """Begin, with what stands there now (`Page.getFrameTree`)."""
        self._take(tree)
        cdp.on("Page.frameAttached", self._on_attached)
        cdp.on("Page.frameNavigated", self._on_navigated)
        cdp.on("Page.navigatedWithinDocument", lambda e: self._add(e["frameId"], e["url"]))
        cdp.on("Page.frameDetached", lambda e: self._remove(e["frameId"]))

    def answered(self, frame: str, url: str) -> None:
        """A document has come for a frame; from here on it may send."""
        self._add(frame, url)

    def senders(self, frame: str, headers: Mapping[str, str]) -> tuple[str, ...]:
        """
        The addresses of every document that may have sent a request which does more than read.

        `Origin` is Chromium's own word for who sends, and documents of one host can reach into
        each other; so all that stand there of that host count. Of a request from a frame that
        is gone, what stood in such frames counts as well.
        """
        sent = {name.lower(): value for name, value in headers.items()}
        known = [url for urls in self._standing.values() for url in urls]
        if frame not in self._standing:
            known += self._gone
        host = host_of(sent.get("origin", ""))
        own = [url for url in known if host_of(url) == host] if host else known
        referer = sent.get("referer")
        return (*(own or known), *([referer] if referer else []))

    def _take(self, tree: Mapping[str, Any]) -> None:
        frame = tree["frame"]
        self._on_navigated({"frame": frame})
        for child in tree.get("childFrames", ()):
            self._take(child)

    def _on_attached(self, event: Mapping[str, Any]) -> None:
        self._parents[event["frameId"]] = event["parentFrameId"]
        self._standing.setdefault(event["frameId"], {})

    def _on_navigated(self, event: Mapping[str, Any]) -> None:
        frame = event["frame"]
        if "parentId" in frame:
            self._parents[frame["id"]] = frame["parentId"]
        if frame["url"].startswith(("http:", "https:")):
            self._standing[frame["id"]] = {}
        self._add(frame["id"], frame["url"])

    def _add(self, frame: str, url: str) -> None:
        _keep(self._standing.setdefault(frame, {}), url)

    def _remove(self, frame: str) -> None:
        for url in self._standing.pop(frame, {}):
            _keep(self._gone, url)
        self._parents.pop(frame, None)
        for child in [each for each, parent in self._parents.items() if parent == frame]:
            self._remove(child)


def _keep(urls: dict[str, None], url: str) -> None:
    """Keep an address; where there is no room, a calendar takes the place of the latest."""
    if len(urls) >= MAX_ADDRESSES:
        if not calendar(url):
            return
        urls.popitem()
    urls[url] = None
