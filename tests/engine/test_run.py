"""A run goes on when Chromium dies, ends when its store does, and leaves nothing when stopped."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from fleet.browser.chromium import Chromium
from fleet.engine.options import RunOptions
from fleet.engine.run import Runner
from fleet.errors import StoreUnreachable
from fleet.models import Attempt, Outcome, Scenario, Verdict
from fleet.models.run import RunResult
from fleet.practice import Fault, Form, LoggedRequest, Planning, PracticeServer, Trap, never
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store
from fleet.visit.limits import AttemptLimits, VisitLimits
from fleet.visit.visit import Visit
from tests.browser.alone import SOON_S, alone, left_in, tagged, until
from tests.conftest import QUICK, scenario_of

FAST = RunOptions(pages=3, pause_s=0, tries=1, retry_wait_s=0)
HANGS = Fault(0, "hang", times=1)

ROOT = Path(__file__).parents[2]


def form(host: str, *faults: Fault, traps: tuple[Trap, ...] = (), number: str = "1") -> Form:
    return Form(
        host=host,
        id=number,
        department="63",
        prefecture=f"Préfecture de {host}",
        title="Titre de séjour",
        plannings=(Planning("14510", "Guichet 1", never),),
        flow=f"{host}-{number}",
        faults=faults,
        traps=frozenset(traps),
    )


def aimed(server: PracticeServer) -> list[Scenario]:
    return [
        scenario_of(each).at(server.url(each)) for each in server.flows if isinstance(each, Form)
    ]


async def ran(
    server: PracticeServer,
    chromium: Chromium,
    store: Store,
    pace: RunOptions = FAST,
    *,
    times: int = 1,
    limits: AttemptLimits = QUICK,
) -> list[Attempt]:
    """The stored attempts of a run that visits everything `server` has, in the order they began."""
    runner = Runner(chromium, store, options=pace, limits=limits)
    async with asyncio.timeout(2 * SOON_S):
        result = await runner.run(aimed(server), times=times)
    assert result.finished
    assert chromium.open_contexts == 0
    return await stored(store, result)


async def stored(store: Store, result: RunResult) -> list[Attempt]:
    return [attempt async for attempt in store.attempts.find(run_id=result.run.id)]


def verdicts(attempts: Sequence[Attempt], *, of: Form | None = None) -> list[tuple[int, str]]:
    flow = of.flow if of else None
    return [(a.number, a.verdict.value) for a in attempts if flow in (None, a.flow)]


# Chromium dies ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["browser", "driver"])
async def test_a_death_crashes_the_visits_under_way_and_none_after(
    tmp_path: Path, store: Store, who: str
) -> None:
    forms = [form(host, HANGS) for host in ("evry", "lille", "nantes")]
    patient = AttemptLimits(VisitLimits(deadline_s=60, answer_timeout_s=3, settle_s=1), 5, 5)
    async with alone(tmp_path) as own, PracticeServer(forms) as server:
        victim = own.browser() if who == "browser" else own.driver()
        running = asyncio.ensure_future(ran(server, own.chromium, store, times=2, limits=patient))
        await until(lambda: all(server.visits(each) == 1 for each in forms))
        victim.kill()

        attempts = await running

        for each in forms:
            assert verdicts(attempts, of=each) == [(1, "crashed"), (1, "no_slots")]
        crashed = [a for a in attempts if a.verdict == Verdict.CRASHED]
        assert all("Chromium" in a.detail for a in crashed), [a.detail for a in crashed]
        assert all(a.seconds < 30 for a in crashed)
        assert own.chromium.starts == 2


# Lanes --------------------------------------------------------------------------------------------


async def test_a_host_gets_one_visit_at_a_time_and_a_pause_between_two(
    chromium: Chromium, store: Store
) -> None:
    forms = [form("evry", number=str(n)) for n in (1, 2, 3)]
    pause_s = 0.4
    async with PracticeServer(forms, latency_s=0.05) as server:
        await ran(server, chromium, store, RunOptions(pages=3, pause_s=pause_s), times=2)

        spans = visits_of(server.requests)

    assert len(spans) == 6
    for before, after in itertools.pairwise(spans):
        assert after.first - before.last >= pause_s


async def test_hosts_are_visited_at_the_same_time_but_never_more_than_pages(
    chromium: Chromium, store: Store
) -> None:
    forms = [form(f"host{n}") for n in range(5)]
    async with PracticeServer(forms, latency_s=0.15) as server:
        await ran(server, chromium, store, RunOptions(pages=2, pause_s=0))

        spans = visits_of(server.requests)

    assert len(spans) == 5
    assert max(sum(s.first <= at.first <= s.last for s in spans) for at in spans) == 2


async def test_a_wait_for_a_retry_holds_no_place(chromium: Chromium, store: Store) -> None:
    busy, other = form("evry", Fault(0, "http_503", times=1)), form("lille")
    pace = RunOptions(pages=1, pause_s=0, tries=2, retry_wait_s=1.5)
    async with PracticeServer([busy, other]) as server:
        attempts = await ran(server, chromium, store, pace)

    assert [(a.flow, a.number) for a in attempts] == [("evry-1", 1), ("lille-1", 1), ("evry-1", 2)]


async def test_a_pause_holds_no_place(chromium: Chromium, store: Store) -> None:
    twice, other = (form("evry"), form("evry", number="2")), form("lille")
    async with PracticeServer([*twice, other]) as server:
        attempts = await ran(server, chromium, store, RunOptions(pages=1, pause_s=1))

    assert [a.flow for a in attempts] == ["evry-1", "lille-1", "evry-2"]


# Retries ------------------------------------------------------------------------------------------


async def test_only_what_is_unavailable_is_tried_again(chromium: Chromium, store: Store) -> None:
    once, thrice = (1,), (1, 2, 3)
    expected = {
        form("ok"): (once, "no_slots"),
        form("closed", traps=(Trap.DISABLED,)): (once, "closed"),
        form("f403", Fault(0, "http_403")): (once, "blocked"),
        form("f429", Fault(0, "http_429")): (once, "rate_limited"),
        form("captcha", traps=(Trap.CAPTCHA_BEFORE,)): (once, "captcha"),
        form("unknown", traps=(Trap.UNKNOWN_WORDING,)): (once, "unrecognised"),
        form("f502", Fault(0, "http_502")): (thrice, "overload"),
        form("works", traps=(Trap.MAINTENANCE,)): (thrice, "maintenance"),
        form("reset", Fault(0, "reset")): (thrice, "site_down"),
    }
    async with PracticeServer(expected) as server:
        attempts = await ran(
            server, chromium, store, RunOptions(pages=3, pause_s=0, retry_wait_s=0)
        )

    for each, (numbers, verdict) in expected.items():
        assert verdicts(attempts, of=each) == [(n, verdict) for n in numbers], each.host


@pytest.mark.parametrize("fault", ["http_403", "http_429"])
async def test_a_host_that_refuses_is_left_alone_for_the_rest_of_the_run(
    chromium: Chromium, store: Store, fault: str
) -> None:
    lyon, lille = form("lyon", Fault(0, fault)), form("lille")
    async with PracticeServer([lyon, lille]) as server:
        runner = Runner(chromium, store, options=FAST, limits=QUICK)
        result = await runner.run(aimed(server), times=3)

        assert (server.visits(lyon), server.visits(lille), result.left_out) == (1, 3, 2)


async def test_a_site_that_recovers_is_answered_on_a_later_try(
    chromium: Chromium, store: Store
) -> None:
    toulouse = form("toulouse", Fault(0, "surcharge_200", times=2))
    async with PracticeServer([toulouse]) as server:
        attempts = await ran(
            server, chromium, store, RunOptions(pages=3, pause_s=0, retry_wait_s=0.05)
        )

    assert verdicts(attempts) == [(1, "overload"), (2, "overload"), (3, "no_slots")]


async def test_a_crashed_scenario_is_not_tried_again_and_does_not_end_the_run(
    chromium: Chromium, store: Store
) -> None:
    async def script(visit: Visit) -> Outcome:
        raise asyncio.CancelledError

    async with PracticeServer([form("evry"), form("lille")]) as server:
        broken, usual = aimed(server)
        runner = Runner(chromium, store, options=FAST, limits=QUICK)
        result = await runner.run([broken.model_copy(update={"script": script}), usual])

    assert result.finished
    assert result.verdicts == {Verdict.CRASHED: 1, Verdict.NO_SLOTS: 1}
    assert result.run.attempts == 2


async def test_a_run_of_nothing_ends(chromium: Chromium, store: Store) -> None:
    result = await Runner(chromium, store, options=FAST, limits=QUICK).run([])

    assert (result.finished, result.run.attempts) == (True, 0)


# Stopping -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["stop", "cancel"])
async def test_stopping_a_run_closes_every_page(chromium: Chromium, store: Store, how: str) -> None:
    forms = [form("ok"), *(form(host, Fault(0, "hang")) for host in ("evry", "lille", "rennes"))]
    seen: list[Attempt] = []
    async with PracticeServer(forms) as server:
        runner = Runner(chromium, store, options=FAST, limits=QUICK, on_attempt=seen.append)
        running = asyncio.ensure_future(runner.run(aimed(server)))
        # the place of the one that is done is taken by the last, which had waited for it
        await until(lambda: all(server.visits(each) for each in forms) and len(seen) == 1)

        if how == "stop":
            runner.stop()
            async with asyncio.timeout(SOON_S):
                result = await running
            assert not result.finished
            assert [a.flow for a in await stored(store, result)] == ["ok-1"]
        else:
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                async with asyncio.timeout(SOON_S):
                    await running

    assert chromium.open_contexts == 0


async def test_a_run_stopped_while_it_waits_ends_at_once(chromium: Chromium, store: Store) -> None:
    busy, twice = form("evry", Fault(0, "http_503")), (form("lille"), form("lille", number="2"))
    pace = RunOptions(pages=1, pause_s=600, retry_wait_s=600)
    seen: list[Attempt] = []
    async with PracticeServer([busy, *twice]) as server:
        runner = Runner(chromium, store, options=pace, limits=QUICK, on_attempt=seen.append)
        running = asyncio.ensure_future(runner.run(aimed(server)))
        await until(lambda: len(seen) == 2)

        runner.stop()

        async with asyncio.timeout(SOON_S):
            assert not (await running).finished


async def test_a_run_stopped_in_the_moment_a_visit_begins_ends(
    chromium: Chromium, store: Store
) -> None:
    """asyncio-pool loses a job that is cancelled before its first step; nobody may wait for it."""

    class Stopping(RunOptions):
        """Stops the run after a visit was asked for and before any has begun."""

        def __getattribute__(self, name: str) -> object:
            if name == "tries":
                runner.stop()
            return super().__getattribute__(name)

    async with PracticeServer([form("evry"), form("lille")]) as server:
        runner = Runner(chromium, store, options=Stopping(), limits=QUICK)
        async with asyncio.timeout(SOON_S):
            result = await runner.run(aimed(server))

    assert not result.finished
    assert server.requests == []


@pytest.mark.process
async def test_a_store_that_dies_ends_the_run_with_every_page_closed(
    tmp_path: Path,
) -> None:
    forms = [form("ok", Fault(0, "slow", seconds=0.5)), form("evry", Fault(0, "hang"))]
    async with alone(tmp_path) as own, PracticeServer(forms) as server:
        async with Mongod(tmp_path / "data") as url, await Store.open(url, "test") as store:
            runner = Runner(own.chromium, store, options=FAST, limits=QUICK)
            running = asyncio.ensure_future(runner.run(aimed(server)))
            await until(lambda: all(server.visits(each) for each in forms))
            for process in tagged(tmp_path / "data"):
                process.kill()

            with pytest.raises(StoreUnreachable, match="could not keep attempt"):
                async with asyncio.timeout(SOON_S):
                    await running

        assert own.chromium.open_contexts == 0
        assert tagged(tmp_path / "data") == []


# Ctrl-C -------------------------------------------------------------------------------------------


class Command:
    """`fleet run --practice` as a process of its own, in a group of its own as on a terminal."""

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.said: list[dict[str, object]] = []

    async def line(self) -> None:
        """Wait until it has said one more attempt."""
        assert self.process.stdout is not None
        async with asyncio.timeout(2 * SOON_S):
            self.said.append(json.loads(await self.process.stdout.readline()))

    async def ends(self) -> int:
        assert self.process.stdout is not None
        async with asyncio.timeout(SOON_S):
            rest = await self.process.stdout.read()
            self.said += [json.loads(line) for line in rest.splitlines()]
            return await self.process.wait()


@contextlib.asynccontextmanager
async def command(folder: Path, *more: str) -> AsyncIterator[Command]:
    """Start it; whatever happens, end it and all that it left."""
    (folder / "temporary").mkdir()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FLEET_")}
    main = "import sys; from fleet.cli.app import main; sys.exit(main())"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", main, "run", "--practice", "--json", "--times", "50", *more),
        cwd=ROOT,
        env={
            **environment,
            "TMPDIR": str(folder / "temporary"),
            "FLEET_DATA_DIR": str(folder / "data"),
            "PYTHONUNBUFFERED": "1",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield Command(process, folder)
    finally:
        for left in tagged(folder):
            with contextlib.suppress(psutil.Error):
                left.kill()
        await process.wait()


async def stored_by(own: Command) -> set[str]:
    """The ids of the attempts that its own database has."""
    async with (
        Mongod(own.folder / "data") as url,
        await Store.open(url, "fleet_practice") as store,
    ):
        return {attempt.id async for attempt in store.attempts.find()}


@pytest.mark.process
@pytest.mark.parametrize(
    ("number", "to"), [("SIGINT", "process"), ("SIGINT", "group"), ("SIGTERM", "process")]
)
async def test_an_interrupted_command_keeps_what_is_done_and_leaves_nothing(
    tmp_path: Path, number: str, to: str
) -> None:
    async with command(tmp_path) as own:
        await own.line()
        await own.line()

        send = os.kill if to == "process" else os.killpg
        send(own.process.pid, getattr(signal, number))
        code = await own.ends()

        assert code == 130
        await until(lambda: tagged(tmp_path) == [], lambda: f"left: {tagged(tmp_path)}")
        assert left_in(tmp_path / "temporary") == []
        assert await stored_by(own) == {said["id"] for said in own.said}


@pytest.mark.process
async def test_a_second_interrupt_ends_a_command_that_cannot_end_by_itself(tmp_path: Path) -> None:
    """Its driver stands still, so every page would have to be waited for."""
    async with command(tmp_path) as own:
        await own.line()
        for process in tagged(tmp_path / "temporary"):
            if "run-driver" in process.cmdline():
                process.suspend()

        began = time.monotonic()
        own.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.3)
        own.process.send_signal(signal.SIGINT)
        code = await own.ends()

        assert code == 130
        assert time.monotonic() - began < 10  # closing alone has a budget of 10 s
        await until(lambda: tagged(tmp_path) == [], lambda: f"left: {tagged(tmp_path)}")
        assert left_in(tmp_path / "temporary") == []


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last request of one visit, in seconds."""

    first: float
    last: float


def visits_of(requests: Sequence[LoggedRequest]) -> list[Span]:
    """The visits by their sessions, in the order they began."""
    by_session: dict[str, list[float]] = {}
    for request in requests:
        if "/booking/" in request.path and request.session:
            by_session.setdefault(request.session, []).append(request.at.timestamp())
    return sorted((Span(min(at), max(at)) for at in by_session.values()), key=lambda s: s.first)
