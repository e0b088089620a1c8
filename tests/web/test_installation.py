"""What an installation still lacks, as its pages say it: the real application, a real mongod."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page as BrowserPage

from fleet.catalog import loader
from fleet.evidence.sealing import seal
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, roots_of
from fleet.models import now
from fleet.models.browser_build import BrowserBuild
from fleet.models.status import Status
from fleet.practice.authority import PracticeAuthority
from fleet.storage.backup import LastDump
from fleet.storage.store import Store
from fleet.web.context import WebContext
from tests.cli.test_cli import fleet
from tests.storage.test_store import attempt_of
from tests.web.conftest import Site, client, plain, serving
from tests.web.test_reading import DESK, PHONE, WCAG, problems, sideways

DONE, TO_DO, UNKNOWN, UNNEEDED = "fait", "à faire", "inconnu", "inutile ici"


@pytest.fixture
async def library(
    site: Site, database: dict[str, str], tmp_path: Path
) -> AsyncIterator[WebContext]:
    """An installation of which nothing is set yet, for real sites."""
    async with await Store.open(database["FLEET_MONGODB_URL"], database["FLEET_DATABASE"]) as store:
        yield replace(
            site.library,
            store=store,
            queries=store.queries,
            data_dir=tmp_path,
            made_up=False,
            contact=None,
        )


async def html(library: WebContext, path: str) -> str:
    """The page at this address."""
    async with serving(library) as url, client(url) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    return answer.text


async def lead(library: WebContext) -> str:
    """How much is missing, in the words of the page."""
    found = re.search(r'<p class="lead">(.*?)</p>', await html(library, "/installation"))
    assert found
    return plain(found[1])


async def line(library: WebContext, path: str = "/") -> str | None:
    """What the overview says to be missing; None if it says nothing of it."""
    text = await html(library, path)
    found = re.search(r'<a href="(?:/en)?/installation">(.*?)</a></p>\n', text)
    return found[1] if found else None


async def points(library: WebContext, path: str = "/installation") -> dict[str, tuple[str, str]]:
    """By title, the state and the words of each point."""
    found = re.findall(
        r'<h3>(.*?) <span class="tag">(.*?)</span></h3>(.*?)</li>\n',
        await html(library, path),
        re.DOTALL,
    )
    return {
        plain(title): (state, plain(" ".join(re.sub(r"<[^>]+>", " ", words).split())))
        for title, state, words in found
    }


def status(**changes: Any) -> Status:
    """How a fleet that watches says it stands."""
    at = now()
    fields: dict[str, Any] = {
        **{"at": at, "since": at, "run_id": "r", "machine": "m", "pid": 1, "fleet_version": "1"},
        **{"chromium_version": "1", "scenarios": 343, "next_due": None, "verdicts": {}},
        **{"misses": {}, "lateness_s": None, "waiting": 0, "open_pages": 0, "allowed_pages": 1},
        **{"pressure": "calm", "spool_items": 0, "spool_bytes": 0, "spool_oldest": None},
        **{"spool_refused": 0, "spool_damaged": 0, "browser_restarts": {}, "cooling": ()},
        **{"ready": True, "problem": None, "notices": True, "heartbeat": True},
    }
    return Status.model_validate({**fields, **changes})


async def test_an_installation_that_was_just_made_lacks_everything_and_says_what_to_type(
    library: WebContext,
) -> None:
    said = await points(library)

    flows = said.pop("Des démarches à visiter")
    assert flows[0] == DONE
    assert f"{len(library.scenarios)} démarches au catalogue." in flows[1]
    told = [said.pop("Des avis quand une démarche change"), said.pop("Une surveillance extérieure")]
    assert [state for state, _ in told] == [UNKNOWN, UNKNOWN]
    assert said.pop("Un navigateur à jour")[0] == UNKNOWN
    assert len(said) == 7
    assert {state for state, _ in said.values()} == {TO_DO}
    for setting in ("FLEET_CONTACT_URL", "FLEET_PUBLIC_URL"):
        assert any(f"{setting}=" in words for _, words in said.values())
    assert "docker compose logs watch" in said["Un robot à l’œuvre"][1]
    assert "fleet user invite --administrator" in said["Un compte pour les bénévoles"][1]


async def test_a_browser_that_is_old_is_to_be_renewed(library: WebContext) -> None:
    old = BrowserBuild(executable="/usr/bin/chromium", built_at=now() - timedelta(days=90))
    said = await points(replace(library, browser_build=lambda: old))

    state, words = said["Un navigateur à jour"]
    assert state == TO_DO
    assert "il y a 90 jours" in words
    assert "docker/upgrade.sh" in words


async def test_nothing_is_missing_where_everything_is_set(
    library: WebContext, site: Site, database: dict[str, str], tmp_path: Path
) -> None:
    store = library.store
    await store.watch_state.write_status(status())
    await store.attempts.add(site.attempts[0], [])
    await store.accounts.add("Anne", "no hash")
    async with PracticeAuthority(tmp_path / "authority") as authority:
        authorities = Authorities((authority.url,), tuple(roots_of(authority.roots)))
        await seal(store.ledger, SigningKey.of(tmp_path / "key.pem"), authorities)
    made = await fleet("backup", tmp_path / "backup", **database)
    young = BrowserBuild(executable="/usr/bin/chromium", built_at=now() - timedelta(days=3))
    whole = replace(
        library,
        contact="mailto:a@b.example",
        public_url="https://rdv.example/",
        browser_build=lambda: young,
    )

    said = await points(whole)
    english = await points(whole, "/en/installation")

    assert made.code == 0
    assert {state for state, _ in said.values()} == {DONE}
    assert "343 démarches" in said["Un robot à l’œuvre"][1]
    assert "contient 1 tentative." in said["Une sauvegarde"][1]
    assert "mailto:a@b.example" in said["Une adresse de contact"][1]
    assert {state for state, _ in english.values()} == {"done"}
    assert await lead(whole) == "Tout est en place. Pour la personne qui tient ce serveur."
    assert await line(whole) is None
    unknown = "Que l’on sache, rien ne manque ; 1 point reste inconnu."
    assert (await lead(replace(whole, contact=None))).startswith(unknown)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stopped": True}, "Il s’est arrêté le "),
        ({"at": now() - timedelta(minutes=5)}, "Plus de nouvelles de lui depuis le "),
        ({"problem": "the disk is full", "ready": False}, "the disk is full"),
        ({"scenarios": 0}, "Il est là, mais n’a aucune démarche à observer."),
    ],
)
async def test_a_fleet_that_does_not_watch_is_no_fleet_that_watches(
    library: WebContext, changes: dict[str, Any], words: str
) -> None:
    await library.store.watch_state.write_status(status(**changes))
    if heard_at := changes.get("at"):  # by the clock of MongoDB, which nobody sets here
        await library.store.watch_state._status.update_one({}, {"$set": {"heard_at": heard_at}})

    state, said = (await points(library))["Un robot à l’œuvre"]

    assert state == TO_DO
    assert words in said


async def test_what_is_set_badly_is_named(library: WebContext) -> None:
    await library.store.watch_state.write_status(status(notices=False, heartbeat=None))
    await library.store._db.status.insert_one(
        {"_id": "dump", **LastDump(at=now() - timedelta(days=3), attempts=7).model_dump()}
    )
    problem = "d99_essai.py: line 1: invalid syntax <b>"

    said = await points(replace(library, problems=[problem]))

    assert said["Un catalogue sans erreur"][0] == TO_DO
    assert "1 fichier ne peut pas être lu :" in said["Un catalogue sans erreur"][1]
    assert "invalid syntax &lt;b&gt;" in said["Un catalogue sans erreur"][1]
    assert said["Des avis quand une démarche change"][0] == TO_DO
    assert said["Une surveillance extérieure"][0] == UNKNOWN
    assert said["Une sauvegarde"][0] == TO_DO


async def test_a_scenario_file_that_cannot_be_read_is_named_without_its_folder(
    library: WebContext, tmp_path: Path
) -> None:
    (tmp_path / "d99_essai.py").write_text("no Python")
    followed = replace(library, scenarios={}, problems=[])
    followed.use(loader.load(tmp_path))

    state, said = (await points(followed))["Des démarches à visiter"]

    assert state == TO_DO
    assert "0 démarche au catalogue. 1 fichier ne peut pas être lu :" in said
    assert "d99_essai.py: line 1: invalid syntax" in said
    assert str(tmp_path) not in said


async def test_attempts_without_a_picture_are_no_first_picture(
    library: WebContext, site: Site
) -> None:
    await library.store.attempts.add(attempt_of(started_at=now()), [])
    before = (await points(library))["Une première capture"]
    seen = site.of("91/titre-de-sejour")
    await library.store.attempts.add(seen.model_copy(update={"started_at": now()}), [])
    await library.store.attempts.add(attempt_of(started_at=now()), [])

    state, _ = (await points(library))["Une première capture"]

    assert before[0] == TO_DO
    assert "Les dernières tentatives n’ont montré aucune page." in before[1]
    assert state == DONE
    assert f'href="/tentative/{seen.id}"' in await html(library, "/installation")


async def test_a_contact_address_that_only_the_fleet_may_know_is_unknown(
    library: WebContext, site: Site
) -> None:
    await library.store.watch_state.write_status(status())
    await library.store.attempts.add(site.attempts[0], [])

    said = await points(library)

    assert said["Une adresse de contact"][0] == UNKNOWN
    assert "FLEET_CONTACT_URL=" in said["Une adresse de contact"][1]
    assert await line(library) is None


async def test_practice_needs_no_more_than_something_to_see(
    library: WebContext, site: Site
) -> None:
    practice = replace(library, made_up=True)
    empty = await points(practice)
    await library.store.attempts.add(site.attempts[0], [])
    seen = await points(practice)
    silent = await line(practice)
    await library.store.watch_state.write_status(status(stopped=True))
    stopped = await points(practice)

    assert {title: state for title, (state, _) in empty.items()} == {
        "Une adresse de contact": UNNEEDED,
        "Des démarches à visiter": DONE,
        "Un robot à l’œuvre": UNNEEDED,
        "Une première capture": TO_DO,
    }
    typed = "docker compose --profile demo exec demo-watch fleet run --practice "
    assert typed in empty["Une première capture"][1]
    assert seen["Une première capture"][0] == DONE
    assert silent is None
    assert stopped["Un robot à l’œuvre"][0] == TO_DO
    assert "docker compose --profile demo up -d demo-watch" in stopped["Un robot à l’œuvre"][1]


async def test_the_overview_says_when_the_last_visit_was_and_that_the_robot_stands_still(
    library: WebContext, site: Site
) -> None:
    set_up = replace(library, contact="mailto:a@b.example")
    await library.store.attempts.add(site.attempts[0], [])
    await library.store.watch_state.write_status(status())
    at_work = plain(await html(set_up, "/"))
    await library.store.watch_state.write_status(status(stopped=True))
    stopped = await html(set_up, "/")

    assert "Dernière visite : " in at_work
    assert "Le robot observe " in at_work
    assert "Le robot est arrêté depuis le " in plain(stopped)
    assert "Cette installation n’est pas terminée" not in plain(stopped)
    assert 'href="mailto:a@b.example"' in stopped
    assert "#personnes" in stopped


async def test_the_overview_names_what_is_missing_while_something_required_is(
    library: WebContext, site: Site
) -> None:
    """One line, in both languages; recommendations are not in it."""
    french, english = await line(library), await line(library, "/en/")
    await library.store.watch_state.write_status(status())
    await library.store.attempts.add(site.attempts[0], [])
    set_now = replace(library, contact="mailto:a@b.example")

    assert french == "une adresse de contact, un robot à l’œuvre, une première capture"
    assert english == "a contact address, a robot at work, a first picture"
    assert await line(set_now) is None
    assert await line(replace(set_now, problems=["d99.py: no"])) == "un catalogue sans erreur"
    assert "Aucune n’est connue" in (await points(set_now))["Une sauvegarde"][1]


async def test_a_database_that_was_put_back_has_no_backup_of_before(
    library: WebContext, database: dict[str, str], tmp_path: Path
) -> None:
    made = await fleet("backup", tmp_path / "backup", **database)
    before = (await points(library))["Une sauvegarde"]

    back = await fleet("restore", tmp_path / "backup", **database)

    assert (made.code, back.code) == (0, 0), (made, back)
    assert before[0] == DONE
    assert (await points(library))["Une sauvegarde"][0] == TO_DO


async def test_an_empty_overview_leads_to_what_is_missing(library: WebContext) -> None:
    assert 'href="/en/installation"' in await html(library, "/en/")


async def test_axe_finds_nothing_on_the_points_in_any_state_and_they_fit(
    library: WebContext, browser_page: BrowserPage
) -> None:
    await library.store.watch_state.write_status(
        status(at=now() - timedelta(days=1), heartbeat=None)
    )
    bad = [f"d99_essai.py: {'a_name_without_end_' * 20}"]
    async with serving(replace(library, problems=bad, contact="mailto:a@b.example")) as url:
        for path in ("/installation", "/en/installation", "/"):
            await browser_page.set_viewport_size(PHONE)
            await browser_page.emulate_media(color_scheme="light")
            await browser_page.goto(url + path)
            assert await problems(browser_page, WCAG) == []
            assert await sideways(browser_page) <= 0
            typed = await browser_page.locator(".typed").all_inner_texts()
            assert all(each == " ".join(each.split()) for each in typed)
            await browser_page.emulate_media(color_scheme="dark")
            await browser_page.set_viewport_size(DESK)
            assert await problems(browser_page, ["color-contrast", "target-size"]) == []
            assert await sideways(browser_page) <= 0
