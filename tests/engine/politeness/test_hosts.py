"""
Hosts are visited one visit at a time, with pauses, within a budget, and left alone when they fail.

Rules of time are tested with a clock that is set; that they reach the sites is read from the
practice server's own journal, which knows nothing of them.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from structlog.testing import capture_logs

import fleet
from fleet.bootstrap.visits import hosts_of
from fleet.bootstrap.worlds import for_practice
from fleet.browser.chromium import Chromium
from fleet.cli.commands import hosts as hosts_command
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.engine.options import RunOptions
from fleet.engine.politeness.breaker import COOLING, KINDS, PROVES_NOTHING, CoolingRule
from fleet.engine.politeness.host import Host, HostLimits
from fleet.engine.politeness.hosts import Hosts, over_budget
from fleet.engine.politeness.robots import Robots
from fleet.engine.run import Runner
from fleet.models import Attempt, Outcome, Scenario, Verdict
from fleet.practice import Fault, PracticeServer
from fleet.settings import Settings
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from fleet.visit.headers import seconds_asked
from tests.browser.alone import SOON_S, until
from tests.conftest import QUICK, Visit, scenario_of
from tests.engine.test_run import aimed, form, visits_of
from tests.storage.test_store import attempt_of

CONDUCT = (Path(__file__).parents[3] / "docs" / "conduct.md").read_text()

BEGIN = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
EVRY = scenario_of(form("evry"))


class Clock:
    """Stands still until it is set or slept by."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> datetime:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        await asyncio.sleep(0)

    def minutes(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)


def hosts_by(clock: Clock, folder: Path | None = None, courtesy: HostLimits | None = None) -> Hosts:
    return Hosts(courtesy or HostLimits(), folder, now=clock, sleep=clock.sleep)


def ended(verdict: Verdict, **facts: str) -> Attempt:
    return attempt_of(verdict=verdict, group=verdict.group, detail="seen", facts=facts)


async def visit_ends(host: Host, verdict: Verdict, **facts: str) -> None:
    async with host.turn():
        host.seen(ended(verdict, **facts))


def left_alone(host: Host, clock: Clock) -> float:
    """Minutes."""
    return host.left_s(host.cooling_until()) / 60


# The breaker --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "minutes"),
    [
        (Verdict.BLOCKED, [40, 80, 160, 320, 640, 1280, 1440, 1440]),
        (Verdict.RATE_LIMITED, [5, 10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]),
        (Verdict.OVERLOAD, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]),
        (Verdict.MAINTENANCE, [15, 30, 60, 120, 120]),
        (Verdict.SITE_DOWN, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]),
        (Verdict.TIMEOUT, [0, 0, 1, 2, 4, 8, 16, 32, 60, 60]),
    ],
)
async def test_a_host_that_goes_on_failing_is_left_alone_twice_as_long_each_time(
    verdict: Verdict, minutes: list[int]
) -> None:
    clock = Clock()
    host = hosts_by(clock).of(EVRY)
    seen = []
    for _ in minutes:
        await visit_ends(host, verdict)
        seen.append(left_alone(host, clock))
        clock.minutes(seen[-1] + 0.01)
        assert host.cooling_until() is None

    assert seen == minutes


async def test_a_host_that_is_down_and_then_slow_has_failed_twice() -> None:
    clock = Clock()
    host = hosts_by(clock).of(EVRY)
    for verdict in (Verdict.SITE_DOWN, Verdict.TIMEOUT, Verdict.SITE_DOWN):
        await visit_ends(host, verdict)

    assert left_alone(host, clock) == 1


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in KINDS])
async def test_an_answer_makes_good_what_was_before_and_what_proves_nothing_does_not(
    verdict: Verdict,
) -> None:
    clock = Clock()
    host = hosts_by(clock).of(EVRY)
    await visit_ends(host, Verdict.BLOCKED)
    clock.minutes(41)

    await visit_ends(host, verdict)

    assert host.cooling_until() is None
    await visit_ends(host, Verdict.BLOCKED)
    assert left_alone(host, clock) == (80 if verdict in PROVES_NOTHING else 40)


async def test_after_the_time_is_over_one_visit_decides_for_all_that_wait() -> None:
    clock = Clock()
    host = hosts_by(clock).of(EVRY)
    await visit_ends(host, Verdict.BLOCKED)
    clock.minutes(41)
    made = []

    async def due(number: int) -> None:
        async with host.turn():
            if host.cooling_until() is None:
                made.append(number)
                host.seen(ended(Verdict.BLOCKED))

    await asyncio.gather(*map(due, range(5)))

    assert made == [0]
    assert 79 < left_alone(host, clock) <= 80


