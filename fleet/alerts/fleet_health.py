"""
From how the fleet stands at each look to the events of what changed: disk, MongoDB, Chromium, the
scenario files.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.analysis.events import of_fleet
from fleet.models.event import Event, EventKind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

DEATHS = 3
WITHIN = timedelta(minutes=10)
"""So many deaths of Chromium in so short a time are told."""


class FleetHealth:
    """What of the fleet itself was in order at the last look; all was, before the first."""

    def __init__(self) -> None:
        self._room, self._store, self._scenarios = True, True, True
        self._quarantined: set[str] = set()
        self._deaths = 0
        self._died_at: deque[datetime] = deque(maxlen=DEATHS)

    def update(
        self,
        at: datetime,
        *,
        no_room: str | None,
        store_away: bool,
        deaths: int,
        scenarios_away: str | None = None,
        quarantined: Mapping[str, str] | None = None,
    ) -> list[Event]:
        """
        What began or ended since the last look.

        Args:
            no_room: why no visit may begin (`Spool.why_full`); None if one may.
            scenarios_away: why no scenario file can be read (`FollowedCatalogue.problem`).
            quarantined: why scenarios stand still, by their ids (`Watch.quarantined`).
            deaths: how often Chromium died since the start (`BrowserPool.restarts["died"]`).
        """
        found = []
        if self._room == bool(no_room):
            self._room = not no_room
            kind = EventKind.ROOM_AGAIN if self._room else EventKind.NO_ROOM
            found.append(of_fleet(kind, at, **({"why": no_room} if no_room else {})))
        if self._store == store_away:
            self._store = not store_away
            found.append(
                of_fleet(EventKind.STORE_BACK if self._store else EventKind.STORE_AWAY, at)
            )
        if self._scenarios == bool(scenarios_away):
            self._scenarios = not scenarios_away
            kind = EventKind.SCENARIOS_BACK if self._scenarios else EventKind.SCENARIOS_AWAY
            why = {"why": scenarios_away} if scenarios_away else {}
            found.append(of_fleet(kind, at, **why))
        found += self._quarantine(at, quarantined or {})
        new, self._deaths = max(0, deaths - self._deaths), deaths
        self._died_at += [at] * min(new, DEATHS)
        if new and len(self._died_at) == DEATHS and at - self._died_at[0] <= WITHIN:
            words = (
                f"Chromium est mort {DEATHS} fois en moins de"
                f" {WITHIN.total_seconds() / 60:g} minutes."
            )
            found.append(of_fleet(EventKind.BROWSERS_DIE, at, words=words, deaths=deaths))
            self._died_at.clear()
        return found

    def _quarantine(self, at: datetime, now: Mapping[str, str]) -> list[Event]:
        before, self._quarantined = self._quarantined, set(now)
        begun = [
            of_fleet(
                EventKind.QUARANTINED,
                at,
                about=f"{id_}:{at.isoformat(timespec='milliseconds')}",
                words=(
                    f"Le scénario {id_} a bloqué toute la flotte : il n’est plus visité tant que"
                    " son fichier n’a pas changé."
                ),
                scenario=id_,
                why=now[id_],
            )
            for id_ in sorted(now.keys() - before)
        ]
        ended = [
            of_fleet(
                EventKind.QUARANTINE_ENDED,
                at,
                about=f"{id_}:{at.isoformat(timespec='milliseconds')}",
                words=f"Le scénario {id_} est de nouveau visité : son fichier a changé.",
                scenario=id_,
            )
            for id_ in sorted(before - now.keys())
        ]
        return begun + ended
