"""
One host: turns, pauses, budget, and how long it is left alone.

What is known of it is a file, written only in a turn; a turn is a lock of the kernel's, which
ends with its process.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from fleet.engine.politeness.breaker import (
    COOLING,
    LONGEST,
    VISITS_KEPT,
    HostFile,
    HostResponse,
    careful,
    judge_response,
)
from fleet.models import now as real_now
from fleet.system.clock import clock
from fleet.system.state_file import FileLock, StateFile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
    from pathlib import Path

    from fleet.engine.politeness.breaker import CoolingRule
    from fleet.models import Attempt

HOUR = timedelta(hours=1)

LEADS_KEPT = timedelta(hours=24)
"""How long it is remembered where an address leads; then it is asked again, as robots.txt is."""

MAX_LEADS = 10
"""Of one address: a hostile page must not fill the disk."""

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
        steady: Callable[[], float] | None = None,
    ) -> None:
        self.name = name
        # a clock that was set ends no pause and empties no budget, as far as this process knows
        self._steady = steady or (clock if now is real_now else None)
        self._last: tuple[datetime, float] | None = None
        self._visits_s: deque[float] = deque(maxlen=VISITS_KEPT)
        self._cooling: tuple[datetime, float] | None = None
        self._courtesy, self._now, self._sleep = courtesy, now, sleep
        plain = quote(name, safe="")
        self._file = StateFile(
            folder and folder / f"{plain}.json", HostFile, lambda: careful(now())
        )
        self._lock = FileLock(folder and folder / f"{plain}.lock")
        self._lane = asyncio.Lock()
        self._wanted = 0
        self._in_turn = False

    def cooling_until(self) -> datetime | None:
        """Until when the host is left alone; None: it may be visited."""
        until, now = self._state.cooling_until, self._now()
        if self._steady is not None and self._cooling and until == self._cooling[0]:
            until = now + timedelta(seconds=self._cooling[1] - self._steady())
        if until is None or until <= now or self._courtesy.cooling is None:
            return None
        return min(until, now + LONGEST)

    def spent(self) -> datetime | None:
        """When the next visit is within the budget, if this hour's is used up; else None."""
        budget, recent = self._courtesy.visits_per_hour, self._recent()
        if budget is None:
            return None
        if len(recent) >= budget:
            return recent[-budget] + HOUR
        if self._steady is None:
            return None
        at_s, hour_s = self._steady(), HOUR.total_seconds()
        own = [each for each in self._visits_s if at_s - each < hour_s]
        if len(own) < budget:
            return None
        return self._now() + timedelta(seconds=hour_s - (at_s - own[-budget]))

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
        self._wanted += 1
        try:
            async with self._lane:
                await self._take()
                try:
                    self._begin()
                    yield
                finally:
                    self._end()
        finally:
            self._wanted -= 1

    @asynccontextmanager
    async def turn_now(self) -> AsyncIterator[bool]:
        """
        The same right, if it can be had without waiting; gives whether it was had.

        For a visit that is under way: it holds other turns and a page, and must wait for nobody.
        """
        if self._wanted or self._pause_left_s(False) > 0 or not self._lock.take():
            yield False
        elif self._pause_left_s(False) > 0:  # another process was quicker
            self._lock.release()
            yield False
        else:
            self._wanted += 1
            try:
                async with self._lane:  # nobody has it, nobody waits for it
                    try:
                        self._begin()
                        yield True
                    finally:
                        self._end()
            finally:
                self._wanted -= 1

    def seen(self, attempt: Attempt) -> None:
        """
        Note how an attempt ended here; call it in the visit's turn.

        Raises:
            RuntimeError: called out of turn, where another process could be writing.
        """
        self.visited(HostResponse.of(attempt))

    def visited(self, said: HostResponse | None) -> None:
        """
        Note that a visit asked here, and what was said; None: nothing. In the visit's turn.

        Raises:
            RuntimeError: called out of turn.
        """
        kept, now = self._in_turn_state(), self._now()
        visits = (*self._recent(), now)[-VISITS_KEPT:]
        changes: dict[str, object] = {"visits": visits}
        if self._courtesy.cooling is not None and said is not None:
            changes |= judge_response(kept, said, now, self._courtesy.cooling)
        if self._steady is not None:
            self._visits_s.append(self._steady())
            until = changes.get("cooling_until")
            if isinstance(until, datetime) and until != kept.cooling_until:
                self._cooling = until, self._steady() + (until - now).total_seconds()
        self._file.write(kept.model_copy(update=changes))

    def leads(self, url: str) -> tuple[str, ...]:
        """The addresses at other hosts to which `url` led visits of the last day."""
        now, seen = self._now(), self._state.leads.get(url, {})
        return tuple(each for each, at in seen.items() if abs(now - at) < LEADS_KEPT)

    def learn(self, url: str, addresses: Iterable[str], *, complete: bool) -> None:
        """
        Keep for a day that `url` led a visit to these addresses. In the visit's turn.

        Args:
            complete: the visit came to its end, so `url` leads to nothing else.

        Raises:
            RuntimeError: called out of turn.
        """
        kept, now = self._in_turn_state(), self._now()
        before = {} if complete else {each: kept.leads[url][each] for each in self.leads(url)}
        led = {**before, **dict.fromkeys(addresses, now)}
        others = {
            each: seen
            for each, seen in kept.leads.items()
            if each != url and any(abs(now - at) < LEADS_KEPT for at in seen.values())
        }
        leads = {**others, url: dict(list(led.items())[:MAX_LEADS])} if led else others
        if leads != kept.leads:
            self._file.write(kept.model_copy(update={"leads": leads}))

    def _in_turn_state(self) -> HostFile:
        if not self._in_turn:
            raise RuntimeError(f"{self.name}: an attempt was noted out of its turn")
        return self._state

    def _begin(self) -> None:
        self._in_turn = True
        self._stamp()

    def _end(self) -> None:
        self._stamp()
        self._in_turn = False
        self._lock.release()

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
        if self._steady is not None and self._last is not None:
            left_s = pause_s - (self._steady() - self._last[1])
            if left_s > 0 or last_at == self._last[0]:  # else another process was here since
                return max(0.0, left_s)
        if last_at is None:
            return 0.0
        if self._now() < last_at:  # the clock was set back, perhaps by days: one pause, not those
            return 0.0 if paused else pause_s
        return pause_s - (self._now() - last_at).total_seconds()

    def _stamp(self) -> None:
        at = self._now()
        self._file.write(self._state.model_copy(update={"last_at": at}))
        if self._steady is not None:
            self._last = at, self._steady()

    @property
    def _state(self) -> HostFile:
        return self._file.read() or HostFile()

    def _recent(self) -> tuple[datetime, ...]:
        now = self._now()
        return tuple(at for at in self._state.visits if now - HOUR < at <= now)
