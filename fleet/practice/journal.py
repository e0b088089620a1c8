"""
What the practice server remembers: visits, sessions, requests, tripwires.

A tripwire is a request that, on a real site, would have taken or held a slot, or touched
somebody's appointment. A measuring robot must leave that list empty.
"""

from __future__ import annotations

import re
import secrets
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from fleet.practice.forms import Form

REQUESTS_KEPT = 10_000
SESSIONS_KEPT = 10_000

_SLOT_PATH = re.compile(r"/booking/create/[^/]+/[5-9](?:[/?#]|$)", re.IGNORECASE)
_CONFIRM_PATH = re.compile(r"/booking/confirm", re.IGNORECASE)


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


@dataclass(slots=True)
class Progress:
    """How far one session has come in one form. `last` is the step of the last page served."""

    visit: int
    last: int | None = None
    accepted: bool = False
    planning: str | None = None
    slot: int | None = None
    notice: str = ""


@dataclass(slots=True)
class Session:
    """One `eZSESSID`; progress by (host name, form id)."""

    id: str
    progress: dict[tuple[str, str], Progress] = field(default_factory=dict)


class Journal:
    """Everything that changes while a `PracticeServer` runs."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._sessions: OrderedDict[str, Session] = OrderedDict()
        self._visits: Counter[tuple[str, str]] = Counter()
        self.tripwires: list[Tripwire] = []
        self.requests: deque[LoggedRequest] = deque(maxlen=REQUESTS_KEPT)

    def session(self, token: str | None) -> Session:
        """The session of that cookie; a new one if it is missing or unknown."""
        if token and token in self._sessions:
            self._sessions.move_to_end(token)
            return self._sessions[token]
        session = Session(secrets.token_hex(16))
        self._sessions[session.id] = session
        if len(self._sessions) > SESSIONS_KEPT:
            self._sessions.popitem(last=False)
        return session

    def begin(self, session: Session, form: Form) -> Progress:
        """Progress of a session that asks for step 0: counts a visit the first time."""
        key = (form.hostname, form.id)
        if key not in session.progress:
            self._visits[key] += 1
            session.progress[key] = Progress(self._visits[key])
        return session.progress[key]

    def progress(self, session: Session, form: Form) -> Progress:
        """Progress of a session anywhere else; one that skipped step 0 is not counted."""
        key = (form.hostname, form.id)
        return session.progress.get(key) or session.progress.setdefault(
            key, Progress(self._visits[key] or 1)
        )

    def visits(self, form: Form) -> int:
        """Number of sessions that began at step 0 of the form."""
        return self._visits[form.hostname, form.id]

    def trip(self, host: str, method: str, path: str, why: str) -> None:
        """Write down a request that would have taken a slot."""
        self.tripwires.append(Tripwire(self._clock(), host, method, path, why))

    def trip_by_address(self, host: str, method: str, path: str) -> None:
        """Trip if the address alone, on any host and in any alias, would take a slot."""
        if _SLOT_PATH.search(path):
            self.trip(host, method, path, "address of step 5 to 9")
        elif _CONFIRM_PATH.search(path):
            self.trip(host, method, path, "confirmation of an appointment")

    def log(self, host: str, method: str, path: str, status: int, session: str) -> None:
        """Write down any request."""
        self.requests.append(LoggedRequest(self._clock(), host, method, path, status, session))
