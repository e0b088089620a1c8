"""
What happened to a flow, to a host or to the fleet itself, as one value with a sentence in French.

An event is made from what is known, never guessed: a change of state between two attempts, three
attempts that nobody understands, a host that refuses visits, a disk that is full. Its id is made
of what it is about, so that the same event noted twice is one. No database in here.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.models import PARIS, Verdict
from fleet.models.address import host_of
from fleet.models.event import OF_FLEET, Event, EventKind
from fleet.models.outcome import Blame

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.analysis.care import Care
    from fleet.analysis.changes import Change
    from fleet.models import Attempt


BLOCKING = (Verdict.BLOCKED, Verdict.RATE_LIMITED)
"""Verdicts by which a host refuses the fleet's visits."""

_SHOWN = {
    Verdict.SLOTS: "la page proposait au moins un rendez-vous",
    Verdict.NO_SLOTS: "la page disait qu’il n’y avait aucun rendez-vous",
    Verdict.CLOSED: "la page disait que la démarche était fermée",
    Verdict.CAPTCHA: "un captcha barrait l’accès à la réponse",
    Verdict.LOGIN_REQUIRED: "il fallait un compte pour connaître la réponse",
}


def of_change(change: Change, noted_at: datetime) -> Event:
    """A flow shows another state than before; it changed at some time between the two visits."""
    before, after = change.before, change.after
    return Event(
        id=change_id(after.attempt_id),
        kind=EventKind(after.verdict.value),
        subject=f"flow {change.scenario_id}",
        before=EventKind(before.verdict.value),
        at=after.at,
        noted_at=noted_at,
        scenario_id=change.scenario_id,
        attempt_ids=(before.attempt_id, after.attempt_id),
        words=(
            f"lors de la tentative du {in_paris(after.at)}, {_SHOWN[after.verdict]} ; lors de la"
            f" précédente qui disait quelque chose, le {in_paris(before.at)},"
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
        else f"{care.attempts} tentatives de suite n’ont rien vu que le robot comprenne"
    )
    return Event(
        id=f"care:{latest.id}",
        kind=EventKind.CARE,
        subject=care_subject(latest.scenario_id),
        before=EventKind.CARE_ENDED,
        at=latest.started_at,
        noted_at=noted_at,
        scenario_id=latest.scenario_id,
        attempt_ids=(latest.id,),
        words=(
            f"{seen} (dernière tentative : {in_paris(latest.started_at)}) ; il faut que quelqu’un"
            " regarde."
        ),
        data={"since": care.since.isoformat(timespec="milliseconds"), "attempts": care.attempts},
    )


def of_care_ended(attempt: Attempt, noted_at: datetime) -> Event:
    """A scenario that needed care is understood again."""
    return Event(
        id=f"care_ended:{attempt.id}",
        kind=EventKind.CARE_ENDED,
        subject=care_subject(attempt.scenario_id),
        before=EventKind.CARE,
        at=attempt.started_at,
        noted_at=noted_at,
        scenario_id=attempt.scenario_id,
        attempt_ids=(attempt.id,),
        words=(
            f"la page vue lors de la tentative du {in_paris(attempt.started_at)} est de nouveau"
            " comprise."
        ),
    )


def care_subject(scenario_id: str) -> str:
    """The subject of whether this scenario needs care."""
    return f"care {scenario_id}"


def of_host(attempt: Attempt, noted_at: datetime) -> Event:
    """The host of this attempt refuses visits, or answers after it refused some."""
    blocks = attempt.verdict in BLOCKING
    host = host_of(attempt.url)
    words = "refuse les visites du robot" if blocks else "accepte de nouveau les visites du robot"
    kinds = (EventKind.HOST_BLOCKS, EventKind.HOST_ANSWERS)
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
        words=f"{host} {words} (tentative du {in_paris(attempt.started_at)}).",
        data={"verdict": attempt.verdict.value},
    )


def host_subject(host: str) -> str:
    """The subject of whether this host refuses visits."""
    return f"host {host}"


NETWORK = "fleet network"
"""The subject of whether the fleet itself reaches anything."""

_OURS = {
    Blame.NETWORK: "son réseau ne répond plus",
    Blame.CLOCK: "l’horloge de cette machine est fausse, aucun certificat ne semble valable",
}


def says_of_network(attempt: Attempt) -> EventKind | None:
    """What an attempt says of the fleet's own network; None if it says nothing of it."""
    if attempt.unreached in _OURS:
        return EventKind.NETWORK_AWAY
    return EventKind.NETWORK_BACK if attempt.served and attempt.unreached is None else None


def of_network(attempt: Attempt, last: Event | None, noted_at: datetime) -> Event:
    """
    The fleet itself reaches nothing any more, or something again.

    Args:
        last: the event before; whatever attempts show that it is over, it is over once.
    """
    kind = says_of_network(attempt) or EventKind.NETWORK_BACK
    words, data = OF_FLEET[kind][1], {}
    at = attempt.served[-1].at if attempt.served else attempt.started_at
    if attempt.unreached is not None:
        at = attempt.started_at + timedelta(seconds=attempt.seconds)
        why = _OURS[attempt.unreached]
        words = (
            f"La flotte ne joint plus aucun site, et la faute est à elle ({why}) : aucun site n’est"
            " mis en cause."
        )
        data = {"blame": attempt.unreached.value, "why": attempt.detail[:500]}
    return Event(
        id=f"{kind.value}:{hashlib.sha256(last.id.encode()).hexdigest()[:32] if last else ''}",
        kind=kind,
        subject=NETWORK,
        before=last.kind if last else None,
        at=at,
        noted_at=noted_at,
        attempt_ids=(attempt.id,),
        words=words,
        data=data,
    )


def of_fleet(
    kind: EventKind, at: datetime, *, about: str = "", words: str = "", **data: str | int
) -> Event:
    """
    Something that happened to the fleet itself, noted at once.

    Args:
        about: what makes it the same event when it is noted again, such as a run's id; without
            it, its instant.
        words: a sentence in the place of the usual one, in French.
    """
    subject, usual = OF_FLEET[kind]
    return Event(
        id=f"{kind.value}:{about or at.isoformat(timespec='milliseconds')}",
        kind=kind,
        subject=f"fleet {subject}",
        at=at,
        noted_at=at,
        words=words or usual,
        data=data,
    )


def in_paris(at: datetime) -> str:
    """An instant as French readers write it, in Paris time."""
    return f"{at.astimezone(PARIS):%d/%m/%Y à %H:%M} (heure de Paris)"
