"""A watching fleet: real Chromium, mongod and practice sites; every due time comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import fleet
from fleet.analysis.coverage import due_times
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.browser.pool import BrowserPool
from fleet.engine import metrics
from fleet.engine.concurrency import ConcurrencyLimiter
from fleet.engine.in_progress import VisitMarks
from fleet.engine.metrics import listen
from fleet.engine.options import RetryPolicy, WatchOptions, WatchTiming
from fleet.engine.parts import WatchParts
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.engine.spool import Spool
from fleet.engine.status import status_of
from fleet.engine.watch import Watch
from fleet.errors import LeaseLost, LeaseTaken
from fleet.models import Attempt, EvidenceFile, Outcome, Scenario, Verdict, now
from fleet.models.missed import MissReason
from fleet.practice import Fault, FaultKind, Form, Planning, PracticeServer, always, never
from fleet.settings import Settings
from fleet.storage.embedded import Mongod
from fleet.storage.lease import LONG_AGO
from fleet.storage.store import Store
from tests.browser.alone import until
from tests.conftest import QUICK, scenario_of
from tests.engine.politeness.leading import leading
from tests.storage.test_embedded import servers_of

pytestmark = pytest.mark.process

OPTIONS = WatchOptions(
    mean_gap=timedelta(seconds=2),
    min_gap=timedelta(seconds=0.5),
    grace_s=10,
    limits=QUICK,
    retries=RetryPolicy(tries=2, retry_wait=timedelta(seconds=0.2)),
)


def timed(**seconds: float) -> WatchOptions:
    """The options with another timing."""
    return replace(OPTIONS, timing=WatchTiming(**seconds))


def form(host: str, number: int, **more: Any) -> Form:
    return Form(
        host=host,
        id=f"9{number:04d}",
        department="63",
        prefecture="Préfecture",
        title=f"Titre de séjour {number}",
        flow=f"guichet-{number}",
        plannings=(Planning(f"9{number:04d}1", "Guichet", (never, always)[number % 2]),),
        **more,
    )


FORMS = (form("here", 1), form("here", 2), form("there", 3))


@pytest.fixture(scope="module")
async def browsers() -> AsyncIterator[BrowserPool]:
    def make() -> Chromium:
        return Chromium(
            find_chromium(Settings().chromium), fleet_version=fleet.__version__, loopback_only=True
        )

    async with BrowserPool(make) as running:
        yield running


async def first_page(visit: fleet.Visit) -> Outcome:
    """What follows it is the families' business."""
    await visit.open()
    return Outcome(verdict=Verdict.CLOSED, detail="seen")


