"""
From page to page: an address opened, a control pressed, and the next week of a calendar looked at.

Where a calendar opens on an empty week and shows a way to the next one, a visit looks on as a
person would: a few weeks, one after the other, each settled and pictured before it is left. While
it does, the guard lets nothing leave that is not only read.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from playwright.async_api import Error as PlaywrightError

from fleet.errors import GuardRefused, NotOnPage
from fleet.rules import requests, weeks
from fleet.rules.guard import check_press
from fleet.rules.weeks import Extent
from fleet.visit import controls
from fleet.visit.tracker import MAX_PAGES, PageTracker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fleet.rules.signs import PageReading, Sign

DEPARTURE_S = 1.5
"""
How long after a press a page may take to ask for the next one: on a machine that is busy, far
longer than the few milliseconds it needs. A press that leads nowhere waits as long.
"""

FRAME_POLL_S = 0.1
"""Between two looks whether a frame's document has come."""

LOOKS_ON_S = 2.0
"""How long a week that shows nothing known must stand before the next one is looked at."""

PRESS_S = 5.0
"""What must be left of the visit's time, beside the answer's, to look at one more week."""


class PageWalker(PageTracker):
    """The steps of one visit from page to page."""

    _popups_followed = 0

    async def open(self, url: str | None = None) -> None:
        """Go to the scenario's address (or `url`) and wait until the page stands."""
        await self._go_to(url or self.scenario.url)

    async def _go_to(self, url: str, *, looks_on: bool = False) -> None:
        await self._may_go_on()
        documents = self._acts(looks_on=looks_on)
        try:
            await self._page.goto(url, wait_until="commit", timeout=0)
        except PlaywrightError as exc:
            await self._may_go_on()
            self.traffic.failure = str(exc)  # names the error exactly
        await self._arrive(documents)

    async def _lead_on(
        self,
        control: controls.Control,
        act: Callable[[], Awaitable[None]] | None = None,
        *,
        looks_on: bool = False,
    ) -> None:
        """Press a control (or `act`) that may lead to another page; arrive where it leads."""
        if control.windows:
            self.traffic.note(f"{control.words[:80]!r} opens a window; followed in the same one")
        await self.keep_picture()
        asked, documents = self.traffic.asked, self._acts(looks_on=looks_on)
        frames = self._frames_coming()
        await (act() if act else controls.press(self._opened, control))
        await self._depart(asked, documents, frames if control.framed else None)

    def _frames_coming(self) -> set[str]:
        """The addresses of documents that are asked for or come for frames."""
        own = self.traffic.requests
        return {*own.frames, *(each.url for each in own.coming)}

    async def _depart(self, asked: int, documents: int, frames: set[str] | None = None) -> None:
        """
        After a press: go where it leads, if it leads anywhere.

        The page that leads on itself is the answer to the press, also when a window was opened
        beside it; a window is followed only if the page goes nowhere. `frames` is what was on its
        way into frames before a press in one; what comes for them then is waited for.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + DEPARTURE_S
        while self.traffic.asked == asked and loop.time() < end:
            await self._may_go_on()
            if frames is not None and self._frames_coming() - frames:
                end = loop.time() + min(self._patience.answer_timeout_s, self._left())
                while self._frames_coming() - frames and loop.time() < end:
                    await self._may_go_on()
                    if self.traffic.asked > asked:
                        break
                    await self.traffic.news(FRAME_POLL_S)
                break
            await self.traffic.news(end - loop.time())
        if self.traffic.asked > asked:
            self._popups_followed = len(self.traffic.popups)
            await self._arrive(documents)
        elif len(self.traffic.popups) > self._popups_followed:
            url = urljoin(self.address, self.traffic.popups[self._popups_followed])
            self._popups_followed += 1
            self.traffic.note(f"the press opens a window; followed to {url[:300]}")
            if self._popups_followed > MAX_PAGES:
                raise NotOnPage(f"{self.scenario.id}: {self.address} opens windows without end")
            await self._go_to(url, looks_on=self.guard.only_reads)

    async def _look_on(self, reading: PageReading, no_slots: Sequence[Sign] | None) -> bool:
        """
        Go on to the next week of a calendar whose shown one is empty; whether that was done.

        Args:
            no_slots: the signs by which the page says that there is no slot; None if it says
                nothing known.

        Raises:
            NotOnPage: it says so of the weeks that were looked at, and not of all there are.
        """
        extent = weeks.extent_of(no_slots, reading) if no_slots is not None else None
        if extent is Extent.WHOLE or (no_slots is None and requests.judge_failed(reading)):
            return False
        way = await controls.find_way_on(self._agent) if not self._walk.ended else None
        if way is not None or (self._walk.seen and not self._walk.ended):
            self._walk.take(reading)
            control = self._pressable(way)
            if control is not None:
                self._went_on = control.words or weeks.NAMELESS
                await self._lead_on(control, looks_on=True)
                return True
        if extent is not None and not self._walk.proves(extent):
            raise NotOnPage(f"{self._where()} {weeks.ONLY_SHOWN}{self._walk.words}. {weeks.LOOK}")
        return False

    def _pressable(self, way: controls.WayOn | None) -> controls.Control | None:
        """The control to the next week, if it may be pressed; else the walk has ended."""
        walk = self._walk
        if walk.ended:
            return None
        if way is None:
            walk.ended = weeks.NO_WAY
        elif way.control is None:
            walk.ended = "the control to the next one stands in a frame, where none is pressed"
        elif way.shut:
            walk.ended = weeks.SHUT_WAY
        elif len(walk.seen) >= weeks.MAX_WEEKS:
            walk.ended = weeks.FAR
        elif self._left() < self._patience.answer_timeout_s + PRESS_S:
            walk.ended = "the visit has no time for more"
        else:
            control = way.control
            why = control.obstacle or self._kept_from(control.address, posts=way.posts)
            try:
                check_press(self.scenario.id, control.words, control.address, control.names)
            except GuardRefused:  # not pressed, so nothing went too far
                why = "the guard would refuse it"
            if why is None:
                return control
            walk.ended = f"the control to the next one is not pressed: {why}"
        return None

    def _kept_from(self, address: str | None, *, posts: bool) -> str | None:
        player, here = self.traffic.player, self.address.partition("#")[0]
        there = (address or "").partition("#")[0]
        if player and there.startswith("http") and there != here and not player.holds(there):
            return "the recording does not hold where it leads"
        return weeks.kept_from(self.address, address, posts=posts)
