"""
What a visit sees, and what it keeps of it: pages that come, are read, judged and pictured.

The part of a visit that no scenario asks for: it happens around every verb of `visit.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from fleet.errors import DeadlinePassed, GuardRefused, SiteUnreachable
from fleet.models import PARIS, EvidenceFile, Scenario, now
from fleet.rules import classifier, signs
from fleet.rules.classifier import Judged
from fleet.rules.guard import Guard
from fleet.system.waiting import wait_at_most
from fleet.visit import capture, outline, reader
from fleet.visit.interceptor import RequestInterceptor
from fleet.visit.limits import VisitLimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.page import OpenPage
    from fleet.rules.signs import PageReading


MAX_PAGES = 12
"""Pages of one visit of which a picture is kept, and popups that are followed."""

POLL_S = 0.1

PICTURE_S = 10.0
"""How long a picture within a visit may take: one that hangs is no fault of the site."""


class PageTracker:
    """The page of one visit: `files` is what was kept of it, `traffic` what went on around it."""

    def __init__(self, scenario: Scenario, opened: OpenPage, patience: VisitLimits) -> None:
        self.scenario = scenario
        self.files: list[EvidenceFile] = []
        self.expired = False
        self.guard = Guard(scenario.id)
        self.traffic = RequestInterceptor(opened, self.guard)
        self._page = opened.page
        self._cdp = opened.cdp
        self._patience = patience
        self._end = asyncio.get_running_loop().time() + patience.deadline_s
        self._opened = opened
        self._reading: PageReading | None = None
        self._judged = 0
        self._title = ""
        self._pages = 0
        self._anchored = scenario.anchor is None
        self.today = now().astimezone(PARIS).date()

    async def begin(self) -> None:
        """Put the guard in place. Called by `attempt.py` before the scenario."""
        await self.traffic.watch()

    @property
    def address(self) -> str:
        """The address of the page as it is now."""
        return self._page.url

    async def _arrive(self, documents: int) -> None:
        """Wait until the next document stands, and judge it before anything else."""
        traffic = self.traffic
        while traffic.leaving or traffic.documents == documents:
            await self._may_go_on()
            if traffic.failure is not None and not traffic.leaving:
                break
            await traffic.news(min(1.0, self._left()))
        await self._may_go_on()
        if traffic.failure is not None and not traffic.leaving and traffic.bad_status is None:
            raise SiteUnreachable(f"{self.scenario.id}: {traffic.failure}")
        self._title = ""  # that of the page before; the first reading gives the new one
        await self._settle()
        if traffic.bad_status is not None:
            await self._read(())

    async def _settle(self) -> None:
        """Wait for the page's text, then, for a while only, for its images and scripts."""
        try:
            text_s = max(0.001, min(self._patience.answer_timeout_s, self._left()))
            await self._page.wait_for_load_state("domcontentloaded", timeout=1000 * text_s)
            await self._page.wait_for_load_state("load", timeout=1000 * self._patience.settle_s)
        except PlaywrightTimeout:
            await self._may_go_on()
            self.traffic.note(f"{self.address[:300]} does not stop loading")

    async def _read(self, selectors: Sequence[str]) -> PageReading | None:
        """
        What the page says now.

        Raises:
            Judged: the document, seen for the first time, already decides the visit.
        """
        document = self.traffic.documents
        reading = await reader.read(self._opened, selectors)
        await self._may_go_on()
        if reading is not None:
            reading = replace(reading, dialogs=self.traffic.document_dialogs)
            self._anchored = self._anchored or signs.shows(self.scenario.anchor, reading)
        self._reading = reading
        bad = self.traffic.bad_status
        outcome = None
        if bad is not None:
            outcome = classifier.judge_status(bad.status, bad.url, reading, bad.retry_after)
        elif reading is not None and self._judged != document:
            outcome = classifier.judge_page(reading)
            self._judged = document
        if reading is not None:
            self._title = reading.title
        if outcome is not None:
            raise Judged(outcome)
        return reading

    async def keep_picture(self) -> None:
        """
        Keep a picture of the window as a person sees it now, before the page is left.

        One that does not come within `PICTURE_S` s is given up and noted.
        """
        if self._pages >= MAX_PAGES:
            self.traffic.note(f"more than {MAX_PAGES} pages; no picture of {self.address[:300]}")
            return
        place = self._place()
        seconds = min(PICTURE_S, self._left())
        picture = await wait_at_most(seconds, capture.take_picture(self._cdp, place, whole=False))
        if picture is not None:
            self.files.append(picture)
        else:
            self.traffic.note(f"no picture of {self.address[:300]}: not within {seconds:g} s")
        if (kept := await self._outline(place)) is not None:
            self.files.append(kept)
        self._pages += 1

    async def _outline(self, place: capture.CapturePlace) -> EvidenceFile | None:
        traffic = self.traffic
        content = await outline.take(
            self._opened, document=traffic.documents, dialogs=traffic.document_dialogs
        )
        if content is None:
            return None
        return capture.file_of("outline", content, place, truncated=False)

    async def last_look(self, seconds: float) -> None:
        """
        Keep the last picture and the HTML, whatever happened before; at most `seconds`.

        Called by `attempt.py`. A page that still loads is stopped first: it would hold the
        picture for ever. What cannot be had is noted, never raised.
        """
        place = self._place()

        async def picture() -> EvidenceFile:
            if self.traffic.leaving or self._reading is None or self._reading.loading:
                with contextlib.suppress(PlaywrightError):  # between two documents nothing loads
                    await self._cdp.send("Page.stopLoading")
            return await capture.take_picture(self._cdp, place, whole=True)

        for what, share, take in (
            ("picture", 0.6, picture),
            ("HTML", 0.2, partial(capture.take_html, self._cdp, place)),
            ("outline", 0.2, partial(self._outline, place)),
        ):
            try:
                file = await wait_at_most(seconds * share, take())
                why = f"not within {seconds * share:g} s"
            except (PlaywrightError, KeyError) as exc:
                file, why = None, str(exc).strip().splitlines()[0]
            if file is not None:
                self.files.append(file)
            else:
                self.traffic.note(f"no {what} of the last page: {why}")

    def _place(self) -> capture.CapturePlace:
        return capture.CapturePlace(step=self._pages, url=self.address, title=self._title)

    def _left(self) -> float:
        return max(0.0, self._end - asyncio.get_running_loop().time())

    async def _may_go_on(self) -> None:
        error: Exception | None = None
        if self.expired:
            error = DeadlinePassed(self.too_long())
        elif self.guard.refused:
            error = GuardRefused(self.guard.words)
        elif self.traffic.page_crashed:
            error = PlaywrightError("Page crashed")
        if error is not None:
            # a scenario that catches it in a loop must not stop the clock of the deadline
            await asyncio.sleep(POLL_S)
            raise error

    def too_long(self) -> str:
        """The words for a visit whose deadline has passed."""
        return f"{self._where()}: the visit took longer than {self._patience.deadline_s:g} s"

    def _where(self) -> str:
        return f"{self.scenario.id}: {self.address[:300]} ({self._title[:100]!r})"

    def _boxes(self) -> str:
        said = [dialog.message for dialog in self.traffic.dialogs[-2:]]
        return f"; it said in a box {said!r}" if said else ""
