"""
The verbs of a visit: what a scenario does on a site.

`open` (`walker.py`), `dismiss`, `tick`, `choose`, `press` (`actor.py`) act as a person would;
`which` and `decide` (`rules/base_visit.py`) wait until the page says something that is known.
Every verb first asks whether the visit may go on: a document with an error status, a message page
of a proxy, a refused request or the deadline ends it there and then. A scenario catches none of
that.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet.models import Verdict
from fleet.rules import classifier, requests, signs
from fleet.rules.base_visit import BaseVisit
from fleet.rules.classifier import Judged
from fleet.visit import controls, reader, surroundings
from fleet.visit.actor import PageActor
from fleet.visit.settling import SAME_ANSWER_S, STANDS_S, STILL_LOADING_S, Settling
from fleet.visit.tracker import poll_s
from fleet.visit.walker import LOOKS_ON_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.rules.signs import PageReading, Sign
    from fleet.visit.settling import Unrest
    from fleet.visit.surroundings import Surroundings

GATE_AFTER_S = 1.0
"""How long a settled page must show nothing known before a captcha or login is its answer."""

FAILED_S = 3.0
"""How long a page must stand whose own request for its answer failed: it may ask again."""

OVERTIME_S = 2.0
"""How long after the answer's timeout an answer may take to stand that came just before."""

MAX_LAST_TRIES = 6
"""How often the last page's files are taken anew because it changed meanwhile."""

CONTRADICTION_S = 0.5
"""How long two answers must stand side by side before they count as a contradiction."""


class Visit(PageActor, BaseVisit):
    """One visit of one flow. Made by `attempt.py`, used by scenarios and families."""

    _last_tries = 0

    async def controls(self) -> list[str]:
        """The words on the buttons and links of the page, a dozen at most."""
        await self._may_go_on()
        found = await controls.find(self._agent, "button", (), None)
        return list(found.words) if isinstance(found, controls.Others) else []

    async def surroundings(self) -> Surroundings:
        """The lists, fields and frames of the page, in open shadow roots and frames too."""
        await self._may_go_on()
        return await surroundings.look(self._agent)

    async def attributes(self, selector: str, attribute: str) -> list[str]:
        """`attribute` of every visible element that matches, 2,000 at most."""
        await self._may_go_on()
        return await reader.attributes(self._agent, selector, attribute)

    async def texts(self, selector: str) -> list[str]:
        """What a person reads on every visible element that matches, 2,000 at most."""
        await self._may_go_on()
        return await reader.texts(self._agent, selector)

    async def _watch(
        self, answers: Mapping[str, Sequence[Sign]], *, final: bool
    ) -> tuple[str, tuple[str, ...]]:
        shown_by = [sign for each in answers.values() for sign in each if sign.kind == "css"]
        selectors = {pattern for sign in shown_by for pattern in sign.patterns}
        wanted = (*sorted(selectors), *self._banners, *classifier.GATE_SELECTORS)
        clock = asyncio.get_running_loop().time
        began = clock()
        end = min(began + self._patience.answer_timeout_s, self._end - 1)
        looks_on_s = min(LOOKS_ON_S, self._patience.answer_timeout_s / 2)
        traffic, settling = self.traffic, Settling(self.traffic.requests)
        documents, loads = traffic.documents, traffic.loads
        while True:
            await self._may_go_on()
            # a page that only gives itself another address (a carousel) is the same page
            if traffic.leaving or traffic.loads > loads:
                await self._arrive(documents)
                documents, loads = traffic.documents, traffic.loads
                settling = Settling(traffic.requests)
                self._reading = None
            late_s, asked = clock() - end, self.traffic.asked
            reading = await self._read(wanted)
            if reading is not None and not await self._dismiss(reading):
                seen = signs.answered(answers, reading)
                settling.look(reading, seen)
                answer = await self._judge(reading, seen, settling, final=final, late=late_s >= 0)
                no_slots = final and answer is not None and answer[0] == Verdict.NO_SLOTS
                empty = not seen and settling.stands(settling.unrest, looks_on_s)
                if (no_slots or empty) and await self._look_on(
                    reading, answers[Verdict.NO_SLOTS] if no_slots else None
                ):
                    before = reading if self.traffic.asked == asked else None
                    documents, loads = traffic.documents, traffic.loads
                    settling = Settling(self.traffic.requests, before)
                    began = clock()
                    end = min(began + self._patience.answer_timeout_s, self._end - 1)
                    continue
                if answer is not None:
                    return answer
                if seen and late_s < OVERTIME_S:  # it came at the last moment, and must stand too
                    late_s = -1
            if late_s >= 0:
                there = await surroundings.look(self._agent)
                waited = f" after {self._patience.answer_timeout_s:g} s{self._boxes()}"
                waited += there.complaint
                waited += self._walk.words
                raise self.silence(answers, waited)
            # once its files are kept, the page is only asked whether it still says the same
            rest_s = settling.stands_in_s(STANDS_S) if self._last else 0.0
            await asyncio.sleep(max(poll_s(clock() - began), rest_s))

    async def _judge(
        self,
        reading: PageReading,
        seen: dict[str, tuple[str, ...]],
        settling: Settling,
        *,
        final: bool,
        late: bool,
    ) -> tuple[str, tuple[str, ...]] | None:
        """The answer of the page if it stands; None while it may change or says nothing yet."""
        unrest = settling.unrest
        if late and unrest is not None:
            if unrest.blocks:
                self._unsettled = unrest.words
                raise self.unsettled(seen, unrest.words + self._walk.words)
            self.traffic.note(f"{self.address[:200]}: {unrest.words}; not waited for any longer")
            unrest = None
        if not seen and (late or settling.stands(unrest, GATE_AFTER_S)):
            gate = classifier.judge_gate(reading, waited=late)
            if gate is not None:
                raise Judged(gate)
        if "no_slots" in seen or (late and not seen):
            failed = requests.judge_failed(reading)
            if failed is not None:
                if late or settling.stands(unrest, FAILED_S):
                    raise Judged(failed)
                return None
        if len(seen) > 1 and settling.stands(unrest, CONTRADICTION_S):
            raise self.contradiction(seen)
        if len(seen) != 1:
            return None
        if final:
            return await self._final(reading, seen, settling, unrest)
        least_s = STANDS_S if settling.fetched else 0.0  # a step of the visit, no answer
        return next(iter(seen.items())) if settling.stands(unrest, least_s) else None

    async def _final(
        self,
        reading: PageReading,
        seen: dict[str, tuple[str, ...]],
        settling: Settling,
        unrest: Unrest | None,
    ) -> tuple[str, tuple[str, ...]] | None:
        """
        The answer of the whole visit, once picture, HTML and outline were taken while it stood.

        They are taken during the time for which it must stand anyway, and count if the page says
        the same before and after.
        """
        answer = next(iter(seen.items()))
        stands = settling.stands(unrest, settling.least_s(answer[0]))
        if self.kept_last(reading.content):
            return answer if stands else None
        if stands and (reading.loading or self._last_tries >= MAX_LAST_TRIES):
            self._last = None  # the last look takes them as it can
            return answer
        if stands and self._last is not None and settling.answer_stood_s >= SAME_ANSWER_S:
            self.traffic.note(f"{self.address[:200]}: something beside its answer keeps changing")
            return answer
        soon = unrest is None or unrest.needs_s <= STILL_LOADING_S
        if not reading.loading and (stands or soon):
            self._last_tries += 1
            await self.keep_last(reading.content, answer[1])
        return None
