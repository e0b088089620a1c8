"""
Every page as its readers meet it: with a screen reader, a telephone, a keyboard, without scripts.

What each page says is tested with the others of its kind; here are all pages, in both languages.
"""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page as BrowserPage
from playwright.async_api import Response, Route, expect

from fleet.browser.chromium import Chromium
from fleet.models import now
from fleet.models.paris import paris_day
from fleet.rendering.i18n import Words
from tests.web.conftest import Site
from tests.web.members import without_scripts
from tests.web.reading import FOR_MEMBERS, PAGES, Reading, reading

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
EVERY = {**PAGES, **FOR_MEMBERS}
PHONE: Any = {"width": 360, "height": 740}
DESK: Any = {"width": 1400, "height": 900}
MOST_TABS = 400

FOR_SCRIPTS_ONLY = """
() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
  .filter(it => !it.matches("[data-script-only]")
    && it.matches("a[href='#'], a[href^='javascript:'], button:not(form *), [onclick]"))
  .map(it => it.outerHTML)
"""
"""Controls that do nothing without a script."""

SWITCHES = "[data-live-control], [data-script-only]"
"""What a script shows for itself; nobody misses it without."""

DRAWN_ANEW = re.compile(r"(?:\b[A-Z2-7]{4} ){3,}[A-Z2-7]{1,4}\b")
"""The secret of a second factor: another one at each look at the page."""

WATCH_THE_FOCUS = """
() => {
  const controls = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex='0']"
  )].filter(it => it.type !== "hidden" && it.checkVisibility({visibilityProperty: true}));
  // of some radio buttons, Tab goes to one; the arrows go to the others
  const others = it => it.type === "radio" && controls.some(
    other => other !== it && other.name === it.name && (other.checked || !it.checked)
      && (other.checked || controls.indexOf(other) < controls.indexOf(it))
  );
  window.left = new Set(controls.filter(it => !others(it)));
  window.unseen = [];
  document.addEventListener("focusin", ({target}) => {
    left.delete(target);
    const shape = target.querySelector(":scope > path, :scope > rect");
    const drawn = getComputedStyle(target), edge = shape && getComputedStyle(shape);
    const outlined = drawn.outlineStyle !== "none" && parseFloat(drawn.outlineWidth) >= 2;
    const edged = edge && parseFloat(edge.strokeWidth) >= 4;
    const box = target.getBoundingClientRect();
    const there = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    if (!(outlined || edged) || !there) unseen.push(target.outerHTML.slice(0, 200));
  });
}
"""


@pytest.fixture(scope="module")
async def pages(
    site: Site, mongodb_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Reading]:
    """Pages with something on each of them."""
    async with reading(site, mongodb_url, tmp_path_factory.mktemp("reading")) as made:
        yield made


async def opened(page: BrowserPage, pages: Reading, name: str, language: str = "fr") -> Response:
    """Go to a page as whoever may read it."""
    if name in FOR_MEMBERS:
        cookie = {"name": "fleet", "value": pages.session, "url": pages.url}
        await page.context.add_cookies([cookie])  # type: ignore[list-item]
    response = await page.goto(pages.address(EVERY[name], language))
    assert response
    return response


async def problems(page: BrowserPage, rules: list[str], but: str = "") -> list[Any]:
    """What axe finds wrong with the page as it is now."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(Axe().axe_script)
    options: dict[str, Any] = {"runOnly": rules, "resultTypes": ["violations"]}
    if but:
        options["rules"] = {but: {"enabled": False}}
    found = await page.evaluate("options => axe.run(options)", options)
    return [
        (each["id"], node["html"][:300], node["failureSummary"])
        for each in found["violations"]
        for node in each["nodes"]
    ]


async def sideways(page: BrowserPage) -> int:
    """By how many pixels the page can be scrolled to the side."""
    return int(
        await page.evaluate("document.documentElement.scrollWidth - document.body.clientWidth")
    )


async def as_a_program_asks(route: Route) -> None:
    """Fetch it without saying that a page is wanted, and show it."""
    headers = {**route.request.headers, "accept": "*/*"}
    await route.fulfill(response=await route.fetch(headers=headers))


@pytest.mark.parametrize("name", EVERY)
async def test_axe_finds_nothing_on_a_page_and_it_fits_telephone_and_desk(
    pages: Reading, browser_page: BrowserPage, name: str
) -> None:
    """WCAG 2.2 AA, in both languages, light and dark; and the page's policy refuses nothing."""
    said: list[str] = []
    browser_page.on("console", lambda message: said.append(message.text))
    wrong = {"nothing": 404, "nonsense": 400, "dossier form with a mistake": 400}
    status = wrong.get(name, 200)

    await browser_page.set_viewport_size(PHONE)
    await browser_page.emulate_media(color_scheme="light")
    assert (await opened(browser_page, pages, name, "fr")).status == status
    assert await problems(browser_page, WCAG) == []
    assert await sideways(browser_page) <= 0
    await browser_page.emulate_media(color_scheme="dark")
    await browser_page.set_viewport_size(DESK)
    assert await problems(browser_page, ["color-contrast", "target-size"]) == []
    assert await sideways(browser_page) <= 0

    assert (await opened(browser_page, pages, name, "en")).status == status
    assert await browser_page.locator("html").get_attribute("lang") == "en"
    assert await problems(browser_page, WCAG, but="color-contrast") == []  # the same as in French
    await browser_page.set_viewport_size(PHONE)
    assert await sideways(browser_page) <= 0
    assert [each for each in said if "status of 40" not in each] == []


