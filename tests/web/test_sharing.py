"""What other sites may show: badge, frame, pictures and data; and nothing of it to members only."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import uvicorn
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from tests.web.conftest import ServerWithoutSignals, Site, client, serving

FLOW = "63/titre-de-sejour"

TAKEN = """
async ([picture, data]) => {
  const image = new Image();
  const drawn = await new Promise(done => {
    image.onload = () => done(true);
    image.onerror = () => done(false);
    image.src = picture;
  });
  return [drawn, await fetch(data).then(answer => answer.ok, () => false)];
}
"""
"""Whether a page can show a picture and read an answer."""


@asynccontextmanager
async def elsewhere(body: str) -> AsyncIterator[str]:
    """A page of another site, with this in it: its address."""

    async def show(_: Request) -> HTMLResponse:
        return HTMLResponse(f"<!DOCTYPE html><title>elsewhere</title>{body}")

    config = uvicorn.Config(Starlette(routes=[Route("/", show)]), port=0, log_config=None)
    server = ServerWithoutSignals(config)
    socket = config.bind_socket()
    running = asyncio.ensure_future(server.serve([socket]))
    while not server.started:
        assert not running.done()
        await asyncio.sleep(0.01)
    yield f"http://localhost:{socket.getsockname()[1]}"
    server.should_exit = True
    await running


async def code_of(page: BrowserPage, site: str, name: str) -> str:
    """The code that a flow's page offers."""
    await page.goto(f"{site}/demarche/{FLOW}")
    return await page.locator(f"textarea#{name}").input_value()


async def test_another_site_shows_a_flow_in_a_frame_and_as_a_badge_with_the_code_of_its_page(
    site: Site, browser_page: BrowserPage
) -> None:
    codes = [await code_of(browser_page, site.url, name) for name in ("cadre", "badge")]
    async with elsewhere("".join(codes)) as other:
        await browser_page.goto(other)
        framed = browser_page.frame_locator("iframe")
        await expect(framed.locator(".v")).to_have_text("Aucun rendez-vous")
        await expect(framed.locator("time")).to_be_visible()
        await expect(framed.locator(".made-up")).to_be_visible()
        width = "document.querySelector('a > img').naturalWidth"
        await browser_page.wait_for_function(f"() => {width} > 100")


async def test_other_sites_have_pictures_and_data_while_everybody_may_read_and_no_pages(
    site: Site, browser_page: BrowserPage
) -> None:
    picture, data = f"{site.url}/badge/{FLOW}.svg", f"{site.url}/api/attempts"
    async with elsewhere(f'<iframe src="{site.url}/"></iframe>') as other:
        await browser_page.goto(other)
        assert await browser_page.evaluate(TAKEN, [picture, data]) == [True, True]
        page = f"{site.url}/demarche/{FLOW}"
        assert await browser_page.evaluate(TAKEN, [picture, page]) == [True, False]
        await expect(browser_page.frame_locator("iframe").locator("header.site")).to_have_count(0)


async def test_other_sites_have_nothing_where_only_members_may_read(
    site: Site, browser_page: BrowserPage
) -> None:
    """Not even the page that asks to sign in; nor do members' own pages offer any code."""
    async with serving(replace(site.library, members_only=True)) as locked:
        frame = f"{locked}/integrer/{FLOW}"
        async with elsewhere(f'<iframe src="{frame}"></iframe>') as other, client(locked) as http:
            await browser_page.goto(other)
            taken = [f"{locked}/badge/{FLOW}.svg", f"{locked}/api/attempts"]
            assert await browser_page.evaluate(TAKEN, taken) == [False, False]
            shown = browser_page.frame_locator("iframe").locator("main")
            await expect(shown).to_have_count(0)
            for address in (frame, *taken):
                answer = await http.get(address)
                assert answer.status_code == 401, address
                assert "access-control-allow-origin" not in answer.headers
                assert answer.headers["cross-origin-resource-policy"] == "same-origin"
                assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/badge/63/nothing.svg", "/integrer/63/nothing", "/badge/x/y.svg"]
)
async def test_a_flow_that_is_not_there_has_no_badge(site: Site, path: str) -> None:
    assert (await site.http.get(path)).status_code == 404


async def test_a_badge_says_when_and_that_data_are_made_up_and_what_was_never_visited(
    site: Site,
) -> None:
    got = (await site.http.get(f"/badge/{FLOW}.svg")).text
    assert "Aucun rendez-vous, " in got
    assert "(heure de Paris)" in got
    assert "exercice" in got
    never = next(each for each in site.library.scenarios if not _visited(site, each))
    assert "jamais visitée" in (await site.http.get(f"/badge/{never}.svg")).text


def _visited(site: Site, scenario_id: str) -> bool:
    return any(each.scenario_id == scenario_id for each in site.attempts)


async def test_a_link_shown_elsewhere_has_the_framed_picture_and_browsers_find_the_feed(
    site: Site, browser_page: BrowserPage
) -> None:
    for path in (f"/demarche/{FLOW}", f"/tentative/{site.of(FLOW).id}", "/", "/departement/63"):
        await browser_page.goto(site.url + path)
        feed = browser_page.locator("link[type='application/atom+xml']")
        address = await feed.get_attribute("href") or ""
        answer = await site.http.get(address)
        assert answer.headers["content-type"].startswith("application/atom+xml"), path
        images = browser_page.locator("meta[property='og:image']")
        assert await images.count() == (path.startswith(("/demarche", "/tentative"))), path
        for image in await images.all():
            there = await site.http.get(await image.get_attribute("content") or "")
            assert there.headers["content-type"] == "image/png"


async def test_the_link_of_a_page_is_copied_with_a_button(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await browser_page.goto(f"{site.url}/demarche/{FLOW}")
    await browser_page.locator("details.share summary").click()
    button = browser_page.locator("button[data-copy=lien]")
    await button.click()

    await expect(button).to_have_text("Copié")
    copied = await browser_page.evaluate("navigator.clipboard.readText()")
    assert copied == await browser_page.locator("textarea#lien").input_value()
    assert copied.startswith(f"{site.url}/demarche/{FLOW}?du=")


async def test_the_code_for_another_site_holds_no_mark_up_of_a_title(
    site: Site, browser_page: BrowserPage
) -> None:
    before = site.library.scenarios[FLOW]
    title = '"><script>alert(1)</script>'
    site.library.scenarios[FLOW] = before.model_copy(update={"title": title})
    try:
        code = await code_of(browser_page, site.url, "cadre")
        badge = (await site.http.get(f"/badge/{FLOW}.svg")).text
    finally:
        site.library.scenarios[FLOW] = before

    assert f'title="{html.escape(title)}"' in code
    assert "<script" not in code + badge