class Country:
    """Practice sites, and a fleet that watches them into a store."""

    def __init__(
        self, server: PracticeServer, store: Store, browsers: BrowserPool, home: Path
    ) -> None:
        self.server, self.store, self.browsers, self.home = server, store, browsers, home
        self.scenarios: Sequence[Scenario] = [
            scenario_of(flow).at(server.url(flow)).model_copy(update={"script": first_page})
            for flow in server.flows
        ]
        self.courtesy = HostLimits(pause_s=0, visits_per_hour=None)
        self.most_bytes = 10**9
        self.revive: Any = None
        self.began = datetime.now(UTC)

    @contextlib.asynccontextmanager
    async def watching(self, options: WatchOptions = OPTIONS, **more: Any) -> AsyncIterator[Watch]:
        """A fleet that watches meanwhile, and has ended properly afterwards."""
        spool = Spool(self.home / "spool", max_bytes=self.most_bytes, free_bytes=0)
        spool.open()
        stop = asyncio.Event()
        try:
            async with ConcurrencyLimiter(4) as places:
                parts = WatchParts(
                    store=self.store,
                    browsers=self.browsers,
                    hosts=Hosts(self.courtesy, self.home / "hosts"),
                    limiter=places,
                    spool=spool,
                    marks=VisitMarks(self.home / "begun"),
                    lease=self.store.lease("watch"),
                    revive=self.revive,
                )
                watch = Watch(parts, options, lambda: self.scenarios, **more)
                task = asyncio.ensure_future(watch.watch(stop))
                try:
                    yield watch
                finally:
                    stop.set()
                    await task
        finally:
            spool.close()

    async def attempts(self) -> list[Attempt]:
        return [attempt async for attempt in self.store.attempts.find()]

    async def until(self, enough: Callable[[list[Attempt]], bool]) -> None:
        """Wait until the stored attempts are enough."""
        async with asyncio.timeout(40):
            while not enough(await self.attempts()):  # noqa: ASYNC110 (no event tells of it)
                await asyncio.sleep(0.1)

    async def account(self) -> Counter[MissReason | Verdict]:
        """How the due times until now ended; fails if one did not, or ended twice."""
        attempts = await self.attempts()
        first = [a for a in attempts if a.number == 1]
        missed = await self.store.missed_visits.of(None, self.began, datetime.now(UTC))
        ended = Counter(
            [(a.scenario_id, a.due_at) for a in first] + [(m.scenario_id, m.due_at) for m in missed]
        )
        plans = await self.store.watch_state.plans()
        accounted = await self.store.watch_state.reconciled_until()
        due = [
            (each, at)
            for each, until in accounted.items()
            for at in due_times(plans, each, plans[0].since, until)
        ]
        assert max(ended.values(), default=1) == 1, "a due time ended twice"
        assert set(due) - set(ended) == set(), "a due time came to no end"
        return Counter([a.verdict for a in attempts]) + Counter([m.why for m in missed])


@pytest.fixture
async def country(
    store: Store, browsers: BrowserPool, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Country]:
    async with PracticeServer(getattr(request, "param", FORMS)) as server:
        yield Country(server, store, browsers, tmp_path)
        assert server.tripwires == []
        assert browsers.open_contexts == 0


async def test_every_due_time_becomes_an_attempt_and_the_site_sees_one_at_a_time(
    country: Country,
) -> None:
    """The latter by the practice server's own journal."""
    async with country.watching() as watch:
        await country.until(lambda made: len(made) >= 8)

    ended = await country.account()
    assert set(ended) <= {Verdict.CLOSED, MissReason.INTERRUPTED}
    attempts = await country.attempts()
    for attempt in attempts:
        assert attempt.due_at is not None
        assert attempt.started_at >= attempt.due_at
        assert attempt.run_id == watch.run.id
    late = watch.counters.lateness(0.5)
    assert late is not None
    assert late >= 0
    (run,) = (await country.store.queries.runs()).items
    assert (run.watch, run.attempts, run.ended_at is not None) == (True, len(attempts), True)
    status = await country.store.watch_state.status()
    assert status is not None
    assert status.stopped
    assert sum(status.verdicts.values()) == len(attempts)

    spans: dict[str, list[tuple[datetime, datetime]]] = {}
    for host in ("here", "there"):
        by_session: dict[str, list[datetime]] = {}
        for request in country.server.requests:
            if request.host.startswith(host) and request.session:
                by_session.setdefault(request.session, []).append(request.at)
        spans[host] = sorted((min(times), max(times)) for times in by_session.values())
    assert all(one[1] <= other[0] for own in spans.values() for one, other in pairwise(own))
    assert sum(map(len, spans.values())) == len(attempts)


async def test_a_second_fleet_is_told_and_visits_nothing(country: Country, tmp_path: Path) -> None:
    async with country.watching() as watch:
        await until(lambda: watch.scheduler is not None)
        other = Country(country.server, country.store, country.browsers, tmp_path / "other")
        with pytest.raises(LeaseTaken, match="another fleet does this work"):
            async with other.watching(timed(take_lease_s=0)):
                await asyncio.sleep(1)
        await country.until(lambda made: len(made) >= 2)

    assert [run.watch for run in (await country.store.queries.runs()).items] == [True]


