"""Something that happened to a flow, a host or the fleet, as it is stored and told."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Self

from fleet.models.base import Frozen, Instant
from fleet.models.text import Fitted


class EventKind(StrEnum):
    """What happened. The first five are the verdicts that a flow now shows."""

    SLOTS = "slots"
    NO_SLOTS = "no_slots"
    CLOSED = "closed"
    CAPTCHA = "captcha"
    LOGIN_REQUIRED = "login_required"

    CARE = "care"
    CARE_ENDED = "care_ended"

    HOST_BLOCKS = "host_blocks"
    HOST_ANSWERS = "host_answers"

    NO_ROOM = "no_room"
    ROOM_AGAIN = "room_again"
    STORE_AWAY = "store_away"
    STORE_BACK = "store_back"
    LEASE_LOST = "lease_lost"
    BROWSERS_DIE = "browsers_die"
    NETWORK_AWAY = "network_away"
    NETWORK_BACK = "network_back"
    CLOCK_JUMPED = "clock_jumped"
    STOOD_STILL = "stood_still"
    SCENARIOS_AWAY = "scenarios_away"
    SCENARIOS_BACK = "scenarios_back"
    QUARANTINED = "quarantined"
    QUARANTINE_ENDED = "quarantine_ended"
    WATCH_STARTED = "watch_started"
    WATCH_STOPPED = "watch_stopped"


LABELS: dict[EventKind, str] = {
    EventKind.SLOTS: "Rendez-vous proposé",
    EventKind.NO_SLOTS: "Aucun rendez-vous",
    EventKind.CLOSED: "Démarche fermée",
    EventKind.CAPTCHA: "Captcha",
    EventKind.LOGIN_REQUIRED: "Compte exigé",
    EventKind.CARE: "Démarche à soigner",
    EventKind.CARE_ENDED: "Démarche de nouveau comprise",
    EventKind.HOST_BLOCKS: "Visites refusées",
    EventKind.HOST_ANSWERS: "Visites de nouveau acceptées",
    EventKind.NO_ROOM: "Plus de place",
    EventKind.ROOM_AGAIN: "De nouveau de la place",
    EventKind.STORE_AWAY: "MongoDB absent",
    EventKind.STORE_BACK: "MongoDB de retour",
    EventKind.LEASE_LOST: "Relève perdue",
    EventKind.BROWSERS_DIE: "Chromium meurt",
    EventKind.NETWORK_AWAY: "Aucun site joint, de notre fait",
    EventKind.NETWORK_BACK: "Sites de nouveau joints",
    EventKind.CLOCK_JUMPED: "Saut de l’horloge",
    EventKind.STOOD_STILL: "Flotte immobile",
    EventKind.SCENARIOS_AWAY: "Catalogue absent",
    EventKind.SCENARIOS_BACK: "Catalogue de retour",
    EventKind.QUARANTINED: "Scénario en quarantaine",
    EventKind.QUARANTINE_ENDED: "Fin de quarantaine",
    EventKind.WATCH_STARTED: "Observation commencée",
    EventKind.WATCH_STOPPED: "Observation arrêtée",
}
"""What each kind is called; verdicts as on the web pages."""

OF_FLEET = {
    EventKind.NO_ROOM: ("room", "Plus de place sur le disque : aucune visite ne commence."),
    EventKind.ROOM_AGAIN: ("room", "Il y a de nouveau de la place : les visites reprennent."),
    EventKind.STORE_AWAY: (
        "store",
        "MongoDB ne répond plus : les visites continuent, leurs preuves attendent sur le disque.",
    ),
    EventKind.STORE_BACK: ("store", "MongoDB répond de nouveau."),
    EventKind.LEASE_LOST: ("lease", "Une autre flotte a pris la relève ; celle-ci s’arrête."),
    EventKind.BROWSERS_DIE: ("browsers", "Chromium est mort plusieurs fois en peu de temps."),
    EventKind.NETWORK_AWAY: (
        "network",
        "La flotte ne joint plus aucun site, et la faute est à elle : aucun site n’est mis en"
        " cause.",
    ),
    EventKind.NETWORK_BACK: ("network", "La flotte joint de nouveau des sites."),
    EventKind.CLOCK_JUMPED: ("clock", "L’horloge de cette machine a sauté."),
    EventKind.STOOD_STILL: ("loop", "La flotte est restée immobile."),
    EventKind.SCENARIOS_AWAY: (
        "scenarios",
        "Le dossier du catalogue n’est plus là : la flotte observe ce qu’elle en avait lu.",
    ),
    EventKind.SCENARIOS_BACK: ("scenarios", "Le dossier du catalogue est de retour."),
    EventKind.QUARANTINED: (
        "quarantine",
        "Un scénario a bloqué toute la flotte : il n’est plus visité avant d’être corrigé.",
    ),
    EventKind.QUARANTINE_ENDED: ("quarantine", "Un scénario corrigé est de nouveau visité."),
    EventKind.WATCH_STARTED: ("watch", "La flotte commence à observer."),
    EventKind.WATCH_STOPPED: ("watch", "La flotte cesse d’observer."),
}


class Event(Frozen):
    """
    Something that happened at `at`; `noted_at` is when it was written down.

    `subject` is what it happened to; of two events of one subject only the later one still
    holds. `before` is what held until then, None for what only happens. `words` is one sentence
    for a reader, without the flow's name; `data` are its parts.
    """

    id: str
    kind: EventKind
    subject: str
    before: EventKind | None = None
    at: Instant
    noted_at: Instant
    scenario_id: str | None = None
    host: str | None = None
    attempt_ids: tuple[str, ...] = ()
    words: Annotated[str, Fitted()]
    data: Mapping[str, Annotated[str, Fitted()] | int] = {}

    @property
    def of_fleet(self) -> bool:
        """Whether it happened to the fleet itself."""
        return self.kind in OF_FLEET

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it."""
        document = self.model_dump(mode="json", exclude={"id", "at", "noted_at"})
        return {"_id": self.id, "at": self.at, "noted_at": self.noted_at, **document}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `to_document` wrote; what else stands in the document is not the event's."""
        named = {name: document[name] for name in cls.model_fields if name in document}
        return cls.model_validate({"id": document["_id"], **named})
