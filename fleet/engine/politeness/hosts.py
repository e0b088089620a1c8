"""
Politeness: when a host may be visited, known to every fleet of the machine and after a restart.

One visit of a host at a time, a pause after each, a budget for the hour, and a breaker: a host
that refuses or fails is left alone, longer each time; then one visit is let through and decides.
That it is one needs no count: visits of a host follow each other, and each asks again in its
turn. What is known of a host is a file in the folder, written only in a turn; a turn is a lock
of the kernel's, which ends with its process. Which verdict costs what: docs/conduct.md.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from fleet.engine.politeness.breaker import (
    COOLING,
    LONGEST,
    VISITS_KEPT,
    HostFile,
    careful,
    judge_attempts,
)
from fleet.engine.politeness.robots import RobotsAnswer, RobotsBook
from fleet.models import now as real_now
from fleet.models.scenario import host_of
from fleet.system.state_file import FileLock, StateFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from fleet.engine.politeness.breaker import CoolingRule
    from fleet.models import Attempt, Scenario

HOUR = timedelta(hours=1)
LOCKED_S = 0.5
"""How often to look whether another process has ended its visit."""


@dataclass(frozen=True, slots=True)
class HostLimits:
    """
    How hosts are treated.

    `pause_s` from the end of a visit to the beginning of the next; `visits_per_hour` is a host's
    budget, None for none; `cooling` is what each kind of failure costs, None if no failure and
    no `Retry-After` has consequences (practice).
    """

    pause_s: float = 5
    visits_per_hour: int | None = 60
    cooling: Mapping[str, CoolingRule] | None = field(default_factory=lambda: COOLING)


@dataclass(frozen=True, slots=True)
class HostState:
    """
    What is known of a host at one moment.

    `cooling_until` is None if it may be visited; `failures` since it last answered, and `why`
    the latest, still count; `robots` is `found`, `none`, `unreadable` or `not read`.
    """

    host: str
    cooling_until: datetime | None
    why: str | None
    failures: int
    visits_last_hour: int
    robots: str


class Host:
    """One host; made by `Hosts.of`."""

    def __init__(
        self,
        name: str,
        courtesy: HostLimits,
        folder: Path | None,
        *,
        now: Callable[[], datetime] = real_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = name
        self._courtesy, self._now, self._sleep = courtesy, now, sleep
        plain = quote(name, safe="")
        self._file = StateFile(
            folder and folder / f"{plain}.json", HostFile, lambda: careful(now())
        )
        self._lock = FileLock(folder and folder / f"{plain}.lock")
        self._lane = asyncio.Lock()
        self._in_turn = False

    def cooling_until(self) -> datetime | None:
        """Until when the host is left alone; None: it may be visited."""
        until, now = self._state.cooling_until, self._now()
        if until is None or until <= now or self._courtesy.cooling is None:
            return None
        return min(until, now + LONGEST)

    def spent(self) -> datetime | None:
        """When the next visit is within the budget, if this hour's is used up; else None."""
        budget, recent = self._courtesy.visits_per_hour, self._recent()
        return recent[-budget] + HOUR if budget is not None and len(recent) >= budget else None

    def left_s(self, until: datetime | None) -> float:
        """Seconds from now until then; 0 if that is over, or None."""
        return max(0.0, (until - self._now()).total_seconds()) if until else 0.0

    def state(self, robots: str) -> HostState:
        """What is known of the host now."""
        kept = self._state
        return HostState(
            host=self.name,
            cooling_until=self.cooling_until(),
            why=kept.why,
            failures=sum(kept.failures.values()),
            visits_last_hour=len(self._recent()),
            robots=robots,
        )

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """
        The right to make one visit: no other fleet of this folder is at the host meanwhile.

        Waits for the visits before, in this process or another, and for the pause; holds no lock
        while it pauses, so that processes take turns. Ask `cooling_until` and `spent` again
        inside: what came before may have changed both. Raises nothing; may be cancelled.
        """
        async with self._lane:
            await self._take()
            self._in_turn = True
            try:
                self._stamp()
                yield
            finally:
                self._stamp()
                self._in_turn = False
                self._lock.release()

    def seen(self, attempt: Attempt) -> None:
        """
        Note how a visit ended; call it in the visit's turn.

        Raises:
            RuntimeError: called out of turn, where another process could be writing.
        """
        if not self._in_turn:
            raise RuntimeError(f"{self.name}: an attempt was noted out of its turn")
        kept, now = self._state, self._now()
        visits = (*self._recent(), now)[-VISITS_KEPT:]
        changes: dict[str, object] = {"visits": visits}
        if self._courtesy.cooling is not None:
            changes |= judge_attempts(kept, attempt, now, self._courtesy.cooling)
        self._file.write(kept.model_copy(update=changes))

    async def _take(self) -> None:
        paused = False
        while True:
            if (wait_s := self._pause_left_s(paused)) > 0:
                await self._sleep(wait_s)
                paused = True
            elif not self._lock.take():
                await self._sleep(LOCKED_S)
            elif self._pause_left_s(paused) > 0:  # another process was quicker
                self._lock.release()
            else:
                return

    def _pause_left_s(self, paused: bool) -> float:
        last_at, pause_s = self._state.last_at, self._courtesy.pause_s
        if last_at is None:
            return 0.0
        if self._now() < last_at:  # the clock was set back, perhaps by days: one pause, not those
            return 0.0 if paused else pause_s
        return pause_s - (self._now() - last_at).total_seconds()

    def _stamp(self) -> None:
        self._file.write(self._state.model_copy(update={"last_at": self._now()}))

    @property
    def _state(self) -> HostFile:
        return self._file.read() or HostFile()

    def _recent(self) -> tuple[datetime, ...]:
        now = self._now()
        return tuple(at for at in self._state.visits if now - HOUR < at <= now)


