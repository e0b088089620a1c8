"""
What may leave a page: each paused request is put before the guard with those who may send it,
and each document before the visit's hosts. And who may answer it: nobody inside.

A name says little of where it leads. So before the page itself is asked for, the resolver is, and
once it is answered, and before anything of it is shown, Chromium's own word counts on what network
the address is to which it has connected, whatever a name leads to meanwhile. What a page asks for
besides Chromium checks itself (`browser/arguments.py`).

`interceptor.py` has requests paused and does what is said here.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urljoin

from fleet.errors import TurnedAway
from fleet.models.address import host_of
from fleet.rules.forbidden import ACTING, WATCHED
from fleet.rules.guard import OTHER_ADDRESS, OTHER_METHOD, READING, GuardRefusal, PageRequest
from fleet.system.network import look_up
from fleet.visit.frames import FrameDocuments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from playwright.async_api import CDPSession

    from fleet.browser.page import OpenPage
    from fleet.rules.guard import Guard
    from fleet.rules.internal import PublicOnly

NO_DOCUMENT = (204, 205)
"""Statuses after which a page stays what it was."""

REDIRECTS = (301, 302, 303, 307, 308)

LOOK_UP_S = 5.0
"""A resolver that takes longer says nothing; Chromium asks it, too."""

PUBLIC_SPACES = ("Public", "Unknown")
"""Networks, as Chromium names them, that are not inside; what a proxy answers is of none."""

MAX_PAUSED = 1_000
"""
Requests and answers for which one visit stops; a heavy page has some hundred.

To look at each costs all visits of this process a moment, so a page that wants more is flooding it.
"""

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

    def __init__(self, guard: Guard, public: PublicOnly | None) -> None:
        self._guard, self._public = guard, public
        self._led_outside: set[str] = set()
        self._paused = 0
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

    def flooded(self, opened: OpenPage) -> bool:
        """
        Count a pause; whether there were too many. The page is ended then.

        What is still paused is left at that: to answer each would cost as much as to look at it.
        """
        self._paused += 1
        if self._paused == MAX_PAUSED + 1:
            opened.crash()
            self._guard.end(
                f"its page asked for more than {MAX_PAUSED} things, so it was left; nothing is"
                " known of the site"
            )
        return self._paused > MAX_PAUSED

    def judge(self, event: Mapping[str, Any], *, main: bool) -> GuardRefusal | None:
        """Why a request (`Fetch.requestPaused`, not answered yet) must not leave; None: it may."""
        request = event["request"]
        said = {name.lower(): value for name, value in request["headers"].items()}
        asked = PageRequest(request["url"], request["method"], event["resourceType"], main=main)
        for name in OTHER_METHOD:
            if said.get(name, "").strip().upper() not in ("", *READING):
                asked = replace(asked, method=said[name].strip())
        if not asked.reads:
            senders = self._frames.senders(event["frameId"], request["headers"])
            asked = replace(asked, senders=senders)
        others = (urljoin(asked.url, said[name]) for name in OTHER_ADDRESS if name in said)
        return self._guard.judge(asked) or next(
            filter(None, (self._guard.judge(replace(asked, url=url)) for url in others)), None
        )

    def judge_answer(self, url: str, space: str | None) -> GuardRefusal | None:
        """
        Why the answer to the page's own request must not be shown; None: it may be.

        Args:
            space: the network of the address to which Chromium has connected, in its words; None:
                it has connected to nobody, and takes what it has kept of the same visit.
        """
        public = self._public
        if public is None or space is None or space in PUBLIC_SPACES or public.allows(url):
            return None
        what = f"answered from inside ({space.lower()} network)"
        self._guard.lead_inside(url, what)
        return GuardRefusal(what)

    def connected(self, url: str, address: str) -> None:
        """The page's own document came from this address and port: once more, by the address."""
        ip = address.rpartition(":")[0]
        if self._public and (what := self._public.refuses_addresses(url, [ip])):
            self._guard.lead_inside(url, what)

    async def _leads_inside(self, url: str) -> bool:
        host = host_of(url)
        if self._public is None or not self._public.direct or host in self._led_outside:
            return False
        found = await look_up(host, LOOK_UP_S)
        if what := self._public.refuses_addresses(url, found.addresses):
            self._guard.lead_inside(url, what)
            return True
        if len(self._led_outside) < MAX_PAUSED:
            self._led_outside.add(host)
        return False

    async def may_ask(self, event: Mapping[str, Any], *, main: bool) -> bool:
        """Whether the host of a document may be asked for it; if not, the visit is over."""
        url = event["request"]["url"]
        if event["resourceType"] != "Document" or not _is_web(url):
            return True
        if main and await self._leads_inside(url):
            return False
        if self.hosts is None:
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
