"""
Hands every due visit over at its time, once, and follows the catalogue while it changes.

The clock is asked again and again. What became due while the fleet stood still (stopped, or its
machine asleep) for long is left to the reconciliation; what a clock does that is set is told by
`clock_care`.
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
    from datetime import datetime, timedelta

    from fleet.analysis.sampling import SamplingPlan
    from fleet.engine.due import Visits
    from fleet.models import Scenario

ROUNDING_S = 0.05
"""A hand-over is late by so much anyway."""

LOOK_S = 1.0
"""How long to sleep at most: a clock that is set meanwhile must be noticed."""


class Scheduler:
    """
    Knows what is due when, for the scenarios of the moment.

    Args:
        since: due times after this instant are handed over.
        steady: seconds that only go forward: by them the least gap is kept between two hand-overs,
            whatever the clock does; None: it is not looked at.
        latest: what is later when its turn comes is left out; None: nothing is.
        look: called before each look at what is due, for whoever must know the clock first.
    """

    def __init__(
        self,
        plan: SamplingPlan,
        visits: Visits,
        scenarios: Iterable[Scenario],
        since: datetime,
        *,
        now: Callable[[], datetime] = real_now,
        steady: Callable[[], float] | None = None,
        latest: timedelta | None = None,
        look: Callable[[], object] = lambda: None,
    ) -> None:
        self._plan = plan
        self._steady, self._latest, self._look = steady, latest, look
        self._handed_s: dict[str, float] = {}
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

    def begin_anew(self, plan: SamplingPlan, since: datetime) -> None:
        """From now on this plan, and what is due after `since` only: the clock was set."""
        self._plan = plan
        self._last_due = dict.fromkeys(self._scenarios, since)
        self.follow(self._scenarios.values(), since)

    async def run(self, stop: asyncio.Event) -> None:
        """Hand over what is due until `stop` is set."""
        while not stop.is_set():
            self._look()
            self.submit_due()
            wait_s = LOOK_S
            if self._next:
                wait_s = min(wait_s, (self._next[0][0] - self._now()).total_seconds())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), max(0.01, wait_s))

    def submit_due(self) -> None:
        """Hand over all that is due at this instant."""
        at, too_near = self._now(), []
        while self._next and self._next[0][0] <= at:
            due_at, scenario_id = self._next[0]
            # a clock that is set a little ahead brings them nearer to each other than they are
            if self._is_too_near(scenario_id):
                too_near.append(heapq.heappop(self._next))
                continue
            self._last_due[scenario_id] = due_at
            heapq.heapreplace(self._next, (self._plan.next_due(scenario_id, due_at), scenario_id))
            if self._latest is not None and at - due_at > self._latest:
                continue  # nobody was there then: nothing accounts for it, and that is noted
            structlog.get_logger().debug("due", scenario=scenario_id, due_at=str(due_at))
            if self._steady is not None:
                self._handed_s[scenario_id] = self._steady()
            self._visits.submit(Due(self._scenarios[scenario_id], due_at))
        for each in too_near:
            heapq.heappush(self._next, each)

    def _is_too_near(self, scenario_id: str) -> bool:
        before_s = self._handed_s.get(scenario_id)
        if self._steady is None or before_s is None:
            return False
        least_s = self._plan.min_gap.total_seconds()
        return self._steady() - before_s < least_s - ROUNDING_S