async def test_axe_finds_nothing_where_something_was_filled_in_wrongly_or_is_for_members(
    pages: Reading, browser_page: BrowserPage
) -> None:
    await opened(browser_page, pages, "sign-in")
    await browser_page.fill("#nom", "nobody")
    await browser_page.fill("#mot_de_passe", "nothing")
    async with browser_page.expect_navigation():
        await browser_page.keyboard.press("Enter")
    await expect(browser_page.get_by_role("alert")).to_contain_text("ne vont pas ensemble")
    assert await problems(browser_page, WCAG) == []

    await opened(browser_page, pages, "observation form", "en")
    await browser_page.evaluate("document.querySelector('form.sheet').noValidate = true")
    async with browser_page.expect_navigation():
        await browser_page.click("form.sheet button")
    await expect(browser_page.get_by_role("alert")).to_be_visible()
    assert await problems(browser_page, WCAG) == []

    await browser_page.context.clear_cookies()
    await browser_page.goto(f"{pages.locked_url}/galerie")
    assert browser_page.url == f"{pages.locked_url}/connexion?suite=%2Fgalerie"
    await browser_page.route("**/galerie", as_a_program_asks)
    response = await browser_page.goto(f"{pages.locked_url}/galerie")
    assert response
    assert response.status == 401
    await expect(browser_page.locator("h1")).to_have_text("Connexion nécessaire")
    assert await problems(browser_page, WCAG) == []


@pytest.mark.parametrize("name", EVERY)
async def test_every_control_is_reached_with_tab_and_shows_that_it_has_the_focus(
    pages: Reading, browser_page: BrowserPage, name: str
) -> None:
    await browser_page.set_viewport_size(DESK)
    await opened(browser_page, pages, name)
    await browser_page.evaluate(WATCH_THE_FOCUS)

    for _ in range(MOST_TABS // 20):
        for _ in range(20):
            await browser_page.keyboard.press("Tab")
        if await browser_page.evaluate("left.size") == 0:
            break

    assert await browser_page.evaluate("[...left].map(it => it.outerHTML.slice(0, 200))") == []
    assert await browser_page.evaluate("unseen") == []


async def test_no_page_needs_a_script(
    pages: Reading, browser_page: BrowserPage, chromium: Chromium
) -> None:
    """The same words with and without, and no control that only a script would listen to."""
    async with without_scripts(chromium) as bare:
        for name in EVERY:
            await opened(browser_page, pages, name)
            await opened(bare, pages, name)
            switch = await browser_page.locator(SWITCHES).all_inner_texts()
            words = await browser_page.inner_text("body")
            for each in switch:  # there only if there is a script for it
                words = words.replace(each.strip(), "")

            without = await bare.inner_text("body")
            same = [DRAWN_ANEW.sub("", each).split() for each in (without, words)]
            assert same[0] == same[1], name
            assert await browser_page.evaluate(FOR_SCRIPTS_ONLY) == [], name


@pytest.mark.parametrize("name", ["overview", "flow", "attempt"])
async def test_a_printed_page_says_where_it_is_from_and_when_and_has_nothing_to_press(
    pages: Reading, browser_page: BrowserPage, name: str
) -> None:
    """Also on paper as wide as A4 with its margins, and for a reader of dark pages."""
    await browser_page.set_viewport_size({"width": 680, "height": 1000})
    await opened(browser_page, pages, name, "en")
    await browser_page.emulate_media(media="print", color_scheme="dark")
    assert await browser_page.evaluate("matchMedia('print').matches")

    foot = browser_page.locator(".printed")
    await expect(foot).to_be_visible()
    await expect(foot).to_contain_text(pages.address(EVERY[name], "en"))
    await expect(foot).to_contain_text(Words("en").day(paris_day(now())))
    for each in await browser_page.locator("nav, button, form, summary, .skip, .tools").all():
        assert not await each.is_visible(), await each.evaluate("it => it.outerHTML")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert await browser_page.evaluate(ground) == "rgb(255, 255, 255)"
    assert await problems(browser_page, ["color-contrast"]) == []
    assert await sideways(browser_page) <= 0
    cut = "[...document.querySelectorAll('.wide, img')].filter(it => it.scrollWidth > 680)"
    assert await browser_page.evaluate(f"{cut}.map(it => it.outerHTML.slice(0, 200))") == []


async def test_what_is_said_in_french_only_is_marked_as_french_on_an_english_page(
    pages: Reading, browser_page: BrowserPage
) -> None:
    await opened(browser_page, pages, "flow", "en")

    assert await browser_page.locator("h1").get_attribute("lang") == "fr"
    await opened(browser_page, pages, "flow", "fr")
    assert await browser_page.locator("h1").get_attribute("lang") is None


@pytest.mark.parametrize("address", ["/en/", "/en/demarche/63/titre-de-sejour", "/en/methode"])
async def test_an_english_page_has_no_french_spacing(site: Site, address: str) -> None:
    page = html.unescape(re.sub(r"<[^>]*>", "|", (await site.http.get(address)).text))
    for scenario in site.library.scenarios.values():  # what a flow is for is said in French only
        page = page.replace(scenario.title, "").replace(html.escape(scenario.title), "")

    assert re.findall(r".{0,30}[ \u00a0\u202f][;:?!»](?!\S).{0,9}|.{0,9}«.{0,30}", page) == []
