"""
What may leave a page: each paused request is put before the guard with those who may send it,
and each document before the visit's hosts.

`interceptor.py` has requests paused and does what is said here.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from fleet.errors import TurnedAway
from fleet.rules.forbidden import ACTING, WATCHED
from fleet.rules.guard import PageRequest
from fleet.visit.frames import FrameDocuments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.async_api import CDPSession

    from fleet.rules.guard import Guard, GuardRefusal

NO_DOCUMENT = (204, 205)
"""Statuses after which a page stays what it was."""

REDIRECTS = (301, 302, 303, 307, 308)

WITH_THE_PAGE = ("worker", "worklet")
"""What of a page Chromium shows as targets of their own, although their requests are the page's."""


class HostGate(Protocol):
    """Says whether a visit may ask a host for a document, and is told what the host answers."""

    async def ask(self, url: str, *, main: bool) -> str | None:
        """None: it may; else why not. `main`: for the page itself, not for a frame in it."""

    def answered(self, url: str, status: int, retry_after: str | None) -> None:
        """A document has come, or a redirect."""


class PageGate:
    """
    The gate of one page.

    `turned_away` is why a document was not asked for, once one was not: its host must be left
    alone. `held_s` is how long documents were held back until that was known.
    """

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._frames = FrameDocuments()
        self._asking = 0
        self.hosts: HostGate | None = None
        self.turned_away: str | None = None
        self.held_s = 0.0

    def check(self, *, failed: bool = False) -> None:
        """
        Args:
            failed: the visit came to no answer, which it may owe to a document held back here.

        Raises:
            TurnedAway: a host was not asked, or it is not known yet whether it may be.
        """
        if self.turned_away is not None:
            raise TurnedAway(self.turned_away)
        if failed and self._asking:
            raise TurnedAway("it was not known in time whether a host may be asked")

    def watch(self, cdp: CDPSession, tree: Mapping[str, Any]) -> None:
        """Begin, with the documents that stand in the page now (`Page.getFrameTree`)."""
        self._frames.watch(cdp, tree)

    async def hold_others(self, cdp: CDPSession, note: Callable[[str], None]) -> None:
        """
        Let nothing begin beside the page: a frame in a process of its own, a service worker.

        Chromium is started so that there is none (`browser/arguments.py`). If there is one after
        all, it waits for a debugger that never lets it go on.
        """

        def held(event: Mapping[str, Any]) -> None:
            what = event["targetInfo"]
            note(f"not let in beside the page: {what['type']} {what['url'][:300]}".strip())

        cdp.on("Target.attachedToTarget", held)
        excluded = [{"type": kind, "exclude": True} for kind in WITH_THE_PAGE]
        await cdp.send(
            "Target.setAutoAttach",
            {
                "autoAttach": True,
                "waitForDebuggerOnStart": True,
                "flatten": True,
                "filter": [*excluded, {}],
            },
        )

    def patterns(self) -> list[dict[str, str]]:
        """What Chromium is to pause: documents twice, what can act, what is watched."""
        return [
            *(
                {"urlPattern": "*", "resourceType": "Document", "requestStage": stage}
                for stage in ("Request", "Response")
            ),
            *({"urlPattern": "*", "resourceType": kind} for kind in ACTING),
            # so that it is known what a page waits for (`open_requests`)
            {"urlPattern": "*", "resourceType": "XHR", "requestStage": "Response"},
            *({"urlPattern": pattern} for pattern in WATCHED),
        ]

    def judge(self, event: Mapping[str, Any]) -> GuardRefusal | None:
        """Why a request (`Fetch.requestPaused`, not answered yet) must not leave; None: it may."""
        request = event["request"]
        asked = PageRequest(request["url"], request["method"], event["resourceType"])
        if not asked.reads:
            senders = self._frames.senders(event["frameId"], request["headers"])
            asked = replace(asked, senders=senders)
        return self._guard.judge(asked)

    async def may_ask(self, event: Mapping[str, Any], *, main: bool) -> bool:
        """Whether the host of a document may be asked for it; if not, the visit is over."""
        url = event["request"]["url"]
        if self.hosts is None or event["resourceType"] != "Document" or not _is_web(url):
            return True
        clock = asyncio.get_running_loop().time
        self._asking, since = self._asking + 1, clock()
        try:
            why = await self.hosts.ask(url, main=main)
        finally:
            self._asking -= 1
            self.held_s += clock() - since
        self.turned_away = self.turned_away or why
        return why is None

    def answered(self, event: Mapping[str, Any], status: int | None) -> None:
        """A request is answered (status None: it failed). A document that comes may send."""
        if event["resourceType"] != "Document" or status is None:
            return
        url = event["request"]["url"]
        if status not in NO_DOCUMENT and status not in REDIRECTS:
            self._frames.answered(event["frameId"], url)
        if self.hosts is not None:
            headers = {h["name"].lower(): h["value"] for h in event.get("responseHeaders", ())}
            self.hosts.answered(url, status, headers.get("retry-after"))


def _is_web(url: str) -> bool:
    return url.startswith(("http:", "https:"))
