"""
One run: some scenarios, each visited a number of times, many at once and never two on a host.

Each host is a lane: one visit at a time, a pause between two. asyncio-pool bounds the pages
open at once; a lane holds a place in it only while a page is open, never while it waits. The
pool is used as a counter of places and no more (docs/decisions/0001-asyncio-pool.md): shutdown
and errors are ours. Only sites that are unavailable are tried again.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import structlog
from asyncio_pool import AioPool
from tenacity import AsyncRetrying, RetryCallState, retry_if_result, stop_after_attempt
from tenacity.wait import wait_exponential

from fleet.attempt import Kept, Limits, attempt
from fleet.models import Attempt, Group, Run, Scenario, Verdict, now
from fleet.patience import undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.browser import Chromium
    from fleet.recorder import Recorder
    from fleet.store import Store

LONGEST_RETRY_WAIT_S = 3600.0

REFUSALS = (Verdict.BLOCKED, Verdict.RATE_LIMITED)
"""A host that answers so is left alone for the rest of the run."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard a run may press: pages open at once, pauses and tries."""

    pages: int = 6
    pause_s: float = 5
    tries: int = 3
    retry_wait_s: float = 30


@dataclass(slots=True)
class Result:
    """
    What a run came to.

    `finished` is false if it was interrupted; `left_out` counts the visits that were not made
    because their host had refused one before.
    """

    run: Run
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    finished: bool = True
    left_out: int = 0


class Runner:
    """
    Runs scenarios through one Chromium into one store.

    Args:
        on_attempt: called with every attempt once it is stored.
        recorder: records the attempt, of which there must be only one.
    """

    def __init__(
        self,
        chromium: Chromium,
        store: Store,
        *,
        pace: Pace,
        limits: Limits,
        on_attempt: Callable[[Attempt], None] = lambda _: None,
        recorder: Recorder | None = None,
    ) -> None:
        self._chromium = chromium
        self._store = store
        self._pace = pace
        self._limits = limits
        self._on_attempt = on_attempt
        self._recorder = recorder
        self._stop = asyncio.Event()
        self._visits: set[asyncio.Task[Kept | None]] = set()
        self._log = structlog.get_logger()

    def stop(self) -> None:
        """Take no new visit and close the pages that are open; `run` then ends."""
        self._stop.set()

    async def run(self, scenarios: Sequence[Scenario], *, times: int = 1) -> Result:
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
        await self._store.add_run(run)
        result = Result(run)
        pool = AioPool(size=self._pace.pages)
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
                    await undisturbed(_all_done(lanes))
            ending.cancel()
        if errors := _errors(lanes):
            raise errors[0]
        result.run = run.model_copy(update={"ended_at": now(), "attempts": result.verdicts.total()})
        await self._store.add_run(result.run)
        return result

    async def _end_on_stop(self) -> None:
        # Not pool.cancel(): a job that it cancels before its first step never ends for those who
        # wait for it (tests/test_asyncio_pool.py). A visit under way closes its page when it is
        # cancelled; one that has not begun sees `_stop` and does not begin.
        await self._stop.wait()
        for visit in self._visits:
            visit.cancel()

    async def _lane(
        self, scenarios: Sequence[Scenario], times: int, pool: AioPool, result: Result
    ) -> None:
        """Visit the scenarios of one host, one after the other, until it refuses us."""
        visits = [scenario for _ in range(times) for scenario in scenarios]
        for number, scenario in enumerate(visits):
            if number:
                await self._sleep(self._pace.pause_s)
            if self._stop.is_set():
                return
            last = await self._until_available(scenario, pool, result)
            left_out = len(visits) - number - 1
            if last is not None and last.verdict in REFUSALS and left_out:
                result.left_out += left_out
                self._log.warning(
                    "host refused", host=host_of(scenario), verdict=last.verdict, left_out=left_out
                )
                return

    async def _until_available(
        self, scenario: Scenario, pool: AioPool, result: Result
    ) -> Attempt | None:
        """Visit, and again while the site is unavailable; each try is an attempt of its own."""
        number = 0

        async def once() -> Attempt | None:
            nonlocal number
            number += 1
            return await self._visit(scenario, number, pool, result)

        def again(tried: Attempt | None) -> bool:
            return tried is not None and tried.group is Group.UNAVAILABLE

        def last(state: RetryCallState) -> Attempt | None:
            tried: Attempt | None = state.outcome.result() if state.outcome else None
            return tried

        retrying = AsyncRetrying(
            stop=stop_after_attempt(self._pace.tries),
            wait=wait_exponential(
                multiplier=max(self._pace.retry_wait_s, self._pace.pause_s),
                max=LONGEST_RETRY_WAIT_S,
            ),
            retry=retry_if_result(again),
            retry_error_callback=last,
            sleep=self._sleep,
        )
        return await retrying(once)

    async def _visit(
        self, scenario: Scenario, number: int, pool: AioPool, result: Result
    ) -> Attempt | None:
        """One attempt in a place of the pool, stored; None if the run is being stopped."""

        async def visit() -> Kept | None:
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
                )

        try:
            kept: Kept | None = await pool.exec(visit())
        except asyncio.CancelledError:
            if self._stop.is_set():
                return None
            raise
        if kept is None:
            return None
        await self._store.add(kept.attempt, kept.files)
        result.verdicts[kept.attempt.verdict] += 1
        self._log.info(
            "attempt",
            run=result.run.id,
            scenario=scenario.id,
            attempt=kept.attempt.id,
            number=number,
            verdict=kept.attempt.verdict.value,
            seconds=kept.attempt.seconds,
            detail=kept.attempt.detail,
        )
        self._on_attempt(kept.attempt)
        return kept.attempt

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


def host_of(scenario: Scenario) -> str:
    """The host that a visit of `scenario` presses on; ports share it."""
    return (urlsplit(scenario.url).hostname or "").lower()


def _lanes(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    lanes: defaultdict[str, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        lanes[host_of(scenario)].append(scenario)
    return list(lanes.values())
