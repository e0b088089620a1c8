"""
What happens around a page while it is visited: documents served, dialogs, popups.

A listener only takes notes. `visit.py` decides what they mean.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from fleet import guard
from fleet.models import Dialog, Served, now

if TYPE_CHECKING:
    from playwright.async_api import CDPSession, Frame, Page, Request, Response
    from playwright.async_api import Dialog as PageDialog

MAX_NOTES = 50
"""Of each kind, for one visit: a hostile page must not fill the memory."""


@dataclass(frozen=True, slots=True)
class BadStatus:
    """A document that came with an error status, and its `Retry-After`."""

    status: int
    url: str
    retry_after: str | None


class Listener:
    """
    Notes of one page.

    `leaving` is true from the moment the page asks for another document until that document
    has come or failed; `documents` counts those that came.
    """

    def __init__(self, page: Page, cdp: CDPSession, watch: guard.Guard) -> None:
        self._page = page
        self._guard = watch
        self._pending: Request | None = None
        self._changed = asyncio.Event()
        self.requested = 0
        self.documents = 0
        self.served: list[Served] = []
        self.bad_status: BadStatus | None = None
        self.failure: str | None = None
        self.dialogs: list[Dialog] = []
        self.popups: list[str] = []
        self.notes: list[str] = []
        self.page_crashed = False
        page.on("request", self._on_request)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failed)
        page.on("framenavigated", self._on_document)
        page.on("dialog", self._on_dialog)
        page.on("crash", self._on_crash)
        cdp.on("Page.windowOpen", self._on_window_open)

    @property
    def leaving(self) -> bool:
        return self._pending is not None

    async def news(self, seconds: float) -> None:
        """Wait until something was noted, at most `seconds`."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), max(0.0, seconds))

    def note(self, words: str) -> None:
        """Write down something worth keeping with the attempt."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(words[:500])

    def _mine(self, request: Request) -> bool:
        """Whether this request is for the page's own document (not a frame's, not an image)."""
        if not request.is_navigation_request():
            return False
        try:
            return request.frame == self._page.main_frame
        except PlaywrightError:
            return False  # a navigation whose frame does not exist yet is a popup's

    def _on_request(self, request: Request) -> None:
        if self._mine(request):
            self._pending = request
            self.requested += 1
            self.failure = None
            self._changed.set()

    def _on_response(self, response: Response) -> None:
        if not self._mine(response.request):
            return
        if len(self.served) < MAX_NOTES:
            self.served.append(Served(url=response.url[:2000], status=response.status, at=now()))
        if response.status >= 400 and self.bad_status is None:
            retry_after = response.headers.get("retry-after")
            self.bad_status = BadStatus(response.status, response.url, retry_after)
        self._changed.set()

    def _on_failed(self, request: Request) -> None:
        error = request.failure or "unknown error"
        if "BLOCKED_BY_CLIENT" in error:
            self._guard.note(request.method, request.url)
        if self._mine(request) and (self._pending in (None, request)):
            self._pending = None
            self.failure = f"{error} at {request.url[:300]}"
        self._changed.set()

    def _on_document(self, frame: Frame) -> None:
        if frame == self._page.main_frame:
            self._pending = None
            self.documents += 1
            self._changed.set()

    async def _on_dialog(self, dialog: PageDialog) -> None:
        if len(self.dialogs) < MAX_NOTES:
            self.dialogs.append(Dialog(kind=dialog.type, message=dialog.message[:500], at=now()))
        self._changed.set()
        with contextlib.suppress(PlaywrightError):  # the page may be gone already
            # dismissing `beforeunload` would mean "stay", and no visit could leave the page
            await (dialog.accept() if dialog.type == "beforeunload" else dialog.dismiss())

    def _on_crash(self, _: Any) -> None:
        self.page_crashed = True
        self._changed.set()

    def _on_window_open(self, event: dict[str, Any]) -> None:
        url = str(event.get("url", ""))
        if guard.forbidden(url):
            self._guard.note("window.open", url)
        elif event.get("userGesture") and len(self.popups) < MAX_NOTES:
            self.popups.append(url)
        else:
            self.note(f"the page tried to open {url[:300]} by itself; not followed")
        self._changed.set()
