"""The form of an observation: what it asks, and what is wrong with an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.models import PARIS
from fleet.models.departments import DEPARTMENTS
from fleet.rendering.i18n import N_
from fleet.storage.collections.observations import MAX_FLOW_WORDS, MAX_NOTE, Sighting
from fleet.web.middleware.forms import text_of

if TYPE_CHECKING:
    from starlette.datastructures import FormData

    from fleet.models import Scenario

SEEN: dict[Sighting, str] = {
    Sighting.SLOTS: N_("Au moins un rendez-vous proposé"),
    Sighting.NO_SLOTS: N_("Aucun rendez-vous disponible, dit la page"),
    Sighting.CLOSED: N_("Démarche fermée, suspendue ou déplacée"),
    Sighting.CAPTCHA: N_("Un captcha, impossible d’aller plus loin"),
    Sighting.LOGIN_REQUIRED: N_("Un compte exigé avant la réponse"),
    Sighting.REFUSED: N_("Accès refusé, ou trop de demandes"),
    Sighting.UNAVAILABLE: N_("Site en panne, surchargé ou en maintenance"),
    Sighting.OTHER: N_("Autre chose, dit dans la note"),
}
"""What a volunteer may say was seen, in this order."""

FIELDS = ("jour", "heure", "departement", "demarche", "autre_demarche", "vu", "note")
EARLIEST = datetime(2010, 1, 1, tzinfo=PARIS)
CLOCK_TOLERANCE = timedelta(minutes=10)
"""How far a volunteer's clock may be ahead of ours."""


@dataclass(frozen=True)
class ObservationAnswers:
    """What was filled in: the texts as they came, and what is wrong by field (French, keys)."""

    texts: Mapping[str, str]
    problems: dict[str, str] = field(default_factory=dict)
    seen_at: datetime | None = None
    scenario_id: str | None = None

    @classmethod
    def none(cls) -> ObservationAnswers:
        """Nothing yet; the time is now."""
        here = datetime.now(PARIS)
        texts = {"jour": f"{here:%Y-%m-%d}", "heure": f"{here:%H:%M}"}
        return cls({name: texts.get(name, "") for name in FIELDS})

    @classmethod
    def of(cls, form: FormData, scenarios: Mapping[str, Scenario]) -> ObservationAnswers:
        """The answers of a form that was sent."""
        texts = {name: text_of(form, name) for name in FIELDS}
        problems: dict[str, str] = {}
        seen_at = _seen_at(texts, problems)
        scenario_id = _flow(texts, problems, scenarios)
        if texts["vu"] not in [each.value for each in Sighting]:
            problems["vu"] = N_("Choisissez ce que vous avez vu.")
        if not texts["note"]:
            problems["note"] = N_("Dites en quelques mots ce que vous avez fait et vu.")
        elif len(texts["note"]) > MAX_NOTE:
            problems["note"] = N_("La note est trop longue : 2 000 caractères au plus.")
        return cls(texts, problems, seen_at, scenario_id)


def _seen_at(texts: Mapping[str, str], problems: dict[str, str]) -> datetime | None:
    """The instant of day and hour in Paris."""
    try:
        plain = datetime.strptime(  # noqa: DTZ007 the zone is added below
            f"{texts['jour']} {texts['heure'][:5]}", "%Y-%m-%d %H:%M"
        )
    except ValueError:
        problems["jour"] = N_("Donnez le jour et l’heure, par exemple 24/11/2026 et 09:30.")
        return None
    at = plain.replace(tzinfo=PARIS)
    if at.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) != plain:
        problems["jour"] = N_(
            "Cette heure n’existe pas : c’est celle du changement à l’heure d’été."
        )
    elif at > datetime.now(PARIS) + CLOCK_TOLERANCE:
        problems["jour"] = N_("Ce moment est dans l’avenir.")
    elif at < EARLIEST:
        problems["jour"] = N_("Cette date est trop ancienne.")
    return at


def _flow(
    texts: Mapping[str, str], problems: dict[str, str], scenarios: Mapping[str, Scenario]
) -> str | None:
    """The scenario that was chosen; None if the flow is in words."""
    department, chosen, words = texts["departement"], texts["demarche"], texts["autre_demarche"]
    if department not in DEPARTMENTS:
        problems["departement"] = N_("Choisissez un département.")
    if not chosen and not words:
        problems["demarche"] = N_("Choisissez une démarche, ou nommez-la dans vos mots.")
    elif chosen and words:
        problems["demarche"] = N_("Choisissez une démarche ou nommez-la, mais pas les deux.")
    elif chosen and chosen not in scenarios:
        problems["demarche"] = N_("Cette démarche n’est pas dans la liste.")
    elif chosen and scenarios[chosen].department != department and department in DEPARTMENTS:
        problems["demarche"] = N_("Cette démarche est d’un autre département.")
    elif len(words) > MAX_FLOW_WORDS:
        problems["autre_demarche"] = N_("C’est trop long : 120 caractères au plus.")
    return chosen or None
