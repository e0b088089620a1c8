"""What a watching fleet works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet.browser.pool import BrowserPool
    from fleet.engine.concurrency import ConcurrencyLimiter
    from fleet.engine.in_progress import VisitMarks
    from fleet.engine.politeness.hosts import Hosts
    from fleet.engine.spool import Spool
    from fleet.ledger.chain import SealingResult
    from fleet.storage.lease import Lease
    from fleet.storage.store import Store


@dataclass(frozen=True, slots=True)
class WatchParts:
    """The parts; all are open, and closed by whoever opened them."""

    store: Store
    browsers: BrowserPool
    hosts: Hosts
    limiter: ConcurrencyLimiter
    spool: Spool
    marks: VisitMarks
    lease: Lease
    revive: Callable[[], Awaitable[bool]] | None = None
    seal: Callable[[], Awaitable[SealingResult]] | None = None
