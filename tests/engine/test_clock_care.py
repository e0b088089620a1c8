"""A clock that is set: due times are made anew, the gaps hold, and each ends in one state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from fleet.analysis.coverage import due_times
from fleet.engine.clock_care import STEADY_S, ClockCare, ClockJump
from fleet.engine.due import Due
from fleet.engine.in_progress import VisitMarks
from fleet.engine.politeness.breaker import CoolingRule, HostResponse
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.engine.reconciliation import Reconciliation
from fleet.engine.scheduler import Scheduler
from fleet.errors import LeaseTaken
from fleet.models import Verdict
from fleet.models.event import EventKind
from fleet.models.missed import MissReason
from fleet.practice import PREFECTURES
from fleet.storage.store import Store
from tests.conftest import scenario_of
from tests.storage.test_store import attempt_of

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
SCENARIOS = [scenario_of(flow) for flow in PREFECTURES[:3]]
MEAN, LEAST = timedelta(minutes=2), timedelta(seconds=20)
HOUR = timedelta(hours=1)


class World:
    """
    A clock on the wall that is set, one that only goes forward, and a fleet that visits at once.

    Each visit is stored, as the spool would, and what is left is reconciled every minute.
    """

    def __init__(self, store: Store, folder: Path, at: datetime = START) -> None:
        self.store, self.at, self.steady_s = store, at, 1000.0
        self.began, self.marks = at, VisitMarks(folder)
        self.made: list[tuple[float, datetime, Due]] = []
        self.jumps: list[ClockJump] = []
        self.reconciliation = Reconciliation(store, self.marks, now=lambda: self.at)

    async def start(self) -> None:
        self.care = ClockCare(
            self.store,
            now=lambda: self.at,
            steady=lambda: self.steady_s,
            on_jump=self.jumped,
        )
        self.scheduler: Scheduler | None = None
        await self.care.begin(MEAN, LEAST, self.at)
        await self.reconciliation.reconcile(SCENARIOS, self.at)
        self.scheduler = Scheduler(
            self.care.plan,
            self,
            SCENARIOS,
            self.care.since,
            now=lambda: self.at,
            steady=lambda: self.steady_s,
            latest=timedelta(minutes=5),
            look=self.care.look,
        )

    def jumped(self, jump: ClockJump) -> None:
        self.jumps.append(jump)
        if self.scheduler is not None:
            self.scheduler.begin_anew(self.care.plan, self.care.since)

    def submit(self, due: Due) -> None:
        self.made.append((self.steady_s, self.at, due))

    async def go_on(self, length: timedelta) -> None:
        """Let so much time pass, second by second."""
        assert self.scheduler is not None
        for second in range(int(length.total_seconds())):
            self.at += timedelta(seconds=1)
            self.steady_s += 1
            before = len(self.made)
            self.care.look()
            self.scheduler.submit_due()
            for _, at, due in self.made[before:]:
                of = due.scenario
                await self.store.attempts.add(
                    attempt_of(
                        scenario_id=of.id,
                        department=of.department,
                        flow=of.flow,
                        due_at=due.due_at,
                        started_at=at,
                    ),
                    (),
                )
            if second % 60 == 59:
                await self.reconcile()
        await self.reconcile()

    async def reconcile(self) -> None:
        assert self.scheduler is not None
        await self.care.settle()
        times = [self.at, self.care.held, self.scheduler.next_due]
        until = min(each for each in times if each is not None)
        await self.reconciliation.reconcile(SCENARIOS, until)

    async def check(self) -> Counter[str]:
        """Every due time ended once, none before its time, and by a true clock the gaps held."""
        for scenario in SCENARIOS:
            own = [at_s for at_s, _, due in self.made if due.scenario.id == scenario.id]
            assert all(b - a >= LEAST.total_seconds() for a, b in pairwise(own))
        for _, at, due in self.made:
            assert timedelta(0) <= at - due.due_at < timedelta(minutes=5)
        attempts = [each async for each in self.store.attempts.find()]
        far = timedelta(days=9)
        missed = await self.store.missed_visits.of(None, self.began - far, self.at + far)
        ended = [(a.scenario_id, a.due_at) for a in attempts]
        ended += [(m.scenario_id, m.due_at) for m in missed]
        assert len(ended) == len(set(ended)), "a due time ended twice"
        assert len(attempts) == len(self.made), "a due time was visited twice"
        plans = await self.store.watch_state.plans()
        first = min(each.since for each in plans)
        accounted = await self.store.watch_state.reconciled_until()
        for each, until in accounted.items():
            wanted = {(each, at) for at in due_times(plans, each, first, until)}
            assert wanted <= set(ended), "a due time came to no end"
        return Counter(m.why.value for m in missed)

    def visits_within(self, length: timedelta) -> int:
        return sum(at_s > self.steady_s - length.total_seconds() for at_s, _, _ in self.made)


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path / "begun")


async def test_an_hour_ahead_for_fifteen_seconds_costs_nothing(world: World) -> None:
    await world.start()
    await world.go_on(timedelta(minutes=5))
    world.at += HOUR
    await world.go_on(timedelta(seconds=15))
    world.at -= HOUR
    await world.go_on(timedelta(minutes=10))

    assert world.visits_within(timedelta(minutes=9)) >= 8
    assert await world.check() == Counter()
    assert [round(each.seconds) for each in world.jumps] == [3600, -3600]
    event = world.jumps[0].event()
    assert event.kind is EventKind.CLOCK_JUMPED
    assert "a avancé d’un coup de 3600 s" in event.words
    assert world.care.facts(world.jumps[0].at_s)["clock_jump_s"] == "+3600 -3600"
    world.steady_s += STEADY_S + 3600
    assert world.care.facts(world.steady_s) == {}


async def test_a_clock_that_stays_ahead_goes_on_and_what_it_jumped_over_is_noted(
    world: World,
) -> None:
    await world.start()
    await world.go_on(timedelta(minutes=2))
    world.at += HOUR
    await world.go_on(timedelta(minutes=4))
    assert world.visits_within(timedelta(minutes=3)) >= 2
    assert await world.check() == Counter(), "it may go back yet"
    await world.go_on(timedelta(minutes=8))

    missed = await world.check()
    assert set(missed) == {MissReason.UNWATCHED.value}
    assert missed.total() > 60


async def test_hours_that_come_again_have_due_times_of_their_own(world: World) -> None:
    """A clock that was an hour ahead for hours is corrected."""
    await world.start()
    await world.go_on(timedelta(minutes=20))
    world.at -= timedelta(minutes=15)
    await world.go_on(timedelta(minutes=10))

    assert world.visits_within(timedelta(minutes=9)) >= 8
    assert await world.check() == Counter()


async def test_jumps_of_all_kinds_one_after_the_other(world: World) -> None:
    """Across midnight, by seconds, by days, and a fleet that is started anew in between."""
    world.at = world.began = datetime(
        2026, 10, 24, 23, 55, tzinfo=UTC
    )  # the clocks change that day
    await world.start()
    for seconds in (3, -3, 4, 4, 4, 86_400, -86_400 * 2, 30, -7, 3600, 3600, -9000):
        await world.go_on(timedelta(seconds=50))
        world.at += timedelta(seconds=seconds)
    await world.go_on(timedelta(minutes=3))
    await world.check()
    world.at -= timedelta(minutes=4)  # while none was running
    await world.start()
    await world.go_on(timedelta(minutes=4))

    await world.check()
    assert world.visits_within(timedelta(minutes=3)) >= 2
    assert -240 <= world.jumps[-1].seconds < -180


async def test_a_fleet_that_ended_while_its_clock_was_ahead_goes_on_by_the_right_one(
    world: World,
) -> None:
    await world.start()
    await world.go_on(timedelta(minutes=2))
    world.at += HOUR
    await world.go_on(timedelta(seconds=5))
    await world.start()  # at once: nothing is due before the least gap is over
    await world.go_on(timedelta(seconds=30))
    world.at -= HOUR
    await world.start()
    await world.go_on(timedelta(minutes=4))

    await world.check()
    assert [round(each.seconds, -2) for each in world.jumps] == [3600, -3600]
    assert world.visits_within(timedelta(minutes=3)) >= 2


async def test_a_machine_that_slept_is_no_clock_that_was_set(world: World) -> None:
    await world.start()
    await world.go_on(timedelta(minutes=2))
    world.at += HOUR
    world.steady_s += 3600
    await world.go_on(timedelta(minutes=2))

    assert world.jumps == []
    missed = await world.check()
    assert set(missed) == {MissReason.UNWATCHED.value}


async def test_a_clock_that_is_kept_right_little_by_little_was_not_set(world: World) -> None:
    await world.start()
    for _ in range(60):
        world.at += timedelta(milliseconds=30)  # 500 in a million
        await world.go_on(timedelta(minutes=1))
        if world.jumps:
            break
    assert world.jumps == []


def cooled() -> Iterator[tuple[Hosts, list[datetime], list[float]]]:
    at, steady = [START], [500.0]
    limits = HostLimits(
        pause_s=30,
        visits_per_hour=2,
        cooling={"blocked": CoolingRule(timedelta(minutes=40), timedelta(hours=24))},
    )
    yield Hosts(limits, None, now=lambda: at[0], steady=lambda: steady[0]), at, steady


async def test_no_host_is_visited_sooner_or_left_for_longer_because_a_clock_was_set() -> None:
    ((hosts, at, steady),) = cooled()
    host = hosts.named("evry.localhost")
    async with host.turn():
        host.visited(HostResponse(Verdict.BLOCKED, "no"))
    at[0] += HOUR
    async with host.turn_now() as had:
        assert not had, "the pause is not over"
    until = host.cooling_until()
    assert until is not None
    assert until - at[0] == timedelta(minutes=40)
    at[0] -= timedelta(days=2)
    until = host.cooling_until()
    assert until is not None
    assert until - at[0] == timedelta(minutes=40)
    steady[0] += 41 * 60
    assert host.cooling_until() is None
    async with host.turn_now() as had:
        assert had
        host.visited(None)
    at[0] += timedelta(days=3)
    assert host.spent() is not None, "two visits of this hour, whatever the clock shows"
    steady[0] += 3600
    assert host.spent() is None


async def test_a_lease_that_ends_in_a_time_to_come_is_taken_once_nobody_renews_it(
    store: Store,
) -> None:
    """The server's clock was an hour ahead when its holder was killed."""
    holder, other = store.lease("watch"), store.lease("watch")
    await holder.take()
    await holder._leases.update_one({}, [{"$set": {"expires_at": {"$add": ["$$NOW", 3_600_000]}}}])
    other._ttl_s = 0.5
    with pytest.raises(LeaseTaken):
        await other.take()
    await holder._leases.update_one({}, [{"$set": {"expires_at": {"$add": ["$$NOW", 3_700_000]}}}])
    other._seen = (other._seen or (None, 0.0))[0], -1000.0
    with pytest.raises(LeaseTaken):  # it was renewed meanwhile
        await other.take()
    other._seen = (other._seen or (None, 0.0))[0], -1000.0
    await other.take()
    assert other.fence == 2
