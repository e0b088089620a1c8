"""The planner hands every due visit over once, whatever the clock and the catalogue do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from fleet.analysis.sampling import SamplingPlan
from fleet.engine.due import Due
from fleet.engine.scheduler import Scheduler
from fleet.models import Scenario
from fleet.practice import PREFECTURES
from tests.conftest import scenario_of

START = datetime(2026, 11, 25, 12, tzinfo=UTC)
PLAN = SamplingPlan("seed")
SCENARIOS = [scenario_of(flow) for flow in PREFECTURES[:3]]


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at


class Handed(list[Due]):
    """Takes due visits and keeps them."""

    def __init__(self) -> None:
        super().__init__()
        self.several = asyncio.Event()

    def submit(self, due: Due) -> None:
        self.append(due)
        if len(self) > 3:
            self.several.set()

    def times(self, scenario: Scenario) -> list[datetime]:
        return [due.due_at for due in self if due.scenario.id == scenario.id]


def test_every_due_time_is_handed_over_once_in_order() -> None:
    clock, handed = Clock(), Handed()
    planner = Scheduler(PLAN, handed, SCENARIOS, START, now=clock)

    for minute in range(24 * 60):
        clock.at = START + timedelta(minutes=minute)
        planner.submit_due()

    for scenario in SCENARIOS:
        assert handed.times(scenario) == PLAN.due(
            scenario.id, START + timedelta(milliseconds=1), clock.at + timedelta(milliseconds=1)
        )
    assert [due.due_at for due in handed] == sorted(due.due_at for due in handed)


def test_a_clock_that_jumps_forward_skips_nothing_and_back_repeats_nothing() -> None:
    clock, handed = Clock(), Handed()
    planner = Scheduler(PLAN, handed, SCENARIOS, START, now=clock)

    clock.at = START + timedelta(hours=9)
    planner.submit_due()
    there = list(handed)
    clock.at = START + timedelta(hours=2)
    planner.submit_due()
    clock.at = START + timedelta(hours=9)
    planner.submit_due()

    assert there == handed
    wanted = [PLAN.due(s.id, START, clock.at) for s in SCENARIOS]
    assert len(there) == sum(map(len, wanted))


def test_a_new_scenario_is_due_from_now_on_and_one_that_is_gone_no_more() -> None:
    clock, handed = Clock(), Handed()
    planner = Scheduler(PLAN, handed, SCENARIOS[:2], START, now=clock)
    clock.at = START + timedelta(hours=6)

    planner.follow(SCENARIOS[1:], clock.at)
    planner.submit_due()

    assert handed.times(SCENARIOS[0]) == handed.times(SCENARIOS[2]) == []
    assert handed.times(SCENARIOS[1]) == PLAN.due(SCENARIOS[1].id, START, clock.at)
    clock.at += timedelta(hours=6)
    planner.submit_due()
    assert handed.times(SCENARIOS[0]) == []
    assert min(handed.times(SCENARIOS[2])) > START + timedelta(hours=6)


async def test_it_sleeps_until_something_is_due_and_ends_when_it_is_told() -> None:
    handed, stop = Handed(), asyncio.Event()
    fast = SamplingPlan("seed", timedelta(seconds=0.5), timedelta(seconds=0.1))
    planner = Scheduler(fast, handed, SCENARIOS, datetime.now(UTC))
    running = asyncio.ensure_future(planner.run(stop))
    async with asyncio.timeout(60):
        await handed.several.wait()

    stop.set()
    await running

    assert all(due.due_at <= datetime.now(UTC) for due in handed)


async def test_without_a_scenario_it_waits() -> None:
    stop = asyncio.Event()
    planner = Scheduler(PLAN, Handed(), [], START)
    running = asyncio.ensure_future(planner.run(stop))
    await asyncio.sleep(0.05)
    assert planner.next_due is None
    stop.set()
    await running
