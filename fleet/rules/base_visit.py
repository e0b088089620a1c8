"""
What a scenario asks of a page: signs, and which answer they make.

The half of a visit's verbs that needs no browser. `Visit` asks a page that is open now, a
`StoredVisit` the pages that an attempt left; both understand the same scenario.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, NoReturn

from fleet.errors import NotOnPage
from fleet.models import Outcome, Verdict
from fleet.rules import sign_rules
from fleet.rules.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from fleet.models import Scenario
    from fleet.rules.weeks import WeekWalk


class BaseVisit(ABC):
    """Signs, `which` and `decide` over some pages of one flow."""

    scenario: Scenario
    today: date
    """The Paris day on which the pages were seen; what « lundi 30 novembre » is counted from."""

    _anchored: bool
    """Whether some page so far has shown the scenario's anchor."""

    _walk: WeekWalk
    """The weeks that were looked at of the calendar on the page, if there is one."""

    @property
    @abstractmethod
    def address(self) -> str:
        """The address of the page."""

    @abstractmethod
    async def attributes(self, selector: str, attribute: str) -> list[str]:
        """`attribute` of every visible element that matches, 2,000 at most."""

    @abstractmethod
    async def texts(self, selector: str) -> list[str]:
        """What a person reads on every visible element that matches, 2,000 at most."""

    @abstractmethod
    async def _watch(
        self, answers: Mapping[str, Sequence[Sign]], *, final: bool
    ) -> tuple[str, tuple[str, ...]]:
        """
        The name of the one answer whose signs are all shown, and the words for them.

        `final` is for the answer of the whole visit, which must stand for a moment.
        """

    @abstractmethod
    def _where(self) -> str:
        """Scenario, address and title, for messages."""

    def text(self, *sentences: str) -> Sign:
        """A sentence that a person can read on the page; several are alternatives."""
        return Sign(kind="text", patterns=sentences)

    def url(self, *patterns: str) -> Sign:
        """The page's address, as a shell pattern such as `*/creneau/`, without its query."""
        return Sign(kind="url", patterns=patterns)

    def css(self, *selectors: str) -> Sign:
        """A visible element; several selectors are alternatives."""
        return Sign(kind="css", patterns=selectors)

    def dialog(self, *sentences: str) -> Sign:
        """Words that an alert or another box has said since this page came."""
        return Sign(kind="dialog", patterns=sentences)

    async def which(self, **answers: Sequence[Sign]) -> str:
        """
        Wait until the page shows all the signs of exactly one of `answers`; give its name.

        Raises:
            NotOnPage: none is shown in time, or two contradict each other.
            Judged: something stands before the answer (captcha, login, expired session).
        """
        self._check_signs(answers, final=False)
        name, _ = await self._watch(answers, final=False)
        return name

    async def decide(
        self,
        *,
        slots: Sequence[Sign] = (),
        no_slots: Sequence[Sign] = (),
        closed: Sequence[Sign] = (),
        captcha: Sequence[Sign] = (),
        login_required: Sequence[Sign] = (),
    ) -> Outcome:
        """
        The outcome that the page says: all signs of exactly one answer must be on it.

        `slots` and `no_slots` need two independent signs each (wording and address, wording
        and element, two elements); a single sentence proves nothing. They also need the
        scenario's anchor, if it has one, on a page of this visit. Captcha and login are found
        without signs too, once nothing else was recognised for a second.

        Raises:
            ValueError: an answer's signs are too few, or prove nothing (a mistake in the scenario).
            NotOnPage: see `which`.
            Judged: see `which`.
        """
        answers = {
            verdict.value: signs
            for verdict, signs in (
                (Verdict.SLOTS, slots),
                (Verdict.NO_SLOTS, no_slots),
                (Verdict.CLOSED, closed),
                (Verdict.CAPTCHA, captcha),
                (Verdict.LOGIN_REQUIRED, login_required),
            )
            if signs
        }
        self._check_signs(answers, final=True)
        name, seen = await self._watch(answers, final=True)
        if name in (Verdict.SLOTS, Verdict.NO_SLOTS) and not self._anchored:
            raise NotOnPage(
                f"{self._where()} says {name}, but no page of this visit shows the anchor"
                f" {self.scenario.anchor!r}: it may be another flow's by now. Look at the"
                " pictures, then correct `url` or `anchor`",
                missing_anchor=self.scenario.anchor,
            )
        outcome = Outcome(
            verdict=Verdict(name), detail=f"{' and '.join(seen)} at {self.address}", signs=seen
        )
        number = len(self._walk.seen) + (name == Verdict.SLOTS)  # the one with slots is not in it
        if number < 2:
            return outcome
        detail = f"{outcome.detail}; looked at {number} weeks of the calendar until there"
        return outcome.model_copy(update={"detail": detail}).stating(weeks=str(number))

    def _check_signs(self, answers: Mapping[str, Sequence[Sign]], *, final: bool) -> None:
        for words in sign_rules.mistakes(answers, final=final, site=self.scenario.url):
            raise ValueError(words)

    def unrecognised(self, words: str) -> NoReturn:
        """End the visit: the page is not what the scenario knows, and `words` say why."""
        raise NotOnPage(f"{self._where()} {words}")

    def contradiction(self, seen: Iterable[str]) -> NotOnPage:
        """The end of a visit whose page gives several answers."""
        return NotOnPage(
            f"{self._where()} shows {' and '.join(seen)} at once, which contradict each other."
            " Look at the picture and make the signs stricter"
        )

    def unsettled(self, seen: Iterable[str], why: str) -> NotOnPage:
        """The end of a visit whose page may still change when its time is over."""
        shown = f"shows {' and '.join(seen)}" if seen else "shows nothing known yet"
        return NotOnPage(
            f"{self._where()} {shown}, but {why}: it may still change, so it is no answer."
            " Look at the picture"
        )

    def silence(self, answers: Iterable[str], waited: str) -> NotOnPage:
        """The end of a visit whose page gives none of the answers."""
        return NotOnPage(
            f"{self._where()} shows none of {', '.join(answers)}{waited}. Look at the picture,"
            " then add the new wording to the scenario"
        )