async def test_a_fleet_whose_lease_was_taken_stops_at_once(country: Country) -> None:
    async def lose_it() -> None:
        async with country.watching(timed(renew_lease_s=0.3)) as watch:
            await country.until(lambda made: len(made) >= 1)
            await watch.parts.lease._leases.update_one({}, {"$set": {"holder": "another"}})
            await until(lambda: watch.lease_lost is not None)

    with pytest.raises(LeaseLost, match="another fleet took this work over"):
        await lose_it()

    made = len(country.server.requests)
    await asyncio.sleep(1)
    assert len(country.server.requests) == made


async def test_what_a_frozen_fleet_had_seen_or_begun_is_told_by_it_though_another_has_its_place(
    country: Country, tmp_path: Path
) -> None:
    """Their data folders apart, as on two machines; the first one goes on after it was frozen."""
    other = Country(country.server, country.store, country.browsers, tmp_path / "other")
    release, begun = asyncio.Event(), asyncio.Event()

    async def is_long(visit: fleet.Visit) -> Outcome:
        await visit.open()
        begun.set()
        await release.wait()
        return Outcome(verdict=Verdict.CLOSED, detail="seen")

    first, *others = country.scenarios
    country.scenarios = [first.model_copy(update={"script": is_long}), *others]

    async def be_frozen() -> None:
        async with country.watching(timed(renew_lease_s=30)) as watch:
            await begun.wait()
            # frozen here: it renews nothing, and what it has in its spool does not leave it
            spool, store = watch.parts.spool, country.store
            async with spool._drain_lock:
                await until(lambda: spool.waiting > 0)
                await store.lease("watch")._leases.update_one(
                    {}, {"$set": {"expires_at": LONG_AGO}}
                )
                async with other.watching(timed(take_lease_s=5)) as second:
                    await until(lambda: second.scheduler is not None)
                    status = await store.watch_state.status()
                    assert status is not None
                    with contextlib.suppress(LeaseLost):
                        await watch._lease._renew()
                    spool_was = spool.waiting
            assert spool_was > 0

    with contextlib.suppress(LeaseLost):
        await be_frozen()

    ended = await country.account()
    assert ended[Verdict.CLOSED] > 0
    missed = await country.store.missed_visits.of(None, country.began, datetime.now(UTC))
    assert MissReason.INTERRUPTED in {m.why for m in missed if m.scenario_id == first.id}


async def test_what_a_fleet_that_was_not_running_missed_is_noted_at_the_next_start(
    country: Country,
) -> None:
    async with country.watching():
        await country.until(lambda made: len(made) >= 2)
    await asyncio.sleep(4)

    async with country.watching() as watch:
        await until(lambda: watch.scheduler is not None)

    assert (await country.account())[MissReason.UNWATCHED] > 0


async def test_a_host_that_refuses_is_left_alone_and_its_due_times_are_missed(
    store: Store, browsers: BrowserPool, tmp_path: Path
) -> None:
    refusing = form("refusing", 5, faults=(Fault(0, FaultKind.HTTP_403),))
    async with PracticeServer((refusing, FORMS[2])) as server:
        country = Country(server, store, browsers, tmp_path)
        async with country.watching() as watch:
            await country.until(lambda made: len(made) >= 4)
            await until(lambda: watch.counters.misses[MissReason.COOLING] > 0)

        ended = await country.account()

    assert ended[Verdict.BLOCKED] == 1
    assert ended[MissReason.COOLING] > 0
    missed = await store.missed_visits.of(None, country.began, datetime.now(UTC))
    assert any("left alone until" in each.detail and "forbidden" in each.detail for each in missed)


async def test_a_site_that_refuses_is_left_alone_by_all_hosts_that_lead_there(
    store: Store, browsers: BrowserPool, tmp_path: Path
) -> None:
    async with PracticeServer(FORMS) as server, leading(status=429) as site:
        country = Country(server, store, browsers, tmp_path)
        country.scenarios = site.flows("redirect", ("ain", "var", "lot"))
        async with country.watching() as watch:
            await until(lambda: watch.counters.misses[MissReason.COOLING] >= 4)

        ended = await country.account()
        assert (len(site.seen), site.most_at_once) == (1, 1)
        assert len(site.asked) <= 1 + 2 * len(country.scenarios), "then it is known where they lead"

    assert ended[Verdict.RATE_LIMITED] == 1
    assert set(ended) <= {Verdict.RATE_LIMITED, MissReason.COOLING, MissReason.INTERRUPTED}
    missed = await store.missed_visits.of(None, country.began, datetime.now(UTC))
    assert any("leads on: national.localhost is left alone" in each.detail for each in missed)


