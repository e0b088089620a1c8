"""
What happened to a flow, to a host or to the fleet itself, as one value with a sentence in French.

An event is made from what is known, never guessed: a change of state between two attempts, three
attempts that nobody understands, a host that refuses visits, a disk that is full. Its id is made
of what it is about, so that the same event noted twice is one. No database in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from fleet.models import PARIS, Frozen, Instant, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.care import Care
    from fleet.changes import Change
    from fleet.models import Attempt


class Kind(StrEnum):
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
    WATCH_STARTED = "watch_started"
    WATCH_STOPPED = "watch_stopped"


BLOCKING = (Verdict.BLOCKED, Verdict.RATE_LIMITED)
"""Verdicts by which a host refuses the fleet's visits."""

LABELS: dict[Kind, str] = {
    Kind.SLOTS: "Rendez-vous proposé",
    Kind.NO_SLOTS: "Aucun rendez-vous",
    Kind.CLOSED: "Démarche fermée",
    Kind.CAPTCHA: "Captcha",
    Kind.LOGIN_REQUIRED: "Compte exigé",
    Kind.CARE: "Démarche à soigner",
    Kind.CARE_ENDED: "Démarche de nouveau comprise",
    Kind.HOST_BLOCKS: "Visites refusées",
    Kind.HOST_ANSWERS: "Visites de nouveau acceptées",
    Kind.NO_ROOM: "Plus de place",
    Kind.ROOM_AGAIN: "De nouveau de la place",
    Kind.STORE_AWAY: "MongoDB absent",
    Kind.STORE_BACK: "MongoDB de retour",
    Kind.LEASE_LOST: "Relève perdue",
    Kind.BROWSERS_DIE: "Chromium meurt",
    Kind.WATCH_STARTED: "Observation commencée",
    Kind.WATCH_STOPPED: "Observation arrêtée",
}
"""What each kind is called; verdicts as on the web pages."""

_SHOWN = {
    Verdict.SLOTS: "la page proposait au moins un rendez-vous",
    Verdict.NO_SLOTS: "la page disait qu’il n’y avait aucun rendez-vous",
    Verdict.CLOSED: "la page disait que la démarche était fermée",
    Verdict.CAPTCHA: "un captcha barrait l’accès à la réponse",
    Verdict.LOGIN_REQUIRED: "il fallait un compte pour connaître la réponse",
}

_OF_FLEET = {
    Kind.NO_ROOM: ("room", "Plus de place sur le disque : aucune visite ne commence."),
    Kind.ROOM_AGAIN: ("room", "Il y a de nouveau de la place : les visites reprennent."),
    Kind.STORE_AWAY: (
        "store",
        "MongoDB ne répond plus : les visites continuent, leurs preuves attendent sur le disque.",
    ),
    Kind.STORE_BACK: ("store", "MongoDB répond de nouveau."),
    Kind.LEASE_LOST: ("lease", "Une autre flotte a pris la relève ; celle-ci s’arrête."),
    Kind.BROWSERS_DIE: ("browsers", "Chromium est mort plusieurs fois en peu de temps."),
    Kind.WATCH_STARTED: ("watch", "La flotte commence à observer."),
    Kind.WATCH_STOPPED: ("watch", "La flotte cesse d’observer."),
}


class Event(Frozen):
    """
    Something that happened at `at`; `noted_at` is when it was written down.

    `subject` is what it happened to; of two events of one subject only the later one still
    holds. `before` is what held until then, None for what only happens. `words` is one sentence
    for a reader, without the flow's name; `data` are its parts.
    """

    id: str
    kind: Kind
    subject: str
    before: Kind | None = None
    at: Instant
    noted_at: Instant
    scenario_id: str | None = None
    host: str | None = None
    attempt_ids: tuple[str, ...] = ()
    words: str
    data: Mapping[str, str | int] = {}

    @property
    def of_fleet(self) -> bool:
        """Whether it happened to the fleet itself."""
        return self.kind in _OF_FLEET

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it."""
        document = self.model_dump(mode="json", exclude={"id", "at", "noted_at"})
        return {"_id": self.id, "at": self.at, "noted_at": self.noted_at, **document}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """What `to_document` wrote; what else stands in the document is not the event's."""
        named = {name: document[name] for name in cls.model_fields if name in document}
        return cls.model_validate({"id": document["_id"], **named})


