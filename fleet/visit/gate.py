"""
What may leave a page: each paused request is put before the guard with those who may send it.

`interceptor.py` has requests paused and does what is said here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet.rules.forbidden import ACTING, WATCHED
from fleet.rules.guard import PageRequest
from fleet.visit.frames import FrameDocuments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.async_api import CDPSession

    from fleet.rules.guard import Guard, GuardRefusal

NO_DOCUMENT = (204, 205)
"""Statuses after which a page stays what it was."""

REDIRECTS = (301, 302, 303, 307, 308)


class PageGate:
    """The gate of one page."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._frames = FrameDocuments()

    def watch(self, cdp: CDPSession, tree: Mapping[str, Any]) -> None:
        """Begin, with the documents that stand in the page now (`Page.getFrameTree`)."""
        self._frames.watch(cdp, tree)

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

    def answered(self, event: Mapping[str, Any], status: int | None) -> None:
        """A request is answered (status None: it failed). A document that comes may send."""
        if event["resourceType"] != "Document" or status is None:
            return
        if status not in NO_DOCUMENT and status not in REDIRECTS:
            self._frames.answered(event["frameId"], event["request"]["url"])
