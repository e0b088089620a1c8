"""Pages with members: an application of its own, people who sign in, a browser without scripts."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from motor.motor_asyncio import AsyncIOMotorClient
from playwright.async_api import FileChooser, FilePayload, Locator, Page

from fleet.browser.chromium import Chromium
from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.storage.collections.passwords import Passwords
from fleet.storage.store import Store
from fleet.web.context import WebContext
from tests.storage.databases import own_store
from tests.web.conftest import client, serving

PASSWORD = "quatre mots sans lien"
HASH = Passwords().hash(PASSWORD)
CLAIRE, OMAR = "Claire D.", "Omar"
MOST_TABS = 80
PRESSES, PRESS_S = 20, 3


@dataclass(frozen=True)
class Club:
    """A running application with two accounts, and its database."""

    url: str
    library: WebContext
    mongodb_url: str
    database: str

    @property
    def store(self) -> Store:
        """The store behind the pages."""
        return self.library.store

    def reader(self, **headers: str) -> httpx.AsyncClient:
        """A browser of its own that keeps cookies; redirects are looked at, not followed."""
        return client(self.url, **headers)

    @asynccontextmanager
    async def member(self, name: str = CLAIRE) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody who has signed in."""
        async with self.reader() as http:
            got = await sign_in(http, name, PASSWORD)
            assert got.status_code == 303, got.text
            yield http

    async def raw(self, collection: str) -> list[dict[str, object]]:
        """Everything in a collection, as MongoDB has it."""
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(self.mongodb_url)
        try:
            return await client[self.database][collection].find().to_list(None)
        finally:
            client.close()


@asynccontextmanager
async def club(
    mongodb_url: str, folder: Path, *, members_only: bool = False
) -> AsyncIterator[Club]:
    """A new application over an empty database."""
    async with own_store(mongodb_url) as store:
        for name in (CLAIRE, OMAR):
            await store.accounts.add(name, HASH)
        library = WebContext(
            store=store,
            queries=store.queries,
            scenarios={s.id: s for s in loader.load(PRACTICE_SCENARIOS).scenarios},
            made_up=True,
            data_dir=folder,
            members_only=members_only,
        )
        async with serving(library) as url:
            yield Club(url, library, mongodb_url, store._db.name)


def routes_of(routes: Iterable[object]) -> Iterator[object]:
    """Every route of an application; FastAPI keeps those of a router within it."""
    for route in routes:
        router = getattr(route, "original_router", None)
        if router is None:
            yield route
        else:
            yield from routes_of(router.routes)


async def form_token(http: httpx.AsyncClient, path: str) -> str:
    """The form token on a page."""
    found = re.search(r'name="jeton" value="([^"]*)"', (await http.get(path)).text)
    return html.unescape(found[1]) if found else ""


async def sign_in(
    http: httpx.AsyncClient, name: str, password: str, **fields: str
) -> httpx.Response:
    """Fill in the sign-in page and send it."""
    token = await form_token(http, "/connexion")
    fields = {"jeton": token, "nom": name, "mot_de_passe": password, **fields}
    return await http.post("/connexion", data=fields)


@asynccontextmanager
async def without_scripts(chromium: Chromium) -> AsyncIterator[Page]:
    """A reader's page in which no script runs."""
    opened = await chromium.open_page()
    browser = opened.page.context.browser
    assert browser
    context = await browser.new_context(java_script_enabled=False, locale="fr-FR")
    try:
        yield await context.new_page()
    finally:
        await context.close()
        await chromium.close_page(opened)


async def tab_to(page: Page, control: Locator) -> None:
    """Press Tab until this control has the focus, as somebody does who has no mouse."""
    for _ in range(MOST_TABS):
        if await control.evaluate("it => it === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"{control} cannot be reached with {MOST_TABS} tabs")


async def go_with_keys(page: Page, control: Locator, key: str = "Enter") -> None:
    """Tab to a link or button, press a key, and wait for the page that comes."""
    await tab_to(page, control)
    async with page.expect_navigation():
        await page.keyboard.press(key)


async def choose_with_keys(page: Page, field: Locator, file: FilePayload) -> None:
    """
    Tab to a file field and press Enter until the browser asks for a file; give it this one.

    A press that comes before the browser has a free moment opens nothing: somebody at the keys
    would see that, and press again.
    """
    asked: asyncio.Future[FileChooser] = asyncio.get_running_loop().create_future()

    def note(chooser: FileChooser) -> None:
        if not asked.done():
            asked.set_result(chooser)

    page.on("filechooser", note)
    for _ in range(PRESSES):
        await tab_to(page, field)
        await page.keyboard.press("Enter")
        await asyncio.wait([asked], timeout=PRESS_S)
        if asked.done():
            await asked.result().set_files(file)
            return
    raise AssertionError(f"{field} asks for no file after {PRESSES} presses of Enter")
