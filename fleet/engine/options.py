"""How hard a run may press, how a fleet watches, and how often either tries again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.visit.limits import AttemptLimits


@dataclass(frozen=True, slots=True)
class RunOptions:
    """
    How hard a run may press: pages open at once, pauses and retries.

    `pause_s` is for a run without `Hosts`, and the least wait before a retry.
    """

    pages: int = 6
    pause_s: float = 5
    tries: int = 3
    retry_wait_s: float = 30


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    How long a due visit may wait, and how often an unavailable site is tried.

    `latest` is how late a visit may begin and still be that of its due time; `retry_wait`
    stands before the first retry and doubles. A retry that cannot begin within `latest` of the
    attempt before it is not made: the flow is due again anyway.
    """

    latest: timedelta = timedelta(minutes=5)
    tries: int = 3
    retry_wait: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class WatchTiming:
    """
    How often a watching fleet does what it does beside visiting, in seconds.

    `take_lease_s` is how long it waits for the lease at the start: longer than the lease of a
    fleet that was killed lasts (`lease.TTL_S`). `follow_s` is how often the scenario files are
    looked at, `settle_s` how often it is written down that the clock was set, `status_s` how often
    `fleet status` hears of it.
    """

    take_lease_s: float = 35
    renew_lease_s: float = 10
    reconcile_s: float = 60
    settle_s: float = 1
    follow_s: float = 10
    status_s: float = 10
    seal_s: float = 3600
    last_drain_s: float = 20


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """
    How to watch: the sampling plan's gaps, how long a stop may take, limits of a visit.

    `notices` and `heartbeat` say whether anybody is told of changes, and an outside monitor that
    it lives; both are done beside the watching, and said in its status.
    """

    mean_gap: timedelta
    min_gap: timedelta
    grace_s: float
    limits: AttemptLimits
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    timing: WatchTiming = field(default_factory=WatchTiming)
    notices: bool = False
    heartbeat: bool = False
