"""
What a survey keeps of each flow: facts, and the names of the files that belong to them.

All texts are without secrets, mail addresses and public IP addresses (`gathering.py`): a folder of
records can be packed as it is.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from fleet.models.address import host_of
from fleet.models.base import Frozen, Instant
from fleet.models.outcome import Group, Verdict

SignKind = Literal["text", "url", "css", "dialog", "control"]

ENDS = (
    Verdict.SLOTS,
    Verdict.NO_SLOTS,
    Verdict.CLOSED,
    Verdict.CAPTCHA,
    Verdict.LOGIN_REQUIRED,
)
"""Verdicts that a scenario may name by its own signs."""


class AskedSign(Frozen):
    """
    A sign, or a control, that a scenario asked a page for, and whether the page shows it.

    `answer` is the name of the answer that it belongs to; empty for a control. `nearest` is what
    the page shows that is most like it, where it is not shown.
    """

    step: int = Field(ge=0)
    answer: str
    kind: SignKind
    patterns: tuple[str, ...]
    seen: bool
    nearest: tuple[str, ...] = ()


class SurveyPage(Frozen):
    """
    One page of a visit: address, words, and the files of it; None where there is none.

    `withheld` says why its picture is not kept. `shingles` are hashes of what it says, to find
    pages that are alike.
    """

    step: int = Field(ge=0)
    url: str
    title: str
    headings: tuple[str, ...] = ()
    says: str = ""
    controls: tuple[str, ...] = ()
    shingles: frozenset[int] = frozenset()
    outline: str | None = None
    picture: str | None = None
    withheld: str | None = None


class SurveyServed(Frozen):
    """A document that the site served: address, status, and where it sent on to."""

    url: str
    status: int
    location: str | None = None


class SurveyRecord(Frozen):
    """
    One flow of a survey. `verdict` is None if it was not visited; `detail` then says why.

    `own`: the verdict was reached by the scenario's own signs, not by general rules.
    """

    flow: str
    title: str
    family: str
    url: str
    version: str
    control: bool = False
    made_up: bool = False
    at: Instant
    verdict: Verdict | None
    detail: str
    signs: tuple[str, ...] = ()
    missing_anchor: str | None = None
    seconds: float = 0.0
    served: tuple[SurveyServed, ...] = ()
    dialogs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    pages: tuple[SurveyPage, ...] = ()
    asked: tuple[AskedSign, ...] = ()
    own: bool = False
    recording: str | None = None
    ruleset: str = ""
    fleet_version: str = ""

    @property
    def host(self) -> str:
        """The host at which visits of the flow begin."""
        return host_of(self.url)

    @property
    def working(self) -> bool:
        """Whether the scenario understood its site, by its own signs."""
        return self.own and self.verdict in ENDS

    @property
    def not_understood(self) -> bool:
        """Whether the site showed a page that the scenario does not know."""
        if self.verdict in (Verdict.CAPTCHA, Verdict.LOGIN_REQUIRED):
            return not self.own  # known by general rules only
        return self.verdict is not None and self.verdict.group is Group.OURS

    @property
    def missing(self) -> tuple[AskedSign, ...]:
        """
        What was asked for and not shown on the page where the visit stopped.

        Controls first, then answers of which some other sign was shown: they are nearest.
        """
        last = max((each.step for each in self.asked), default=0)
        there = [each for each in self.asked if each.step == last]
        half = {each.answer for each in there if each.seen}
        lost = [each for each in there if not each.seen]
        return tuple(sorted(lost, key=lambda each: bool(each.answer) and each.answer not in half))
