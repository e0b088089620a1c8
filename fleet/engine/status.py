"""How the watching fleet of this process stands: gathered from its parts."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Protocol

from fleet.models.status import HostCooling, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from fleet.engine.counters import Counters
    from fleet.engine.options import WatchOptions
    from fleet.engine.parts import WatchParts
    from fleet.engine.scheduler import Scheduler
    from fleet.engine.workers import Workers
    from fleet.models import Run


class Watching(Protocol):
    """What of a watching fleet (`watch.Watch`) its status is gathered from."""

    parts: WatchParts
    options: WatchOptions
    counters: Counters
    run: Run
    scheduler: Scheduler | None
    workers: Workers
    stopped: bool
    quarantined: Callable[[], Mapping[str, str]]

    def problem(self) -> str | None:
        """What keeps the fleet from doing its work; None if nothing does."""


def status_of(watch: Watching, at: datetime) -> Status:
    """How this fleet stands at the instant `at`."""
    parts, counters = watch.parts, watch.counters
    half, most = counters.lateness(0.5), counters.lateness(0.99)
    problem = watch.problem()
    return Status(
        at=at,
        since=watch.run.started_at,
        run_id=watch.run.id,
        machine=socket.gethostname(),
        pid=os.getpid(),
        fleet_version=watch.run.fleet_version,
        chromium_version=parts.browsers.version,
        scenarios=len(watch.scheduler.scenarios) if watch.scheduler else 0,
        next_due=watch.scheduler.next_due if watch.scheduler else None,
        verdicts={verdict.value: n for verdict, n in counters.verdicts.items()},
        misses={why.value: n for why, n in counters.misses.items()},
        lateness_s=None if half is None or most is None else (half, most),
        waiting=watch.workers.waiting,
        open_pages=parts.limiter.in_use,
        allowed_pages=parts.limiter.allowed,
        pressure=parts.limiter.why,
        spool_items=parts.spool.waiting,
        spool_bytes=parts.spool.bytes,
        spool_oldest=parts.spool.oldest,
        spool_refused=parts.spool.refused,
        spool_damaged=parts.spool.damaged,
        spool_twice=parts.spool.twice,
        browser_restarts=dict(parts.browsers.restarts),
        cooling=tuple(
            HostCooling(host=state.host, until=state.cooling_until, why=state.why or "")
            for state in parts.hosts.all()
            if state.cooling_until and state.cooling_until > at
        ),
        ready=problem is None,
        problem=problem,
        stopped=watch.stopped,
        notices=watch.options.notices,
        heartbeat=watch.options.heartbeat,
        quarantined=watch.quarantined(),
    )
