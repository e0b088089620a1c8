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
    notices: bool = False
    heartbeat: bool = False
