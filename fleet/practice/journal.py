"""
What the practice server remembers: visits, requests, tripwires; and sessions of its sites.

A tripwire is a request that, on a real site, would have taken or held a slot, answered a
captcha, or touched somebody's appointment. A measuring robot must leave that list empty.
"""

from __future__ import annotations

import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from fleet.practice.flow import Flow

REQUESTS_KEPT = 10_000
SESSIONS_KEPT = 10_000

P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class Tripwire:
    """A request that would have taken a slot."""

    at: datetime
    host: str
    method: str
    path: str
    why: str


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """Any request; `status` is 0 if nothing was answered, `session` "" if there was none."""

    at: datetime
    host: str
    method: str
    path: str
    status: int
    session: str


class Journal:
    """Everything that the whole server remembers while it runs."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._visits: Counter[tuple[str, str]] = Counter()
        self.tripwires: list[Tripwire] = []
        self.requests: deque[LoggedRequest] = deque(maxlen=REQUESTS_KEPT)

    def begin(self, flow: Flow) -> int:
        """Count a visit that begins; gives its number, from 1."""
        self._visits[flow.key] += 1
        return self._visits[flow.key]

    def visits(self, flow: Flow) -> int:
        """Number of visits of the flow that have begun."""
        return self._visits[flow.key]

    def trip(self, host: str, method: str, path: str, why: str) -> None:
        """Write down a request that would have taken a slot."""
        self.tripwires.append(Tripwire(self._clock(), host, method, path, why))

    def log(self, host: str, method: str, path: str, status: int, session: str) -> None:
        """Write down any request."""
        self.requests.append(LoggedRequest(self._clock(), host, method, path, status, session))


@dataclass(slots=True)
class PracticeSession(Generic[P]):
    """One visitor, known by a cookie; its progress in each flow."""

    id: str
    progress: dict[tuple[str, str], P] = field(default_factory=dict)


class PracticeSessions(Generic[P]):
    """
    The visitors of one site.

    Args:
        new_progress: makes the progress of a visitor in a flow from the visit's number.
    """

    def __init__(self, journal: Journal, new_progress: Callable[[int], P]) -> None:
        self._journal = journal
        self._new_progress = new_progress
        self._sessions: OrderedDict[str, PracticeSession[P]] = OrderedDict()

    def get(self, token: str | None) -> PracticeSession[P]:
        """The session of that cookie; a new one if it is missing or unknown."""
        if token and token in self._sessions:
            self._sessions.move_to_end(token)
            return self._sessions[token]
        session: PracticeSession[P] = PracticeSession(secrets.token_hex(16))
        self._sessions[session.id] = session
        if len(self._sessions) > SESSIONS_KEPT:
            self._sessions.popitem(last=False)
        return session

    def begin(self, session: PracticeSession[P], flow: Flow) -> P:
        """Progress of a session that asks for the first step: counts a visit the first time."""
        if flow.key not in session.progress:
            session.progress[flow.key] = self._new_progress(self._journal.begin(flow))
        return session.progress[flow.key]

    def progress(self, session: PracticeSession[P], flow: Flow) -> P:
        """Progress of a session anywhere else; one that skipped the first step is not counted."""
        if flow.key not in session.progress:
            session.progress[flow.key] = self._new_progress(self._journal.visits(flow) or 1)
        return session.progress[flow.key]
