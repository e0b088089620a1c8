"""A desk of eAppointment: its motives, how its calendar behaves, its traps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from fleet.practice.flow import Flow
from fleet.practice.offers import Offers, never

BASE = "/eAppointmentpref94"
ENTRY = f"{BASE}/element/jsp/specific/pref94.jsp"


class AppointmentTrap(StrEnum):
    """A state of the pages that a measuring robot must survive without a wrong answer."""

    # Instead of the motives
    ENTRY_AGAIN = "entry_again"
    ERROR_PAGE = "error_page"
    MAINTENANCE = "maintenance"
    CAPTCHA_BEFORE = "captcha_before"
    # On the motives; after « Continuer » nothing happens but what is said here
    ALERT_ON_ARRIVAL = "alert_on_arrival"
    OTHER_ALERT = "other_alert"
    SILENT = "silent"
    QUOTED_SENTENCE = "quoted_sentence"
    HIDDEN_SENTENCE = "hidden_sentence"
    COMMENT_SENTENCE = "comment_sentence"
    SESSION_LOST = "session_lost"
    # On 3/4; these offer days whatever the motives offer, but for the first two
    NO_FREE_DAYS = "no_free_days"
    CALENDAR_NEVER = "calendar_never"
    LEGEND_ONLY = "legend_only"
    FIELD_DISABLED = "field_disabled"
    BOTH_ANSWERS = "both_answers"
    SUBMITS_ITSELF = "submits_itself"


CALENDAR_TRAPS = frozenset(
    {
        AppointmentTrap.NO_FREE_DAYS,
        AppointmentTrap.CALENDAR_NEVER,
        AppointmentTrap.LEGEND_ONLY,
        AppointmentTrap.FIELD_DISABLED,
        AppointmentTrap.BOTH_ANSWERS,
        AppointmentTrap.SUBMITS_ITSELF,
    }
)


@dataclass(frozen=True, slots=True)
class Motive:
    """A reason to come: number and label of its box, and when it has free slots."""

    value: str
    label: str
    offers: Offers = never


@dataclass(frozen=True, slots=True, kw_only=True)
class Appointment(Flow):
    """
    One desk of one practice prefecture.

    Faults know the steps "motives" (GET), "availabilities" (POST, what « Continuer » asks
    first), "send" (POST of the motives) and "calendar" (GET of 3/4).

    Args:
        id: the sitekey; the entry page sends a visitor there by post code.
        motives: boxes of the first page; without any, 3/4 comes at once.
        measured: numbers of the motives that a scenario ticks. Ticking several gives the slots
            that all of them offer.
        calendar: shown at once, half a second late, or only when the field is pressed.
        wording: which of the two known sentences the box says.
        slow_s: how long « Continuer » waits for the server.
    """

    motives: tuple[Motive, ...]
    measured: tuple[str, ...] = ()
    calendar: Literal["open", "late", "shut"] = "open"
    wording: Literal["motives", "service"] = "motives"
    slow_s: float = 0.0
    traps: frozenset[AppointmentTrap] = frozenset()

    def __post_init__(self) -> None:
        where = f"practice desk {self.host}/{self.id}"
        values = {motive.value for motive in self.motives}
        if len(values) != len(self.motives) or not all(map(str.isdigit, values)):
            raise ValueError(f"{where}: values of motives must be different numbers")
        if not values.issuperset(self.measured):
            raise ValueError(f"{where}: measured={self.measured!r} are not all its motives")

    @property
    def path(self) -> str:
        """Path of the entry page, the same for all desks of a host."""
        return ENTRY
