"""Pictures in a row, enlarged, and under a slider, in a reader's browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as BrowserPage

from fleet.models import Verdict
from fleet.storage.queries import GalleryTile
from fleet.web.picture_groups import grouped
from tests.web.conftest import PATIENCE_S, Site

FLOW = "63/titre-de-sejour"
AT = datetime(2026, 11, 24, 8, 9, tzinfo=UTC)


def tile(n: int, picture: str | None, verdict: Verdict = Verdict.NO_SLOTS) -> GalleryTile:
    at = AT - timedelta(minutes=n)
    return GalleryTile(f"id{n}", FLOW, at, 1, False, verdict, (), int(bool(picture)), picture)


def test_only_attempts_in_a_row_with_the_same_picture_and_verdict_are_one() -> None:
    """The same picture after another one is another time; what has no picture is like nothing."""
    tiles = [
        *(tile(0, "a"), tile(1, "a"), tile(2, "b"), tile(3, "a")),
        *(tile(4, None), tile(5, None), tile(6, "c"), tile(7, "c", Verdict.CLOSED)),
    ]

    assert [len(each.tiles) for each in grouped(tiles)] == [2, 1, 1, 1, 1, 1, 1]
    assert [each for group in grouped(tiles) for each in group.tiles] == tiles


async def width(image: Locator) -> float:
    return float(await image.evaluate("it => it.getBoundingClientRect().width"))


async def test_pictures_are_stepped_through_and_zoomed_with_keys(
    site: Site, browser_page: BrowserPage
) -> None:
    """The page behind stays where it is; Escape leads back to the link of the picture shown."""
    await browser_page.set_viewport_size({"width": 900, "height": 700})
    await browser_page.goto(f"{site.url}/galerie")
    links = browser_page.locator("a[data-enlarge]")
    hrefs = await links.evaluate_all("all => all.map(a => a.href)")
    assert len(set(hrefs)) > 2
    await links.first.focus()
    await browser_page.keyboard.press("Enter")
    image = browser_page.locator("dialog[open] img")
    await expect(image).to_have_attribute("src", hrefs[0])

    await browser_page.keyboard.press("ArrowRight")
    await browser_page.keyboard.press("ArrowRight")
    await expect(image).to_have_attribute("src", hrefs[2])
    await browser_page.keyboard.press("ArrowLeft")
    await expect(image).to_have_attribute("src", hrefs[1])
    await browser_page.wait_for_function(
        "() => document.querySelector('dialog img').style.width", timeout=PATIENCE_S * 1000
    )
    whole = await width(image)
    await browser_page.keyboard.press("+")
    assert await width(image) > whole * 1.3
    await browser_page.keyboard.press("-")
    assert await width(image) == pytest.approx(whole, abs=1)
    await browser_page.keyboard.press("+")
    await browser_page.keyboard.press("0")
    assert await width(image) == pytest.approx(whole, abs=1)

    await browser_page.keyboard.press("Escape")
    await expect(browser_page.locator("dialog[open]")).to_have_count(0)
    assert browser_page.url == f"{site.url}/galerie"
    assert await browser_page.evaluate("document.activeElement.href") == hrefs[1]


async def test_an_enlarged_picture_leads_to_its_attempt_and_is_closed_with_a_button(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/demarche/{FLOW}")
    await browser_page.locator("a[data-enlarge]").first.click()
    dialog = browser_page.get_by_role("dialog")
    link = dialog.get_by_role("link", name="Ouvrir la tentative")
    assert await link.get_attribute("href") == f"/tentative/{site.of(FLOW).id}"

    await dialog.get_by_role("button", name="Fermer").click()
    await expect(dialog).to_have_count(0)


async def test_the_slider_shows_one_picture_left_of_it_and_the_other_right_of_it(
    site: Site, browser_page: BrowserPage
) -> None:
    """With keys and by drawing with the mouse."""
    older, newer = site.of(FLOW), site.of("94/titre-de-sejour")
    await browser_page.goto(f"{site.url}/comparer?a={older.id}&b={newer.id}")
    await expect(browser_page.locator("#vue-s")).to_be_visible()
    slider, stage = browser_page.get_by_role("slider"), browser_page.locator(".stage")
    clip = "getComputedStyle(document.querySelector('.stage .b')).clipPath"
    await slider.focus()
    await browser_page.keyboard.press("Home")
    assert await browser_page.evaluate(clip) == "inset(0px 0px 0px 0%)"
    await browser_page.keyboard.press("End")
    assert await browser_page.evaluate(clip) == "inset(0px 0px 0px 100%)"
    await expect(browser_page.locator("#vue-s")).to_be_checked()
    for image in ("a", "b"):
        await expect(stage.locator(f".{image}")).to_be_visible()
    await expect(stage.locator(".d")).not_to_be_visible()

    await stage.scroll_into_view_if_needed()
    box = await stage.bounding_box()
    assert box
    await browser_page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 20)
    await browser_page.mouse.down()
    await browser_page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + 20, steps=3)
    await browser_page.mouse.up()
    assert abs(float(await slider.input_value()) - 25) <= 1


async def test_identical_pictures_are_one_tile_if_asked_for(site: Site) -> None:
    separate = (await site.http.get(f"/galerie?demarche={FLOW}")).text.count("/vignette/")
    hashes = [
        [e.sha256 for e in each.evidence if e.kind == "picture"][-1]
        for each in site.attempts
        if each.scenario_id == FLOW
    ]
    together = (await site.http.get(f"/galerie?demarche={FLOW}&identiques=groupees")).text

    assert separate == len(hashes)
    assert together.count("/vignette/") == len(set(hashes))
    assert (await site.http.get("/galerie?identiques=x")).status_code == 400
