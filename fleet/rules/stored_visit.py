"""The verbs of a visit over the pages that an attempt left: a scenario asks them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import NotOnPage, NotStored, VisitEnded
from fleet.models import PARIS, Outcome, Verdict
from fleet.rules import classifier, requests, signs, weeks
from fleet.rules.base_visit import BaseVisit
from fleet.rules.classifier import Judged
from fleet.rules.stored_page import StoredPage
from fleet.rules.weeks import Extent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from fleet.models import Attempt, Scenario
    from fleet.rules.signs import PageReading, Sign


WITHOUT_PAGE = (Verdict.SITE_DOWN, Verdict.TIMEOUT, Verdict.CRASHED)
"""How attempts end that no page decided."""


class StoredVisit(BaseVisit):
    """
    The verbs of a visit, over the pages that an attempt left, in their order.

    Acting does nothing but go on to the next page where the living visit did. A scenario that
    takes another way than it took then asks for what is not there: `NotStored`.
    """

    def __init__(self, scenario: Scenario, attempt: Attempt, pages: Sequence[StoredPage]) -> None:
        self.scenario = scenario
        self.today = attempt.started_at.astimezone(PARIS).date()
        self._pages = pages
        self._step = 0
        self._anchored = scenario.anchor is None
        self._walk = weeks.WeekWalk()

    @property
    def address(self) -> str:
        """The address of the page."""
        return str(self._page.kept["url"])

    @property
    def at_the_end(self) -> bool:
        """Whether this is the last page that was kept."""
        return self._step == len(self._pages) - 1

    @property
    def _page(self) -> StoredPage:
        return self._pages[self._step]

    async def open(self, url: str | None = None) -> None:
        """Stand on the first page; one opened later is the next."""
        if url is not None and self._step:
            self._go_on()

    def dismiss(self, *selectors: str) -> None:
        """Nothing: a banner was pressed away then, or was not there."""

    async def tick(self, words: str | None = None, *, css: str | None = None) -> None:
        """Nothing."""

    async def choose(self, words: str | None = None, *, css: str | None = None) -> None:
        """Nothing."""

    async def press(self, *words: str, css: str | None = None) -> bool:
        """Go on to the next page; whether it is another document."""
        before = self._page.document
        self._go_on()
        self._walk = weeks.WeekWalk()
        return self._page.document != before

    async def select(self, words: str | None, option: str, *, css: str | None = None) -> bool:
        """As `press`."""
        return await self.press()

    async def enter(self, words: str, value: str | date, *, css: str | None = None) -> None:
        """Nothing."""

    async def keep_picture(self) -> None:
        """Go on: a picture was kept here, and what followed is the next page."""
        self._go_on()

    async def attributes(self, selector: str, attribute: str) -> list[str]:
        """As `Visit.attributes`."""
        return self._page.attributes(selector, attribute)

    async def texts(self, selector: str) -> list[str]:
        """As `Visit.texts`."""
        return self._page.texts(selector)

    async def _watch(
        self, answers: Mapping[str, Sequence[Sign]], *, final: bool
    ) -> tuple[str, tuple[str, ...]]:
        shown_by = [sign for each in answers.values() for sign in each if sign.kind == "css"]
        selectors = [pattern for sign in shown_by for pattern in sign.patterns]
        reading = self._page.reading([*selectors, *classifier.GATE_SELECTORS])
        self._anchored = self._anchored or signs.shows(self.scenario.anchor, reading)
        seen = signs.answered(answers, reading)
        why, left = self._page.kept.get("unsettled"), self._page.kept.get("went_on")
        if why and self.at_the_end:
            raise self.unsettled(seen, why + self._walk.words)
        gate = None if seen else classifier.judge_gate(reading, waited=not left)
        if gate is not None:
            raise Judged(gate)
        failed = requests.judge_failed(reading)
        if failed is not None and (not seen or "no_slots" in seen):
            raise Judged(failed)
        no_slots = final and [*seen] == [Verdict.NO_SLOTS]
        extent = weeks.extent_of(answers[Verdict.NO_SLOTS], reading) if no_slots else None
        if left and not self.at_the_end and (extent or not seen) and extent != Extent.WHOLE:
            self._walk.take(reading)
            self._go_on()
            return await self._watch(answers, final=final)
        if extent is not None:
            self._end_walk(reading, extent)
        if len(seen) == 1:
            return next(iter(seen.items()))
        if seen:
            raise self.contradiction(seen)
        raise self.silence(answers, f" as it was kept{self._walk.words}")

    def _end_walk(self, reading: PageReading, extent: Extent) -> None:
        """Stand on the last week that was looked at; it must say enough to be an answer."""
        open_way = self._page.leads_on()
        if open_way or self._walk.seen:
            self._walk.take(reading)
            self._walk.ended = self._walk.ended or (weeks.STOPPED if open_way else weeks.NO_WAY)
        if not self._walk.proves(extent):
            raise NotOnPage(f"{self._where()} {weeks.ONLY_SHOWN}{self._walk.words}. {weeks.LOOK}")

    def _where(self) -> str:
        return f"{self.scenario.id}: {self.address[:300]} ({self._page.kept['title'][:100]!r})"

    def _go_on(self) -> None:
        if self.at_the_end:
            raise NotStored("the scenario goes further today than the pages that were kept")
        self._step += 1


async def judge(scenario: Scenario, attempt: Attempt, pages: Sequence[StoredPage]) -> Outcome:
    """
    The outcome that today's rules and scenario give to a stored attempt.

    Args:
        scenario: the attempt's scenario as it is today.
        pages: the outlines kept with the attempt, in the order of the visit.

    Raises:
        NotStored: it cannot be judged again; the message says why.
    """
    if attempt.verdict in WITHOUT_PAGE:
        raise NotStored(f"no page decided it ({attempt.verdict})")
    if not pages:
        raise NotStored("no outline of its pages was kept")
    bad = next((served for served in attempt.served if served.status >= 400), None)
    if bad is not None:
        outcome = classifier.judge_status(bad.status, bad.url, pages[-1].reading(()))
        assert outcome is not None
        return outcome
    for page in pages:
        outcome = classifier.judge_page(page.reading(()))
        if outcome is not None:
            return outcome
    visit = StoredVisit(scenario, attempt, pages)
    try:
        outcome = await scenario.script(visit)
    except Judged as exc:
        outcome = exc.outcome
    except NotOnPage as exc:
        outcome = Outcome(
            verdict=Verdict.UNRECOGNISED, detail=str(exc)[:2000], missing_anchor=exc.missing_anchor
        )
    except (VisitEnded, NotStored) as exc:
        raise NotStored(str(exc)) from exc
    # a scenario is a stranger's program, and may use what only a living visit has
    except Exception as exc:
        raise NotStored(f"the scenario fails on stored pages: {type(exc).__name__}: {exc}") from exc
    if not visit.at_the_end:
        raise NotStored("the scenario ends today on an earlier page than the attempt did")
    return outcome