@pytest.mark.parametrize(
    ("verdict", "asked_s", "minutes"),
    [
        (Verdict.RATE_LIMITED, 7200, 120),
        (Verdict.RATE_LIMITED, 30, 5),
        (Verdict.OVERLOAD, 3600, 60),
        (Verdict.MAINTENANCE, 10_800, 180),
        (Verdict.RATE_LIMITED, 10**11, 1440),
        (Verdict.UNRECOGNISED, 600, 10),
    ],
)
async def test_a_host_is_left_alone_as_long_as_it_asks_for_a_day_at_most(
    verdict: Verdict, asked_s: int, minutes: int
) -> None:
    clock = Clock()
    host = hosts_by(clock).of(EVRY)

    await visit_ends(host, verdict, retry_after_s=str(asked_s))

    assert left_alone(host, clock) == minutes


def test_the_table_in_the_docs_is_the_one_that_holds() -> None:
    rows = re.findall(r"^\| `([a-z_`, ]+)` \|([^|]*)\|([^|]*)\|", CONDUCT, re.MULTILINE)
    told = {
        Verdict(name): (first.strip(), most.strip())
        for names, first, most in rows
        for name in names.replace("`", "").split(", ")
    }

    def words(cooling: CoolingRule) -> tuple[str, str]:
        spared = f" after {cooling.spared + 1} in a row" if cooling.spared else ""
        return f"{_time(cooling.first)}{spared}", _time(cooling.most)

    held = {verdict: words(COOLING[kind]) for verdict, kind in KINDS.items()}
    others = {
        v: ("none", "") if v in PROVES_NOTHING else ("ends it", "")
        for v in Verdict
        if v not in KINDS
    }
    assert told == held | others


def _time(time: timedelta) -> str:
    minutes = time.total_seconds() / 60
    return f"{minutes:g} min" if minutes < 60 else f"{minutes / 60:g} h"


# Turns, pauses, budgets ---------------------------------------------------------------------------


async def test_visits_of_a_host_follow_each_other_with_a_pause_and_ports_share_a_host() -> None:
    clock = Clock()
    hosts = hosts_by(clock)
    one, other = (hosts.of(EVRY.at(f"http://EVRY.localhost:{port}/x")) for port in (1, 2))
    spans = []

    async def visit() -> None:
        async with one.turn():
            began = clock.at
            await clock.sleep(3)
            spans.append((began, clock.at))

    await asyncio.gather(*(visit() for _ in range(4)))

    assert one is other
    assert one.name == "evry.localhost"
    for before, after in itertools.pairwise(spans):
        assert after[0] - before[1] == timedelta(seconds=5)


async def test_a_wait_for_a_turn_can_be_cancelled_and_the_next_one_gets_it() -> None:
    host = Hosts(HostLimits(pause_s=0), None).of(EVRY)
    first, waits = host.turn(), asyncio.ensure_future(host.turn().__aenter__())
    await first.__aenter__()
    waits.cancel()
    await asyncio.wait({waits})
    await first.__aexit__(None, None, None)

    async with asyncio.timeout(SOON_S), host.turn():
        assert waits.cancelled()


async def test_the_visits_of_an_hour_are_counted_and_the_next_is_told() -> None:
    clock = Clock()
    host = hosts_by(clock, courtesy=HostLimits(pause_s=0, visits_per_hour=3)).of(EVRY)
    for _ in range(3):
        assert host.spent() is None
        await visit_ends(host, Verdict.NO_SLOTS)
        clock.minutes(10)

    assert host.spent() == BEGIN + timedelta(hours=1)
    clock.minutes(30)
    assert host.spent() is None
    assert host.state("").visits_last_hour == 2


async def test_an_attempt_noted_out_of_its_turn_is_refused() -> None:
    host = hosts_by(Clock()).of(EVRY)

    with pytest.raises(RuntimeError, match=r"evry\.localhost: an attempt was noted out of"):
        host.seen(ended(Verdict.SLOTS))


def test_hosts_that_are_asked_for_more_than_the_budget_are_named() -> None:
    flows = [EVRY] * 90 + [EVRY.at("http://lille.localhost/")] * 60

    assert over_budget(flows, timedelta(hours=1), 60) == [("evry.localhost", 90)]
    assert over_budget(flows, timedelta(minutes=30), 60) == [
        ("evry.localhost", 180),
        ("lille.localhost", 120),
    ]
    assert over_budget(flows, timedelta(hours=1), None) == []


