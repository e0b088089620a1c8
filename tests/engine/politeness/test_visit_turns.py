"""
What holds for a host holds wherever a visit is led to it from, as the sites themselves tell.

The host that is asked for a document is the one that counts, not the one where a flow begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import fleet
from fleet.browser.chromium import Chromium
from fleet.engine.options import RunOptions
from fleet.engine.politeness.breaker import HostFile
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.engine.politeness.robots_fetcher import RobotsReader
from fleet.engine.politeness.visit_turns import VisitTurns, find_obstacle
from fleet.engine.run import Runner
from fleet.errors import TurnedAway
from fleet.models import Outcome, Scenario, Verdict
from fleet.models.missed import MissReason
from fleet.models.run import RunResult
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.browser.alone import SOON_S
from tests.conftest import QUICK
from tests.engine.politeness.leading import WAYS, Leading, leading
from tests.engine.politeness.test_hosts import Clock, ended, hosts_by
from tests.engine.test_run import stored

PAUSE_S = 0.4
PREFECTURES = ("ain", "var", "lot")
"""In this order; `national` stands between two of them."""


def hosts_in(folder: Path, **limits: Any) -> Hosts:
    return Hosts(HostLimits(**{"pause_s": PAUSE_S, "visits_per_hour": None, **limits}), folder)


async def ran(
    chromium: Chromium, store: Store, hosts: Hosts, flows: list[Scenario], *, tries: int = 1
) -> RunResult:
    options = RunOptions(pages=3, pause_s=0, tries=tries, retry_wait_s=0)
    robots = RobotsReader(hosts, chromium.user_agent)
    runner = Runner(chromium, store, options=options, limits=QUICK, hosts=hosts, robots=robots)
    async with asyncio.timeout(3 * SOON_S):
        result = await runner.run(flows)
    assert result.finished
    return result


def one_at_a_time(site: Leading) -> None:
    assert site.most_at_once == 1
    for before, after in itertools.pairwise(sorted(site.seen)):
        assert after[0] - before[1] >= PAUSE_S


@pytest.mark.parametrize("way", WAYS)
async def test_a_host_gets_one_visit_at_a_time_and_a_pause_however_visits_are_led_there(
    tmp_path: Path, chromium: Chromium, store: Store, way: str
) -> None:
    async with leading() as site:
        result = await ran(chromium, store, hosts_in(tmp_path), site.flows(way, PREFECTURES))

        assert len(site.seen) == len(PREFECTURES)
        one_at_a_time(site)
    assert (result.verdicts[Verdict.CLOSED], result.left_out) == (3, 0), result.reasons


@pytest.mark.parametrize("way", [way for way in WAYS if way != "frame"])
async def test_who_refuses_is_left_alone_and_not_who_led_there(
    tmp_path: Path, chromium: Chromium, store: Store, way: str
) -> None:
    async with leading(status=429) as site:
        flows = site.flows(way, PREFECTURES)
        result = await ran(chromium, store, hosts_in(tmp_path), flows)

        assert (len(site.seen), site.most_at_once) == (1, 1)
        (seen,) = await stored(store, result)
        assert (seen.verdict, seen.facts["retry_after_s"]) == (Verdict.RATE_LIMITED, "3600")
        assert result.left_out == 2
        assert all("leads on: national.localhost is left alone" in each for each in result.reasons)
        states = {state.host: state for state in hosts_in(tmp_path).all()}
        assert states["national.localhost"].cooling_until is not None
        assert all(states[f"{name}.localhost"].cooling_until is None for name in PREFECTURES)

        asked = len(site.asked)
        again = await ran(chromium, store, hosts_in(tmp_path), flows)

        assert len(site.asked) == asked, "it is known where they lead"
        assert (again.left_out, again.verdicts.total()) == (3, 0)


async def test_who_refuses_in_a_frame_is_left_alone_too(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    """The page around it is judged by what it says itself."""
    async with leading(status=429) as site:
        flows = site.flows("frame", PREFECTURES)
        result = await ran(chromium, store, hosts_in(tmp_path), flows)

        assert len(site.seen) == 1
    assert (result.verdicts[Verdict.CLOSED], result.left_out) == (1, 2)


async def test_another_flow_of_a_host_that_led_to_a_refusal_is_visited(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    async with leading(status=403) as site:
        flows = [site.flow("ain", path) for path in ("/redirect", "/script", "/closed")]
        result = await ran(chromium, store, hosts_in(tmp_path), flows)

        assert len(site.seen) == 1
    assert result.verdicts == {Verdict.BLOCKED: 1, Verdict.CLOSED: 1}
    assert result.left_out == 1


@pytest.mark.parametrize("way", ["redirect", "script", "link", "frame"])
async def test_what_robots_txt_forbids_is_not_asked_for_wherever_a_visit_comes_from(
    tmp_path: Path, chromium: Chromium, store: Store, way: str
) -> None:
    async with leading(robots="User-agent: *\nDisallow: /rdv\n") as site:
        flows = site.flows(way, PREFECTURES[:2])
        result = await ran(chromium, store, hosts_in(tmp_path), flows)

        assert (site.seen, result.left_out, result.verdicts.total()) == ([], 2, 0)
        assert "robots.txt of national.localhost disallows /rdv" in result.reasons[0]
        asked = len(site.asked)
        await ran(chromium, store, hosts_in(tmp_path), flows)
        assert len(site.asked) == asked


async def test_two_hosts_that_lead_to_each_other_are_both_visited(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    leads = {"ain.localhost/a": "var.localhost/closed", "var.localhost/b": "ain.localhost/closed"}
    async with leading(leads=leads) as site:
        flows = [site.flow("ain", "/a"), site.flow("var", "/b")]
        for _ in range(2):
            result = await ran(chromium, store, hosts_in(tmp_path), flows)
            assert (result.verdicts[Verdict.CLOSED], result.left_out) == (2, 0), result.reasons


async def test_a_chain_of_hosts_counts_at_each_of_them(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    leads = {"ain.localhost/a": "lot.localhost/b", "lot.localhost/b": "national.localhost/rdv"}
    async with leading(leads=leads) as site:
        await ran(chromium, store, hosts_in(tmp_path), [site.flow("ain", "/a")])

    visits = {state.host: state.visits_last_hour for state in hosts_in(tmp_path).all()}
    assert visits == {"ain.localhost": 1, "lot.localhost": 1, "national.localhost": 1}


async def test_two_fleets_take_turns_at_the_host_to_which_both_are_led(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    async with leading() as site:
        results = await asyncio.gather(
            ran(chromium, store, hosts_in(tmp_path), site.flows("redirect", ["ain", "lot"])),
            ran(chromium, store, hosts_in(tmp_path), [site.flow("national", "/rdv")]),
        )

        assert len(site.seen) == 3
        one_at_a_time(site)
    assert [result.left_out for result in results] == [0, 0]


async def test_who_cannot_be_reached_is_told_from_who_led_there(
    tmp_path: Path, chromium: Chromium, store: Store
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    async with leading(leads={"ain.localhost/a": f"http://gone.localhost:{nobody}/"}) as site:
        result = await ran(chromium, store, hosts_in(tmp_path), [site.flow("ain", "/a")])

    assert result.verdicts == {Verdict.SITE_DOWN: 1}
    failures = {state.host: state.failures for state in hosts_in(tmp_path).all()}
    assert failures == {"ain.localhost": 0, "gone.localhost": 1}


# One visit, asked step by step --------------------------------------------------------------------


AIN = "http://ain.localhost/rdv"
NATIONAL = "http://national.localhost/rdv"


def flow() -> Scenario:
    return Leading(port=80).flow("ain", "/rdv").model_copy(update={"url": AIN})


async def test_a_visit_under_way_waits_for_nobody() -> None:
    hosts, scenario = hosts_by(Clock()), flow()
    national = hosts.named("national.localhost")

    async with national.turn(), VisitTurns(hosts, scenario) as turns:
        assert await turns.ask(AIN, main=True) is None
        words = await turns.ask(NATIONAL, main=True)
        away = turns.turned_away()

    assert words is not None
    assert "is visited just now" in words
    assert (away.busy, away.why) == (True, MissReason.LATE)
    async with VisitTurns(hosts, scenario) as turns:
        assert await turns.ask(NATIONAL, main=True) is None, "the next visit waits for its turn"
        async with asyncio.timeout(SOON_S), national.turn_now() as mine:
            assert not mine


async def test_a_host_that_paused_not_long_enough_is_not_asked_by_a_visit_under_way() -> None:
    clock = Clock()
    hosts = hosts_by(clock)
    async with hosts.named("national.localhost").turn():
        pass

    async with VisitTurns(hosts, flow()) as turns:
        assert await turns.ask(NATIONAL, main=True) is not None
        clock.minutes(1)
        assert await turns.ask(NATIONAL, main=True) is None


async def test_each_host_that_was_asked_counts_the_visit_and_only_the_last_the_verdict() -> None:
    clock = Clock()
    hosts, scenario = hosts_by(clock), flow()
    await visit_fails(hosts, "ain.localhost")
    clock.minutes(10)

    async with VisitTurns(hosts, scenario) as turns:
        await turns.ask(AIN, main=True)
        turns.answered(AIN, 302, None)
        await turns.ask(NATIONAL, main=True)
        assert turns.attempted(ended(Verdict.OVERLOAD)) == "national.localhost"

    ain, national = (hosts.named(f"{name}.localhost").state("") for name in ("ain", "national"))
    assert (ain.visits_last_hour, ain.failures, ain.cooling_until) == (2, 0, None)
    assert (national.visits_last_hour, national.failures) == (1, 1)
    assert national.cooling_until == clock.at + timedelta(minutes=1)


async def visit_fails(hosts: Hosts, name: str) -> None:
    async with hosts.named(name).turn():
        hosts.named(name).seen(ended(Verdict.OVERLOAD))


async def test_a_budget_is_that_of_the_host_that_is_asked() -> None:
    clock = Clock()
    hosts = hosts_by(clock, courtesy=HostLimits(pause_s=0, visits_per_hour=1))
    async with hosts.named("national.localhost").turn():
        hosts.named("national.localhost").visited(None)

    async with VisitTurns(hosts, flow()) as turns:
        await turns.ask(AIN, main=True)
        assert await turns.ask(NATIONAL, main=True) is not None
        assert turns.turned_away().why is MissReason.BUDGET
    clock.minutes(59)
    obstacle = find_obstacle(hosts, flow())
    assert obstacle is not None
    assert (obstacle.host, obstacle.why) == ("ain.localhost", MissReason.BUDGET)


async def test_where_an_address_leads_is_known_for_a_day_in_every_process(tmp_path: Path) -> None:
    clock = Clock()
    hosts, scenario = hosts_by(clock, tmp_path), flow()
    async with VisitTurns(hosts, scenario) as turns:
        await turns.ask(AIN, main=True)
        await turns.ask(NATIONAL, main=True)
        turns.attempted(ended(Verdict.CLOSED))

    other = hosts_by(clock, tmp_path)
    assert other.leads(scenario) == (NATIONAL,)
    assert other.leads(scenario.model_copy(update={"url": f"{AIN}?autre"})) == ()
    clock.minutes(60 * 24 + 1)
    assert other.leads(scenario) == ()


async def test_an_address_that_leads_nowhere_any_more_is_not_taken_to_lead() -> None:
    clock = Clock()
    hosts, scenario = hosts_by(clock), flow()
    visits = ((Verdict.CLOSED, True), (Verdict.OVERLOAD, False), (Verdict.CLOSED, False))
    for verdict, led in visits:
        clock.minutes(60)
        known = len(hosts.leads(scenario))
        async with VisitTurns(hosts, scenario) as turns:
            await turns.ask(AIN, main=True)
            if led:
                await turns.ask(NATIONAL, main=True)
            turns.attempted(ended(verdict))
    assert known == 1, "a host that failed has not shown where it leads"
    assert hosts.leads(scenario) == ()


async def test_frames_of_strangers_are_parts_of_a_page_and_those_of_public_sites_visits() -> None:
    hosts = hosts_by(Clock())
    async with (
        hosts.named("known.example").turn(),
        hosts.named("calendrier.gouv.fr").turn(),
        VisitTurns(hosts, flow()) as turns,
    ):
        assert await turns.ask("https://captcha.example/x", main=False) is None
        assert not hosts.knows("captcha.example")
        assert await turns.ask("https://known.example/x", main=False) is not None
    async with VisitTurns(hosts, flow()) as turns, hosts.named("calendrier.gouv.fr").turn():
        assert await turns.ask("https://calendrier.gouv.fr/x", main=False) is not None


async def test_what_was_kept_before_hosts_were_known_to_lead_is_read(tmp_path: Path) -> None:
    old = {"version": 1, "visits": [], "last_at": None, "failures": {"blocked": 1}}
    (tmp_path / "ain.localhost.json").write_text(json.dumps(old))

    hosts = hosts_by(Clock(), tmp_path)

    assert (hosts.named("ain.localhost").state("").failures, hosts.leads(flow())) == (1, ())
    assert HostFile.model_validate(old).leads == {}


async def test_an_address_that_leads_to_hosts_without_end_is_remembered_in_part() -> None:
    hosts, scenario = hosts_by(Clock()), flow()
    async with VisitTurns(hosts, scenario) as turns:
        for number in range(50):
            await turns.ask(f"http://h{number}.localhost/", main=True)
        turns.attempted(ended(Verdict.CLOSED))

    assert len(hosts.leads(scenario)) == 10


# A visit that is turned away ----------------------------------------------------------------------


class Gate:
    """Lets a visit ask only the first host; the answer for another comes when it is told."""

    def __init__(self, answer: Callable[[], Awaitable[str | None]]) -> None:
        self._answer = answer

    async def ask(self, url: str, *, main: bool) -> str | None:
        return await self._answer() if "national." in url else None

    def answered(self, url: str, status: int, retry_after: str | None) -> None:
        pass


async def never() -> str | None:
    await asyncio.Event().wait()
    return None


async def no() -> str | None:
    return "left alone"


SHORT = AttemptLimits(VisitLimits(deadline_s=2, answer_timeout_s=1, settle_s=0.3), 5, 2)


@pytest.mark.parametrize(
    ("way", "answer"), [*((way, no) for way in WAYS), ("redirect", never), ("link", never)]
)
async def test_a_visit_that_is_turned_away_says_nothing_about_the_site(
    chromium: Chromium, way: str, answer: Callable[[], Awaitable[str | None]]
) -> None:
    async with leading() as site:
        with pytest.raises(TurnedAway):
            await attempt(
                site.flow("ain", f"/{way}"),
                chromium,
                run_id="test",
                limits=SHORT,
                hosts=Gate(answer),
            )
        assert site.seen == []
    assert chromium.open_contexts == 0


async def test_a_scenario_that_catches_everything_is_turned_away_all_the_same(
    chromium: Chromium,
) -> None:
    async def stubborn(visit: fleet.Visit) -> Outcome:
        with contextlib.suppress(Exception):
            await visit.open()
        return Outcome(verdict=Verdict.CLOSED, detail="made up")

    async with leading() as site:
        scenario = site.flow("ain", "/redirect").model_copy(update={"script": stubborn})
        with pytest.raises(TurnedAway, match="left alone"):
            await attempt(scenario, chromium, run_id="test", limits=QUICK, hosts=Gate(no))
