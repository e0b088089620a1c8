"""
The turns of one visit: at its scenario's host, and at every host that it is led to.

Whether the first page is the flow's or sends the visit on, by a redirect, a script or a link: the
host that is asked for a document is the one whose turn, pause, budget, robots.txt and cooling
count. What is known beforehand (`Host.leads`) is waited for before a page is opened, host by host
in the order of their names, so two visits never wait for each other. A host that turns up during
a visit is asked only if its turn can be had at once: a visit under way holds a page and other
turns, and waits for nobody. If it cannot, the visit ends (`TurnedAway`) and may be made again.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fleet.engine.politeness.breaker import HostResponse
from fleet.models import Group
from fleet.models import now as real_now
from fleet.models.address import host_of
from fleet.models.missed import MissReason
from fleet.rules.classifier import judge_status
from fleet.visit.headers import seconds_asked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import TracebackType

    from fleet.engine.politeness.host import Host
    from fleet.engine.politeness.hosts import Hosts
    from fleet.engine.politeness.robots_fetcher import RobotsReader
    from fleet.models import Attempt, Scenario

MAX_TURNED_AWAY = 3
"""How often one visit is begun again because it was led to a host whose turn it had not."""

PUBLIC_SITES = ("gouv.fr", "localhost")
"""
A frame's document counts if its host is of these, or one that the fleet visits. Frames of others
(a captcha, a film, a map) are parts of a page as its pictures are.
"""


@dataclass(frozen=True, slots=True)
class HostObstacle:
    """
    Why a visit must not ask a host now.

    `until` is when it may, if that is known. `busy`: only because its turn is somebody else's.
    """

    host: str
    why: MissReason
    words: str
    until: datetime | None = None
    busy: bool = False

    @property
    def passes(self) -> bool:
        """Whether a run waits for it to be over: it is about now, not about the host."""
        return self.busy or self.why is MissReason.BUDGET


def find_obstacle(
    hosts: Hosts, scenario: Scenario, *, refused: Mapping[str, str] | None = None
) -> HostObstacle | None:
    """
    Why a visit of this scenario must not begin now, at any host it is known to ask; else None.

    Args:
        refused: hosts that are left alone whatever is kept of them, each with why.
    """
    own = hosts.of(scenario)
    if words := hosts.disallows(scenario.url):
        return HostObstacle(own.name, MissReason.DISALLOWED, words)
    if obstacle := _left_alone(own, "", refused or {}):
        return obstacle
    for url in hosts.leads(scenario):
        host = hosts.named(host_of(url))
        if words := hosts.disallows(url):
            return HostObstacle(host.name, MissReason.DISALLOWED, words)
        if obstacle := _left_alone(host, f"{own.name} leads on: ", refused or {}):
            return obstacle
    return None


def _left_alone(host: Host, prefix: str, refused: Mapping[str, str]) -> HostObstacle | None:
    who = f"{prefix}{host.name}"
    if until := host.cooling_until():
        words = f"{who} is left alone until {until:%H:%M:%S} UTC: "
        words += host.state("").why or "see fleet hosts"
        return HostObstacle(host.name, MissReason.COOLING, words, until)
    if host.name in refused:
        words = f"{who} is left alone for the rest of this run; {refused[host.name]}"
        return HostObstacle(host.name, MissReason.COOLING, words)
    if until := host.spent():
        words = f"{who} may be visited again at {until:%H:%M:%S} UTC"
        return HostObstacle(host.name, MissReason.BUDGET, words, until)
    return None


class VisitTurns:
    """
    `async with VisitTurns(hosts, scenario) as turns` waits for the turns, and gives them back.

    Inside it is the visit's `HostGate`. Tell it how the visit ended: `attempted`, `turned_away` or
    (a person's) `opened`. `obstacle` is why the visit was turned away, if it was.

    Args:
        robots: reads the robots.txt of a host that turns up; None: nobody does.
        refused: as for `find_obstacle`.
    """

    def __init__(
        self,
        hosts: Hosts,
        scenario: Scenario,
        *,
        robots: RobotsReader | None = None,
        refused: Mapping[str, str] | None = None,
    ) -> None:
        self.obstacle: HostObstacle | None = None
        self._hosts, self._scenario, self._robots = hosts, scenario, robots
        self._refused = refused or {}
        self._own = hosts.of(scenario)
        self._turns = AsyncExitStack()
        self._held: dict[str, Host] = {}
        self._led: dict[str, str] = {}
        self._asked: dict[str, str] = {}
        self._said: dict[str, HostResponse] = {}
        self._last = self._own.name
        self._questions = asyncio.Lock()
        self._over = False

    async def __aenter__(self) -> Self:
        names = {self._own.name, *map(host_of, self._hosts.leads(self._scenario))}
        try:
            for name in sorted(names):
                host = self._hosts.named(name)
                await self._turns.enter_async_context(host.turn())
                self._held[name] = host
        except BaseException:  # safe: cancelled or failed while it waits, it gives all turns back
            await self._turns.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True  # a question still under way takes no turn after this
        await self._turns.aclose()

    # The visit asks ------------------------------------------------------------------------------

    async def ask(self, url: str, *, main: bool) -> str | None:
        """
        Whether the visit may ask for the document at `url`: None, or else why not.

        Judged is the first address at each host; the pages behind it are those that the site
        itself leads to. Waits for nothing but a robots.txt.
        """
        name = host_of(url)
        if main:
            self._last = name
        async with self._questions:
            if not name or name in self._asked or not (main or self._counts(name)):
                return None
            self._led.setdefault(name, url)
            obstacle = await self._obstacle(name, url)
            if obstacle is not None:
                self.obstacle = self.obstacle or obstacle
                return obstacle.words
            self._asked[name] = url
            return None

    def answered(self, url: str, status: int, retry_after: str | None) -> None:
        """A document has come from `url`."""
        name = host_of(url)
        if name not in self._asked:
            return
        bad = judge_status(status, url, None, retry_after)
        if bad is not None:
            asked_s = seconds_asked(retry_after, real_now()) if retry_after else None
            self._said[name] = HostResponse(bad.verdict, bad.detail, asked_s)
        else:
            self._said.setdefault(name, HostResponse())

    def _counts(self, name: str) -> bool:
        """Whether the document of a frame at this host is asked for as a visit asks."""
        public = any(name == site or name.endswith(f".{site}") for site in PUBLIC_SITES)
        return public or name in self._held or self._hosts.knows(name)

    async def _obstacle(self, name: str, url: str) -> HostObstacle | None:
        if self._over:
            return HostObstacle(name, MissReason.INTERRUPTED, "the visit is over")
        host = self._hosts.named(name)
        prefix = "" if host is self._own else f"{self._own.name} leads on: "
        if name not in self._held:
            if obstacle := _left_alone(host, prefix, self._refused):
                return obstacle
            if not await self._turns.enter_async_context(host.turn_now()):
                words = f"{prefix}{host.name} is visited just now, or was a moment ago"
                return HostObstacle(name, MissReason.LATE, words, busy=True)
            self._held[name] = host
            # what was there before us may have changed it
            if obstacle := _left_alone(host, prefix, self._refused):
                return obstacle
        if self._robots is not None:
            await self._robots.read_for(url)
        if forbids := self._hosts.disallows(url):
            return HostObstacle(name, MissReason.DISALLOWED, forbids)
        return None

    # How it ended --------------------------------------------------------------------------------

    def attempted(self, attempt: Attempt) -> str:
        """
        Note what the visit came to at every host it asked. Before the turns are given back.

        Returns:
            The name of the host at which it ended: the one that the verdict is about.
        """
        bad = next((host_of(each.url) for each in attempt.served if each.status >= 400), None)
        ended_at = bad or self._last
        if ended_at not in self._held:
            ended_at = self._own.name
        self._note(HostResponse.of(attempt), ended_at)
        self._learn(complete=attempt.group in (Group.ANSWERED, Group.REFUSED))
        return ended_at

    def opened(self) -> None:
        """Note which hosts a visit asked that is no attempt. Before the turns are given back."""
        self._note(None, None)
        self._learn(complete=False)

    def turned_away(self) -> HostObstacle:
        """Note that the visit ended before it could ask a host. Before the turns are given back."""
        self.opened()
        words = "it was over before it could ask on"
        return self.obstacle or HostObstacle(self._own.name, MissReason.LATE, words, busy=True)

    def _note(self, end: HostResponse | None, ended_at: str | None) -> None:
        for name in dict.fromkeys([self._own.name, *self._asked]):
            self._held[name].visited(end if name == ended_at else self._said.get(name))

    def _learn(self, *, complete: bool) -> None:
        others = [url for name, url in self._led.items() if name != self._own.name]
        self._own.learn(self._scenario.url, others, complete=complete)
