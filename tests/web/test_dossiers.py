"""Dossiers from the pages: asked for, followed, downloaded, refused."""

from __future__ import annotations

import asyncio
import io
import os
import re
import time
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from fleet.browser.chromium import Chromium
from fleet.models import now
from fleet.system.state_file import FileLock
from fleet.web.dossier_jobs import KEEP_S, MAX_ATTEMPTS, Dossiers
from tests.evidence.dossier.dossiers import FIRST, FLOW, LAST, unpack, verify
from tests.evidence.tampered_database import flip_file
from tests.storage.test_store import AT, attempt_of
from tests.web.conftest import PATIENCE_S, client, plain, serving
from tests.web.members import form_token, go_with_keys, without_scripts
from tests.web.proved import Proved
from tests.web.proved import authority as authority
from tests.web.proved import own as own
from tests.web.proved import shared as shared
from tests.web.test_reading import PHONE, WCAG, problems, sideways

FORM = f"/demarche/{FLOW}/dossier"
PERIOD = {"du": FIRST, "au": LAST}


async def ask(http: httpx.AsyncClient, **fields: str) -> httpx.Response:
    """Fill in the form and send it."""
    token = await form_token(http, FORM)
    return await http.post(FORM, data={"jeton": token, **PERIOD, **fields})


