"""What a practice démarche of RDV-Préfecture is: its answer, its traps, its sessions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from fleet.practice.flow import Flow
from fleet.practice.offers import Offers, always

STEPS = ("landing", "cgu", "captcha", "creneau")
"""Steps that a `Fault` can strike; `captcha` is what the captcha's own service answers."""


class DemarcheAnswer(StrEnum):
    """What the calendar of `/creneau/` shows; all but `SHORT` are in its source [V]."""

    SLOTS = "slots"
    LAST_WEEK_SLOTS = "last_week_slots"  # radio buttons, and the sentence of the last week
    EMPTY_WEEK = "empty_week"  # names the next availability
    LAST_WEEK = "last_week"
    HIDDEN = "hidden"
    SHORT = "short"  # the sentence of 2024–25 [B], in the place of today's [I]


class DemarcheTrap(StrEnum):
    """How the pages try to mislead a robot; each has one right verdict."""

    # In the first page's place
    CLOSED_UNKNOWN = "closed_unknown"  # the words of a closed démarche are not known [U]
    INTERSTITIAL = "interstitial"
    BLOCKED_PAGE = "blocked_page"
    RESUMES = "resumes"  # a session that is valid already: sent on to the answer
    # On the first page
    COOKIES = "cookies"
    MODAL = "modal"
    QUOTED_SENTENCE = "quoted_sentence"  # there and on the conditions
    # On the conditions
    THROWN_BACK = "thrown_back"
    THROWN_BACK_BARE = "thrown_back_bare"  # without the captcha
    LATE_CAPTCHA = "late_captcha"
    NO_CAPTCHA_PICTURE = "no_captcha_picture"
    UNKNOWN_CONDITIONS = "unknown_conditions"
    # On the answer
    LATE_CALENDAR = "late_calendar"
    LATE_BESIDE_BOX = "late_beside_box"  # something else wears the calendar's classes
    NO_CALENDAR = "no_calendar"  # it never comes
    TITLE_ONLY = "title_only"
    NO_TITLE = "no_title"
    BOTH_ANSWERS = "both_answers"
    WEEK_AND_NOTHING = "week_and_nothing"
    NEXT_AND_NOTHING = "next_and_nothing"
    NOTHING_IN_CALENDAR = "nothing_in_calendar"
    HIDDEN_SENTENCE = "hidden_sentence"
    HIDDEN_SLOTS = "hidden_slots"
    ERROR_SENTENCE = "error_sentence"
    DISABLED_SLOTS = "disabled_slots"
    NO_NEXT_BUTTON = "no_next_button"
    NO_NEXT_DAY = "no_next_day"
    PAST_NEXT_DAY = "past_next_day"
    UNREADABLE_DAYS = "unreadable_days"
    SECOND_CAPTCHA = "second_captcha"
    TRUNCATED_HTML = "truncated_html"
    # What no visit may send, sent by the page itself
    ANSWERS_CAPTCHA = "answers_captcha"
    FORM_IN_FRAME = "form_in_frame"
    CHOOSES_SLOT = "chooses_slot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demarche(Flow):
    """
    One démarche (on this site: one guichet) of one prefecture.

    Args:
        id: digits, the number in `/demarche/<id>/`.
        guichet: the guichet's name, under the prefecture's.
        answer: what `/creneau/` shows. Days and hours come from `offers`, whatever the answer.
        open_answer: show `/creneau/` to anybody, as if a person had passed the captcha.
        person: the secret with which a test that plays the person asks the site for the
            captcha's code, `/cgu/code?person=…`; only a session that did so may send the code.
        session_s: seconds after the captcha for which `/creneau/` answers. The real one is not
            known [U].
        next_publication, next_week, last_publication, last_week: what the notices below the
            calendar say: the instant (aware) of the publication and the first day of the week
            that is published. Shown with `HIDDEN`, `SHORT` and in the last week [V].
    """

    guichet: str = "Guichet 1"
    answer: DemarcheAnswer = DemarcheAnswer.HIDDEN
    offers: Offers = always
    open_answer: bool = False
    person: str = ""
    session_s: float = 600.0
    next_publication: datetime | None = None
    next_week: date | None = None
    last_publication: datetime | None = None
    last_week: date | None = None
    traps: frozenset[DemarcheTrap] = frozenset()

    def __post_init__(self) -> None:
        if not self.id.isdigit():
            raise ValueError(f"practice démarche {self.host}/{self.id}: id must be digits")

    @property
    def path(self) -> str:
        """Path of the address where a visitor starts."""
        return f"/rdvpref/reservation/demarche/{self.id}/"
