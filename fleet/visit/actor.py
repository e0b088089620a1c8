"""
The verbs by which a visit acts: a box ticked, an option taken, a button pressed.

A control is found wherever a person sees it: in the page, in its open shadow roots, in its frames
and in those of other sites. What is pressed is judged by the guard first, by what stands and lies
there. Where a verb cannot do it, the message says what is there instead.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Literal, NoReturn

from fleet.errors import NotOnPage
from fleet.rules import classifier, fields
from fleet.rules.classifier import Judged
from fleet.rules.guard import check_press
from fleet.visit import controls, surroundings
from fleet.visit.tracker import poll_s
from fleet.visit.walker import PageWalker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from fleet.rules.signs import PageReading

MAX_PRESSES = 3
"""Presses on one box until it is ticked."""

MAX_BANNERS = 3
"""Banners that are pressed away in one visit."""


class PageActor(PageWalker):
    """What a visit does on a page besides going from one to the next."""

    _banners: tuple[str, ...] = ()
    _dismissed = 0

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
            Whether another document came; a press may also only change the page, or a frame in it.

        Raises:
            GuardRefused: the press would take or hold a slot.
            NotOnPage: there is no such control, or something covers it.
        """
        control = await self._find("button", words, css)
        check_press(self.scenario.id, control.words, control.address, control.names)
        documents = self.traffic.documents
        await self._lead_on(control)
        return self.traffic.documents > documents

    async def select(self, words: str | None, option: str, *, css: str | None = None) -> bool:
        """
        Take the option with these words of the list with these words beside it (or this selector).

        A picture of the page is kept before. Nothing is done to a list that shows it already.

        Returns:
            Whether another document came; a list may lead on by itself.

        Raises:
            GuardRefused: the option would take or hold a slot, or says who somebody is.
            NotOnPage: there is no such list, or no such option.
        """
        wanted = (words,) if words is not None else ()
        control, about = await self._filled("list", wanted, css, option)
        found = about.option
        if found is None:
            there = ", ".join(map(repr, about.others)) or "none"
            await self._cannot(
                f"the list {control.words!r} has no option {option!r} (it has: {there})"
            )
        fields.check_option(self.scenario.id, about.field, found.words, found.address, found.names)
        documents = self.traffic.documents
        if found.taken:
            await self.keep_picture()
        else:
            await self._lead_on(control, partial(self._take, control, option))
        return self.traffic.documents > documents

    async def _take(self, control: controls.Control, option: str) -> None:
        # None: it has led on already
        if await self._agent.ask_in(control.frame, "take", option) is False:
            await self._cannot(f"the list {control.words!r} does not keep the option {option!r}")

    async def enter(self, words: str, value: str | date, *, css: str | None = None) -> None:
        """
        Type a post code, a town or a day into the field with these words beside it (or `css`).

        The scenario declares the words in `enters`, with what they ask for. What stood in the
        field is replaced; then it is left, unless it offers suggestions.

        Raises:
            GuardRefused: it is not declared, the field asks for something else or for more, or
                the value is no such thing. Nothing was typed.
            NotOnPage: there is no such field, or it does not keep what was typed.
        """
        control, about = await self._filled("field", (words,), css)
        typed = fields.check_entry(self.scenario, words, value, about.field, self.today)
        self._acts()
        if about.field.type == "date":
            await self._agent.ask_in(control.frame, "put", typed)
        else:
            await controls.press(self._opened, control)
            if not await self._agent.ask_in(control.frame, "ready"):
                await self._cannot(
                    f"the field {words!r} is pressed, and something else is typed into"
                )
            await self._page.keyboard.type(typed)
        kept = await self._agent.ask_in(control.frame, "holds")
        if kept is None or not fields.same_entry(typed, kept["value"]):
            shown = repr(kept["value"]) if kept else "nothing"
            await self._cannot(f"the field {words!r} shows {shown} after {typed!r} was typed")
        if kept["complaint"]:
            await self._cannot(f"the browser complains about {words!r}: {kept['complaint']!r}")
        self.traffic.note(f"typed {typed!r} into {control.words.strip()[:100]!r}")
        if not kept["suggests"] and about.field.type != "date":
            await self._page.keyboard.press("Tab")

    async def _filled(
        self, kind: controls.Kind, words: Sequence[str], css: str | None, option: str | None = None
    ) -> tuple[controls.Control, controls.FilledControl]:
        """Wait until a list or field is there and can be filled."""
        while True:
            control = await self._find(kind, words, css)
            about = await controls.about(self._agent, control, option)
            if about is not None and about.obstacle is None:
                return control, about
            if about is not None:
                await self._cannot(f"it has the {kind} {control.words!r}, but {about.obstacle}")
            await asyncio.sleep(poll_s(0))

    async def _cannot(self, why: str) -> NoReturn:
        await self._may_go_on()
        raise NotOnPage(f"{self._where()}: {why}. Look at the picture, then correct the scenario")

    async def _check(
        self, kind: Literal["checkbox", "radio"], words: str | None, css: str | None
    ) -> None:
        wanted = (words,) if words is not None else ()
        for _ in range(MAX_PRESSES):
            control = await self._find(kind, wanted, css)
            if control.checked:
                return
            self._acts()
            await controls.press(self._opened, control)
        if not (await self._find(kind, wanted, css)).checked:
            raise NotOnPage(
                f"{self._where()} has a {kind} that stays empty however often it is pressed"
            )

    async def _find(
        self, kind: controls.Kind, words: Sequence[str], css: str | None
    ) -> controls.Control:
        """Wait until the control is there and can be pressed."""
        clock = asyncio.get_running_loop().time
        began = clock()
        end = min(began + self._patience.answer_timeout_s, self._end - 1)
        while True:
            await self._may_go_on()
            if self._judged != self.traffic.documents:
                await self._read(())
            found = await controls.find(self._agent, kind, words, css)
            if isinstance(found, controls.Control) and found.obstacle is None:
                return found
            if isinstance(found, controls.Control) and self._banners:  # a banner may cover it
                reading = await self._read(self._banners)
                if reading is not None and await self._dismiss(reading):
                    continue
            if clock() >= end:
                await self._no_control(kind, words, css, found)
            await asyncio.sleep(poll_s(clock() - began))

    async def _no_control(
        self,
        kind: controls.Kind,
        words: Sequence[str],
        css: str | None,
        found: controls.Control | controls.Others | None,
    ) -> NoReturn:
        """End the visit: the control did not come; something else may stand in its place."""
        await self._may_go_on()
        reading = await self._read(classifier.GATE_SELECTORS)
        gate = classifier.judge_gate(reading) if reading else None
        if gate is not None:
            raise Judged(gate)
        wanted = repr(css) if css else " or ".join(words)
        if isinstance(found, controls.Control):
            why = f"has the {kind} {wanted}, but {found.obstacle}"
        else:
            there = ", ".join(map(repr, found.words)) if found else ""
            why = f"shows no {kind} {wanted} (there is: {there or 'none'})"
            why += (await surroundings.look(self._agent, words)).words
        raise NotOnPage(
            f"{self._where()} {why}{self._boxes()}. Look at the picture, then correct the scenario"
        )

    async def _dismiss(self, reading: PageReading) -> bool:
        """Press away a banner that is shown; a page that keeps showing one is left as it is."""
        shown = next((s for s in self._banners if reading.counts.get(s)), None)
        if shown is None or self._dismissed >= MAX_BANNERS:
            return False
        self._dismissed += 1
        found = await controls.find(self._agent, "button", (), shown)
        if isinstance(found, controls.Control) and found.obstacle is None:
            check_press(self.scenario.id, found.words, found.address, found.names)
            self._acts(looks_on=self.guard.only_reads)
            await controls.press(self._opened, found)
        return True
