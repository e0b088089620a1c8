"""A booking form of the eZ `bookingserver`: its plannings and its traps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from fleet.practice.flow import Flow
from fleet.practice.offers import Offers, never


class Trap(StrEnum):
    """
    A state of the pages that a measuring robot must survive without a wrong answer.

    Traps of step 2 send every visit to step 2, traps of step 4 send every visit to step 4,
    whatever the planning offers (`always` gives the slots if it has none itself).
    """

    # What stands instead of, or before, the form
    DISABLED = "disabled"
    NOT_AVAILABLE = "not_available"
    MAINTENANCE = "maintenance"
    LOGIN_WALL = "login_wall"
    REDIRECT_LOOP = "redirect_loop"
    CAPTCHA_BEFORE = "captcha_before"
    SESSION_EXPIRED = "session_expired"
    # Step 0
    QUOTED_SENTENCE = "quoted_sentence"
    ENGLISH_LOCALE = "english_locale"
    INSECURE_FORM = "insecure_form"
    CONFIRM_DIALOG = "confirm_dialog"
    BEFOREUNLOAD_DIALOG = "beforeunload_dialog"
    POPUP_ANSWER = "popup_answer"
    SERVICE_WORKER = "service_worker"
    # Step 2
    UNKNOWN_WORDING = "unknown_wording"
    BOTH_ANSWERS = "both_answers"
    TRUNCATED_HTML = "truncated_html"
    HIDDEN_SENTENCE = "hidden_sentence"
    IFRAME_SENTENCE = "iframe_sentence"
    SPLIT_SENTENCE = "split_sentence"
    ALERT_DIALOG = "alert_dialog"
    DOWNLOAD_ANSWER = "download_answer"
    INFINITE_PAGE = "infinite_page"
    ENDLESS_BODY = "endless_body"
    HANGING_IMAGE = "hanging_image"
    # Step 4
    LEGEND_ONLY = "legend_only"
    TITLE_WITHOUT_SLOTS = "title_without_slots"
    LATE_GRID = "late_grid"
    GRID_NEVER = "grid_never"
    TAKEN_BETWEEN = "taken_between"
    AUTOSUBMIT = "autosubmit"
    AUTOSUBMIT_POST = "autosubmit_post"
    WINDOW_OPEN_SLOT = "window_open_slot"
    IFRAME_SLOT = "iframe_slot"
    META_REFRESH_SLOT = "meta_refresh_slot"
    # Step 4, opened on this week, in which nothing is free
    SLOTS_IN_WEEK_3 = "slots_in_week_3"
    NEXT_WEEK_LATE = "next_week_late"
    LAST_WEEK_SHUT = "last_week_shut"
    WEEKS_WITHOUT_END = "weeks_without_end"
    WEEKS_IN_A_CIRCLE = "weeks_in_a_circle"
    SAME_WEEK_AGAIN = "same_week_again"
    NEXT_WEEK_FAILS = "next_week_fails"
    NEXT_WEEK_NEVER = "next_week_never"
    NEXT_WEEK_POSTS = "next_week_posts"
    NEXT_WEEK_SUBMITS = "next_week_submits"


STEP_2_TRAPS = frozenset(
    {
        Trap.UNKNOWN_WORDING,
        Trap.BOTH_ANSWERS,
        Trap.TRUNCATED_HTML,
        Trap.HIDDEN_SENTENCE,
        Trap.IFRAME_SENTENCE,
        Trap.SPLIT_SENTENCE,
        Trap.ALERT_DIALOG,
        Trap.DOWNLOAD_ANSWER,
        Trap.INFINITE_PAGE,
        Trap.ENDLESS_BODY,
        Trap.HANGING_IMAGE,
        Trap.CAPTCHA_BEFORE,
    }
)
WEEK_TRAPS = frozenset(
    {
        Trap.SLOTS_IN_WEEK_3,
        Trap.NEXT_WEEK_LATE,
        Trap.LAST_WEEK_SHUT,
        Trap.WEEKS_WITHOUT_END,
        Trap.WEEKS_IN_A_CIRCLE,
        Trap.SAME_WEEK_AGAIN,
        Trap.NEXT_WEEK_FAILS,
        Trap.NEXT_WEEK_NEVER,
        Trap.NEXT_WEEK_POSTS,
        Trap.NEXT_WEEK_SUBMITS,
    }
)
"""In the third week slots are free, unless the trap's name says that it is never shown."""
STEP_4_TRAPS = WEEK_TRAPS | frozenset(
    {
        Trap.LEGEND_ONLY,
        Trap.TITLE_WITHOUT_SLOTS,
        Trap.LATE_GRID,
        Trap.GRID_NEVER,
        Trap.TAKEN_BETWEEN,
        Trap.AUTOSUBMIT,
        Trap.AUTOSUBMIT_POST,
        Trap.WINDOW_OPEN_SLOT,
        Trap.IFRAME_SLOT,
        Trap.META_REFRESH_SLOT,
    }
)


@dataclass(frozen=True, slots=True)
class Planning:
    """One guichet of a form: a radio of step 1 and a calendar of its own."""

    id: str
    label: str
    offers: Offers = never


@dataclass(frozen=True, slots=True, kw_only=True)
class Form(Flow):
    """
    One booking form of one practice prefecture.

    Args:
        id: digits, the number in `/booking/create/<id>`.
        plannings: 1 to 12. With one there is no step 1.
        measured: planning that a scenario chooses; None when the form has only one.
        banner: second line of the site's banner.
        article: which editorial text step 0 shows.
        describes: with slots, show step 3 before step 4.
        index_php: give links with `/index.php/`; that alias is served in any case.
    """

    plannings: tuple[Planning, ...]
    measured: str | None = None
    banner: str = "Les services de l'État dans le département"
    article: Literal["sejour", "permis"] = "sejour"
    skin: Literal["old", "new"] = "old"
    cookies: Literal["none", "old", "tarteaucitron"] = "none"
    describes: bool = False
    index_php: bool = False
    traps: frozenset[Trap] = frozenset()

    def __post_init__(self) -> None:
        where = f"practice form {self.host}/{self.id}"
        if not self.id.isdigit():
            raise ValueError(f"{where}: id must be digits")
        if not 1 <= len(self.plannings) <= 12:
            raise ValueError(f"{where}: 1 to 12 plannings, got {len(self.plannings)}")
        if self.measured is not None and self.planning(self.measured) is None:
            raise ValueError(f"{where}: measured={self.measured!r} is not one of its plannings")
        if self.traps & STEP_2_TRAPS and self.traps & STEP_4_TRAPS:
            raise ValueError(f"{where}: traps of step 2 and of step 4 exclude each other")

    @property
    def path(self) -> str:
        """Path of the address where a visitor starts."""
        return (
            f"/index.php/booking/create/{self.id}/0"
            if self.index_php
            else f"/booking/create/{self.id}"
        )

    def planning(self, planning_id: str | None) -> Planning | None:
        """The planning of that id, or None."""
        return next((p for p in self.plannings if p.id == planning_id), None)