def of_change(change: Change, noted_at: datetime) -> Event:
    """A flow shows another state than before; it changed at some time between the two visits."""
    before, after = change.before, change.after
    return Event(
        id=change_id(after.attempt_id),
        kind=Kind(after.verdict.value),
        subject=f"flow {change.scenario_id}",
        before=Kind(before.verdict.value),
        at=after.at,
        noted_at=noted_at,
        scenario_id=change.scenario_id,
        attempt_ids=(before.attempt_id, after.attempt_id),
        words=(
            f"lors de la visite du {paris(after.at)}, {_SHOWN[after.verdict]} ; lors de la"
            f" précédente qui disait quelque chose, le {paris(before.at)},"
            f" {_SHOWN[before.verdict]}."
        ),
        data={"before_at": before.at.isoformat(timespec="milliseconds")},
    )


def change_id(attempt_id: str) -> str:
    """The id of the event that this attempt saw another state."""
    return f"change:{attempt_id}"


def of_care(care: Care, noted_at: datetime) -> Event:
    """A scenario began to need care."""
    latest = care.latest
    seen = (
        f"la page ne montre plus « {latest.missing_anchor} »"
        if latest.missing_anchor
        else f"{care.attempts} visites de suite n’ont rien vu que le robot comprenne"
    )
    return Event(
        id=f"care:{latest.id}",
        kind=Kind.CARE,
        subject=care_subject(latest.scenario_id),
        before=Kind.CARE_ENDED,
        at=latest.started_at,
        noted_at=noted_at,
        scenario_id=latest.scenario_id,
        attempt_ids=(latest.id,),
        words=(
            f"{seen} (dernière visite : {paris(latest.started_at)}) ; il faut que quelqu’un"
            " regarde."
        ),
        data={"since": care.since.isoformat(timespec="milliseconds"), "attempts": care.attempts},
    )


def of_care_ended(attempt: Attempt, noted_at: datetime) -> Event:
    """A scenario that needed care is understood again."""
    return Event(
        id=f"care_ended:{attempt.id}",
        kind=Kind.CARE_ENDED,
        subject=care_subject(attempt.scenario_id),
        before=Kind.CARE,
        at=attempt.started_at,
        noted_at=noted_at,
        scenario_id=attempt.scenario_id,
        attempt_ids=(attempt.id,),
        words=f"la visite du {paris(attempt.started_at)} est de nouveau comprise.",
    )


def care_subject(scenario_id: str) -> str:
    """The subject of whether this scenario needs care."""
    return f"care {scenario_id}"


def of_host(attempt: Attempt, noted_at: datetime) -> Event:
    """The host of this attempt refuses visits, or answers after it refused some."""
    blocks = attempt.verdict in BLOCKING
    host = host_of(attempt)
    words = "refuse les visites du robot" if blocks else "accepte de nouveau les visites du robot"
    kinds = (Kind.HOST_BLOCKS, Kind.HOST_ANSWERS)
    kind, before = kinds if blocks else kinds[::-1]
    return Event(
        id=f"{kind.value}:{attempt.id}",
        kind=kind,
        subject=host_subject(host),
        before=before,
        at=attempt.started_at,
        noted_at=noted_at,
        scenario_id=attempt.scenario_id,
        host=host,
        attempt_ids=(attempt.id,),
        words=f"{host} {words} (visite du {paris(attempt.started_at)}).",
        data={"verdict": attempt.verdict.value},
    )


def host_of(attempt: Attempt) -> str:
    """The name of the host that this attempt visited; ports share their host."""
    return urlsplit(attempt.url).hostname or ""


def host_subject(host: str) -> str:
    """The subject of whether this host refuses visits."""
    return f"host {host}"


def of_fleet(
    kind: Kind, at: datetime, *, about: str = "", words: str = "", **data: str | int
) -> Event:
    """
    Something that happened to the fleet itself, noted at once.

    Args:
        about: what makes it the same event when it is noted again, such as a run's id; without
            it, its instant.
        words: a sentence in the place of the usual one, in French.
    """
    subject, usual = _OF_FLEET[kind]
    return Event(
        id=f"{kind.value}:{about or at.isoformat(timespec='milliseconds')}",
        kind=kind,
        subject=f"fleet {subject}",
        at=at,
        noted_at=at,
        words=words or usual,
        data=data,
    )


def paris(at: datetime) -> str:
    """An instant as French readers write it, in Paris time."""
    return f"{at.astimezone(PARIS):%d/%m/%Y à %H:%M} (heure de Paris)"
