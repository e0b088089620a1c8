"""
What a visit sees, and what it keeps of it: pages that come, are read, judged and pictured.

The part of a visit that no scenario asks for: it happens around every verb of `visit.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from fleet.errors import DeadlinePassed, GuardRefused, SiteUnreachable, TurnedAway
from fleet.models import PARIS, EvidenceFile, Outcome, Scenario, Verdict, now
from fleet.rules import classifier, requests, signs
from fleet.rules.classifier import Judged
from fleet.rules.guard import Guard
from fleet.rules.walls import checks_browser
from fleet.rules.weeks import WeekWalk
from fleet.system.waiting import wait_at_most
from fleet.visit import capture, outline, reader
from fleet.visit.interceptor import RequestInterceptor, Stage
from fleet.visit.limits import VisitLimits
from fleet.visit.page_agent import PageAgent

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from fleet.browser.page import OpenPage
    from fleet.rules.signs import PageReading


MAX_PAGES = 12
"""Pages of one visit of which a picture is kept, and popups that are followed."""

MAX_HOPS = 12
"""Pages that may come one after the other without anything being pressed."""

POLL_S = 0.1
SLOW_POLL_S = 0.25
"""Between two looks at a page; and at one that has let a second pass."""

PICTURE_S = 10.0
"""How long a picture within a visit may take: one that hangs is no fault of the site."""


LAST_FILES = {"picture": 0.6, "HTML": 0.2, "outline": 0.2}
"""What is kept of the last page, and the share of the time that each may take."""


def poll_s(waited_s: float) -> float:
    """How long to wait for the next look at a page, after so long: each costs processor time."""
    return POLL_S if waited_s < 1.0 else SLOW_POLL_S


@dataclass(frozen=True, slots=True)
class LastPage:
    """Files of the last page, taken of this document while it showed this content."""

    document: int
    content: tuple[object, ...]
    files: tuple[EvidenceFile, ...]


class PageTracker:
    """The page of one visit: `files` is what was kept of it, `traffic` what went on around it."""

    def __init__(self, scenario: Scenario, opened: OpenPage, patience: VisitLimits) -> None:
        self.scenario = scenario
        self.files: list[EvidenceFile] = []
        self.expired = False
        self.guard = Guard(scenario.id, public=opened.public)
        self.traffic = RequestInterceptor(opened, self.guard)
        self._page = opened.page
        self._cdp = opened.cdp
        self._patience = patience
        self._end = asyncio.get_running_loop().time() + patience.deadline_s
        self._opened = opened
        self._agent = PageAgent(opened)
        self._last: LastPage | None = None
        self._unsettled: str | None = None
        self._walk = WeekWalk()
        self._went_on: str | None = None
        self._reading: PageReading | None = None
        self._acted_at = 0
        self._judged = 0
        self._checked = False
        self._title = ""
        self._pages = 0
        self._anchored = scenario.anchor is None
        self.today = now().astimezone(PARIS).date()

    async def begin(self) -> None:
        """Put the guard in place. Called by `attempt.py` before the scenario."""
        await self.traffic.watch()
        await self._agent.install(self.traffic.main_frame)

    @property
    def address(self) -> str:
        """The address of the page as it is now."""
        return self._page.url

    def _acts(self, *, looks_on: bool = False) -> int:
        """
        The visit does something: what was kept of the last page is over.

        Args:
            looks_on: it only looks at the next week of a calendar.

        Returns:
            The number of documents so far.
        """
        self._last = self._went_on = None
        self.guard.only_reads = looks_on
        if not looks_on:
            self._walk = WeekWalk()
        self._acted_at = self.traffic.loads
        return self.traffic.documents

    async def _arrive(self, documents: int) -> None:
        """Wait until the next document stands, and judge it before anything else."""
        traffic = self.traffic
        while traffic.leaving or traffic.documents == documents:
            await self._may_go_on()
            self._check_circle()
            if traffic.failure is not None and not traffic.leaving:
                break
            await traffic.news(min(1.0, self._left()))
        await self._may_go_on()
        if traffic.failure is not None and not traffic.leaving and traffic.bad_status is None:
            raise SiteUnreachable(f"{self.scenario.id}: {traffic.failure}")
        self._check_circle()
        self._title = ""  # that of the page before; the first reading gives the new one
        await self._settle()
        if traffic.bad_status is not None:
            await self._read(())

    def _check_circle(self) -> None:
        hops = self.traffic.loads - self._acted_at
        if hops > MAX_HOPS:
            raise Judged(
                Outcome(
                    verdict=Verdict.SITE_DOWN,
                    detail=f"the site sends the visit on in a circle: {hops} pages by themselves,"
                    f" the last {self.address[:300]}",
                    signs=(f"{hops} pages in a circle",),
                )
            )

    async def _settle(self) -> None:
        """Wait for the page's text, then, for a while only, for its images and scripts."""
        text_s = max(0.001, min(self._patience.answer_timeout_s, self._left()))
        parsed = await self.traffic.reach(Stage.PARSED, text_s)
        if not parsed or not await self.traffic.reach(Stage.LOADED, self._patience.settle_s):
            await self._may_go_on()
            self.traffic.note(f"{self.address[:300]} does not stop loading")

    async def _read(self, selectors: Sequence[str]) -> PageReading | None:
        """
        What the page says now.

        Raises:
            Judged: the document, seen for the first time, already decides the visit.
        """
        document = self.traffic.documents
        reading = await reader.read(self._agent, selectors)
        await self._may_go_on()
        if reading is not None:
            ended = (*reading.ended, *self.traffic.requests.failed_frames)
            reading = replace(reading, dialogs=self.traffic.document_dialogs, ended=ended)
            self._anchored = self._anchored or signs.shows(self.scenario.anchor, reading)
        self._reading = reading
        bad = self.traffic.bad_status
        outcome = None
        if bad is not None:
            outcome = classifier.judge_status(bad.status, bad.url, reading, bad.retry_after)
        elif reading is not None and self._judged != document:
            outcome = classifier.judge_page(reading, again=self._checked)
            self._checked = self._checked or checks_browser(reading)
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
        self._last = None  # what follows is another page of the visit
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
            self._agent,
            document=traffic.documents,
            dialogs=traffic.document_dialogs,
            failed=requests.lacking(self._reading) if self._reading else (),
            unsettled=self._unsettled,
            went_on=self._went_on,
        )
        if content is None:
            return None
        return capture.file_of("outline", content, place, truncated=False)

    async def keep_last(self, content: tuple[object, ...], signs: Sequence[str]) -> None:
        """
        Keep picture, HTML and outline of an answer while it stands; `last_look` takes them over.

        `content` is what the page showed before; they count only if it shows the same after.
        `signs` are the answer's, in words.
        """
        files: list[EvidenceFile] = []
        before = self.traffic.documents
        await self._take_last(files, min(PICTURE_S, self._left()), signs)
        if len(files) == len(LAST_FILES):
            self._last = LastPage(before, content, tuple(files))

    def kept_last(self, content: tuple[object, ...]) -> bool:
        """Whether the files of `keep_last` are those of a page with this content."""
        last = self._last
        return last is not None and (last.document, last.content) == (
            self.traffic.documents,
            content,
        )

    async def last_look(self, seconds: float, signs: Sequence[str] = ()) -> None:
        """
        Keep the last picture and the HTML, whatever happened before; at most `seconds`.

        Called by `attempt.py`. A page that still loads is stopped first: it would hold the
        picture for ever. What cannot be had is noted, never raised. `signs` are those of the
        outcome, if there is one by now.
        """
        if self._last is not None and self._last.document == self.traffic.documents:
            self.files.extend(self._last.files)
            return
        if self.traffic.leaving or self._reading is None or self._reading.loading:
            with contextlib.suppress(PlaywrightError):  # between two documents nothing loads
                await wait_at_most(seconds, self._cdp.send("Page.stopLoading"))
        await self._take_last(self.files, seconds, signs)

    async def _take_last(
        self, files: list[EvidenceFile], seconds: float, signs: Sequence[str]
    ) -> None:
        place = self._place()
        takers: dict[str, Callable[[], Coroutine[Any, Any, EvidenceFile | None]]] = {
            "picture": partial(capture.take_whole_picture, self._cdp, self._agent, place, signs),
            "HTML": partial(capture.take_html, self._agent, place),
            "outline": partial(self._outline, place),
        }
        for what, take in takers.items():
            share = LAST_FILES[what]
            try:
                file = await wait_at_most(seconds * share, take())
                why = f"not within {seconds * share:g} s"
            except (PlaywrightError, KeyError) as exc:
                file, why = None, str(exc).strip().splitlines()[0]
            if file is not None:
                files.append(file)
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
        elif self.traffic.gate.turned_away is not None:
            error = TurnedAway(self.traffic.gate.turned_away)
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
