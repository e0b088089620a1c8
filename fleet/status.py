"""
How a watching fleet stands at this moment, as one value: for a terminal, a monitor, a page.

It is written into MongoDB every few seconds; one that is older than `STALE` says that the fleet
has ended, hangs, or is cut off.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from fleet.models import Frozen, Instant

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.watch import Watch

STALE = timedelta(seconds=60)


class Cooling(Frozen):
    """A host that is left alone until then, and why."""

    host: str
    until: Instant
    why: str


class Status(Frozen):
    """
    One watching fleet at the instant `at`. Counts are since `since`, its start.

    `lateness_s` are the lateness that half and 99 in 100 of the latest visits did not exceed, in
    seconds; None before the first visit. `ready` is false while something keeps it from doing
    its work, and `problem` says what; `stopped`: this was its last word. `notices` and
    `heartbeat` say whether anybody is told of changes, and an outside monitor that it lives; None
    in what an older fleet said.
    """

    at: Instant
    since: Instant
    run_id: str
    machine: str
    pid: int
    fleet_version: str
    chromium_version: str
    scenarios: int
    next_due: Instant | None
    verdicts: Mapping[str, int]
    misses: Mapping[str, int]
    lateness_s: tuple[float, float] | None
    waiting: int
    open_pages: int
    allowed_pages: int
    pressure: str
    spool_items: int
    spool_bytes: int
    spool_oldest: Instant | None
    spool_refused: int
    spool_damaged: int
    browser_restarts: Mapping[str, int]
    cooling: tuple[Cooling, ...]
    ready: bool
    problem: str | None
    stopped: bool = False
    notices: bool | None = None
    heartbeat: bool | None = None

    @classmethod
    def of(cls, watch: Watch, at: datetime) -> Self:
        """How this fleet stands."""
        parts, tally = watch.parts, watch.tally
        half, most = tally.lateness(0.5), tally.lateness(0.99)
        problem = watch.problem()
        return cls(
            at=at,
            since=watch.run.started_at,
            run_id=watch.run.id,
            machine=socket.gethostname(),
            pid=os.getpid(),
            fleet_version=watch.run.fleet_version,
            chromium_version=parts.browsers.version,
            scenarios=len(watch.planner.scenarios) if watch.planner else 0,
            next_due=watch.planner.next_due if watch.planner else None,
            verdicts={verdict.value: n for verdict, n in tally.verdicts.items()},
            misses={why.value: n for why, n in tally.misses.items()},
            lateness_s=None if half is None or most is None else (half, most),
            waiting=watch.workers.waiting,
            open_pages=parts.places.taken,
            allowed_pages=parts.places.allowed,
            pressure=parts.places.why,
            spool_items=parts.spool.waiting,
            spool_bytes=parts.spool.bytes,
            spool_oldest=parts.spool.oldest,
            spool_refused=parts.spool.refused,
            spool_damaged=parts.spool.damaged,
            browser_restarts=dict(parts.browsers.restarts),
            cooling=tuple(
                Cooling(host=state.host, until=state.cooling_until, why=state.why or "")
                for state in parts.hosts.all()
                if state.cooling_until and state.cooling_until > at
            ),
            ready=problem is None,
            problem=problem,
            stopped=watch.stopped,
            notices=watch.order.notices,
            heartbeat=watch.order.heartbeat,
        )

    def stale(self, at: datetime) -> bool:
        """Whether this is too old to say anything of the present."""
        return at - self.at > STALE

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it: one document, replaced each time."""
        return {"_id": "watch", **self.model_dump(mode="python")}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote; what a newer fleet says beyond that is left out."""
        return cls.model_validate({k: v for k, v in document.items() if k in cls.model_fields})
