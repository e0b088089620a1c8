"""
The web pages for tests: the real application over a real mongod, with attempts really made.

Attempts are made once for all tests of a worker: every kind of verdict, two visits of some flows.
"""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from fleet.browser.chromium import Chromium
from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.models import Attempt, Run, now
from fleet.practice import PREFECTURES, PracticeServer
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from fleet.web.app import create_app
from fleet.web.context import WebContext
from tests.conftest import QUICK

VISITED = (
    *("63/titre-de-sejour", "63/permis-de-conduire", "91/titre-de-sejour", "75/remise-de-titre"),
    *("94/titre-de-sejour", "92/titre-de-sejour", "67/titre-de-sejour", "33/titre-de-sejour"),
)
TWICE = ("63/titre-de-sejour", "63/permis-de-conduire")

PATIENCE_S = 30
"""For what comes at once on a machine with time to spare; the usual 5 s is too short for others."""

expect.set_options(timeout=PATIENCE_S * 1000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first test of a worker that asks for `site` waits until its attempts are made."""
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(240))


@dataclass(frozen=True)
class Site:
    """A running application: its address, its library, and the attempts it shows."""

    url: str
    library: WebContext
    attempts: tuple[Attempt, ...]
    http: httpx.AsyncClient

    def of(self, scenario_id: str) -> Attempt:
        """The latest attempt of a scenario."""
        return next(a for a in reversed(self.attempts) if a.scenario_id == scenario_id)


def plain(text: str) -> str:
    """The text with plain spaces, where French has some that no line may end with."""
    return re.sub("[\u00a0\u202f]", " ", text)


class ServerWithoutSignals(uvicorn.Server):
    """Ctrl-C is pytest's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serving(
    library: WebContext, *, keep_s: float = 0, clock: Callable[[], float] = time.monotonic
) -> AsyncIterator[str]:
    """
    The application on a free port; its address without a slash at the end.

    Every answer is made anew, so that a test sees what it has just stored, unless `keep_s` says
    otherwise.
    """
    config = uvicorn.Config(
        create_app(library, keep_s=keep_s, clock=clock),
        port=0,
        log_config=None,
        access_log=False,
        proxy_headers=False,  # as `fleet serve`: the application looks after them itself
        timeout_keep_alive=60,  # longer than a client keeps one: httpx must not meet it closing
    )
    server = ServerWithoutSignals(config)
    socket = config.bind_socket()
    running = asyncio.ensure_future(server.serve([socket]))
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    server.should_exit = True
    await running


def client(url: str, **headers: str) -> httpx.AsyncClient:
    """A program that reads the pages; redirects are looked at, not followed."""
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=PATIENCE_S)


@pytest.fixture(scope="session")
async def site(
    chromium: Chromium, mongodb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Site]:
    """The pages over attempts that the fleet made just now, at practice prefectures."""
    scenarios = {s.id: s for s in loader.load(PRACTICE_SCENARIOS).scenarios}
    attempts = []
    name = f"test_{uuid.uuid4().hex[:12]}_practice"
    async with await Store.open(mongodb_url, name) as store:
        run = Run(
            id=uuid.uuid4().hex,
            started_at=now(),
            scenario_ids=VISITED,
            times=1,
            fleet_version="test",
            chromium_version=chromium.version,
        )
        await store.runs.keep(run)
        async with PracticeServer(PREFECTURES) as practice:
            for each in (*VISITED, *TWICE):
                scenario = scenarios[each]
                form = next(f for f in PREFECTURES if f"{f.department}/{f.flow}" == each)
                kept = await attempt(
                    scenario.at(practice.url(form)), chromium, run_id=run.id, limits=QUICK
                )
                await store.attempts.add(kept.attempt, kept.files)
                attempts.append(kept.attempt)
        await store.runs.keep(run.model_copy(update={"ended_at": now(), "attempts": len(attempts)}))
        library = WebContext(
            store=store,
            queries=store.queries,
            scenarios=scenarios,
            made_up=True,
            data_dir=Path(tmp_path_factory.mktemp("web")),
        )
        async with serving(library) as url, client(url) as http:
            # it is shared: what one test is given must not make another a reader with a session
            http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            yield Site(url, library, tuple(attempts), http)


@pytest.fixture
async def browser_page(chromium: Chromium) -> AsyncIterator[BrowserPage]:
    """A page of the same Chromium, without the fleet's guard: a reader's browser."""
    opened = await chromium.open_page()
    yield opened.page
    await chromium.close_page(opened)
