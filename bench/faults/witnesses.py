"""
What became of every due time, by three witnesses that know nothing of each other.

The sampling plan says what was due, MongoDB what was kept, the practice country's journal what
was really requested; the fleet's log says which attempts it called safe. They must agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bench.faults.supervisor import events
from fleet.analysis.coverage import due_times
from fleet.errors import FleetError
from fleet.models import Attempt, Group
from fleet.models.missed import MissedVisit, MissReason

if TYPE_CHECKING:
    from fleet.storage.store import Store

ROUNDING = timedelta(seconds=1)
LATEST = timedelta(minutes=6)
"""How long after its due time a visit, or a retry after its try, may begin."""


@dataclass(frozen=True, slots=True)
class Session:
    """A visit as the country saw it: its first and its last request."""

    scenario_id: str
    host: str
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Records:
    """All that was kept, due and requested."""

    attempts: Sequence[Attempt]
    missed: Sequence[MissedVisit]
    due: frozenset[tuple[str, datetime]]
    since: datetime
    until: datetime
    sessions: Sequence[Session]
    logged: Sequence[str]

    @classmethod
    async def of(
        cls,
        store: Store,
        log: Path,
        requests: Iterable[Mapping[str, Any]] = (),
        forms: Iterable[Mapping[str, Any]] = (),
    ) -> Records:
        """Read them; `until` is the instant before which the fleet says that nothing is open."""
        plans = await store.watch_state.plans()
        watched = await store.watch_state.watched()
        # the first plan's, unless the clock was set back beyond it
        since = min(plan.since for plan in plans)
        until = min(span.until for span in watched.values())
        first = min(span.since for span in watched.values())
        return cls(
            attempts=[each async for each in store.attempts.find()],
            missed=await store.missed_visits.of(None, since, until),
            # a flow whose file came later was not due before
            due=frozenset(
                (each, at)
                for each, span in watched.items()
                for at in due_times(plans, each, since, until)
                if span.since == first or span.holds(at)
            ),
            since=since,
            until=until,
            sessions=sessions_of(requests, forms),
            logged=[str(each["attempt"]) for each in events(log) if each["event"] == "attempt"],
        )

    def wrong(self) -> dict[str, int]:
        """What must not be, and how often it is."""
        first = [a for a in self.attempts if a.number == 1 and self._settled(a)]
        ended = Counter((a.scenario_id, a.due_at) for a in first)
        ended.update((m.scenario_id, m.due_at) for m in self.missed)
        kept = Counter(a.id for a in self.attempts)
        tries = {(a.scenario_id, a.due_at) for a in self.attempts if a.number == 1}
        return {
            "due times lost": len(self.due - set(ended)),
            "due times ended twice": sum(n - 1 for n in ended.values()),
            "visits that were not due": len(set(ended) - self.due),
            "retries without a first try": sum(
                a.number > 1 and (a.scenario_id, a.due_at) not in tries for a in self.attempts
            ),
            "finished attempts lost": sum(not kept[each] for each in set(self.logged)),
            "attempts kept twice": sum(n - 1 for n in kept.values()),
            "attempts logged twice": len(self.logged) - len(set(self.logged)),
            "requests of no attempt": len(self.unexplained()),
            "visits at a host at once": len(self.overlaps()),
        }

    def unexplained(self) -> list[Session]:
        """Visits that the country saw and that neither an attempt nor an interruption explains."""
        made = (MissReason.INTERRUPTED, MissReason.LOST)
        interrupted = [m for m in self.missed if m.why in made]
        return [
            each
            for each in self.sessions
            if each.begin < self.until
            and not self.attempt_of(each)
            and not any(
                m.scenario_id == each.scenario_id and m.due_at <= each.begin <= m.due_at + LATEST
                for m in interrupted
            )
            and not any(  # a retry that was cut short: its due time had its first try
                a.scenario_id == each.scenario_id
                and a.group is Group.UNAVAILABLE
                and _end(a) <= each.begin <= _end(a) + LATEST
                for a in self.attempts
            )
        ]

    def attempt_of(self, session: Session) -> Attempt | None:
        """The attempt that made this visit."""
        for attempt in self.attempts:
            if attempt.scenario_id == session.scenario_id and (
                attempt.started_at - ROUNDING <= session.begin <= _end(attempt) + ROUNDING
            ):
                return attempt
        return None

    def overlaps(self) -> list[tuple[Session, Session]]:
        """Visits of one host that began before the one before had ended."""
        return [
            pair
            for own in self.by_host().values()
            for pair in pairwise(own)
            if pair[1].begin < pair[0].end
        ]

    def by_host(self) -> dict[str, list[Session]]:
        """The visits of each host, in order."""
        found: dict[str, list[Session]] = {}
        for session in sorted(self.sessions, key=lambda each: each.begin):
            found.setdefault(session.host, []).append(session)
        return found

    def _settled(self, attempt: Attempt) -> bool:
        return attempt.due_at is not None and attempt.due_at < self.until

    def summary(self) -> str:
        """What was due and how it ended, in one line."""
        verdicts = Counter(a.verdict.value for a in self.attempts)
        misses = Counter(m.why.value for m in self.missed)
        return (
            f"{len(self.due)} due, {len(self.attempts)} attempts ({counted(verdicts)}),"
            f" {len(self.missed)} missed ({counted(misses)}), {len(self.sessions)} visits seen"
        )


async def unreadable(store: Store, attempts: Iterable[Attempt]) -> int:
    """How many of the files that these attempts name cannot be read."""
    wrong = 0
    for sha256 in {each.sha256 for attempt in attempts for each in attempt.evidence}:
        try:
            await store.evidence(sha256)
        except FleetError:
            wrong += 1
    return wrong


def sessions_of(
    requests: Iterable[Mapping[str, Any]], forms: Iterable[Mapping[str, Any]]
) -> list[Session]:
    """The visits in a journal, by their cookie."""
    scenarios = {
        urlsplit(form["url"]).path.rpartition("/")[2]: f"{form['department']}/{form['flow']}"
        for form in forms
    }
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for request in requests:
        host = request["host"].partition(":")[0]
        found.setdefault((host, request["session"]), []).append(request)
    sessions = []
    for (host, _), own in found.items():
        times = sorted(datetime.fromisoformat(each["at"]) for each in own)
        ids = [m[1] for each in own if (m := re.match(r"/booking/create/([^/?]+)", each["path"]))]
        if ids:
            sessions.append(Session(scenarios[ids[0]], host, times[0], times[-1]))
    return sessions


def counted(counts: Mapping[str, int]) -> str:
    """`slots 3, timeout 1`, the most first."""
    many = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    return ", ".join(f"{name} {n}" for name, n in many) or "none"


def _end(attempt: Attempt) -> datetime:
    return attempt.started_at + timedelta(seconds=attempt.seconds)