async def test_hosts_that_lead_to_one_site_visit_it_one_at_a_time(
    store: Store, browsers: BrowserPool, tmp_path: Path
) -> None:
    async with PracticeServer(FORMS) as server, leading() as site:
        country = Country(server, store, browsers, tmp_path)
        country.scenarios = site.flows("script", ("ain", "var", "lot"))
        async with country.watching():
            await country.until(lambda made: len(made) >= 6)

        ended = await country.account()
        assert site.most_at_once == 1
    assert set(ended) <= {Verdict.CLOSED, MissReason.INTERRUPTED, MissReason.LATE}


async def test_an_unavailable_site_is_tried_again_for_the_same_due_time(
    store: Store, browsers: BrowserPool, tmp_path: Path
) -> None:
    failing = form("failing", 7, faults=(Fault(0, FaultKind.EMPTY_RESPONSE, times=3),))
    async with PracticeServer((failing,)) as server:
        country = Country(server, store, browsers, tmp_path)
        async with country.watching():
            await country.until(lambda made: any(a.number == 2 for a in made))

        attempts = await country.attempts()
        await country.account()

    retry = next(a for a in attempts if a.number == 2)
    (first,) = [a for a in attempts if a.due_at == retry.due_at and a.number == 1]
    assert first.verdict is Verdict.SITE_DOWN


