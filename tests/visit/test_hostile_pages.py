"""A page that is hostile, or merely odd, makes nothing untrue and ends no visit."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.page import OpenPage
from fleet.errors import NotOnPage
from fleet.models import Outcome
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from fleet.visit.page_agent import PageAgent
from tests.visit.odd_pages import (
    CLOBBERS,
    FREE,
    HEAD,
    INNOCENT,
    LIES,
    NONE,
    UPSETS,
    OddPage,
    body,
    script,
)

AT_ONCE = 4
"""Visits at a time."""

LIMITS = AttemptLimits(VisitLimits(deadline_s=170, answer_timeout_s=4, settle_s=0.5))


@asynccontextmanager
async def site(pages: Mapping[str, OddPage]) -> AsyncIterator[str]:
    """A server of these pages, `/page/<number>`, and of what stands in their frames."""
    frames = {
        "frame": NONE,
        "map": "<p>Plan d'accès</p>",
        "slots": FREE,
        "outer": '<iframe width=500 src="/frame"></iframe>',
    }

    async def page(request: web.Request) -> web.Response:
        each = list(pages.values())[int(request.match_info["number"])]
        content = each.content.replace("OTHER", f"http://ailleurs.localhost:{request.url.port}")
        media_type = (
            f"{each.media_type}; charset={each.charset}" if each.charset else each.media_type
        )
        return web.Response(
            body=content.encode(each.charset or "latin-1"),
            headers={"Content-Type": media_type, **dict(each.headers)},
        )

    async def frame(request: web.Request) -> web.Response:
        content = HEAD + frames[request.match_info["name"]]
        return web.Response(text=content, content_type="text/html")

    async def never(_: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        raise web.HTTPNotFound

    async def nothing(_: web.Request) -> web.Response:
        return web.Response(text="0", content_type="text/javascript")

    app = web.Application()
    app.router.add_get("/page/{number}", page)
    app.router.add_get("/script.js", nothing)
    app.router.add_get("/never{rest:.*}", never)
    app.router.add_get("/{name:frame|map|slots|outer}", frame)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    try:
        yield f"http://nanterre.localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def verdicts(
    pages: Mapping[str, OddPage], chromium: Chromium, *, visits: int = AT_ONCE
) -> dict[str, str]:
    """
    What visits come to on these pages.

    Args:
        visits: among how many the pages are shared; one costs less in the visit of another.
    """
    found: dict[str, str] = {}
    places = asyncio.Semaphore(AT_ONCE)

    async def visited(url: str, part: list[tuple[int, str]]) -> None:
        async def look(visit: fleet.Visit) -> Outcome:
            for number, name in part:
                await visit.open(f"{url}/page/{number}")
                try:
                    outcome = await visit.decide(
                        no_slots=[
                            visit.text("Aucun créneau disponible pour le moment"),
                            visit.css("p.vide"),
                        ],
                        slots=[visit.text("Choisissez votre créneau"), visit.css("a.libre")],
                    )
                    found[name] = outcome.verdict.value
                except NotOnPage:
                    found[name] = "unrecognised"
            return outcome

        scenario = fleet.scenario(department="92", flow="essai", title="Essai", url=url)(look)
        async with places:
            made = (await attempt(scenario, chromium, run_id="test", limits=LIMITS)).attempt
        for _, name in part:
            found.setdefault(name, f"not seen: {made.verdict.value}, {made.detail}")

    numbered = list(enumerate(pages))
    async with site(pages) as url:
        await asyncio.gather(*(visited(url, numbered[n::visits]) for n in range(visits)))
    return found


def wrong(found: Mapping[str, str], pages: Mapping[str, OddPage]) -> dict[str, str]:
    return {name: each for name, each in found.items() if each != pages[name].verdict}


async def test_what_a_page_redefines_changes_no_reading(chromium: Chromium) -> None:
    assert wrong(await verdicts(LIES, chromium), LIES) == {}


async def test_what_a_page_calls_its_elements_changes_no_reading(chromium: Chromium) -> None:
    assert wrong(await verdicts(CLOBBERS, chromium), CLOBBERS) == {}


async def test_a_page_that_is_upset_while_it_is_read_says_what_a_person_sees(
    chromium: Chromium,
) -> None:
    found = await verdicts(UPSETS, chromium, visits=len(UPSETS))
    assert wrong(found, UPSETS) == {}


async def test_an_odd_page_is_read_as_a_person_sees_it(chromium: Chromium) -> None:
    assert wrong(await verdicts(INNOCENT, chromium), INNOCENT) == {}


@asynccontextmanager
async def asked(chromium: Chromium) -> AsyncIterator[tuple[OpenPage, PageAgent]]:
    """A page, and who asks it."""
    opened = await chromium.open_page()
    try:
        tree = await opened.cdp.send("Page.getFrameTree")
        agent = PageAgent(opened)
        await agent.install(tree["frameTree"]["frame"]["id"])
        yield opened, agent
    finally:
        await chromium.close_page(opened)


async def test_nothing_is_asked_in_a_world_that_is_the_pages_own(chromium: Chromium) -> None:
    lie = "<script>window.fleet={read:()=>'a lie'}</script>"
    lying = body(f'{lie}{NONE}<iframe srcdoc="{lie}"></iframe>')
    async with asked(chromium) as (opened, agent), site({"lying": lying}) as url:
        answers = []
        for n in range(4):
            there = f"{url.replace('nanterre', 'ailleurs') if n % 2 else url}/page/0"
            going = asyncio.ensure_future(opened.page.goto(there))
            while not going.done():
                answers.append(await agent.ask("read", [], 100, 1))
            await going
            answers.append(await agent.ask("read", [], 100, 1))
    assert "a lie" not in answers
    assert {each["title"] for each in answers if each} >= {"Prise de rendez-vous"}


async def test_an_outline_has_an_end_whatever_a_page_is_full_of(chromium: Chromium) -> None:
    long = script(
        "const v='x'.repeat(2000);for(let i=0;i<50;i++){const e=document.createElement('b');"
        "for(let k=0;k<20;k++)e.setAttribute('a'+k,v);document.body.append(e)}"
    )
    async with asked(chromium) as (opened, agent), site({"long": long}) as url:
        await opened.page.goto(f"{url}/page/0")
        outline = await agent.ask("outline", 1000, 1000, 1, 50_000)

    assert outline["bodies"][0]["cut"]
    assert 50_000 < len(json.dumps(outline)) < 60_000
