"""
What a practice prefecture is made of: a form, its plannings, its traps and its faults.

A `Form` is a value: it says how one booking form of one site behaves, and keeps no count of
anything. What happened to it (visits, tripwires) is kept by the `PracticeServer`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

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
STEP_4_TRAPS = frozenset(
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


class FaultKind(StrEnum):
    """How a request fails. The bodies are those of the proxy in front of the site."""

    HTTP_403 = "http_403"
    HTTP_404 = "http_404"
    HTTP_429 = "http_429"
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    HTTP_504 = "http_504"
    SURCHARGE_200 = "surcharge_200"
    SURCHARGE_503 = "surcharge_503"
    RESET = "reset"
    EMPTY_RESPONSE = "empty_response"
    SLOW = "slow"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One way for one step to fail.

    Args:
        step: 0..9, or "grid" for the AJAX call of step 4.
        kind: `FaultKind` (the plain strings of its values are accepted).
        times: fail only the first `times` requests, then be healthy; None: always.
        after_visits: be healthy until this many visits of the form have begun.
        method: which requests of the step fail. A POST is answered by a redirect when
            healthy, so "GET" is what a visitor sees as the page of the step.
        seconds: how long `SLOW` waits before the healthy answer.
        retry_after_s: the Retry-After header of `HTTP_429`.

    Chromium repeats by itself, on another connection, a request that `RESET` or `EMPTY_RESPONSE`
    ends on a kept-alive one (seen: 7 requests at step 2; 1 at step 0, on a fresh connection). A
    small `times` is then over before the visitor has seen anything. At step 0 each failed try
    counts as a visit: a proxy that answers in the site's place gives no cookie.
    """

    step: int | Literal["grid"]
    kind: FaultKind | str
    times: int | None = None
    after_visits: int = 0
    method: Literal["GET", "POST"] = "GET"
    seconds: float = 5.0
    retry_after_s: int = 120

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))


@dataclass(frozen=True, slots=True)
class Planning:
    """One guichet of a form: a radio of step 1 and a calendar of its own."""

    id: str
    label: str
    offers: Offers = never


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """
    One booking form of one practice prefecture.

    Args:
        host: "evry" is served as evry.localhost; a name with a dot is served as it is.
        id: digits, the number in `/booking/create/<id>`.
        department: official code of the department ("63", "2A").
        prefecture: name of the office, as in the site's banner.
        title: title of the form, as in the breadcrumb of step 0.
        plannings: 1 to 12. With one there is no step 1.
        flow: slug of the flow for scenarios; `control` marks a control flow.
        measured: planning that a scenario chooses; None when the form has only one.
        summary: one line in French for the list of practice prefectures.
        banner: second line of the site's banner.
        article: which editorial text step 0 shows.
        describes: with slots, show step 3 before step 4.
        index_php: give links with `/index.php/`; that alias is served in any case.
    """

    host: str
    id: str
    department: str
    prefecture: str
    title: str
    plannings: tuple[Planning, ...]
    flow: str = "titre-de-sejour"
    control: bool = False
    measured: str | None = None
    summary: str = ""
    banner: str = "Les services de l'État dans le département"
    article: Literal["sejour", "permis"] = "sejour"
    skin: Literal["old", "new"] = "old"
    cookies: Literal["none", "old", "tarteaucitron"] = "none"
    describes: bool = False
    index_php: bool = False
    traps: frozenset[Trap] = frozenset()
    faults: tuple[Fault, ...] = ()

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
    def hostname(self) -> str:
        """Host name without port, lower case."""
        return (self.host if "." in self.host else f"{self.host}.localhost").lower()

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