async def test_a_clock_that_is_set_back_makes_no_wait_longer_than_it_can_be() -> None:
    clock = Clock()
    host = hosts_by(clock).of(EVRY)
    await visit_ends(host, Verdict.BLOCKED)
    clock.minutes(-60 * 24 * 7)
    before = clock.at

    assert left_alone(host, clock) == 1440
    async with host.turn():
        assert clock.at - before == timedelta(seconds=5)


# What is kept -------------------------------------------------------------------------------------


async def test_another_process_and_a_later_one_know_what_is_known(tmp_path: Path) -> None:
    clock = Clock()
    here, there = hosts_by(clock, tmp_path), hosts_by(clock, tmp_path)
    assert there.of(EVRY).cooling_until() is None

    await visit_ends(here.of(EVRY), Verdict.BLOCKED)

    assert there.of(EVRY).cooling_until() == clock.at + timedelta(minutes=40)
    (state,) = hosts_by(clock, tmp_path).all()
    assert (state.host, state.failures, state.visits_last_hour) == ("evry.localhost", 1, 1)
    assert state.why == "blocked: seen"


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"version": 2}', b'{"visits": ["soon"]}', b"\xff", b"0" * 3_000_000]
)
async def test_a_damaged_file_is_set_aside_and_the_host_counts_as_blocked(
    tmp_path: Path, content: bytes
) -> None:
    clock = Clock()
    path = tmp_path / "evry.localhost.json"
    path.write_bytes(content)

    with capture_logs() as logs:
        host = hosts_by(clock, tmp_path).of(EVRY)
        assert left_alone(host, clock) == 40

    assert [log["path"] for log in logs] == [str(path)]
    assert path.with_name(f"{path.name}.damaged").read_bytes() == content
    assert json.loads(path.read_bytes())["failures"] == {"blocked": 1}
    clock.minutes(41)
    await visit_ends(host, Verdict.NO_SLOTS)
    assert hosts_by(clock, tmp_path).of(EVRY).state("").failures == 0


async def test_a_folder_that_cannot_be_written_is_reported_once_and_ends_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "hosts").write_text("a file where the folder should be")
    clock = Clock()
    host = hosts_by(clock, tmp_path / "hosts").of(EVRY)

    with capture_logs() as logs:
        assert left_alone(host, clock) == 40, "what cannot be read may hide a refusal"
        clock.minutes(41)
        await visit_ends(host, Verdict.NO_SLOTS)
        await visit_ends(host, Verdict.BLOCKED)

    assert left_alone(host, clock) == 40
    assert len(logs) == 2, "once for the file, once for the lock"