async def ended(http: httpx.AsyncClient, address: str) -> httpx.Response:
    """The page of a dossier once it is not in preparation any more."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while True:
            got = await http.get(address)
            if "data-live-now" not in got.text:
                return got
            await asyncio.sleep(0.2)


# Asked for and had ------------------------------------------------------------------------------


async def test_a_dossier_is_had_with_the_keyboard_alone_and_without_scripts(
    shared: Proved, chromium: Chromium, tmp_path: Path
) -> None:
    async with without_scripts(chromium) as page:
        page.set_default_timeout(2 * PATIENCE_S * 1000)
        await page.goto(f"{shared.url}/demarche/{FLOW}?du={FIRST}&au={LAST}")
        await go_with_keys(page, page.get_by_role("link", name="Préparer un dossier"))
        await expect(page.locator(".note")).to_contain_text("5 tentatives dans cette période")
        await go_with_keys(page, page.get_by_role("button", name="Faire le dossier"))
        # the page comes again by itself until there is something to take
        link = page.get_by_role("link", name="Télécharger le dossier")
        await link.wait_for()
        address = await link.get_attribute("href")

    got = await shared.http.get(str(address))
    name = f"dossier-91-titre-de-sejour-{FIRST}-{LAST}.zip"
    assert name in got.headers["content-disposition"]
    assert got.headers["cache-control"] == "private, no-store"
    (tmp_path / "it.zip").write_bytes(got.content)
    done = verify(unpack(tmp_path / "it.zip", tmp_path / "unpacked"))
    assert done.returncode == 0, done.stdout
    assert "Vérifié : 5 tentatives" in done.stdout


async def test_the_page_shows_how_far_it_is_and_changes_by_itself(
    shared: Proved, browser_page: BrowserPage
) -> None:
    for language in ("fr", "en"):
        path = ("/en" if language == "en" else "") + f"{FORM}?du={FIRST}&au={LAST}"
        await browser_page.set_viewport_size(PHONE)
        await browser_page.goto(shared.url + path)
        assert await problems(browser_page, WCAG) == []
        assert await sideways(browser_page) <= 0
        await browser_page.locator("form.sheet button").press("Enter")
        await browser_page.wait_for_url("**/dossier/*")
        await expect(browser_page.locator("a[download]")).to_be_visible()
        await expect(browser_page.locator(".note")).to_contain_text(
            "Le dossier est prêt." if language == "fr" else "The dossier is ready."
        )
        assert await problems(browser_page, WCAG) == []
        assert await sideways(browser_page) <= 0


async def test_the_same_dossier_is_made_once_and_anew_when_something_was_added(
    own: Proved, chromium: Chromium
) -> None:
    first = (await ask(own.http)).headers["location"]
    await ended(own.http, first)
    async with (
        serving(own.library) as other,  # another process over the same folder
        client(other) as http,
    ):
        assert "Le dossier est prêt" in (await http.get(first)).text
        made = (await http.get(f"{first}.zip")).content
        assert (await ask(http)).headers["location"] == first
        assert (await http.get(f"{first}.zip")).content == made

        inside = AT - timedelta(days=5)
        await own.past.add(9, inside)
        again = (await ask(http)).headers["location"]
        assert again != first
        await ended(own.http, again)
        content = (await own.http.get(f"{again}.zip")).content
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        folders = {name.split("/")[1] for name in packed.namelist() if name.startswith("attempts/")}
    assert len(folders) == 6


# Refused ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"du": "2026-11-18", "au": "2026-11-12"}, 400, "Choisissez deux jours"),
        ({"du": "yesterday"}, 400, "Choisissez deux jours"),
        ({"au": "2999-01-01"}, 400, "Choisissez deux jours"),
        ({"langue": "de"}, 400, "Choisissez le français ou l’anglais."),
        ({"images": "none"}, 400, "Choisissez les images du PDF."),
        ({"du": "2020-01-01", "au": "2020-02-01"}, 404, "Aucune tentative n’a été faite"),
    ],
)
async def test_what_cannot_be_made_is_answered_on_the_form(
    shared: Proved, fields: dict[str, str], status: int, words: str
) -> None:
    asked = await shared.http.get(FORM, params={**PERIOD, **fields})
    sent = await ask(shared.http, **fields)

    assert (asked.status_code, sent.status_code) == (status, status)
    assert words in asked.text
    assert words in sent.text
    assert 'name="jeton"' in sent.text


async def test_no_form_no_flow_no_dossier_no_page(shared: Proved) -> None:
    for path in ("/demarche/91/nothing/dossier", "/demarche/00x/titre-de-sejour/dossier"):
        assert (await shared.http.get(path)).status_code == 404
    for path in ("/dossier/" + "0" * 32, f"/dossier/{'0' * 32}.zip", "/dossier/..%2Flock"):
        assert (await shared.http.get(path)).status_code == 404
    assert (await shared.http.post(FORM, data=PERIOD)).status_code == 403


async def test_a_period_with_too_many_attempts_is_refused_before_anything_is_read(
    own: Proved,
) -> None:
    day = AT - timedelta(days=5)
    more = [
        attempt_of(started_at=day + timedelta(seconds=n), due_at=None).to_document()
        for n in range(MAX_ATTEMPTS)
    ]
    await own.db.attempts.insert_many(more)

    got = await ask(own.http)

    assert got.status_code == 400
    assert "plus de 2 000 tentatives" in plain(got.text)


async def test_one_dossier_at_a_time_is_made_on_a_server(own: Proved) -> None:
    (own.library.data_dir / "dossiers").mkdir()
    other = FileLock(own.library.data_dir / "dossiers" / "lock")
    assert other.take()

    refused = await ask(own.http)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "30"
    assert "n’en fait qu’un à la fois" in refused.text
    other.release()
    assert (await ask(own.http)).status_code == 303


async def test_a_server_without_chromium_says_which_command_makes_it(shared: Proved) -> None:
    async with (
        serving(replace(shared.library, chromium=None)) as url,
        client(url) as http,
    ):
        got = await http.get(FORM, params=PERIOD)
        assert f"fleet dossier {FLOW} --from {FIRST} --to {LAST}" in got.text
        assert "Faire le dossier" not in got.text
        token = await form_token(http, "/connexion")
        sent = await http.post(FORM, data={"jeton": token, **PERIOD})
        assert sent.status_code == 404


# When something fails ---------------------------------------------------------------------------


async def test_what_was_altered_goes_into_no_dossier_and_is_named(own: Proved) -> None:
    name = own.past.inside[2].evidence[0].sha256
    await flip_file(own.db, name)

    address = (await ask(own.http)).headers["location"]
    got = await ended(own.http, address)

    assert got.status_code == 503
    assert "Seul ce qui tient entre dans un dossier." in got.text
    assert name in got.text
    assert (await own.http.get(f"{address}.zip")).status_code == 404


async def test_a_dossier_is_not_given_out_any_more_once_a_file_was_taken_down(
    own: Proved,
) -> None:
    address = (await ask(own.http)).headers["location"]
    await ended(own.http, address)
    assert (await own.http.get(f"{address}.zip")).status_code == 200

    name = own.past.inside[0].evidence[0].sha256
    await own.past.store.removals.take_down([name], reason="un visage", by="test")

    assert (await own.http.get(f"{address}.zip")).status_code == 404
    assert list((own.library.data_dir / "dossiers").glob("*.zip")) == []
    again = (await ask(own.http)).headers["location"]
    assert again != address


async def test_a_dossier_whose_server_was_stopped_is_said_to_be_lost(own: Proved) -> None:
    async with serving(own.library) as url, client(url) as http:
        address = (await ask(http)).headers["location"]

    got = await own.http.get(address)

    assert got.status_code == 503
    assert "Le serveur a été arrêté" in got.text
    found = re.search(r'class="button" href="([^"]+)"', got.text)
    assert found
    assert (await own.http.get(found[1].replace("&amp;", "&"))).status_code == 200
    assert (await ask(own.http)).headers["location"] == address
    assert "Le dossier est prêt" in (await ended(own.http, address)).text


def test_what_is_old_or_too_much_is_swept(tmp_path: Path) -> None:
    library: Any = type("Data", (), {"data_dir": tmp_path})
    folder = tmp_path / "dossiers"
    folder.mkdir()
    for number, age_s in enumerate((10, 20, 30, KEEP_S + 10)):
        path = folder / f"{number}.zip"
        path.write_bytes(b"x" * 100)
        at = time.time() - age_s
        os.utime(path, (at, at))
    (folder / "lock").touch()

    Dossiers(library).sweep(max_bytes=250)

    assert sorted(path.name for path in folder.iterdir()) == ["0.zip", "1.zip", "lock"]


async def test_the_form_waits_for_the_next_seal_of_what_is_new(own: Proved) -> None:
    await own.past.add(9, now() - timedelta(minutes=1))

    today = (await own.http.get(FORM, params={"du": FIRST, "au": ""})).text

    assert "dont 6 sous un sceau." in plain(today)
    assert "Les autres entrent dans le dossier sans preuve de leur date" in today
