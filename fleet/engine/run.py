"""
One run: some scenarios, each visited a number of times, many at once and never two on a host.

Each host is a lane, and `politeness` says when it may be visited: one visit at a time, a pause
between two, a budget, none while it is left alone. asyncio-pool bounds the pages open at once; a
lane holds a place in it only while a page is open, never while it waits. The pool is used as a
counter of places and no more (docs/decisions/0001-asyncio-pool.md): shutdown and errors are
ours. Only sites that are unavailable are tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import defaultdict
from typing import TYPE_CHECKING

import structlog
from asyncio_pool import AioPool
from tenacity import AsyncRetrying, retry_if_result, stop_after_attempt
from tenacity.wait import wait_exponential

from fleet.engine.keeping import keep
from fleet.engine.options import RunOptions
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.engine.politeness.run_hosts import COOLED_S, RunHosts
from fleet.engine.politeness.visit_turns import MAX_TURNED_AWAY, HostObstacle, VisitTurns
from fleet.engine.reachability import Reachability
from fleet.errors import TurnedAway
from fleet.models import Attempt, Group, Run, Scenario, now
from fleet.models.address import host_of
from fleet.models.attempt import Capture
from fleet.models.missed import MissReason
from fleet.models.run import RunResult
from fleet.system.waiting import finish_first
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fleet.browser.page import PageSource
    from fleet.engine.politeness.robots_fetcher import RobotsReader
    from fleet.storage.store import Store
    from fleet.visit.recording.recorder import Recorder

MAX_RETRY_WAIT_S = 3600.0

MAX_COOLING_S = 600.0
"""A run does not wait for a host that is left alone for longer; it leaves its visits out."""


class Runner:
    """
    Runs scenarios through one Chromium into one store.

    Args:
        hosts: says when a host may be visited, and is told how visits end; None: a pause between
            two visits and nothing else.
        robots: reads the robots.txt of each host before its first visit; None: nobody does.
        on_attempt: called with every attempt once it is stored.
        recorder: records the attempt, of which there must be only one.
        neighbours: other hosts of the catalogue; if a site's name is not known, the resolver is
            asked whether it knows theirs.
    """

    def __init__(
        self,
        chromium: PageSource,
        store: Store,
        *,
        options: RunOptions,
        limits: AttemptLimits,
        hosts: Hosts | None = None,
        robots: RobotsReader | None = None,
        on_attempt: Callable[[Attempt], None] = lambda _: None,
        recorder: Recorder | None = None,
        neighbours: Iterable[str] = (),
    ) -> None:
        self._chromium = chromium
        self._store = store
        self._options = options
        self._limits = limits
        alone = HostLimits(pause_s=options.pause_s, visits_per_hour=None, cooling=None)
        self._hosts = RunHosts(hosts or Hosts(alone, None), robots)
        self._on_attempt = on_attempt
        self._recorder = recorder
        self._neighbours = set(neighbours)
        self._network = Reachability(
            lambda: self._neighbours, proxied=chromium.environment.proxy != "none"
        )
        self._stop = asyncio.Event()
        self._visits: set[asyncio.Task[Capture | None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger()

    def stop(self) -> None:
        """Take no new visit and close the pages that are open; `run` then ends."""
        self._stop.set()

    async def run(self, scenarios: Sequence[Scenario], *, times: int = 1) -> RunResult:
        """
        Visit every scenario `times` times; every attempt is stored before the next on its host.

        Raises:
            StoreUnreachable, StoreRefused: an attempt could not be kept; the run was ended.
        """
        run = Run(
            id=uuid.uuid4().hex,
            started_at=now(),
            scenario_ids=tuple(s.id for s in scenarios),
            times=times,
            fleet_version=self._chromium.fleet_version,
            chromium_version=self._chromium.version,
        )
        await self._store.runs.keep(run)
        self._neighbours |= {host_of(each.url) for each in scenarios}
        result = RunResult(run)
        pool = AioPool(size=self._options.pages)
        lanes = [
            asyncio.ensure_future(self._lane(lane, times, pool, result))
            for lane in _lanes(scenarios)
        ]
        ending = asyncio.ensure_future(self._end_on_stop())
        try:
            if lanes:
                await asyncio.wait(lanes, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            # also when cancelled: no page may outlive its run
            if _errors(lanes) or not all(lane.done() for lane in lanes):
                self._stop.set()
            if self._stop.is_set():
                result.finished = False
                if lanes:
                    await finish_first(_all_done(lanes))
            ending.cancel()
        if errors := _errors(lanes):
            raise errors[0]
        result.run = run.model_copy(update={"ended_at": now(), "attempts": result.verdicts.total()})
        await self._store.runs.keep(result.run)
        return result

    async def _end_on_stop(self) -> None:
        # Not pool.cancel(): a job that it cancels before its first step never ends for those who
        # wait for it (tests/engine/test_asyncio_pool.py). A visit under way closes its page
        # when it is cancelled; one that has not begun sees `_stop` and does not begin.
        await self._stop.wait()
        for task in (*self._visits, *self._waiting):
            task.cancel()

    async def _lane(
        self, scenarios: Sequence[Scenario], times: int, pool: AioPool, result: RunResult
    ) -> None:
        """Visit the scenarios of one host, one after the other, until it is to be left alone."""
        host = self._hosts.of(scenarios[0])
        with self._until_stopped():
            await self._hosts.read_robots(scenarios[0])
        permitted = []
        for scenario in scenarios:
            if words := self._hosts.disallowed(scenario):
                result.leave_out(times, words)
            else:
                permitted.append(scenario)
        visits = permitted * times
        for number, scenario in enumerate(visits):
            if self._stop.is_set():
                return
            last = await self._retry_until_available(scenario, pool, result)
            if self._stop.is_set():
                return
            left = len(visits) - number - isinstance(last, Attempt)
            if words := self._hosts.left_alone(host):
                if left:
                    result.leave_out(left, words)
                    self._log.warning("host left alone", host=host.name, left_out=left, why=words)
                return
            if isinstance(last, HostObstacle):  # at another host: not so for the rest of the lane
                result.leave_out(1, f"{scenario.id}: {last.words}")
                self._log.warning("left out", scenario=scenario.id, why=last.words)

    async def _retry_until_available(
        self, scenario: Scenario, pool: AioPool, result: RunResult
    ) -> Attempt | HostObstacle | None:
        """
        Visit, and again while the site is unavailable; each time is an attempt of its own.

        A retry waits at least until its hosts are not left alone any more, or is not made.

        Returns:
            The latest attempt; why none was made; or None if the run is being stopped.
        """
        number = 0
        latest: Attempt | HostObstacle | None = None
        backing_off = wait_exponential(
            multiplier=max(self._options.retry_wait_s, self._options.pause_s), max=MAX_RETRY_WAIT_S
        )
        enough = stop_after_attempt(self._options.tries)

        async def once() -> Attempt | HostObstacle | None:
            nonlocal number, latest
            number += 1
            this_try = await self._visit(scenario, number, pool, result)
            if isinstance(this_try, Attempt) or latest is None:
                latest = this_try
            return this_try

        def again(last_try: Attempt | HostObstacle | None) -> bool:
            if not isinstance(last_try, Attempt):
                return False
            return last_try.group is Group.UNAVAILABLE and not last_try.waited

        def cooling_s() -> float:
            obstacle = self._hosts.obstacle(scenario)
            if obstacle is None or obstacle.why is not MissReason.COOLING:
                return 0.0
            return self._hosts.of(scenario).left_s(obstacle.until) + COOLED_S

        retrying = AsyncRetrying(
            stop=lambda state: enough(state) or cooling_s() > MAX_COOLING_S,
            wait=lambda state: max(backing_off(state), cooling_s()),
            retry=retry_if_result(again),
            retry_error_callback=lambda _: latest,
            sleep=self._sleep,
        )
        await retrying(once)
        return latest

    async def _visit(
        self, scenario: Scenario, number: int, pool: AioPool, result: RunResult
    ) -> Attempt | HostObstacle | None:
        """One attempt in the turns of its hosts, stored; or why none may be made; None: stopped."""
        turned_away = 0
        capture: Capture | None = None
        while capture is None:
            with self._until_stopped():
                obstacle = await self._hosts.ready(scenario, self._stop)
            if obstacle is not None or self._stop.is_set():
                return obstacle
            async with contextlib.AsyncExitStack() as stack:
                turns = self._hosts.turns(scenario)
                with self._until_stopped():
                    await stack.enter_async_context(turns)
                # what was visited meanwhile, by whatever process, may have changed it all
                if self._stop.is_set() or self._hosts.obstacle(scenario):
                    continue
                try:
                    capture = await self._attempt(scenario, number, turns, pool, result)
                except TurnedAway:
                    turned_away += 1
                    away = turns.turned_away()
                    if turned_away < MAX_TURNED_AWAY and away.passes:
                        continue  # once more, when the turn of that host can be had
                    return away
                if capture is None:
                    return None
                self._hosts.note(turns.attempted(capture.attempt), capture.attempt)
        capture = await keep(self._store, capture)
        result.verdicts[capture.attempt.verdict] += 1
        self._log.info(
            "attempt",
            run=result.run.id,
            scenario=scenario.id,
            attempt=capture.attempt.id,
            number=number,
            verdict=capture.attempt.verdict.value,
            seconds=capture.attempt.seconds,
            detail=capture.attempt.detail,
        )
        self._on_attempt(capture.attempt)
        return capture.attempt

    async def _attempt(
        self,
        scenario: Scenario,
        number: int,
        turns: VisitTurns,
        pool: AioPool,
        result: RunResult,
    ) -> Capture | None:
        """One attempt in a place of the pool; None if the run is being stopped."""

        async def visit() -> Capture | None:
            if self._stop.is_set():  # the pool goes on giving places away
                return None
            task = asyncio.current_task()
            assert task is not None
            self._visits.add(task)
            task.add_done_callback(self._visits.discard)
            with structlog.contextvars.bound_contextvars(scenario=scenario.id, number=number):
                return await attempt(
                    scenario,
                    self._chromium,
                    run_id=result.run.id,
                    number=number,
                    limits=self._limits,
                    tape=self._recorder,
                    network=self._network,
                    hosts=turns,
                )

        try:
            capture: Capture | None = await pool.exec(visit())
            return capture
        except asyncio.CancelledError:
            if self._stop.is_set():
                return None
            raise

    @contextlib.contextmanager
    def _until_stopped(self) -> Iterator[None]:
        """Inside, a stop of the run cancels the lane, which holds nothing then."""
        lane = asyncio.current_task()
        assert lane is not None
        self._waiting.add(lane)
        try:
            yield
        finally:
            self._waiting.discard(lane)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than until the run is stopped."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)


async def _all_done(lanes: Sequence[asyncio.Future[None]]) -> None:
    await asyncio.wait(lanes)


def _errors(lanes: Sequence[asyncio.Future[None]]) -> list[BaseException]:
    """Why lanes ended early; asking each of them keeps asyncio from printing those not raised."""
    ended = [lane for lane in lanes if lane.done() and not lane.cancelled()]
    return [error for lane in ended if (error := lane.exception())]


def _lanes(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    lanes: defaultdict[str, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        lanes[host_of(scenario.url)].append(scenario)
    return list(lanes.values())
