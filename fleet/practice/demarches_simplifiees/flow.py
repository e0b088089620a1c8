"""What a practice form (« démarche ») of Démarches simplifiées is, and its traps."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

from fleet.practice.flow import Flow

STEPS = ("commencer", "fermeture")
"""Steps that a `Fault` can strike: the form's first page, and the one that says it is closed."""


class ProcedureTrap(StrEnum):
    """How the page tries to mislead a robot; each has one right verdict."""

    QUOTED_CLOSURE = "quoted_closure"
    TITLE_WITH_A_DATE = "title_with_a_date"
    UNREADABLE_DATE = "unreadable_date"
    UNKNOWN_WORDING = "unknown_wording"
    BOTH_ANSWERS = "both_answers"
    HIDDEN_START = "hidden_start"
    START_WITHOUT_DOORS = "start_without_doors"
    DOORS_WITHOUT_START = "doors_without_start"
    TRUNCATED_HTML = "truncated_html"
    ENGLISH_LOCALE = "english_locale"
    LATE_ANSWER = "late_answer"
    CREATES_ACCOUNT = "creates_account"
    DOOR_BY_ITSELF = "door_by_itself"
    DOOR_IN_FRAME = "door_in_frame"
    PREFILLS_A_DRAFT = "prefills_a_draft"
    FILE_BY_FETCH = "file_by_fetch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure(Flow):
    """
    One form of one prefecture.

    Args:
        id: the slug in `/commencer/<slug>`.
        state: `replaced` leads on to `replaced_by`, which is open, or closed if `closed_on` is
            given; `unknown` leads to the front page, as a slug that was never there does;
            `moved` leads to the same slug on `moved_host`.
        closed_on: since when it is closed.
        closed_words: the day as « 12/03/2026 » or as « 12 mars 2026 ».
        skin: the elements of 2026 or those of 2019.
    """

    state: Literal["open", "closed", "replaced", "unknown", "proconnect", "moved"] = "open"
    closed_on: date | None = None
    closed_words: Literal["short", "long"] = "short"
    replaced_by: str = ""
    moved_host: str = ""
    skin: Literal["2026", "2019"] = "2026"
    traps: frozenset[ProcedureTrap] = frozenset()

    def __post_init__(self) -> None:
        where = f"practice form {self.host}/{self.id}"
        if not re.fullmatch(r"[\w-]+", self.id):
            raise ValueError(f"{where}: id must be a slug")
        if self.state == "closed" and self.closed_on is None:
            raise ValueError(f"{where}: a closed form has closed_on")
        if (self.state == "replaced") != bool(self.replaced_by):
            raise ValueError(f"{where}: replaced and replaced_by go together")
        if (self.state == "moved") != bool(self.moved_host):
            raise ValueError(f"{where}: moved and moved_host go together")

    @property
    def path(self) -> str:
        """Path of the address where a visitor starts."""
        return f"/commencer/{self.id}"
