"""What one run knows of its hosts, beside what is kept of them: who refused, and how it ended."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from fleet.engine.politeness.visit_turns import HostObstacle, VisitTurns, find_obstacle
from fleet.models import Verdict
from fleet.models.missed import MissReason

if TYPE_CHECKING:
    from fleet.engine.politeness.host import Host
    from fleet.engine.politeness.hosts import Hosts
    from fleet.engine.politeness.robots_fetcher import RobotsReader
    from fleet.models import Attempt, Scenario

COOLED_S = 1.0
"""Waited beyond the time for which a host is left alone, for clocks that do not agree."""

REFUSALS = (Verdict.BLOCKED, Verdict.RATE_LIMITED)
"""A host that answers so is left alone for the rest of the run."""


class RunHosts:
    """
    The hosts of one run.

    Args:
        robots: reads robots.txt before a host's first visit; None: nobody does.
    """

    def __init__(self, hosts: Hosts, robots: RobotsReader | None) -> None:
        self._hosts, self._robots = hosts, robots
        self._refused: dict[str, str] = {}
        self._last: dict[str, Verdict] = {}

    def of(self, scenario: Scenario) -> Host:
        """The host at which visits of the scenario begin."""
        return self._hosts.of(scenario)

    async def read_robots(self, scenario: Scenario) -> None:
        """Read the robots.txt of the hosts that the scenario is known to ask, if it is time."""
        if self._robots is not None:
            await self._robots.read(scenario)

    def disallowed(self, scenario: Scenario) -> str | None:
        """One sentence if the robots.txt of the scenario's host forbids its address; else None."""
        return self._hosts.disallowed(scenario)

    def obstacle(self, scenario: Scenario) -> HostObstacle | None:
        """Why a visit of the scenario must not begin now; None: it may."""
        return find_obstacle(self._hosts, scenario, refused=self._refused)

    async def ready(self, scenario: Scenario, stop: asyncio.Event) -> HostObstacle | None:
        """
        Wait until the budgets of its hosts have room for a visit, at most until `stop`.

        Returns:
            Why the visit must not begin; None: it may.
        """
        while True:
            await self.read_robots(scenario)
            obstacle = self.obstacle(scenario)
            if obstacle is None or obstacle.why is not MissReason.BUDGET or stop.is_set():
                return obstacle
            log = structlog.get_logger()
            log.info("budget used up", host=obstacle.host, until=str(obstacle.until))
            with contextlib.suppress(TimeoutError):
                left_s = self.of(scenario).left_s(obstacle.until) + COOLED_S
                await asyncio.wait_for(stop.wait(), left_s)

    def turns(self, scenario: Scenario) -> VisitTurns:
        """The turns of one visit."""
        return VisitTurns(self._hosts, scenario, robots=self._robots, refused=self._refused)

    def note(self, host: str, attempt: Attempt) -> None:
        """Remember for this run how an attempt ended at that host."""
        self._last[host] = attempt.verdict
        if attempt.verdict in REFUSALS:
            self._refused[host] = f"its last answer was {attempt.verdict}"

    def left_alone(self, host: Host) -> str | None:
        """Until when this run leaves a host alone, and why, in words; None: it does not."""
        until = host.cooling_until()
        if until is None and host.name not in self._refused:
            return None
        last = self._last.get(host.name)
        why = f"its last answer was {last}" if last else host.state("").why
        when = f"until {until:%Y-%m-%d %H:%M} UTC" if until else "for the rest of this run"
        return f"{host.name} is left alone {when}; {why or 'see fleet hosts'}"
