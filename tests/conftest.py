"""
Real parts for the tests: one Chromium, one mongod, practice prefectures on loopback.

Chromium and mongod live for the whole session and on one event loop, as in a run; every test
gets a database of its own. A test that fails leaves the pictures of its attempts in
`tests/failed/`.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from pathlib import Path

import pytest

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.families import (
    anef,
    bookingserver,
    demarches_simplifiees,
    eappointment,
    rdv_prefecture,
    rdv_service_public,
)
from fleet.models import Attempt, Scenario
from fleet.models.attempt import Capture
from fleet.practice import (
    Appointment,
    Demarche,
    Flow,
    Form,
    Portal,
    PracticeServer,
    Procedure,
    RdvMotif,
)
from fleet.settings import Settings
from fleet.storage.embedded import Mongod
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.storage.databases import end_lending, lent_database, own_store

FAILED = Path(__file__).parent / "failed"

QUICK = AttemptLimits(
    visit=VisitLimits(deadline_s=20, answer_timeout_s=3, settle_s=1), last_look_s=5, close_s=5
)
"""Shorter than in life, so that what never comes is not waited for."""


STARTED = {"chromium", "mongodb_url"}
"""The fixtures that start a program, for whoever asks for them or for something above them."""

MEMORY = Path("/dev/shm")
ROOM_BYTES = 6 * 2**30
"""Twice what all workers' servers and a few tests that fail were seen to need."""

RUNNING = pytest.StashKey[pytest.Item]()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """
    Four on any machine, for the tests wait as they compute; two for the quick, which do not wait.

    Each has a Chromium and a mongod of its own, so one file is done sooner in this process alone.
    """
    if len(config.args) == 1 and ".py" in config.args[0]:
        return 0
    return 2 if config.getoption("markexpr") == "quick" else 4


def pytest_configure(config: pytest.Config) -> None:
    """
    Keep files in memory, and hold every test to what is said of it.

    A new database is fifty files that mongod makes sure of one by one, and every stored attempt
    waits for the disk: half of some tests' time. A quick test that starts a program fails.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if event in ("subprocess.Popen", "os.fork", "os.posix_spawn", "os.system"):
            running = config.stash.get(RUNNING, None)
            if running is not None and running.get_closest_marker("quick"):
                pytest.fail(f"{running.name} starts a program: mark it `process`")

    sys.addaudithook(refuse)


@pytest.hookimpl(tryfirst=True)  # before `-m quick` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which are quick; the longest first, so that no worker sits idle while one ends alone."""
    for item in items:
        starts = STARTED & {*getattr(item, "fixturenames", ())}
        if not (starts or any(item.get_closest_marker(each) for each in ("process", "slow"))):
            item.add_marker("quick")
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    item.config.stash[RUNNING] = item
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        for kept in getattr(item, "kept", []):
            FAILED.mkdir(exist_ok=True)
            for file in kept.files:
                ending = {"picture": "png", "html": "html", "outline": "json"}[file.evidence.kind]
                name = re.sub(r"\W+", "_", item.name)[:80]
                path = FAILED / f"{name}_{file.evidence.step}.{ending}"
                path.write_bytes(file.content)
                report.sections.append(("picture", str(path)))
    return report


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Chromium]:
    """One Chromium that reaches this machine only."""
    async with Chromium(
        find_chromium(Settings().chromium),
        fleet_version=fleet.__version__,
        sandbox="auto",
        contact_url="https://fleet.example/contact",
        loopback_only=True,
    ) as running:
        yield running


@pytest.fixture(scope="session")
async def mongodb_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """
    A real mongod for the session: that of `FLEET_TEST_MONGODB_URL`, else one that is started.

    A name of its own: whoever has FLEET_MONGODB_URL set for a fleet does not mean tests by it.
    """
    if (given := os.environ.get("FLEET_TEST_MONGODB_URL")) is not None:
        yield given
        await end_lending(given)
        return
    async with Mongod(tmp_path_factory.mktemp("mongodb")) as url:
        yield url


@pytest.fixture
async def store(mongodb_url: str) -> AsyncIterator[Store]:
    """A store in a database without a document."""
    async with own_store(mongodb_url) as opened:
        yield opened


@pytest.fixture
async def database(mongodb_url: str) -> AsyncIterator[dict[str, str]]:
    """Settings for a database without a document on the session's server."""
    async with lent_database(mongodb_url) as name:
        yield {"FLEET_MONGODB_URL": mongodb_url, "FLEET_DATABASE": name}


Visit = Callable[..., Awaitable[Attempt]]


@pytest.fixture
async def visit(chromium: Chromium, store: Store, request: pytest.FixtureRequest) -> Visit:
    """
    `await visit(form)`: serve this practice form, visit it once, store the attempt, read it back.

    Fails if a request reached the practice prefecture that would have taken a slot, or if a
    context was left open.
    """
    request.node.kept = []

    async def once(
        form: Flow,
        *,
        scenario: Scenario | None = None,
        limits: AttemptLimits = QUICK,
        server: PracticeServer | None = None,
    ) -> Attempt:
        if server is None:
            async with PracticeServer((form,)) as own:
                return await once(form, scenario=scenario, limits=limits, server=own)
        aimed = (scenario or scenario_of(form)).at(server.url(form))
        kept: Capture = await attempt(aimed, chromium, run_id="test", limits=limits)
        request.node.kept.append(kept)
        assert server.tripwires == []
        assert chromium.open_contexts == 0
        await store.attempts.add(kept.attempt, kept.files)
        (stored,) = [a async for a in store.attempts.find(run_id="test") if a.id == kept.attempt.id]
        assert stored == kept.attempt
        return stored

    return once


SCENARIOS_OF: dict[type[Flow], Callable[..., Scenario]] = {
    Form: lambda form, **parts: bookingserver.flow(**{"planning": form.measured, **parts}),
    Appointment: lambda desk, **parts: eappointment.flow(
        **{"sitekey": desk.id, "motives": desk.measured, **parts}
    ),
    Portal: lambda portal, **parts: anef.flow(**parts),
    RdvMotif: lambda motif, **parts: rdv_service_public.flow(**parts),
    Procedure: lambda form, **parts: demarches_simplifiees.flow(**parts),
    Demarche: lambda demarche, **parts: rdv_prefecture.flow(**parts),
}
"""For each platform: the scenario of a practice flow, from the flow and the usual parameters."""


def scenario_of(flow: Flow, **changes: str | bool | None) -> Scenario:
    """The scenario of a practice flow, aimed at its address without a port."""
    parts = {
        "department": flow.department,
        "flow": flow.flow,
        "title": flow.title,
        "url": f"http://{flow.hostname}{flow.path}",
        "control": flow.control,
        **changes,
    }
    return SCENARIOS_OF[type(flow)](flow, **parts)