async def test_a_visit_whose_evidence_cannot_be_kept_is_crashed_and_not_missed(
    country: Country,
) -> None:
    async def empties(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.keep_picture()
        file = visit.files[0]
        visit.files[0] = EvidenceFile.model_construct(evidence=file.evidence, content=None)
        return Outcome(verdict=Verdict.CLOSED, detail="seen")

    first, *others = country.scenarios
    country.scenarios = [first.model_copy(update={"script": empties}), *others]

    async with country.watching():
        await country.until(lambda stored: {a.scenario_id for a in stored} >= set(ids(country)))
        stopping = datetime.now(UTC)

    await country.account()
    missed = await country.store.missed_visits.of(None, country.began, datetime.now(UTC))
    # what falls due while it stops, or after, is nobody's
    before = [each for each in missed if each.due_at < stopping]
    assert {each.detail for each in before} <= {"the fleet was being stopped"}
    crashed = [a for a in await country.attempts() if a.scenario_id == first.id]
    assert {a.verdict for a in crashed} == {Verdict.CRASHED}
    assert "what was seen cannot be kept: TypeError" in crashed[0].detail


def ids(country: Country) -> list[str]:
    return [scenario.id for scenario in country.scenarios]


async def test_with_no_room_nothing_is_visited_and_that_is_said(country: Country) -> None:
    country.most_bytes = 0
    async with country.watching() as watch:
        await until(lambda: watch.counters.misses[MissReason.NO_ROOM] > 0)
        assert "is full" in str(watch.problem())

    assert [r for r in country.server.requests if r.path != "/robots.txt"] == []
    assert (await country.account())[MissReason.NO_ROOM] > 0


async def test_a_scenario_that_is_added_is_visited_and_one_that_is_removed_is_not(
    country: Country,
) -> None:
    everything = country.scenarios
    country.scenarios = everything[:1]
    async with country.watching(timed(follow_s=0.2)) as watch:
        await country.until(lambda made: len(made) >= 1)
        country.scenarios = everything[1:]
        await until(lambda: watch.scheduler is not None and len(watch.scheduler.scenarios) == 2)
        changed = datetime.now(UTC)
        await country.until(lambda made: {a.scenario_id for a in made} > {everything[0].id})

    late = [a for a in await country.attempts() if a.due_at and a.due_at > changed]
    assert late
    assert everything[0].id not in {attempt.scenario_id for attempt in late}


async def test_visits_go_on_while_mongodb_is_away_and_come_in_order(
    browsers: BrowserPool, tmp_path: Path
) -> None:
    server = Mongod(tmp_path)
    async with (
        server as url,
        await Store.open(url, "kept") as store,
        PracticeServer(FORMS) as sites,
    ):
        country = Country(sites, store, browsers, tmp_path)
        order: list[str] = []

        async def stored(attempt: Attempt) -> None:
            order.append(attempt.id)

        async with country.watching(on_stored=stored) as watch:
            await country.until(lambda made: len(made) >= 2)
            (process,) = servers_of(tmp_path)
            process.suspend()  # silent, not dead: the worse of the two
            process.kill()
            made = watch.counters.verdicts.total()
            await until(lambda: watch.counters.verdicts.total() >= made + 3)
            assert watch.parts.spool.waiting >= 3
            await server.revive()
            await until(lambda: not watch.parts.spool.waiting and not watch.store_away)

        await country.account()
        attempts = {a.id: a for a in await country.attempts()}
        assert sorted(order) == sorted(attempts)
        by_host: dict[str, list[datetime]] = {}
        for attempt_id in order:
            by_host.setdefault(attempts[attempt_id].url[:14], []).append(
                attempts[attempt_id].started_at
            )
        assert all(own == sorted(own) for own in by_host.values())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_health_and_metrics_are_told_over_http(
    country: Country, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, dict[str, Any]]] = []
    gone: list[str] = []

    def ask(place: str) -> None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{place}", timeout=30)
        except urllib.error.HTTPError as exc:
            asked.append((exc.code, json.loads(exc.read())))

    def away() -> str | None:
        return gone[0] if gone else None

    async with country.watching(catalogue_problem=away) as watch:
        port = free_port()
        listening = asyncio.ensure_future(listen(watch, f"127.0.0.1:{port}"))
        await country.until(lambda made: len(made) >= 1)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as http:
            async with http.get("/healthz") as answer:
                assert (answer.status, await answer.json()) == (
                    200,
                    {"live": True, "ready": True, "problem": None},
                )
            async with http.get("/metrics") as answer:
                said = await answer.text()
            watch.parts.spool._max_bytes = 0
            async with http.get("/healthz/ready") as answer:
                assert answer.status == 503
                assert "is full" in (await answer.json())["problem"]
            async with http.get("/healthz/live") as answer:
                assert answer.status == 200
        monkeypatch.setattr(metrics, "ANSWER_S", 0.3)
        for page in ("live", "ready"):
            asking = asyncio.ensure_future(asyncio.to_thread(ask, f"{port}/healthz/{page}"))
            await asyncio.sleep(0)
            until_s = time.monotonic() + 20
            while not asked and time.monotonic() < until_s:  # the loop of the fleet stands
                time.sleep(0.05)  # noqa: ASYNC251
            await asking
            status, body = asked.pop()
            assert (status, body["live"], body["ready"]) == (503, False, False)
            assert "the event loop has not turned" in body["problem"]
        watch.parts.spool._max_bytes = 10**9
        gone.append("the folder is away")
        await until(lambda: watch.problem() == "the folder is away")
        listening.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listening

    made = [
        float(line.rpartition(" ")[2]) for line in said.splitlines() if "attempts_total{" in line
    ]
    assert sum(made) >= 1
    for name in ("fleet_lateness_seconds_bucket", "fleet_spool_items", "fleet_open_pages"):
        assert name in said


async def test_a_scenario_in_quarantine_is_missed_with_its_reason_and_the_others_are_visited(
    country: Country,
) -> None:
    still = ids(country)[0]
    why = {still: "scenario held the whole fleet at d63.py:9"}
    async with country.watching(quarantined=lambda: why) as watch:
        await until(lambda: watch.counters.misses[MissReason.QUARANTINED] > 0)
        await country.until(lambda attempts: len(attempts) > 0)
        status = status_of(watch, now())

    assert still not in {each.scenario_id for each in await country.attempts()}
    assert status.quarantined == why