class Hosts:
    """
    The hosts of the catalogue; all fleets that are given the same folder share what is known.

    Args:
        folder: made when it is needed; None: nothing is kept or shared (practice, tests).
        now, sleep: the clock, and how to wait by it.
    """

    def __init__(
        self,
        courtesy: HostLimits,
        folder: Path | None,
        *,
        now: Callable[[], datetime] = real_now,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.courtesy = courtesy
        self.robots = RobotsBook(folder and folder / "robots")
        self._folder, self._now, self._sleep = folder, now, sleep
        self._hosts: dict[str, Host] = {}

    def of(self, scenario: Scenario) -> Host:
        """The host that a visit of `scenario` presses on; the same object each time."""
        return self._host(host_of(scenario.url))

    def all(self) -> list[HostState]:
        """What is known of every host that was ever visited or asked for here, by name."""
        files = self._folder.rglob("*.json") if self._folder else ()
        names = {*self._hosts, *(unquote(path.stem) for path in files)}
        return [self._host(name).state(self._found(name)) for name in sorted(names)]

    def disallowed(self, scenario: Scenario) -> str | None:
        """One sentence if the host's robots.txt forbids this scenario's address; else None."""
        name = host_of(scenario.url)
        if self.robots.says(name, scenario.url) is not RobotsAnswer.DISALLOWED:
            return None
        return (
            f"{scenario.id}: robots.txt of {name} disallows {urlsplit(scenario.url).path or '/'}"
            " for PrefectureFleet; not visited. Ask the site to allow it for that name"
        )

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = Host(
                name, self.courtesy, self._folder, now=self._now, sleep=self._sleep
            )
        return self._hosts[name]

    def _found(self, name: str) -> str:
        robots = self.robots.of(name)
        if robots is None or robots.read_at is None:
            return RobotsAnswer.UNREAD if robots is None else RobotsAnswer.UNREADABLE
        return RobotsAnswer.NONE if robots.text is None else "found"


def over_budget(
    scenarios: Iterable[Scenario], mean_gap: timedelta, budget: int | None
) -> list[tuple[str, float]]:
    """
    Hosts that a catalogue with this mean gap asks for more visits an hour than `budget`.

    Each with the visits an hour that are asked for, retries apart; the most asked first.
    """
    if budget is None:
        return []
    flows = Counter(host_of(scenario.url) for scenario in scenarios)
    asked = {host: count * (HOUR / mean_gap) for host, count in flows.items()}
    return sorted(
        ((host, visits) for host, visits in asked.items() if visits > budget),
        key=lambda each: (-each[1], each[0]),
    )
