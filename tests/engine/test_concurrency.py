"""Places follow the machine: fewer at once, slowly more, and none is ever lost."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from structlog.testing import capture_logs

from fleet.browser import processes
from fleet.engine.concurrency import (
    CALM,
    SAMPLE_S,
    ConcurrencyLimiter,
    LoadController,
    LoadThresholds,
)
from fleet.system.resources import Machine, ResourceReading
from tests.browser.alone import until

MB = 1_000_000
CALM_READING = ResourceReading(
    at=0,
    memory_bytes=500 * MB,
    memory_limit_bytes=2_000 * MB,
    cores=2,
    memory_stalled_s=0,
    cpu_stalled_s=0,
)


class Course:
    """A gauge and an invented machine, which is read every half a second."""

    def __init__(self, most: int = 8, **changes: float | None) -> None:
        self.now = replace(CALM_READING, **changes)  # type: ignore[arg-type]
        self.gauge = LoadController(most)
        self.gauge.start(self.now)
        self.gauge.allowed = most

    def go_on(
        self,
        seconds: float = SAMPLE_S,
        *,
        taken: int = 100,
        memory_stalled: float = 0,
        cpu_stalled: float = 0,
        **changes: int,
    ) -> list[int]:
        """What was allowed after each reading; the rest are shares of the time, and values."""
        found = []
        for _ in range(round(seconds / SAMPLE_S)):
            self.now = replace(
                self.now,
                at=self.now.at + SAMPLE_S,
                memory_stalled_s=_more(self.now.memory_stalled_s, memory_stalled),
                cpu_stalled_s=_more(self.now.cpu_stalled_s, cpu_stalled),
                **changes,
            )
            self.gauge.step(self.now, taken)
            found.append(self.gauge.allowed)
        return found


def _more(before: float | None, share: float) -> float | None:
    return None if before is None else before + share * SAMPLE_S


def test_at_every_reading_that_is_short_of_memory_half_as_many_pages_are_allowed() -> None:
    course = Course(8)

    assert course.go_on(2.5, memory_bytes=1_750 * MB) == [4, 2, 1, 1, 1]
    assert course.gauge.why == "250 of 2,000 MB of memory left"


def test_half_of_the_pages_that_are_open_when_fewer_are_open_than_allowed() -> None:
    assert Course(8).go_on(taken=4, memory_bytes=1_750 * MB) == [2]


def test_waiting_for_memory_presses_though_enough_seems_left() -> None:
    course = Course(8)

    assert course.go_on(1, memory_stalled=0.3) == [4, 2]
    assert course.gauge.why == "30% of the time waited for memory"


def test_a_process_killed_for_lack_of_memory_presses_though_enough_is_left_by_then() -> None:
    course = Course(8)

    assert course.go_on(1.5, killed=1) == [4, 4, 4]
    assert course.gauge.why == "the kernel killed a process for lack of memory"


def test_waiting_for_processors_takes_pages_one_by_one_down_to_one_for_each_core() -> None:
    course = Course(5)

    assert course.go_on(2.5, cpu_stalled=1) == [4, 3, 2, 2, 2]
    assert course.gauge.why == "100% of the time waited for a processor"


def test_an_idle_fleet_keeps_a_page_for_each_core_when_others_press() -> None:
    assert Course(5).go_on(1, taken=0, cpu_stalled=1) == [2, 2]


@pytest.mark.parametrize(
    "pressed", [{"memory_bytes": 1_750 * MB}, {"memory_stalled": 0.5}, {"cpu_stalled": 1.0}]
)
def test_pressure_is_answered_within_two_seconds_of_its_beginning(
    pressed: dict[str, float],
) -> None:
    """Counted in readings: the pressure begins right after one, and its share must show."""
    course = Course(8)
    course.go_on(30)

    assert course.go_on(1.5, **pressed)[-1] < 8  # type: ignore[arg-type]


def test_between_pressed_and_calm_nothing_changes() -> None:
    course = Course(8)
    course.go_on(memory_bytes=1_750 * MB)

    for between in ({"memory_bytes": 1_600 * MB}, {"memory_stalled": 0.05}, {"cpu_stalled": 0.8}):
        assert set(course.go_on(60, **between)) == {4}


def test_after_calm_seconds_one_more_page_is_allowed_up_to_the_most() -> None:
    course = Course(8)
    course.go_on(2, memory_bytes=1_750 * MB)

    allowed = course.go_on(100, memory_bytes=500 * MB)

    # the reading that ends the pressure is the first calm one
    assert allowed == [n for n in range(1, 8) for _ in range(20)][: 7 * 20] + [8] * 60
    assert course.gauge.why == CALM


def test_pressure_in_between_lets_the_calm_seconds_begin_anew() -> None:
    course = Course(8)
    course.go_on(2, memory_bytes=1_750 * MB)

    for _ in range(5):
        course.go_on(9, memory_bytes=500 * MB)
        course.go_on(memory_bytes=1_600 * MB)

    assert course.gauge.allowed == 1


def test_pages_that_nobody_wants_are_not_allowed_in_advance() -> None:
    course = Course(8)
    course.go_on(1, memory_bytes=1_750 * MB)

    assert set(course.go_on(60, taken=1, memory_bytes=500 * MB)) == {2}


def test_no_page_is_added_that_would_leave_too_little_memory() -> None:
    course = Course(8)
    course.go_on(1, memory_bytes=1_750 * MB)

    assert set(course.go_on(60, memory_bytes=1_470 * MB)) == {2}
    assert course.go_on(11, memory_bytes=1_450 * MB)[-1] == 3


def test_without_stall_information_memory_use_alone_decides() -> None:
    course = Course(8, memory_stalled_s=None, cpu_stalled_s=None)

    assert course.go_on(2, cpu_stalled=1, memory_stalled=1) == [8, 8, 8, 8]
    assert course.go_on(memory_bytes=1_750 * MB) == [4]


@pytest.mark.parametrize(
    ("limit_mb", "used_mb", "cores", "most", "allowed"),
    [
        (2_000, 450, 2, 6, 6),
        (2_000, 450, 2, 64, 6),  # 3 for each core; more are earned
        (2_000, 450, 8, 64, 24),
        (2_000, 450, 16, 64, 27),  # a quarter stays free: (1,500 - 450) / 40, and one
        (700, 50, 2, 6, 2),  # (525 - 450) / 40, and one: the base will be taken
        (512, 450, 2, 6, 1),
        (24_000, 21_000, 2, 6, 6),  # 12 % are left, which are 3 GB
        (2_000, 450, 0.5, 6, 2),
    ],
)
def test_the_first_number_of_pages_follows_the_limits(
    limit_mb: int, used_mb: int, cores: float, most: int, allowed: int
) -> None:
    gauge = LoadController(most)
    gauge.start(replace(
        CALM_READING, memory_limit_bytes=limit_mb * MB, memory_bytes=used_mb * MB, cores=cores
    ))  # fmt: skip

    assert gauge.allowed == allowed


# The machine ----------------------------------------------------------------------------------


def test_the_machine_is_read() -> None:
    reading = Machine().read()

    assert 0 < reading.memory_bytes < reading.memory_limit_bytes <= psutil.virtual_memory().total
    assert 0 < reading.cores <= (os.cpu_count() or 1)


def test_a_kernel_without_stall_information_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "vmstat").write_text("nr_free_pages 12\noom_kill 3\n")

    reading = Machine(tmp_path, groups=()).read()

    assert (reading.memory_stalled_s, reading.cpu_stalled_s, reading.killed) == (None, None, 3)


def test_the_control_group_is_asked_before_the_machine(tmp_path: Path) -> None:
    """Files as of Linux 6.18, cgroup v2."""
    group, proc = tmp_path / "group", tmp_path / "proc"
    for folder, seconds in ((group, 2), (proc, 9)):
        (folder / "pressure").mkdir(parents=True)
        for what in ("memory", "cpu"):
            path = group / f"{what}.pressure" if folder == group else proc / "pressure" / what
            path.write_text(
                f"some avg10=0.00 avg60=0.08 avg300=1.08 total={seconds}500000\n"
                "full avg10=0.00 avg60=0.00 avg300=0.19 total=99000000\n"
            )
    (group / "memory.events").write_text("low 0\nhigh 0\nmax 10\noom 1\noom_kill 1\n")
    (proc / "vmstat").write_text("oom_kill 7\n")

    reading = Machine(proc, groups=(group,)).read()

    assert (reading.memory_stalled_s, reading.cpu_stalled_s, reading.killed) == (2.5, 2.5, 1)


# Places ---------------------------------------------------------------------------------------


class Invented:
    """Readings that a test changes while they are read."""

    def __init__(self, **changes: float) -> None:
        self.reading, self.number = replace(CALM_READING, **changes), 0  # type: ignore[arg-type]

    def __call__(self) -> ResourceReading:
        self.number += 1
        self.reading = replace(self.reading, at=self.reading.at + 0.5)
        return self.reading

    async def say(self, **changes: int) -> None:
        """Change the readings, and wait until they have been taken into account."""
        self.reading = replace(self.reading, **changes)
        number = self.number
        await until(lambda: self.number >= number + 3)


class Guests:
    """Tasks that want a place each and stay until they are told to leave."""

    def __init__(self, places: ConcurrencyLimiter) -> None:
        self.places = places
        self.inside: list[int] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._leave: dict[int, asyncio.Event] = {}

    async def come(self, count: int) -> None:
        for _ in range(count):
            number = len(self.tasks)
            self._leave[number] = asyncio.Event()
            self.tasks.append(asyncio.ensure_future(self._stay(number)))
        await turns()

    def let_go(self, number: int) -> None:
        self._leave[number].set()

    async def leave(self, *numbers: int) -> None:
        for number in numbers:
            self.let_go(number)
        await turns()

    async def _stay(self, number: int) -> None:
        async with self.places.place():
            self.inside.append(number)
            try:
                await self._leave[number].wait()
            finally:
                self.inside.remove(number)


async def turns(count: int = 8) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_places_are_given_first_come_first_served_and_never_more_than_allowed() -> None:
    async with ConcurrencyLimiter(3, Invented()) as places:
        guests = Guests(places)
        await guests.come(6)
        assert (guests.inside, places.in_use, places.waiting) == ([0, 1, 2], 3, 3)

        await guests.leave(1)
        assert guests.inside == [0, 2, 3]
        await guests.leave(0, 2)
        assert guests.inside == [3, 4, 5]
        await guests.leave(3, 4, 5)
        assert (places.in_use, places.waiting) == (0, 0)


async def test_a_newcomer_does_not_pass_those_who_wait() -> None:
    async with ConcurrencyLimiter(1, Invented()) as places:
        for delay in range(8):
            guests = Guests(places)
            await guests.come(2)
            guests.let_go(0)
            await turns(delay)
            await guests.come(1)
            assert guests.inside == [1]
            await guests.leave(1)
            await guests.leave(2)


async def test_under_pressure_nobody_is_sent_away_and_nobody_let_in() -> None:
    machine = Invented()
    async with ConcurrencyLimiter(4, machine, sample_s=0.01) as places:
        guests = Guests(places)
        await guests.come(6)

        await machine.say(memory_bytes=1_900 * MB)
        assert (places.allowed, guests.inside) == (1, [0, 1, 2, 3])
        await guests.leave(0, 1, 2)
        assert (guests.inside, places.waiting) == ([3], 2)
        await guests.leave(3)
        assert guests.inside == [4]
        await guests.leave(4)
        await guests.leave(5)


async def test_those_who_wait_are_let_in_when_the_pressure_is_over() -> None:
    machine = Invented()
    async with ConcurrencyLimiter(4, machine, LoadThresholds(calm_s=0.5), sample_s=0.01) as places:
        await machine.say(memory_bytes=1_900 * MB)
        guests = Guests(places)
        await guests.come(4)
        assert guests.inside == [0]

        await machine.say(memory_bytes=500 * MB)
        await until(lambda: guests.inside == [0, 1, 2, 3])
        await guests.leave(0, 1, 2, 3)


async def test_many_that_come_at_once_are_let_in_only_as_far_as_heavy_pages_would_fit() -> None:
    """1,500 MB are left, 300 stay free: 8 pages of 150 MB; the others when those have shown."""
    async with ConcurrencyLimiter(
        24, Invented(cores=16), LoadThresholds(young_s=0.2), sample_s=0.02
    ) as places:
        assert places.allowed == 24
        guests = Guests(places)
        await guests.come(12)
        assert (len(guests.inside), places.waiting) == (8, 4)

        await until(lambda: len(guests.inside) == 12)
        await guests.leave(*range(12))


async def test_when_memory_is_left_again_those_who_wait_are_not_all_let_in_at_once() -> None:
    machine = Invented(cores=16)
    async with ConcurrencyLimiter(
        24, machine, LoadThresholds(young_s=1_000), sample_s=0.01
    ) as places:
        await machine.say(memory_bytes=1_650 * MB)
        guests = Guests(places)
        await guests.come(12)
        assert guests.inside == [0]

        await machine.say(memory_bytes=500 * MB)
        assert (len(guests.inside), places.waiting) == (8, 4)
        for number in range(12):
            await guests.leave(number)


async def test_one_who_is_cancelled_while_waiting_leaves_the_row() -> None:
    async with ConcurrencyLimiter(1, Invented()) as places:
        guests = Guests(places)
        await guests.come(3)

        guests.tasks[1].cancel()
        await turns()
        assert (guests.tasks[1].cancelled(), places.waiting) == (True, 1)
        await guests.leave(0)
        assert guests.inside == [2]
        await guests.leave(2)


async def test_one_who_is_called_and_cancelled_at_once_loses_no_place() -> None:
    async with ConcurrencyLimiter(1, Invented()) as places:
        for delay in range(8):
            guests = Guests(places)
            await guests.come(3)
            guests.let_go(0)
            await turns(delay)
            guests.tasks[1].cancel()
            await turns()

            assert guests.tasks[1].cancelled()
            assert guests.inside == [2]
            await guests.leave(2)
            assert (places.in_use, places.waiting) == (0, 0)


async def test_a_page_that_ends_with_an_error_gives_its_place_back() -> None:
    async with ConcurrencyLimiter(1, Invented()) as places:
        with pytest.raises(ValueError, match="page"):
            async with places.place():
                raise ValueError("page")
        await turns()

        assert places.in_use == 0


async def test_however_many_come_go_and_are_cancelled_no_place_is_lost() -> None:
    chance = random.Random(63)
    async with ConcurrencyLimiter(3, Invented()) as places:
        most = 0

        async def guest() -> None:
            nonlocal most
            async with places.place():
                most = max(most, places.in_use)
                await turns(chance.randrange(4))

        tasks = [asyncio.ensure_future(guest()) for _ in range(400)]
        while not all(task.done() for task in tasks):
            await turns(chance.randrange(3))
            chance.choice(tasks).cancel()

        await turns()
        assert (most, places.in_use, places.waiting) == (3, 0, 0)
        ended = [task for task in tasks if not task.cancelled()]
        assert 0 < len(ended) < 400
        assert [task.exception() for task in ended] == [None] * len(ended)


async def test_that_the_kernel_tells_no_stalls_is_said_once() -> None:
    machine = Invented()
    machine.reading = replace(CALM_READING, memory_stalled_s=None)
    with capture_logs() as logs:
        async with ConcurrencyLimiter(2, machine, sample_s=0.01):
            await machine.say()

    assert sum("no pressure stall information" in line["event"] for line in logs) == 1


# Real pressure --------------------------------------------------------------------------------


@contextlib.contextmanager
def child(code: str) -> Iterator[None]:
    """A real process that runs `code` meanwhile."""
    process = subprocess.Popen([sys.executable, "-c", code])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def own_memory(limit_mb: int) -> Callable[[], ResourceReading]:
    """The real memory of this process and its children, under an invented limit above it."""
    own, limit = psutil.Process(), 0

    def read() -> ResourceReading:
        nonlocal limit
        used = processes.pss_bytes(processes.family([own]))
        limit = limit or used + limit_mb * MB
        return replace(
            Machine().read(), memory_bytes=used, memory_limit_bytes=limit, cpu_stalled_s=0
        )

    return read


@pytest.mark.process
def test_memory_is_that_of_all_processes_and_one_that_has_ended_has_none() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "taken = b'x' * 50_000_000; input()"], stdin=subprocess.PIPE
    ) as ended:
        there = psutil.Process(ended.pid)
        own = processes.pss_bytes([psutil.Process()])
        while (both := processes.pss_bytes([psutil.Process(), there])) < own + 50_000_000:
            time.sleep(0.05)
        ended.kill()
        while processes.lives(there):
            time.sleep(0.01)
        zombie = processes.pss_bytes([there])
    assert both > own > 0
    assert (zombie, processes.pss_bytes([there])) == (0, 0)


@pytest.mark.process
async def test_a_process_that_takes_the_memory_takes_the_places_and_gives_them_back() -> None:
    rules = LoadThresholds(
        tight_bytes=100 * MB, easy_bytes=150 * MB, base_bytes=0, heavy_page_bytes=1, calm_s=0.1
    )
    async with ConcurrencyLimiter(4, own_memory(400), rules, sample_s=0.02) as places:
        assert places.allowed == 4
        guests = Guests(places)
        with child("import time; taken = b'x' * 350_000_000; time.sleep(600)"):
            await until(lambda: places.allowed == 1, lambda: places.why)
            assert "MB of memory left" in places.why
            await guests.come(4)
            assert places.waiting == 3

        await until(lambda: guests.inside == [0, 1, 2, 3], lambda: places.why)
        await guests.leave(0, 1, 2, 3)


@pytest.mark.process
async def test_processes_that_take_the_processors_take_places() -> None:
    if Machine().read().cpu_stalled_s is None:
        pytest.skip("this kernel tells no stalls")
    cores = os.cpu_count() or 1
    rules = LoadThresholds(pages_per_core=3, cpu_stalled_high=0.6)
    async with ConcurrencyLimiter(3 * cores, thresholds=rules) as places:
        assert places.allowed > cores
        with contextlib.ExitStack() as stack:
            for _ in range(2 * cores):
                stack.enter_context(child("while True: pass"))
            await until(lambda: places.allowed == cores, lambda: places.why)

        assert "waited for a processor" in places.why
