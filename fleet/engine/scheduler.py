"""
Hands every due visit over at its time, once, and follows the catalogue while it changes.

The clock is asked again and again: it may be set back (no due time comes twice) or jump forward
(what was jumped over is handed over late, and becomes a missed visit).
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from typing import TYPE_CHECKING

import structlog

from fleet.engine.due import Due
from fleet.models import now as real_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from fleet.analysis.sampling import SamplingPlan
    from fleet.engine.due import Visits
    from fleet.models import Scenario

LOOK_S = 1.0
"""How long to sleep at most: a clock that is set meanwhile must be noticed."""


class Scheduler:
    """
    Knows what is due when, for the scenarios of the moment.

    Args:
        since: due times after this instant are handed over.
    """

    def __init__(
        self,
        plan: SamplingPlan,
        visits: Visits,
        scenarios: Iterable[Scenario],
        since: datetime,
        *,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self._plan = plan
        self._visits = visits
        self._now = now
        self._scenarios: dict[str, Scenario] = {}
        self._next: list[tuple[datetime, str]] = []
        self._last_due: dict[str, datetime] = {}
        self.follow(scenarios, since)

    @property
    def scenarios(self) -> dict[str, Scenario]:
        """The scenarios that are visited, by id."""
        return dict(self._scenarios)

    @property
    def next_due(self) -> datetime | None:
        """When the next visit is due; None if there is no scenario."""
        return self._next[0][0] if self._next else None

    def follow(self, scenarios: Iterable[Scenario], since: datetime) -> None:
        """From now on these; one that is new is due only after `since`."""
        self._scenarios = {s.id: s for s in scenarios}
        self._last_due = {each: self._last_due.get(each, since) for each in self._scenarios}
        self._next = [(self._plan.next_due(each, at), each) for each, at in self._last_due.items()]
        heapq.heapify(self._next)

    async def run(self, stop: asyncio.Event) -> None:
        """Hand over what is due until `stop` is set."""
        while not stop.is_set():
            self.submit_due()
            wait_s = LOOK_S
            if self._next:
                wait_s = min(wait_s, (self._next[0][0] - self._now()).total_seconds())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.001, wait_s))

    def submit_due(self) -> None:
        """Hand over all that is due at this instant."""
        at = self._now()
        while self._next and self._next[0][0] <= at:
            due_at, scenario_id = self._next[0]
            self._last_due[scenario_id] = due_at
            heapq.heapreplace(self._next, (self._plan.next_due(scenario_id, due_at), scenario_id))
            structlog.get_logger().debug("due", scenario=scenario_id, due_at=str(due_at))
            self._visits.submit(Due(self._scenarios[scenario_id], due_at))
