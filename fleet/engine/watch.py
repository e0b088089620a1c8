"""
The fleet that watches: every flow at its random instants, for months, nothing lost.

`Watch` starts and ends the parts and decides nothing about a visit: the scheduler knows what is
due, the workers visit, the spool keeps what they saw, the drainer brings it into the store, the
lease keeps other fleets out, and the reconciliation notes due times that were missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections import deque
from typing import TYPE_CHECKING

import structlog

from fleet.analysis.events import of_fleet
from fleet.engine.clock_care import ClockCare
from fleet.engine.counters import Counters
from fleet.engine.drainer import Drainer
from fleet.engine.lease_keeper import LeaseKeeper
from fleet.engine.options import WatchOptions
from fleet.engine.parts import WatchParts
from fleet.engine.reachability import Reachability
from fleet.engine.reconciliation import Reconciliation
from fleet.engine.scheduler import Scheduler
from fleet.engine.status import status_of
from fleet.engine.workers import Workers
from fleet.errors import LeaseLost, LeaseTaken, StoreRefused, StoreUnreachable
from fleet.models import Run
from fleet.models import now as real_now
from fleet.models.address import host_of
from fleet.models.event import EventKind
from fleet.system.clock import clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from datetime import datetime

    from fleet.engine.clock_care import ClockJump
    from fleet.engine.politeness.robots_fetcher import RobotsReader
    from fleet.models import Attempt, Scenario
    from fleet.models.event import Event


class Watch:
    """
    One watching fleet.

    Args:
        scenarios: gives the catalogue of this moment: the same list while no file changed.
        on_stored: called with every attempt once MongoDB has it.
        robots: reads the robots.txt of hosts to which a visit is led.
        steady: seconds that only go forward, also while the machine sleeps.
        catalogue_problem, quarantined: why no file can be read, why scenarios stand still, by id.
    """

    def __init__(
        self,
        parts: WatchParts,
        options: WatchOptions,
        scenarios: Callable[[], Sequence[Scenario]],
        *,
        on_stored: Callable[[Attempt], Awaitable[None]] | None = None,
        robots: RobotsReader | None = None,
        catalogue_problem: Callable[[], str | None] = lambda: None,
        quarantined: Callable[[], Mapping[str, str]] = dict,
        now: Callable[[], datetime] = real_now,
        steady: Callable[[], float] = clock,
    ) -> None:
        self.parts, self.options, self.counters = parts, options, Counters()
        self._scenarios, self._now = scenarios, now
        self.catalogue_problem, self.quarantined = catalogue_problem, quarantined
        self._catalogue_away = False
        # what is to be told, for who tells it; bounded, because nobody may
        self.happened: deque[Event] = deque(maxlen=100)
        self.sealed_at: datetime | None = None
        self.stopped = False
        self.scheduler: Scheduler | None = None
        self._drainer = Drainer(parts.spool, parts.store, on_stored=on_stored, revive=parts.revive)
        self._lease = LeaseKeeper(parts.lease, options.timing, self._drainer)
        self._catalogue: Sequence[Scenario] = ()
        self._steady = steady
        self.clock = ClockCare(parts.store, now=now, steady=steady, on_jump=self._clock_jumped)
        self._network = Reachability(
            lambda: {host_of(each.url) for each in self._catalogue},
            proxied=parts.browsers.environment.proxy != "none",
            now=now,
        )
        self._reconciliation = Reconciliation(
            parts.store, parts.marks, lost=parts.spool.lost, now=now
        )
        self.run = _run_of(parts, now())
        self.workers = Workers(
            parts.browsers,
            parts.hosts,
            parts.limiter,
            parts.spool,
            parts.marks,
            self.counters,
            run_id=self.run.id,
            limits=options.limits,
            retries=options.retries,
            network=self._network,
            clock_facts=self.clock.facts,
            may_visit=self._lease.may_visit,
            quarantined=quarantined,
            on_spooled=self._drainer.wake,
            robots=robots,
            now=now,
            steady=steady,
        )
        self._log = structlog.get_logger()

    async def watch(self, stop: asyncio.Event, *more: Coroutine[None, None, None]) -> None:
        """
        Visit what is due until `stop` is set; then end visits within the grace time.

        Args:
            more: what else goes on meanwhile (status, metrics); ended with the rest.

        Raises:
            LeaseTaken: another fleet watches this database.
            LeaseLost: another fleet took over while this one was frozen or cut off.
            StoreUnreachable: MongoDB does not answer at the start.
        """
        await self._lease.take(stop)
        try:
            if stop.is_set():
                return
            self.scheduler = await self._begin()
            timing = self.options.timing
            jobs = [
                self.scheduler.run(stop),
                self._lease.keep(),
                self._drainer.run(),
                self._every(timing.settle_s, self._settle_clock),
                self._every(timing.reconcile_s, self._reconcile),
                self._every(timing.follow_s, self._follow_catalogue),
                self._every(timing.status_s, self._publish_status),
                self._every(timing.seal_s, self._seal),
                *more,
            ]
            tasks = [asyncio.ensure_future(work) for work in jobs]
            stopping = asyncio.ensure_future(stop.wait())
            try:
                await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                stop.set()
                await self._end(tasks)
                stopping.cancel()
            for task in tasks:
                if not task.cancelled() and (error := task.exception()):
                    raise error
        finally:
            with contextlib.suppress(StoreUnreachable, StoreRefused, LeaseLost):
                await self.parts.lease.release()

    @property
    def lease_lost(self) -> LeaseLost | None:
        """That another fleet has taken over, if one has."""
        return self._lease.lost

    @property
    def store_away(self) -> bool:
        """Whether MongoDB did not answer when it was last asked."""
        return self._drainer.away

    def problem(self) -> str | None:
        """What keeps this fleet from its work at the moment; None if nothing does."""
        if self.lease_lost:
            return str(self.lease_lost)
        if self.scheduler is None:
            return "it is starting"
        if words := self.parts.spool.why_full():
            return words
        if self._drainer.away:
            return "MongoDB does not answer; attempts wait in the spool"
        return self.catalogue_problem()

    def stood_still(self, seconds: float) -> None:
        """Note that nothing went on here for so long."""
        self._log.error("the event loop stood still", seconds=round(seconds, 1))
        words = f"La flotte est restée immobile pendant {seconds:.0f} s."
        self.happened.append(
            of_fleet(EventKind.STOOD_STILL, self._now(), words=words, seconds=round(seconds))
        )

    async def _begin(self) -> Scheduler:
        """Note what was missed before this start; the scheduler of what is due from now on."""
        store = self.parts.store
        await self._drainer.drain()
        at = self._now()  # one instant for all: what is due from here on is this fleet's
        await self.clock.begin(self.options.mean_gap, self.options.min_gap, at)
        self._catalogue = scenarios = self._scenarios()
        await self._reconciliation.reconcile(scenarios, at)
        self.parts.marks.clear()  # only now: what they tell is in the store
        self.run = self.run.model_copy(update={"scenario_ids": tuple(s.id for s in scenarios)})
        await store.runs.keep(self.run)
        self._log.info("watching", run=self.run.id, scenarios=len(scenarios))
        return Scheduler(
            self.clock.plan,
            self.workers,
            scenarios,
            self.clock.since,
            now=self._now,
            steady=self._steady,
            latest=self.options.retries.latest,
            look=self.clock.look,
        )

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        # in this order: nothing new is handed over, visits end, what they saw goes into MongoDB,
        # and only then is the lease given up
        scheduler, renewing, draining, *others = tasks
        await asyncio.wait({scheduler})
        grace_s = 0 if self.lease_lost else self.options.grace_s
        await self.workers.finish(grace_s, note=self.lease_lost is None)
        for task in (draining, *others):
            task.cancel()
        await asyncio.wait({draining, *others})
        with contextlib.suppress(StoreUnreachable, StoreRefused, TimeoutError):
            async with asyncio.timeout(self.options.timing.last_drain_s):
                # also without the lease: what was seen was seen, and nobody else has it
                await self._drainer.drain()
                if not self.lease_lost:
                    await self._reconcile()
                    await self.parts.store.runs.keep(
                        self.run.model_copy(
                            update={
                                "ended_at": self._now(),
                                "attempts": self.counters.verdicts.total(),
                            }
                        )
                    )
        renewing.cancel()
        await asyncio.wait({renewing})
        self.stopped = True
        await self._publish_status()
        if self.parts.spool.waiting:
            self._log.warning(
                "MongoDB did not take everything; the rest is in the spool for the next start",
                waiting=self.parts.spool.waiting,
            )

    # The clock ------------------------------------------------------------------------------

    def _clock_jumped(self, jump: ClockJump) -> None:
        """All that was known by the clock as it was is known no more."""
        if self.scheduler is not None:
            self.scheduler.begin_anew(self.clock.plan, self.clock.since)
        self.parts.lease.doubt()
        self._network.forget()
        self.happened.append(jump.event())

    async def _settle_clock(self) -> None:
        if self.scheduler is not None and not self._drainer.away:
            try:
                await self.clock.settle()
            except (StoreUnreachable, StoreRefused) as exc:
                self._drainer.report_away(exc)

    # Reconciliation -------------------------------------------------------------------------

    async def _reconcile(self) -> None:
        """Write down up to when nothing is open; a due time that was forgotten is noted."""
        scheduler = self.scheduler
        # while MongoDB is away or attempts are in the spool, visits that were made look forgotten
        if scheduler is None or self._drainer.away or self.parts.spool.waiting:
            return
        # what was handed over and has not ended is open, and so is what is due at this instant
        open_now = [self._now(), scheduler.next_due, self.workers.oldest_open]
        open_now.append(self.clock.held)
        until = min(at for at in open_now if at is not None)
        try:
            await self.clock.settle()
            await self._reconciliation.reconcile([*scheduler.scenarios.values()], until)
        except (StoreUnreachable, StoreRefused) as exc:
            self._drainer.report_away(exc)

    # The catalogue --------------------------------------------------------------------------

    async def _follow_catalogue(self) -> None:
        scheduler, scenarios = self.scheduler, await asyncio.to_thread(self._scenarios)
        problem = self.catalogue_problem()
        if bool(problem) != self._catalogue_away:
            self._catalogue_away = bool(problem)
            if problem:
                self._log.error("the scenario folder is away", problem=problem)
            else:
                self._log.info("the scenario folder is back")
        if scheduler is None or scenarios is self._catalogue:
            return
        self._catalogue = scenarios
        before, at = scheduler.scenarios, self._now()
        scheduler.follow(scenarios, at)
        after = scheduler.scenarios
        with contextlib.suppress(StoreUnreachable, StoreRefused):
            await self.parts.store.watch_state.begin_again(after.keys() - before.keys(), at)
        self._log.info(
            "the catalogue changed",
            new=sorted(after.keys() - before.keys()),
            gone=sorted(before.keys() - after.keys()),
            changed=sorted(
                each for each in after.keys() & before.keys() if _differs(after[each], before[each])
            ),
        )

    async def _seal(self) -> None:
        """Seal what was stored since the last time; what fails now is done the next time."""
        if self.parts.seal is None:
            return
        try:
            done = await self.parts.seal()
        except (StoreUnreachable, StoreRefused, LeaseTaken) as exc:
            self._log.warning("not sealed; it is tried again in an hour", problem=str(exc))
        else:
            self.sealed_at = self._now()
            self._log.info("sealed", seals=done.seals, links=done.links, tokens=done.tokens)

    async def _publish_status(self) -> None:
        """Tell MongoDB how this stands; while it is away, nobody could read it there."""
        if not self._drainer.away and not self.lease_lost:
            with contextlib.suppress(StoreUnreachable, StoreRefused):
                await self.parts.store.watch_state.write_status(
                    status_of(self, self._now()), self.parts.lease.fence
                )

    async def _every(self, seconds: float, call: Callable[[], Awaitable[None]]) -> None:
        while True:
            await call()
            await asyncio.sleep(seconds)


def _run_of(parts: WatchParts, at: datetime) -> Run:
    return Run(
        id=uuid.uuid4().hex,
        started_at=at,
        scenario_ids=(),
        times=1,
        watch=True,
        fleet_version=parts.browsers.fleet_version,
        chromium_version=parts.browsers.version,
    )


def _differs(one: Scenario, other: Scenario) -> bool:
    return (one.version, one.url, one.title) != (other.version, other.url, other.title)