@pytest.mark.process
async def test_a_turn_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    """The other process is killed in its turn; its visit is followed by a pause all the same."""
    program = """if True:
        import asyncio, pathlib, sys
        from fleet.models import Scenario
        from fleet.engine.politeness.host import HostLimits
        from fleet.engine.politeness.hosts import Hosts
        async def main():
            hosts = Hosts(HostLimits(pause_s=0), pathlib.Path(sys.argv[1]))
            scenario = Scenario.model_construct(url="http://evry.localhost/")
            async with hosts.of(scenario).turn():
                print("in turn", flush=True)
                await asyncio.sleep(600)
        asyncio.run(main())"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, str(tmp_path)), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"in turn\n"
        host = Hosts(HostLimits(pause_s=0.5), tmp_path).of(EVRY)
        entering = asyncio.ensure_future(host.turn().__aenter__())
        await asyncio.sleep(1.2)
        assert not entering.done()
    finally:
        process.kill()
        await process.wait()

    async with asyncio.timeout(SOON_S):
        await entering


# Visits of practice prefectures, as their server saw them -----------------------------------------


def runner(
    chromium: Chromium, store: Store, hosts: Hosts, *, tries: int = 1, pages: int = 3, **more: Any
) -> Runner:
    pace = RunOptions(pages=pages, pause_s=0, tries=tries, retry_wait_s=0)
    return Runner(chromium, store, options=pace, limits=QUICK, hosts=hosts, **more)


async def test_two_fleets_take_turns_at_a_host_and_pause_between_any_two_visits(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    pause_s = 0.4
    async with PracticeServer([form("evry")], latency_s=0.05) as server:
        fleets = [
            runner(chromium, store, Hosts(HostLimits(pause_s=pause_s), tmp_path)) for _ in range(2)
        ]
        results = await asyncio.gather(*(each.run(aimed(server), times=2) for each in fleets))

        spans = visits_of(server.requests)

    assert [result.run.attempts for result in results] == [2, 2]
    assert len(spans) == 4
    for before, after in itertools.pairwise(spans):
        assert after.first - before.last >= pause_s


async def test_a_host_that_refused_is_visited_by_no_later_run_before_its_time_and_then_once(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    lyon, lille, clock = form("lyon", Fault(0, "http_403")), form("lille"), Clock()
    visits, left_out = [], []
    async with PracticeServer([lyon, lille]) as server:
        for minutes in (0, 39, 1.1, 79):
            clock.minutes(minutes)
            hosts = hosts_by(clock, tmp_path, HostLimits(pause_s=0))
            result = await runner(chromium, store, hosts).run(aimed(server), times=2)
            visits.append((server.visits(lyon), server.visits(lille)))
            left_out.append(result.left_out)
            reasons = result.reasons

    assert visits == [(1, 2), (1, 4), (2, 6), (2, 8)]
    assert left_out == [1, 2, 1, 2]
    (words,) = reasons
    assert words.startswith(
        "2 visits left out: lyon.localhost is left alone until 2026-11-25 10:00 UTC; blocked: "
    )


async def test_a_retry_waits_until_its_host_may_be_visited_and_holds_no_place(
    chromium: Chromium, store: Store
) -> None:
    busy, other = form("evry", Fault(0, "http_503", times=1)), form("lille")
    cools_s = 1.0
    cooling = {"overload": CoolingRule(timedelta(seconds=cools_s), timedelta(hours=6))}
    hosts = Hosts(HostLimits(pause_s=0, cooling=cooling), None)
    async with PracticeServer([busy, other]) as server:
        result = await runner(chromium, store, hosts, tries=2, pages=1).run(aimed(server))
        first, second = (r for r in server.requests if r.path.endswith("/create/1") and _evry(r))

    attempts = [a async for a in store.attempts.find(run_id=result.run.id)]
    assert [(a.flow, a.number) for a in attempts] == [("evry-1", 1), ("lille-1", 1), ("evry-1", 2)]
    assert (second.at - first.at).total_seconds() >= cools_s


def _evry(request: object) -> bool:
    return "evry" in getattr(request, "host", "")


async def test_a_run_does_not_wait_for_a_host_that_is_left_alone_for_long(
    chromium: Chromium, store: Store
) -> None:
    works = [form("evry", Fault(0, "http_503"), number=str(n)) for n in (1, 2)]
    cooling = {"overload": CoolingRule(timedelta(hours=1), timedelta(hours=6))}
    hosts = Hosts(HostLimits(pause_s=0, cooling=cooling), None)
    async with PracticeServer(works) as server, asyncio.timeout(SOON_S):
        result = await runner(chromium, store, hosts, tries=3).run(aimed(server))

    assert (result.run.attempts, result.left_out) == (1, 1)
    assert result.finished


async def test_fleets_share_the_budget_of_a_host_and_a_wait_for_it_can_be_stopped(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    seen: list[Attempt] = []
    async with PracticeServer([form("evry")]) as server, asyncio.timeout(2 * SOON_S):
        fleets = [
            runner(
                chromium,
                store,
                Hosts(HostLimits(pause_s=0.1, visits_per_hour=3), tmp_path),
                on_attempt=seen.append,
            )
            for _ in range(2)
        ]
        running = [asyncio.ensure_future(each.run(aimed(server), times=2)) for each in fleets]
        await until(lambda: len(seen) == 3)
        await asyncio.sleep(1)  # time enough for one more, if it were made
        for each in fleets:
            each.stop()
        results = await asyncio.gather(*running)

        assert server.visits(server.flows[0]) == 3
        assert sorted(result.finished for result in results) == [False, True]


def test_practice_keeps_nothing_of_its_hosts_and_leaves_none_alone(tmp_path: Path) -> None:
    real = Settings(data_dir=tmp_path)

    assert hosts_of(real, practice=False).courtesy == HostLimits(5, 60)
    practice = hosts_of(for_practice(real, PRACTICE_SCENARIOS), practice=True)
    assert practice.courtesy == HostLimits(0, None, cooling=None)
    assert practice.all() == []


# Retry-After --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 40, 999_999_999_999),
        ("Wed, 25 Nov 2026 09:00:00 GMT", 3600),
        ("Wed, 25 Nov 2026 10:00:00 +0100", 3600),
        ("Wednesday, 25-Nov-26 08:00:30 GMT", 30),
        ("Wed, 25 Nov 2026 07:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("1.5", 2),
        ("120 s", 120),
        ("120 seconds", 120),
        ("120, 240", 240),
        ("120\n60", 120),
        ("120, soon", None),
        ("2026-11-25T09:00:00Z", 3600),
        ("2026-11-25 10:00:00+01:00", 3600),
        ("2026-11-25", None),
        ("1/0", None),
        ("٣٠", None),
        ("Wed, 99 Nov 2026 07:00:00 GMT", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_nothing(header: str, seconds: int | None) -> None:
    assert seconds_asked(header, BEGIN) == seconds


async def test_what_a_site_asks_for_is_a_fact_of_the_attempt(visit: Visit) -> None:
    got = await visit(form("evry", Fault(0, "http_429", retry_after_s=77)))

    assert (got.verdict, got.facts) == (Verdict.RATE_LIMITED, {"retry_after_s": "77"})


async def test_a_retry_after_that_means_nothing_is_noted_and_ignored(chromium: Chromium) -> None:
    async def busy(_: web.Request) -> web.Response:
        return web.Response(status=503, headers={"Retry-After": "bientôt"})

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        raise AssertionError

    application = web.Application()
    application.add_routes([web.get("/", busy)])
    site = web.AppRunner(application)
    await site.setup()
    await web.TCPSite(site, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{site.addresses[0][1]}/"
    scenario: Scenario = EVRY.at(url).model_copy(update={"script": script})

    kept = await attempt(scenario, chromium, run_id="test", limits=QUICK)
    await site.cleanup()

    assert (kept.attempt.verdict, kept.attempt.facts) == (Verdict.OVERLOAD, {})
    assert [note for note in kept.attempt.notes if "neither seconds nor a date" in note]


# `fleet hosts` ------------------------------------------------------------------------------------


@pytest.fixture
def catalogue(tmp_path: Path) -> Settings:
    """Two flows of one host, one flow of another."""
    folder = tmp_path / "scenarios"
    folder.mkdir()
    text = "from fleet.families import bookingserver\n"
    for n, url in enumerate(("evry.localhost/booking/create/1", *_lille(1, 2))):
        text += (
            f'f{n} = bookingserver.flow(department="91", flow="f{n}", title="Titre",'
            f' url="http://{url}")\n'
        )
    (folder / "d91_essonne.py").write_text(text)
    return Settings(scenarios_dir=(folder,), data_dir=tmp_path / "data")


def _lille(*forms: int) -> Sequence[str]:
    return [f"lille.localhost/booking/create/{n}" for n in forms]


async def test_the_command_names_every_host_with_its_state_budget_and_robots(
    catalogue: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    hosts = hosts_of(catalogue, practice=False)
    await visit_ends(hosts.of(EVRY), Verdict.BLOCKED)
    text = "User-agent: *\nDisallow: /booking/create/2\n"
    robots = Robots(url="http://lille.localhost/robots.txt", tried_at=BEGIN, read_at=BEGIN)
    hosts.robots.keep("lille.localhost", robots.model_copy(update={"text": text}))

    hosts_command.show(catalogue, as_json=False)
    shown = capsys.readouterr().out.splitlines()
    hosts_command.show(catalogue.model_copy(update={"mean_gap_minutes": 1.0}), as_json=True)
    first, second = map(json.loads, capsys.readouterr().out.splitlines())

    assert re.search(r"^evry\.localhost +1 +1 of 60 +not read +left alone until .* Paris", shown[1])
    assert re.search(r"^lille\.localhost +2 +0 of 60 +allows 1; disallows 1, not visited", shown[2])
    assert (first["host"], first["failures"]) == ("evry.localhost", 1)
    assert (second["host"], second["disallowed"], second["robots"]) == (
        "lille.localhost",
        1,
        "found",
    )


def test_in_a_narrow_terminal_a_long_name_is_folded_and_not_what_is_said_of_it(
    catalogue: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    long = f"{'prefecture-' * 6}.localhost"
    file = catalogue.scenarios_dir[0] / "d91_essonne.py"
    file.write_text(file.read_text().replace("lille.localhost", long))

    hosts_command.show(catalogue, as_json=False)
    shown = capsys.readouterr().out.splitlines()

    assert re.search(r"^prefecture-[^ ]+ +2 +0 of 60 +not read +may be visited", shown[2])


def test_the_command_warns_of_a_host_that_is_asked_for_more_than_its_budget(
    catalogue: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    hosts_command.show(catalogue.model_copy(update={"mean_gap_minutes": 1.0}), as_json=False)

    assert "lille.localhost is asked for 120 visits an hour, and 60 are" in capsys.readouterr().out
