"""The status page of all flows and the search, in a reader's browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from fleet.models import Verdict, now
from fleet.web.finding.search import department_of_postal_code, words_of
from fleet.web.finding.status import LATEST, STEP
from tests.web.conftest import Site, plain
from tests.web.test_runs import FLOW, Shelf, shelf

__all__ = ["shelf"]

MINUTE = timedelta(minutes=1)


async def test_the_status_page_has_every_flow_with_its_last_verdict_and_a_bar_of_the_latest(
    site: Site, shelf: Shelf, browser_page: BrowserPage
) -> None:
    """The bar has the newest at its right end, and no more than it says."""
    at = now()
    own = site.of(FLOW)
    for n in range(LATEST + 3):
        verdict = Verdict.SLOTS if n == 0 else Verdict.NO_SLOTS
        await shelf.keep(own, verdict=verdict, group=verdict.group, started_at=at - n * MINUTE)
    await browser_page.goto(f"{shelf.url}/etat")

    row = browser_page.locator("tbody tr", has=browser_page.locator(f'a[href$="/{FLOW}"]'))
    await expect(row.locator(".v")).to_have_text("Rendez-vous proposé")
    label = await row.locator("svg").get_attribute("aria-label")
    assert label == f"1 × Rendez-vous proposé, {LATEST - 1} × Aucun rendez-vous"
    last = row.locator("rect").last
    assert await last.get_attribute("class") == "b-slots"
    assert await last.get_attribute("x") == str(STEP * (LATEST - 1))
    assert await browser_page.locator("tbody tr").count() == len(site.library.scenarios)


async def test_the_status_page_is_filtered_by_state_and_sorted(
    site: Site, browser_page: BrowserPage
) -> None:
    """Without scripts: the filter is a form, sorting a link."""
    await browser_page.goto(f"{site.url}/etat")
    await browser_page.select_option("#etat", "slots")
    async with browser_page.expect_navigation():
        await browser_page.get_by_role("button", name="Montrer").click()
    shown = await browser_page.locator("tbody .v").all_inner_texts()
    assert shown
    assert set(shown) == {"Rendez-vous proposé"}

    await browser_page.goto(f"{site.url}/etat?tri=visite&sens=desc")
    times = await browser_page.locator("tbody time").evaluate_all("all => all.map(t => t.dateTime)")
    assert times == sorted(times, reverse=True)
    assert len(times) > 2
    head = browser_page.get_by_role("columnheader", name="Dernière tentative")
    assert await head.get_attribute("aria-sort") == "descending"


@pytest.mark.parametrize("query", ["etat=fine", "departement=999", "public=all", "tri=x", "sens=x"])
async def test_a_status_that_cannot_be_asked_for_is_refused_with_what_can(
    site: Site, query: str
) -> None:
    answer = await site.http.get(f"/etat?{query}")

    name, value = query.split("=")
    assert answer.status_code == 400
    assert f"« {value} » n’est pas une valeur possible de « {name} »" in plain(answer.text)


async def test_a_run_that_goes_on_says_how_many_of_its_visits_were_made(
    site: Site, shelf: Shelf, browser_page: BrowserPage
) -> None:
    """A retry is no further visit, and a fleet that watches has no number to reach."""
    run = await shelf.begin(scenario_ids=(FLOW, "91/titre-de-sejour"), times=3)
    await shelf.begin(watch=True)
    for number in (1, 2, 1):
        await shelf.keep(site.of(FLOW), run_id=run.id, number=number, started_at=now())

    for address in ("/etat", "/visites", f"/visites/{run.id}"):
        await browser_page.goto(shelf.url + address)
        words = (await browser_page.inner_text("main")).replace("\u00a0", " ")
        assert words.count("2 visites sur 6") == 1, address
        assert words.count("visites sur") == 1, address


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("63", "/departement/63"),
        ("clermont", "/departement/63"),
        ("63100", "/departement/63"),
        ("puy de dome", "/departement/63"),
        ("Évry", "/departement/91"),
        ("st etienne", "/departement/42"),
        ("97400", "/departement/974"),
        ("63 permis", "/demarche/63/permis-de-conduire"),
    ],
)
async def test_a_department_or_flow_is_found_from_every_page(
    site: Site, browser_page: BrowserPage, asked: str, found: str
) -> None:
    """By number, town, postal code, name without accents, or words of the flow."""
    await browser_page.goto(f"{site.url}/methode")
    await browser_page.get_by_role("search").get_by_role("searchbox").fill(asked)
    async with browser_page.expect_navigation():
        await browser_page.keyboard.press("Enter")

    await expect(browser_page.locator(f'.found a[href="{found}"]')).to_be_visible()


async def test_what_was_visited_comes_first_and_nothing_found_is_said(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/recherche?q=titre")
    rows = browser_page.locator("section[aria-labelledby=demarches] li")
    visited = [await row.locator(".v").count() for row in await rows.all()]
    assert visited == sorted(visited, reverse=True)
    assert visited[0] == 1

    await browser_page.goto(f"{site.url}/recherche?q=%3Cb%3Enowhere")
    await expect(browser_page.locator(".empty")).to_contain_text("« <b>nowhere »")


def test_words_are_compared_without_accents_and_small_words() -> None:
    assert words_of("Côte-d'Or, l’Œuvre de la St Jean") == [
        "cote", "or", "oeuvre", "saint", "jean"
    ]  # fmt: skip
    assert words_of("de la") == ["de", "la"]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("63000", ("63",)),
        ("20 000", ("2A", "2B")),
        ("97110", ("971",)),
        ("00000", ()),
        ("98800", ("988",)),
        ("6300", ()),
        ("99999", ()),
    ],
)
def test_a_postal_code_says_its_department(text: str, codes: tuple[str, ...]) -> None:
    assert department_of_postal_code(text) == codes


async def test_the_map_says_what_is_pointed_at_with_mouse_tab_and_finger(
    site: Site, browser_page: BrowserPage
) -> None:
    """A finger's first tap names a department, its second opens its page."""
    await browser_page.goto(f"{site.url}/")
    said = browser_page.locator("[data-map-said]")
    one, other = (
        browser_page.locator(f".map a[href='/departement/{code}']") for code in ("63", "23")
    )
    await one.hover()
    await expect(said).to_contain_text("Puy-de-Dôme")
    await other.focus()
    await expect(said).to_contain_text("Creuse")

    for tap in ("first", "second"):
        await one.dispatch_event("pointerdown", {"pointerType": "touch"})
        if tap == "first":
            await one.dispatch_event("click")
            await expect(said).to_contain_text("Puy-de-Dôme")
            assert browser_page.url == f"{site.url}/"
        else:
            async with browser_page.expect_navigation():
                await one.dispatch_event("click")
    assert browser_page.url == f"{site.url}/departement/63"


@pytest.mark.parametrize("way", ["asc", "desc"])
async def test_departments_that_answered_come_first_and_the_telephones_page_is_short(
    site: Site, browser_page: BrowserPage, way: str
) -> None:
    await browser_page.set_viewport_size({"width": 390, "height": 844})
    await browser_page.goto(f"{site.url}/?tri=departement&sens={way}")

    rates = await browser_page.locator(".brief .rate-of").all_inner_texts()
    answered = ["–" not in each for each in rates]
    assert {True, False} == set(answered)
    assert answered == sorted(answered, reverse=True)
    # a hundred departments, as there are: each takes what these take
    grown = """() => {
      const body = document.querySelector('.brief tbody'), row = body.rows[0];
      while (body.rows.length < 101) body.append(row.cloneNode(true));
      return [document.documentElement.scrollHeight, row.getBoundingClientRect().height];
    }"""
    height, row = await browser_page.evaluate(grown)
    assert height <= 6000
    assert row <= 64  # two lines; a third would make it some 79
