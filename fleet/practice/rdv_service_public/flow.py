"""What a practice motif (a kind of appointment) of RDV Service Public is, and its traps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from urllib.parse import urlencode

from fleet.practice.flow import Flow
from fleet.practice.offers import Offers, never

STEPS = ("link", "search")
"""Steps that a `Fault` can strike: the public link `/org/…`, and `/prendre_rdv`."""


class RdvTrap(StrEnum):
    """How the page tries to mislead a robot; each has one right verdict."""

    QUOTED_SENTENCE = "quoted_sentence"  # an instruction beside the real answer
    QUOTED_ALONE = "quoted_alone"  # an instruction, and no answer
    HIDDEN_SENTENCE = "hidden_sentence"
    BOTH_ANSWERS = "both_answers"
    LEGEND_ONLY = "legend_only"
    TITLE_WITHOUT_SLOTS = "title_without_slots"
    TRUNCATED_HTML = "truncated_html"
    ENGLISH_LOCALE = "english_locale"
    UNKNOWN_WORDING = "unknown_wording"
    UNREADABLE_DATE = "unreadable_date"
    NO_NEXT_AVAILABILITY = "no_next_availability"
    ASKS_MOTIF = "asks_motif"
    ASKS_SERVICE = "asks_service"
    MOTIF_GONE = "motif_gone"
    ORGANISATION_GONE = "organisation_gone"
    WRONG_DEPARTMENT = "wrong_department"
    LOGIN_WALL = "login_wall"
    LATE_ANSWER = "late_answer"
    SLOT_BY_ITSELF = "slot_by_itself"
    SLOT_IN_FRAME = "slot_in_frame"
    SLOT_BY_FETCH = "slot_by_fetch"
    CREATES_ACCOUNT = "creates_account"
    # A week without slots that names no later day
    SILENT_WEEKS = "silent_weeks"
    NEXT_WEEK_SHUT = "next_week_shut"
    SAME_WEEK_AGAIN = "same_week_again"
    NEXT_WEEK_FAILS = "next_week_fails"


WEEK_TRAPS = frozenset(
    {
        RdvTrap.SILENT_WEEKS,
        RdvTrap.NEXT_WEEK_SHUT,
        RdvTrap.SAME_WEEK_AGAIN,
        RdvTrap.NEXT_WEEK_FAILS,
    }
)


@dataclass(frozen=True, slots=True)
class RdvPlace:
    """One place (lieu) where the appointment can be; `id` is the number in its addresses."""

    id: str
    name: str
    address: str
    offers: Offers = never


@dataclass(frozen=True, slots=True, kw_only=True)
class RdvMotif(Flow):
    """
    One kind of appointment of one organisation.

    Args:
        id: digits, the number of the organisation's public link.
        places: where; each with its own offers.
        measured: id of the place that the address names already, so that its week comes first;
            None begins with the list of places.
        service: the service, as the page says it.
        organisation: the organisation, as the page says it.
        entry: begin at the public link `/org/<id>`, which leads on, or at `/prendre_rdv`.
        skin: the elements of 2024, or those of 2026 as far as they are known.
        invitation: speak of an invitation where there is nothing.
        closes_after_days: from then on days of a week are « Date fermée à la reservation ».
    """

    places: tuple[RdvPlace, ...]
    measured: str | None = None
    service: str = "Titres de séjour"
    organisation: str = ""
    entry: Literal["org", "prendre_rdv"] = "prendre_rdv"
    skin: Literal["2024", "2026"] = "2024"
    invitation: bool = False
    closes_after_days: int = 90
    traps: frozenset[RdvTrap] = frozenset()

    def __post_init__(self) -> None:
        where = f"practice motif {self.host}/{self.id}"
        if not self.id.isdigit():
            raise ValueError(f"{where}: id must be digits")
        if self.measured is not None and self.place(self.measured) is None:
            raise ValueError(f"{where}: measured={self.measured!r} is not one of its places")

    @property
    def query(self) -> dict[str, str]:
        """What the address of a search holds."""
        query = {
            "departement": self.department,
            "motif_name_with_location_type": f"{self.flow.replace('-', '_')}-public_office",
            "public_link_organisation_id": self.id,
        }
        return query if self.measured is None else {**query, "lieu_id": self.measured}

    @property
    def path(self) -> str:
        """Path and query of the address where a visitor starts."""
        if self.entry == "org":
            return f"/org/{self.id}/prefecture"
        return f"/prendre_rdv?{urlencode(self.query)}"

    def place(self, place_id: str | None) -> RdvPlace | None:
        """The place of that id, or None."""
        return next((place for place in self.places if place.id == place_id), None)
