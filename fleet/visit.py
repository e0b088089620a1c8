"""
The verbs of a visit: what a scenario does on a site, and how it reads the answer.

`open`, `dismiss`, `tick`, `choose`, `press` act as a person would; `which` and `decide` wait
until the page says something that is known. Every verb first asks whether the visit may go
on: a document with an error status, a message page of a proxy, a refused request or the
deadline ends it there and then. A scenario catches none of that.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NoReturn
from urllib.parse import urljoin

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from fleet import evidence, hand, reader, rules
from fleet.errors import DeadlinePassed, Judged, NotOnPage, SiteUnreachable
from fleet.guard import Guard, check_press
from fleet.models import EvidenceFile, Outcome, Scenario, Verdict
from fleet.patience import within
from fleet.rules import Sign
from fleet.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser import OpenPage
    from fleet.rules import Reading

MAX_PAGES = 12
"""Pages of one visit of which a picture is kept, and popups that are followed."""

MAX_PRESSES = 3
"""Presses on one box until it is ticked."""

MAX_BANNERS = 3
"""Banners that are pressed away in one visit."""

GATE_AFTER_S = 1.0
"""How long a loaded page must show nothing known before a captcha or login is its answer."""

STILL_LOADING_S = 1.0
"""How long an answer must stand on a page that never stops loading before it counts."""

CONTRADICTION_S = 0.5
"""How long two answers must stand side by side before they count as a contradiction."""

DEPARTURE_S = 0.4
"""How long after a press a page may take to ask for the next one."""

_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Patience:
    """The limits of a visit, in seconds. `deadline_s` is for the whole of it."""

    deadline_s: float = 180
    answer_timeout_s: float = 20
    settle_s: float = 4


class Visit:
    """One visit of one flow. Made by `attempt.py`, used by scenarios and families."""

    def __init__(self, scenario: Scenario, opened: OpenPage, patience: Patience) -> None:
        self.scenario = scenario
        self.files: list[EvidenceFile] = []
        self.expired = False
        self.guard = Guard(scenario.id)
        self.traffic = Traffic(opened, self.guard)
        self._page = opened.page
        self._cdp = opened.cdp
        self._patience = patience
        self._end = asyncio.get_running_loop().time() + patience.deadline_s
        self._opened = opened
        self._banners: tuple[str, ...] = ()
        self._dismissed = 0
        self._reading: Reading | None = None
        self._judged = 0
        self._title = ""
        self._pages = 0
        self._shown_popups = 0

    async def begin(self) -> None:
        """Put the guard in place. Called by `attempt.py` before the scenario."""
        await self.traffic.watch()

    # What is where -----------------------------------------------------------------------

    @property
    def address(self) -> str:
        """The address of the page as it is now."""
        return self._page.url

    def text(self, *sentences: str) -> Sign:
        """A sentence that a person can read on the page; several are alternatives."""
        return Sign(kind="text", patterns=sentences)

    def url(self, *patterns: str) -> Sign:
        """The page's address, as a shell pattern such as `*/creneau/`, without its query."""
        return Sign(kind="url", patterns=patterns)

    def css(self, *selectors: str) -> Sign:
        """A visible element; several selectors are alternatives."""
        return Sign(kind="css", patterns=selectors)

    # Acting --------------------------------------------------------------------------------

    async def open(self, url: str | None = None) -> None:
        """Go to the scenario's address (or `url`) and wait until the page stands."""
        await self._may_go_on()
        documents = self.traffic.documents
        try:
            await self._page.goto(url or self.scenario.url, wait_until="commit", timeout=0)
        except PlaywrightError as exc:
            await self._may_go_on()
            self.traffic.failure = str(exc)  # names the error exactly
        await self._arrive(documents)

    def dismiss(self, *selectors: str) -> None:
        """From now on press these away whenever one is shown (the buttons of a cookie banner)."""
        self._banners = selectors

    async def tick(self, words: str | None = None, *, css: str | None = None) -> None:
        """Tick the box with these words beside it (or this selector)."""
        await self._check("checkbox", words, css)

    async def choose(self, words: str | None = None, *, css: str | None = None) -> None:
        """Choose the radio button with these words beside it (or this selector)."""
        await self._check("radio", words, css)

    async def press(self, *words: str, css: str | None = None) -> bool:
        """
        Press the button or link with these words (or this selector); arrive where it leads.

        A picture of the page is kept before it is left. Several words are alternatives.

        Returns:
            Whether another document came; a press may also only change the page.

        Raises:
            GuardRefused: the press would take or hold a slot.
            NotOnPage: there is no such control, or something covers it.
        """
        control = await self._find("button", words, css)
        check_press(self.scenario.id, control.words, control.address)
        if control.windows:
            self.traffic.note(f"{control.words[:80]!r} opens a window; followed in the same one")
        await self.keep_picture()
        asked, documents = self.traffic.asked, self.traffic.documents
        await hand.press(self._opened, control)
        await self._depart(asked, documents)
        return self.traffic.documents > documents

    async def _check(
        self, kind: Literal["checkbox", "radio"], words: str | None, css: str | None
    ) -> None:
        wanted = (words,) if words is not None else ()
        for _ in range(MAX_PRESSES):
            control = await self._find(kind, wanted, css)
            if control.checked:
                return
            await hand.press(self._opened, control)
        if not (await self._find(kind, wanted, css)).checked:
            self.unrecognised(f"has a {kind} that stays empty however often it is pressed")

    async def _find(self, kind: hand.Kind, words: Sequence[str], css: str | None) -> hand.Control:
        """Wait until the control is there and can be pressed."""
        clock = asyncio.get_running_loop().time
        end = min(clock() + self._patience.answer_timeout_s, self._end - 1)
        while True:
            await self._may_go_on()
            if self._judged != self.traffic.documents:
                await self._read(())
            found = await hand.find(self._opened, kind, words, css)
            if isinstance(found, hand.Control) and found.obstacle is None:
                return found
            if clock() >= end:
                break
            await asyncio.sleep(_POLL_S)
        await self._may_go_on()
        reading = await self._read(rules.GATE_SELECTORS)
        gate = rules.judge_gate(reading) if reading else None
        if gate is not None:
            raise Judged(gate)
        wanted = " or ".join(map(repr, words)) if css is None else css
        if isinstance(found, hand.Control):
            why = f"has the {kind} {wanted}, but {found.obstacle}"
        else:
            there = ", ".join(map(repr, found.words)) if found else ""
            why = f"shows no {kind} {wanted} (there is: {there or 'none'})"
        self.unrecognised(f"{why}{self._boxes()}. Look at the picture, then correct the scenario")

    async def _depart(self, asked: int, documents: int) -> None:
        """After a press: go where it leads, if it leads anywhere."""
        loop = asyncio.get_running_loop()
        end = loop.time() + DEPARTURE_S
        while self.traffic.asked == asked and loop.time() < end:
            await self._may_go_on()
            if len(self.traffic.popups) > self._shown_popups:
                url = urljoin(self.address, self.traffic.popups[self._shown_popups])
                self._shown_popups += 1
                self.traffic.note(f"the press opens a window; followed to {url[:300]}")
                if self._shown_popups > MAX_PAGES:
                    raise NotOnPage(f"{self.scenario.id}: {self.address} opens windows without end")
                await self.open(url)
                return
            await self.traffic.news(end - loop.time())
        if self.traffic.asked > asked:
            await self._arrive(documents)

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

    async def _read(self, selectors: Sequence[str]) -> Reading | None:
        """
        What the page says now.

        Raises:
            Judged: the document, seen for the first time, already decides the visit.
        """
        document = self.traffic.documents
        reading = self._reading = await reader.read(self._opened, selectors)
        await self._may_go_on()
        bad = self.traffic.bad_status
        outcome = None
        if bad is not None:
            outcome = rules.judge_status(bad.status, bad.url, reading, bad.retry_after)
        elif reading is not None and self._judged != document:
            outcome = rules.judge_page(reading)
            self._judged = document
        if reading is not None:
            self._title = reading.title
        if outcome is not None:
            raise Judged(outcome)
        return reading

    # Reading ---------------------------------------------------------------------------------

    async def which(self, **answers: Sequence[Sign]) -> str:
        """
        Wait until the page shows all the signs of exactly one of `answers`; give its name.

        Raises:
            NotOnPage: none is shown in time, or two contradict each other.
            Judged: something stands before the answer (captcha, login, expired session).
        """
        name, _ = await self._watch(answers)
        return name

    async def decide(
        self,
        *,
        slots: Sequence[Sign] = (),
        no_slots: Sequence[Sign] = (),
        closed: Sequence[Sign] = (),
    ) -> Outcome:
        """
        The outcome that the page says: all signs of one of the three must be on it.

        `slots` and `no_slots` need two independent signs each (wording and address, wording
        and element, two elements); a single sentence proves nothing.

        Raises:
            ValueError: an answer is given with too few signs (a mistake in the scenario).
            NotOnPage: see `which`.
            Judged: see `which`.
        """
        answers = {
            verdict.value: signs
            for verdict, signs in (
                (Verdict.SLOTS, slots),
                (Verdict.NO_SLOTS, no_slots),
                (Verdict.CLOSED, closed),
            )
            if signs
        }
        for verdict in (Verdict.SLOTS, Verdict.NO_SLOTS):
            if verdict in answers and not rules.independent(answers[verdict]):
                raise ValueError(
                    f"decide({verdict}=…) needs two independent signs, such as a text and an"
                    " address, or a text and an element"
                )
        name, seen = await self._watch(answers)
        return Outcome(
            verdict=Verdict(name), detail=f"{' and '.join(seen)} at {self.address}", signs=seen
        )

    async def attributes(self, selector: str, attribute: str) -> list[str]:
        """`attribute` of every visible element that matches, 2,000 at most."""
        await self._may_go_on()
        return await reader.attributes(self._opened, selector, attribute)

    async def _watch(self, answers: dict[str, Sequence[Sign]]) -> tuple[str, tuple[str, ...]]:
        signs = [sign for each in answers.values() for sign in each if sign.kind == "css"]
        selectors = {pattern for sign in signs for pattern in sign.patterns}
        wanted = (*sorted(selectors), *self._banners, *rules.GATE_SELECTORS)
        clock = asyncio.get_running_loop().time
        end = clock() + self._patience.answer_timeout_s
        seen: dict[str, tuple[str, ...]] = {}
        since = clock()
        documents = self.traffic.documents
        while True:
            await self._may_go_on()
            if self.traffic.leaving or self.traffic.documents > documents:
                await self._arrive(documents)
                documents = self.traffic.documents
                self._reading = None
            reading = await self._read(wanted)
            if reading is not None and not await self._dismiss(reading):
                now_seen = {
                    name: words
                    for name, each in answers.items()
                    if (words := rules.said(each, reading))
                }
                if now_seen.keys() != seen.keys():
                    since = clock()
                seen = now_seen
                stood = clock() - since
                if len(seen) == 1 and (not reading.loading or stood >= STILL_LOADING_S):
                    return next(iter(seen.items()))
                if len(seen) > 1 and stood >= CONTRADICTION_S:
                    raise NotOnPage(
                        f"{self._where()} shows {' and '.join(seen)} at once, which contradict"
                        " each other. Look at the picture and make the signs stricter"
                    )
                if not seen and stood >= GATE_AFTER_S:
                    gate = rules.judge_gate(reading)
                    if gate is not None:
                        raise Judged(gate)
            if clock() >= min(end, self._end - 1):
                raise NotOnPage(
                    f"{self._where()} shows none of {', '.join(answers)} after"
                    f" {self._patience.answer_timeout_s:g} s{self._boxes()}. Look at the picture,"
                    " then add the new wording to the scenario"
                )
            await asyncio.sleep(_POLL_S)

    async def _dismiss(self, reading: Reading) -> bool:
        """Press away a banner that is shown; a page that keeps showing one is left as it is."""
        shown = next((s for s in self._banners if reading.counts.get(s)), None)
        if shown is None or self._dismissed >= MAX_BANNERS:
            return False
        self._dismissed += 1
        found = await hand.find(self._opened, "button", (), shown)
        if isinstance(found, hand.Control) and found.obstacle is None:
            check_press(self.scenario.id, found.words, found.address)
            await hand.press(self._opened, found)
        return True

    def unrecognised(self, words: str) -> NoReturn:
        """End the visit: the page is not what the scenario knows, and `words` say why."""
        raise NotOnPage(f"{self._where()} {words}")

    # Keeping ---------------------------------------------------------------------------------

    async def keep_picture(self) -> None:
        """Keep a picture of the window as a person sees it now, before the page is left."""
        if self._pages >= MAX_PAGES:
            self.traffic.note(f"more than {MAX_PAGES} pages; no picture of {self.address[:300]}")
            return
        self.files.append(await evidence.take_picture(self._cdp, self._place(), whole=False))
        self._pages += 1

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
            return await evidence.take_picture(self._cdp, place, whole=True)

        for what, share, taking in (
            ("picture", 0.7, picture()),
            ("HTML", 0.3, evidence.take_html(self._cdp, place)),
        ):
            try:
                file = await within(seconds * share, taking)
                why = f"not within {seconds * share:g} s"
            except (PlaywrightError, KeyError) as exc:
                file, why = None, str(exc).strip().splitlines()[0]
            if file is not None:
                self.files.append(file)
            else:
                self.traffic.note(f"no {what} of the last page: {why}")

    def _place(self) -> evidence.Place:
        return evidence.Place(step=self._pages, url=self.address, title=self._title)

    # Going on -------------------------------------------------------------------------------------

    def _left(self) -> float:
        return max(0.0, self._end - asyncio.get_running_loop().time())

    async def _may_go_on(self) -> None:
        try:
            if self.expired:
                raise DeadlinePassed(self.too_long())
            self.guard.check()
            if self.traffic.page_crashed:
                raise PlaywrightError("Page crashed")
        except Exception:
            # raised on: a scenario that catches it in a loop must not stop the deadline's clock
            await asyncio.sleep(_POLL_S)
            raise

    def too_long(self) -> str:
        """The words for a visit whose deadline has passed."""
        return f"{self._where()}: the visit took longer than {self._patience.deadline_s:g} s"

    def _where(self) -> str:
        return f"{self.scenario.id}: {self.address[:300]} ({self._title[:100]!r})"

    def _boxes(self) -> str:
        said = [dialog.message for dialog in self.traffic.dialogs[-2:]]
        return f"; it said in a box {said!r}" if said else ""
