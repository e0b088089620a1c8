"""
Visits what is due: one lane for each host, places for pages, every end accounted for.

A due visit becomes attempts in the spool or one missed visit there, whatever happens: the host
is left alone, its budget is used up, it is too late, nothing more can be kept, or the fleet is
stopped. While it waits for its host or for a place it holds no page.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from fleet.engine.clock_care import JUMP_S
from fleet.engine.due import Due
from fleet.engine.keeping import stand_in
from fleet.engine.options import RetryPolicy
from fleet.engine.politeness.visit_turns import MAX_TURNED_AWAY, VisitTurns, find_obstacle
from fleet.errors import SpoolFull, TurnedAway
from fleet.models import Group
from fleet.models import now as real_now
from fleet.models.missed import MissedVisit, MissReason
from fleet.system.clock import clock
from fleet.system.waiting import finish_first
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from fleet.browser.pool import BrowserPool
    from fleet.engine.concurrency import ConcurrencyLimiter
    from fleet.engine.counters import Counters
    from fleet.engine.in_progress import VisitMarks
    from fleet.engine.politeness.host import Host
    from fleet.engine.politeness.hosts import Hosts
    from fleet.engine.politeness.robots_fetcher import RobotsReader
    from fleet.engine.spool import Spool
    from fleet.models.attempt import Capture
    from fleet.rules.net_errors import NetworkWitness


FULL_RETRY_S = 5.0
"""How long to wait before a finished attempt that the disk refused is written again."""


class Workers:
    """
    Takes due visits (`Visits`) and makes them.

    Args:
        network: is asked before a site is blamed for a document that did not come.
        may_visit: gives None if visits may begin, else one sentence why not (the lease is lost).
        on_spooled: called once something new is in the spool.
        quarantined: why a scenario must not be visited, by its id.
        clock_facts: gives what an attempt that began then (`steady`) has to tell of the clock.
    """

    def __init__(
        self,
        browsers: BrowserPool,
        hosts: Hosts,
        limiter: ConcurrencyLimiter,
        spool: Spool,
        marks: VisitMarks,
        counters: Counters,
        *,
        run_id: str,
        limits: AttemptLimits,
        retries: RetryPolicy,
        network: NetworkWitness,
        may_visit: Callable[[], Awaitable[str | None]],
        on_spooled: Callable[[], None] = lambda: None,
        robots: RobotsReader | None = None,
        quarantined: Callable[[], Mapping[str, str]] = dict,
        clock_facts: Callable[[float], Mapping[str, str]] = lambda _: {},
        now: Callable[[], datetime] = real_now,
        steady: Callable[[], float] = clock,
    ) -> None:
        self._browsers, self._hosts, self._limiter = browsers, hosts, limiter
        self._spool, self._marks, self._counters = spool, marks, counters
        self._run_id, self._limits, self._retries = run_id, limits, retries
        self._may_visit, self._on_spooled, self._now = may_visit, on_spooled, now
        self._network = network
        self._clock_facts, self._steady = clock_facts, steady
        self._handed: dict[tuple[str, datetime], tuple[float, float]] = {}
        self._robots, self._quarantined = robots, quarantined
        self._queues: dict[str, deque[Due]] = {}
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._visiting: set[str] = set()
        self._open: dict[tuple[str, datetime], int] = {}
        self._begun: set[tuple[str, datetime]] = set()
        self._delayed: set[asyncio.Task[None]] = set()
        self._stopping, self._note_missed = False, True
        self._log = structlog.get_logger()

    def submit(self, due: Due) -> None:
        """Take a due visit over; returns at once."""
        host = self._hosts.of(due.scenario)
        key = (due.scenario.id, due.due_at)
        self._open[key] = self._open.get(key, 0) + 1
        late_s = max(0.0, (self._now() - due.due_at).total_seconds())
        self._handed.setdefault(key, (self._steady(), late_s))
        self._queues.setdefault(host.name, deque()).append(due)
        if host.name not in self._lanes:
            self._lanes[host.name] = asyncio.ensure_future(self._lane(host))

    @property
    def waiting(self) -> int:
        """Due visits that have not begun."""
        return sum(len(queue) for queue in self._queues.values())

    @property
    def oldest_open(self) -> datetime | None:
        """The earliest due time that has come to no end yet; None if there is none."""
        return min((due_at for _, due_at in self._open), default=None)

    async def finish(self, grace_s: float, *, note: bool = True) -> None:
        """
        Begin no more visits, let those under way end for `grace_s` s, then close their pages.

        What was not made is in the spool as missed when this returns; if it is not to be noted
        (another fleet accounts for it now), only visits that had begun.
        """
        self._stopping, self._note_missed = True, note
        for task in self._delayed:
            task.cancel()
        for name, lane in self._lanes.items():
            if name not in self._visiting:
                lane.cancel()
        if self._lanes:
            await asyncio.wait([*self._lanes.values()], timeout=grace_s)
        while self._lanes:  # each lane ends what waits in it, then itself
            lanes = dict(self._lanes)
            for lane in lanes.values():
                lane.cancel()
            await asyncio.wait(lanes.values())
            for name, lane in lanes.items():
                if self._lanes.get(name) is lane:  # cancelled before its first step
                    del self._lanes[name]
        for queue in self._queues.values():
            while queue:
                await self._miss(
                    queue.popleft(), MissReason.INTERRUPTED, "the fleet was being stopped"
                )
        if self._delayed:
            await asyncio.wait(self._delayed)

    async def _lane(self, host: Host) -> None:
        """Visit what is due at one host, one after the other, until nothing is."""
        queue = self._queues[host.name]
        try:
            while queue:
                due = queue.popleft()
                try:
                    await self._make(host, due)
                except asyncio.CancelledError:
                    await finish_first(self._interrupt(due, "the fleet was stopped meanwhile"))
                except Exception as exc:  # noqa: BLE001
                    # a bug of ours in one visit must not end the lane: the others are still due
                    self._log.exception("a visit failed", scenario=due.scenario.id)
                    await self._interrupt(due, f"{type(exc).__name__}: {str(exc)[:300]}")
        finally:
            del self._lanes[host.name]
            if queue:  # handed over while this ended
                self._lanes[host.name] = asyncio.ensure_future(self._lane(host))
            else:
                del self._queues[host.name]

    async def _make(self, host: Host, due: Due) -> None:
        """One due visit: an attempt in the spool, or a missed visit there."""
        obstacle: tuple[MissReason, str] | None = None
        for _ in range(MAX_TURNED_AWAY):
            obstacle = await self._obstacle(due)
            if obstacle is not None:
                break
            turns = VisitTurns(self._hosts, due.scenario, robots=self._robots)
            async with turns, self._limiter.place():
                obstacle = await self._obstacle(due)
                if obstacle is not None:
                    break
                self._visiting.add(host.name)
                try:
                    await self._visit(turns, due)
                    return
                except TurnedAway:
                    away = turns.turned_away()
                    obstacle = (away.why, away.words)
                finally:
                    self._visiting.discard(host.name)
            if not away.busy:  # else once more, in the turn of the host that it is led to
                break
        if obstacle is not None:
            await self._miss(due, *obstacle)

    async def _interrupt(self, due: Due, words: str) -> None:
        if (due.scenario.id, due.due_at) in self._open:  # else its attempt was kept before
            await self._miss(due, MissReason.INTERRUPTED, words)

    async def _obstacle(self, due: Due) -> tuple[MissReason, str] | None:
        """Why this visit must not begin now; None if it may."""
        late_s = self._late_s(due)
        if self._stopping:
            return MissReason.INTERRUPTED, "the fleet was being stopped"
        if (due.due_at - self._now()).total_seconds() > JUMP_S:
            return MissReason.UNWATCHED, "the clock was set back before it began"
        if words := await self._may_visit():
            return MissReason.UNWATCHED, words
        if words := self._quarantined().get(due.scenario.id):
            return MissReason.QUARANTINED, words
        if words := self._spool.why_full():
            return MissReason.NO_ROOM, words
        if found := find_obstacle(self._hosts, due.scenario):
            return found.why, found.words
        if due.number == 1 and late_s > self._retries.latest.total_seconds():
            return MissReason.LATE, f"{late_s:.0f} s late, {self.waiting} visits wait"
        return None

    def _late_s(self, due: Due) -> float:
        """How late it is: as it was when it was handed over, and the time since then."""
        at_s, late_s = self._handed[due.scenario.id, due.due_at]
        return late_s + self._steady() - at_s

    async def _visit(self, turns: VisitTurns, due: Due) -> None:
        scenario = due.scenario
        self._marks.begin(scenario.id, due.due_at)
        self._begun.add((scenario.id, due.due_at))
        late_s, began_s = self._late_s(due), self._steady()
        bound = {"run": self._run_id, "scenario": scenario.id, "due_at": due.due_at.isoformat()}
        with structlog.contextvars.bound_contextvars(**bound):
            capture = await attempt(
                scenario,
                self._browsers,
                run_id=self._run_id,
                number=due.number,
                limits=self._limits,
                due_at=due.due_at,
                network=self._network,
                hosts=turns,
            )
            if due.number == 1:
                self._counters.add_lateness(late_s)
            if told := self._clock_facts(began_s):
                capture = capture.stating(told)
            capture = await finish_first(self._keep(turns, due, capture))
            self._log.info(
                "attempt",
                attempt=capture.attempt.id,
                number=due.number,
                verdict=capture.attempt.verdict.value,
                seconds=capture.attempt.seconds,
                detail=capture.attempt.detail,
            )

    async def _keep(self, turns: VisitTurns, due: Due, capture: Capture) -> Capture:
        """Make an attempt durable, and give what was kept; from here on it cannot be lost."""
        try:
            await self._spool_item(capture)
        except Exception as exc:  # noqa: BLE001
            # whatever in it cannot be written down: that it was made can
            capture = stand_in(capture, exc)
            await self._spool_item(capture)
        turns.attempted(capture.attempt)
        self._counters.add_attempt(capture.attempt)
        again = self._retry(due, capture)
        self._close(due)
        if again is not None:
            self._submit_later(again, self._retries.retry_wait * 2 ** (due.number - 1))
        self._on_spooled()
        return capture

    def _retry(self, due: Due, capture: Capture) -> Due | None:
        seen = capture.attempt
        unavailable = seen.group is Group.UNAVAILABLE and not seen.waited
        if not unavailable or due.number >= self._retries.tries:
            return None
        return None if self._stopping else Due(due.scenario, due.due_at, due.number + 1)

    def _submit_later(self, due: Due, wait: timedelta) -> None:
        """Hand a retry over once it may be made; none if its host is left alone for longer."""
        obstacle = find_obstacle(self._hosts, due.scenario)
        cooling = obstacle.until if obstacle and obstacle.why is MissReason.COOLING else None
        wait = max(wait, cooling - self._now()) if cooling else wait
        if wait > self._retries.latest:
            return

        async def later() -> None:
            await asyncio.sleep(wait.total_seconds())
            if (due.due_at - self._now()).total_seconds() <= JUMP_S:  # else the clock was set back
                self.submit(due)

        task = asyncio.ensure_future(later())
        self._delayed.add(task)
        task.add_done_callback(self._delayed.discard)

    async def _miss(self, due: Due, why: MissReason, words: str) -> None:
        """Note that a due visit was not made. A retry is no due visit: that was made."""
        # that nobody watched is noted by the reconciliation, of this fleet or the one that has the
        # lease now; it accounts for what is due, but knows of no visit under way
        others = why is MissReason.UNWATCHED or not self._note_missed
        if due.number == 1 and (not others or (due.scenario.id, due.due_at) in self._begun):
            missed = MissedVisit.of(due.scenario, due.due_at, why, words, self._now())
            await self._spool_item(missed)
            self._counters.add_miss(why)
            self._log.warning(
                "missed", scenario=due.scenario.id, due_at=str(due.due_at), why=why, detail=words
            )
        self._close(due)
        self._on_spooled()

    def _close(self, due: Due) -> None:
        key = (due.scenario.id, due.due_at)
        self._marks.end(*key)
        self._begun.discard(key)
        self._open[key] -= 1
        if not self._open[key]:
            del self._open[key], self._handed[key]

    async def _spool_item(self, item: Capture | MissedVisit) -> None:
        """Into the spool, as soon as the disk takes it; no visit begins meanwhile."""
        reported = False
        while True:
            try:
                await self._spool.put(item)
            except SpoolFull as exc:
                if not reported:
                    self._log.error("cannot be kept yet", problem=str(exc))
                reported = True
                if self._stopping:
                    self._log.error("lost", item=repr(item)[:300], problem=str(exc))
                    return
                await asyncio.sleep(FULL_RETRY_S)
            else:
                return
