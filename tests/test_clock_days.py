"""
Tests that ask the clock, run on other days than today: none of them may hold on some days only.

A process of its own has its clock set by libfaketime (Debian's package `libfaketime`). Processes
that it starts have today's: mongod does not stop counting under it. The days are reckoned from
today on, so that these tests do not come to an end either.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import count
from pathlib import Path

import pytest

from fleet.models import PARIS, now
from fleet.models.paris import paris_day

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]

CHOSEN = (
    "tests/storage/test_queries.py::test_what_cannot_be_looked_for_is_told_in_one_line",
    "tests/storage/test_queries.py::test_a_period_ends_today_at_the_latest",
    "tests/engine/test_scheduler.py",
)
"""Quick ones, without Chromium and mongod."""

MORE = (
    "tests/web/test_figures.py::test_a_period_is_the_last_thirty_days_unless_another_is_asked_for",
    "tests/web/test_figures.py::test_what_is_no_period_is_refused",
    "tests/evidence/test_tampering.py::test_one_attempt_and_a_period_are_no_way_round",
    "tests/evidence/test_sealing.py"
    "::test_a_deleted_attempt_is_named_in_its_period_however_long_it_lay_in_a_spool",
)

CHILD = """
import datetime, os, sys, threading, time, pytest
del os.environ["LD_PRELOAD"]
time.sleep = lambda seconds: threading.Event().wait(seconds)  # libfaketime 0.9.10 refuses its call
print(datetime.datetime.now(datetime.UTC).isoformat(), flush=True)
sys.exit(pytest.main(sys.argv[1:]))
"""

LEAN = ("-q", "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:cacheprovider")
"""Without the plugins that nothing here needs."""


def first(holds: Callable[[date], bool]) -> date:
    """The next day, from tomorrow on, of which that is true."""
    days = (paris_day(now()) + timedelta(days=n) for n in count(1))
    return next(day for day in days if holds(day))


def hours(day: date) -> float:
    """How many hours the day has in Paris."""
    ends = [datetime.combine(day + timedelta(days=n), time(), tzinfo=PARIS) for n in (0, 1)]
    begin, end = (each.timestamp() for each in ends)
    return (end - begin) / 3600


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is told by what is true of it; `after` days on, at that time in Paris."""

    holds: Callable[[date], bool]
    at: time
    after: int = 0

    @property
    def instant(self) -> datetime:
        """The next one."""
        day = first(self.holds) + timedelta(days=self.after)
        return datetime.combine(day, self.at, tzinfo=PARIS)


DAYS = {
    "the evening before a day of 23 hours": Day(lambda day: hours(day) == 23, time(23, 30), -1),
    "the night after a day of 23 hours": Day(lambda day: hours(day) == 23, time(0, 30), 1),
    "the evening before a day of 25 hours": Day(lambda day: hours(day) == 25, time(23, 30), -1),
    "the hour that comes twice": Day(lambda day: hours(day) == 25, time(2, 30, fold=1)),
    "a 29 February": Day(lambda day: (day.month, day.day) == (2, 29), time(12)),
    "a 31 December": Day(lambda day: (day.month, day.day) == (12, 31), time(23, 30)),
    "a new year that has begun in Paris only": Day(
        lambda day: (day.month, day.day) == (1, 1), time(0, 30)
    ),
    "a Sunday night": Day(lambda day: day.weekday() == 6, time(23, 30)),
    "a year ahead": Day(lambda day: True, time(12), 365),
    "five years ahead": Day(lambda day: True, time(12), 5 * 365),
}


def libfaketime() -> Path:
    """The library; where changes land, it has to be there."""
    for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1"):
        return path
    words = "the clock cannot be set here; install Debian's package libfaketime"
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", DAYS)
def test_what_asks_the_clock_holds_on(name: str, tmp_path: Path) -> None:
    chosen = (*CHOSEN, *MORE) if name == "five years ahead" else CHOSEN
    wanted = DAYS[name].instant
    env = {
        **os.environ,
        "LD_PRELOAD": str(libfaketime()),
        "FAKETIME": f"{(wanted - now()).total_seconds():+.0f}s",
        # what is waited for with a limit would never come
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }

    said = subprocess.run(
        [sys.executable, "-c", CHILD, *LEAN, f"--basetemp={tmp_path / 'child'}", *chosen],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert said.returncode == 0, said.stdout + said.stderr
    clock = datetime.fromisoformat(said.stdout.partition("\n")[0])
    assert abs(clock - wanted) < timedelta(minutes=2)
