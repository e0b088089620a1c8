"""Pages over a flow with a past that is sealed and timestamped."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from motor.motor_asyncio import AsyncIOMotorClient

from fleet.browser.chromium import Chromium
from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.practice.authority import PracticeAuthority
from fleet.storage.store import Store
from fleet.web.context import WebContext
from tests.evidence.dossier.dossiers import Past, past
from tests.web.conftest import client, serving


@dataclass(frozen=True)
class Proved:
    """A running application, what it shows, and its database as somebody else may write into it."""

    url: str
    database: str
    library: WebContext
    past: Past
    db: Any
    http: httpx.AsyncClient


@asynccontextmanager
async def proved(
    mongodb_url: str, authority: PracticeAuthority, chromium: Chromium, folder: Path
) -> AsyncIterator[Proved]:
    """Eight attempts under two seals, and pages that print dossiers with this Chromium."""
    name = f"test_{uuid.uuid4().hex[:12]}_practice"
    own: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    async with await Store.open(mongodb_url, name) as store:
        sealed = await past(store, authority, folder)
        library = WebContext(
            store=store,
            queries=store.queries,
            scenarios={s.id: s for s in loader.load(PRACTICE_SCENARIOS).scenarios},
            made_up=True,
            data_dir=folder,
            roots=sealed.authorities.roots,
            key=sealed.key,
            chromium=lambda: nullcontext(chromium),
        )
        async with serving(library) as url, client(url) as http:
            yield Proved(url, name, library, sealed, own[name], http)
    own.close()


@pytest.fixture(scope="module")
async def authority(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[PracticeAuthority]:
    async with PracticeAuthority(tmp_path_factory.mktemp("authority")) as own:
        yield own


@pytest.fixture(scope="module")
async def shared(
    mongodb_url: str,
    authority: PracticeAuthority,
    chromium: Chromium,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Proved]:
    """For the tests that change nothing."""
    async with proved(mongodb_url, authority, chromium, tmp_path_factory.mktemp("proved")) as made:
        yield made


@pytest.fixture
async def own(
    mongodb_url: str, authority: PracticeAuthority, chromium: Chromium, tmp_path: Path
) -> AsyncIterator[Proved]:
    async with proved(mongodb_url, authority, chromium, tmp_path) as made:
        yield made
