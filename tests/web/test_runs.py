"""The pages of runs, of what needs care, and about the data, in a reader's browser."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from fleet.analysis.care import CareKind, care_list, care_why
from fleet.models import Attempt, Run, Verdict, now
from fleet.rendering.i18n import Words
from fleet.storage.store import Store
from fleet.web.context import WebContext
from fleet.web.pages.care import why
from fleet.web.pages.runs import QUIET, RUNS, RunProgress, progress_of
from tests.storage.databases import own_store
from tests.web.conftest import Site, client, serving

HOUR = timedelta(hours=1)
FLOW = "63/titre-de-sejour"


@dataclass(frozen=True)
class Shelf:
    """A running application over a database of its own."""

    url: str
    store: Store
    http: httpx.AsyncClient

    async def keep(self, attempt: Attempt, **changes: Any) -> Attempt:
        """Store a copy of a real attempt, with changes."""
        copy = attempt.model_copy(update={"id": uuid.uuid4().hex, **changes})
        await self.store.attempts.add(copy, [])
        return copy

    async def begin(self, **changes: Any) -> Run:
        """Store a run that begins now."""
        fields = {
            "id": uuid.uuid4().hex,
            "started_at": now(),
            "scenario_ids": (FLOW,),
            "times": 1,
            "fleet_version": "test",
            "chromium_version": "156",
        }
        run = Run.model_validate({**fields, **changes})
        await self.store.runs.keep(run)
        return run


@asynccontextmanager
async def shelves(site: Site, mongodb_url: str, folder: Path) -> AsyncIterator[Shelf]:
    async with own_store(mongodb_url) as store:
        library = WebContext(
            store=store,
            queries=store.queries,
            scenarios=site.library.scenarios,
            made_up=True,
            data_dir=folder,
        )
        async with serving(library) as url, client(url) as http:
            yield Shelf(url, store, http)


@pytest.fixture
async def shelf(site: Site, mongodb_url: str, tmp_path: Path) -> AsyncIterator[Shelf]:
    """An application with nothing stored yet."""
    async with shelves(site, mongodb_url, tmp_path) as made:
        yield made


async def test_a_run_is_listed_with_its_attempts_by_verdict(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/visites")

    row = browser_page.locator("tbody tr").first
    run_id = site.attempts[0].run_id
    assert await row.locator("th a").get_attribute("href") == f"/visites/{run_id}"
    of_slots = sum(each.verdict is Verdict.SLOTS for each in site.attempts)
    await expect(row.locator(".v-slots")).to_have_text(f"Rendez-vous proposé {of_slots}")
    counted = [int(n) for n in await row.locator(".tally b").all_inner_texts()]
    assert sum(counted) == len(site.attempts)


async def test_runs_are_newest_first_and_no_run_is_lost_between_pages(
    shelf: Shelf, browser_page: BrowserPage
) -> None:
    begun = now()
    made = [
        await shelf.begin(started_at=begun - number * HOUR, ended_at=begun)
        for number in range(RUNS + 3)
    ]
    await browser_page.goto(f"{shelf.url}/visites")
    links = browser_page.locator("tbody th a")
    hrefs = "all => all.map(a => a.pathname)"
    first = await links.evaluate_all(hrefs)

    await browser_page.get_by_role("link", name="Passages plus anciens").click()
    second = await links.evaluate_all(hrefs)

    assert first + second == [f"/visites/{run.id}" for run in made]
    await browser_page.get_by_role("link", name="Passages plus récents").click()
    assert await links.evaluate_all(hrefs) == first


@pytest.mark.parametrize(
    ("began", "ended", "attempt", "state"),
    [
        (5 * HOUR, 4 * HOUR, None, "ended"),
        (timedelta(minutes=1), None, None, "running"),
        (5 * HOUR, None, timedelta(minutes=3), "running"),  # long, and still at work
        (5 * HOUR, None, QUIET + timedelta(minutes=3), "interrupted"),
        (5 * HOUR, None, None, "interrupted"),
    ],
)
async def test_a_run_has_ended_goes_on_or_was_cut_off(
    site: Site,
    shelf: Shelf,
    began: timedelta,
    ended: timedelta | None,
    attempt: timedelta | None,
    state: str,
) -> None:
    at = now()
    run = await shelf.begin(started_at=at - began, ended_at=at - ended if ended else None)
    if attempt is not None:
        await shelf.keep(site.of(FLOW), run_id=run.id, started_at=at - attempt)

    progress = await progress_of(shelf.store.queries, run)

    assert isinstance(progress, RunProgress)
    assert progress.state == state
    words = {"ended": "Terminé", "running": "En cours", "interrupted": "Interrompu"}[state]
    assert words in (await shelf.http.get(f"/visites/{run.id}")).text


async def test_a_run_shows_its_attempts_and_no_other_run_s(
    site: Site, shelf: Shelf, browser_page: BrowserPage
) -> None:
    run, other = await shelf.begin(), await shelf.begin()
    own = await shelf.keep(site.of(FLOW), run_id=run.id)
    await shelf.keep(site.of(FLOW), run_id=other.id)

    await browser_page.goto(f"{shelf.url}/visites/{run.id}")

    links = await browser_page.locator("tbody th a").evaluate_all("all => all.map(a => a.pathname)")
    assert links == [f"/tentative/{own.id}"]


async def test_a_run_that_goes_on_brings_its_table_up_to_date_until_it_ends(
    site: Site, shelf: Shelf, browser_page: BrowserPage
) -> None:
    run = await shelf.begin()
    await browser_page.clock.install()
    await browser_page.goto(f"{shelf.url}/visites/{run.id}")
    await expect(browser_page.get_by_text("Aucune tentative n’est encore finie.")).to_be_visible()

    await shelf.keep(site.of(FLOW), run_id=run.id)
    await browser_page.clock.fast_forward(5000)
    await expect(browser_page.locator("tbody tr")).to_have_count(1)

    await shelf.store.runs.keep(run.model_copy(update={"ended_at": now(), "attempts": 1}))
    await browser_page.clock.fast_forward(5000)
    await expect(browser_page.get_by_text("Terminé")).to_be_visible()
    await expect(browser_page.locator("[data-live-control]")).to_be_hidden()
    asked: list[str] = []
    browser_page.on("request", lambda request: asked.append(request.url))
    await browser_page.clock.fast_forward(60_000)
    await browser_page.evaluate("fetch('/static/icon.svg')")
    assert [each for each in asked if "/visites/" in each] == []


async def test_a_reader_can_stop_the_table_from_changing(
    site: Site, shelf: Shelf, browser_page: BrowserPage
) -> None:
    run = await shelf.begin()
    await browser_page.clock.install()
    await browser_page.goto(f"{shelf.url}/visites/{run.id}")
    await browser_page.get_by_label("Mise à jour automatique").uncheck()
    await shelf.keep(site.of(FLOW), run_id=run.id)

    await browser_page.clock.fast_forward(20_000)
    await browser_page.evaluate("fetch('/static/icon.svg').then(() => 0)")
    await expect(browser_page.locator("tbody tr")).to_have_count(0)

    await browser_page.get_by_label("Mise à jour automatique").check()
    await browser_page.clock.fast_forward(5000)
    await expect(browser_page.locator("tbody tr")).to_have_count(1)


async def test_without_a_script_a_link_loads_the_page_again(site: Site, shelf: Shelf) -> None:
    run = await shelf.begin()
    page = (await shelf.http.get(f"/visites/{run.id}")).text

    assert "http-equiv" not in page
    assert f'href="/visites/{run.id}">Recharger la page</a>' in page
    assert "<label data-live-control hidden>" in page


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/visites/nobody", 404),
        ("/visites/" + "x" * 300, 404),
        ("/visites?curseur=nothing", 400),
        ("/donnees?department=99", 400),
        ("/donnees?departement=63", 400),
    ],
)
async def test_a_wrong_address_is_an_error_page(site: Site, address: str, status: int) -> None:
    answer = await site.http.get(address)

    assert answer.status_code == status
    assert "<h1>" in answer.text
    assert "Traceback" not in answer.text


async def test_no_run_yet_says_how_to_make_one(shelf: Shelf) -> None:
    assert "fleet run --practice" in (await shelf.http.get("/visites")).text


async def test_what_is_not_understood_any_more_needs_care(
    site: Site, shelf: Shelf, browser_page: BrowserPage
) -> None:
    good = site.of(FLOW)
    at = now() - 9 * HOUR
    await shelf.keep(good, started_at=at)
    lost = [
        await shelf.keep(
            good,
            started_at=at + number * HOUR,
            verdict=Verdict.UNRECOGNISED,
            group=Verdict.UNRECOGNISED.group,
            detail="<img src=x onerror=alert(1)> shows none of slots, no_slots",
        )
        for number in (1, 2, 3)
    ]

    await browser_page.goto(f"{shelf.url}/a-soigner")

    card = browser_page.get_by_role("article")
    await expect(card).to_have_count(1)
    await expect(card).to_contain_text("3 tentatives de suite sans réponse")
    await expect(card).to_contain_text("Le site a changé : ses réponses étaient comprises avant")
    await expect(card).to_contain_text("Regardez la dernière capture.")
    await card.get_by_text("Ce que le robot a noté").click()
    await expect(card.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    shown = await card.locator("img").evaluate_all("all => all.map(i => i.getAttribute('src'))")
    assert shown == [f"/vignette/{f.sha256}.webp" for f in good.evidence if f.kind == "picture"]
    await expect(card.get_by_role("link", name="Voir la dernière tentative")).to_have_attribute(
        "href", f"/tentative/{lost[-1].id}"
    )
    answer = (await shelf.http.get("/api/care")).json()
    assert [each["scenario_id"] for each in answer["items"]] == [FLOW]


async def test_a_flow_that_answered_last_needs_no_care(site: Site, shelf: Shelf) -> None:
    good, at = site.of(FLOW), now() - 9 * HOUR
    lost = {"verdict": Verdict.UNRECOGNISED, "group": Verdict.UNRECOGNISED.group}
    for number in range(3):
        await shelf.keep(good, started_at=at + number * HOUR, **lost)
    await shelf.keep(good, started_at=at + 4 * HOUR)

    page = (await shelf.http.get("/a-soigner")).text

    assert 'class="empty"' in page
    assert (await shelf.http.get("/api/care")).json()["items"] == []


def test_every_reason_of_the_fleet_is_worded_for_the_terminal_and_for_both_languages(
    site: Site,
) -> None:
    at = now()

    def row(*verdicts: Verdict, scenario_id: str = FLOW, **last: Any) -> list[Attempt]:
        attempts = [
            site.of(FLOW).model_copy(
                update={
                    "scenario_id": scenario_id,
                    "verdict": verdict,
                    "group": verdict.group,
                    "started_at": at + number * HOUR,
                    "url": f"https://{scenario_id.replace('/', '-')}.example/",
                    **(last if number == len(verdicts) - 1 else {}),
                }
            )
            for number, verdict in enumerate(verdicts)
        ]
        return attempts[::-1]

    good, lost, bug = Verdict.NO_SLOTS, Verdict.UNRECOGNISED, Verdict.CRASHED
    changed = row(good, lost, lost, lost)
    for number in range(3):
        changed[number] = changed[number].model_copy(update={"ruleset": "later"})
    histories = [
        {FLOW: row(lost, lost, bug)},
        {FLOW: changed},
        {f"{n}/a": row(good, lost, lost, lost, scenario_id=f"{n}/a") for n in ("63", "75", "92")},
        {FLOW: row(good, lost, missing_anchor="Titre\nde séjour")},
        {FLOW: row(lost, lost, lost)},
        {FLOW: row(good, lost, lost, lost)},
    ]

    cares = {care.reason.kind: care for each in histories for care in care_list(each)}

    said = {
        reason: (why(Words("fr"), care), why(Words("en"), care), care_why(care))
        for reason, care in cares.items()
    }
    assert set(said) == set(CareKind)
    assert len({words for each in said.values() for words in each[:2]}) == 2 * len(CareKind)
    ruleset = site.of(FLOW).ruleset
    assert f"les règles ({ruleset} → later)" in said[CareKind.OUR_CHANGE][0]
    assert f"the rules ({ruleset} → later)" in said[CareKind.OUR_CHANGE][1]
    assert f"ruleset {ruleset} → later" in said[CareKind.OUR_CHANGE][2]
    assert all("Titre\nde séjour" in each for each in said[CareKind.ANCHOR_GONE][:2])
    assert all(each.startswith("3 sites") for each in said[CareKind.MANY_SITES])


async def test_downloads_take_the_filter_of_the_address(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/donnees?scenario_id={FLOW}&group=answered")

    async with browser_page.expect_download() as download:
        await browser_page.get_by_role("button", name="JSON Lines").click()

    asked = await site.http.get((await download.value).url)
    found = [Attempt.model_validate_json(line) for line in asked.text.splitlines()]
    assert {each.id for each in found} == {
        each.id for each in site.attempts if each.scenario_id == FLOW
    }
    assert (await download.value).suggested_filename == (
        "exercice_tentatives_63_titre-de-sejour_answered.jsonl"
    )


async def test_the_page_about_the_data_names_every_field_and_no_licence_of_its_own(
    site: Site, browser_page: BrowserPage
) -> None:
    await browser_page.goto(f"{site.url}/donnees")

    fields = await browser_page.locator("tbody th code").all_inner_texts()
    assert set(Attempt.model_fields) <= set(fields)
    await expect(browser_page.locator("main")).to_contain_text(
        "La licence des données est choisie par l’organisation qui exploite ce site"
    )
