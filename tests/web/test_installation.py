"""What an installation still lacks, as its pages say it: the real application, a real mongod."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fleet.dumps import LastDump
from fleet.models import now
from fleet.practice.authority import PracticeAuthority
from fleet.sealing import seal
from fleet.signing import SigningKey
from fleet.status import Status
from fleet.store import Store
from fleet.timestamps import Authorities, roots_of
from fleet.web.library import Library
from tests.test_cli import fleet
from tests.web.conftest import Site, client, plain, serving

DONE, TO_DO, UNKNOWN = "fait", "à faire", "inconnu"


@pytest.fixture
async def library(site: Site, database: dict[str, str], tmp_path: Path) -> AsyncIterator[Library]:
    """An installation of which nothing is set yet, for real sites."""
    async with await Store.open(database["FLEET_MONGODB_URL"], database["FLEET_DATABASE"]) as store:
        yield replace(
            site.library,
            store=store,
            browse=store.browse,
            data_dir=tmp_path,
            made_up=False,
            contact=None,
        )


async def points(library: Library, path: str = "/installation") -> dict[str, tuple[str, str]]:
    """By title, the state and the words of each point."""
    async with serving(library) as url, client(url) as http:
        answer = await http.get(path)
    assert answer.status_code == 200
    found = re.findall(
        r'<h3>(.*?) <span class="tag">(.*?)</span></h3>(.*?)</li>\n', answer.text, re.DOTALL
    )
    return {
        plain(title): (state, plain(re.sub(r"<[^>]+>|\s+", " ", words)))
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
    library: Library,
) -> None:
    said = await points(library)

    flows = said.pop("Des démarches à visiter")
    assert flows[0] == DONE
    assert f"{len(library.scenarios)} démarches au catalogue." in flows[1]
    told = [said.pop("Des avis quand une démarche change"), said.pop("Une surveillance extérieure")]
    assert [state for state, _ in told] == [UNKNOWN, UNKNOWN]
    assert len(said) == 7
    assert {state for state, _ in said.values()} == {TO_DO}
    for setting in ("FLEET_CONTACT_URL", "FLEET_PUBLIC_URL"):
        assert any(f"{setting}=" in words for _, words in said.values())
    assert "docker compose logs watch" in said["Un robot à l’œuvre"][1]
    assert "fleet user add" in said["Un compte pour les bénévoles"][1]


async def test_nothing_is_missing_where_everything_is_set(
    library: Library, site: Site, database: dict[str, str], tmp_path: Path
) -> None:
    store = library.store
    await store.watched.say(status())
    await store.add(site.attempts[0], [])
    await store.accounts.add("Anne", "no hash")
    async with PracticeAuthority(tmp_path / "authority") as authority:
        authorities = Authorities((authority.url,), tuple(roots_of(authority.roots)))
        await seal(store.ledger, SigningKey.of(tmp_path / "key.pem"), authorities)
    made = await fleet("backup", tmp_path / "backup", **database)
    whole = replace(library, contact="mailto:a@b.example", public_url="https://rdv.example/")

    said = await points(whole)
    english = await points(whole, "/en/installation")

    assert made.code == 0
    assert {state for state, _ in said.values()} == {DONE}
    assert "343 démarches" in said["Un robot à l’œuvre"][1]
    assert "contient 1 tentative." in said["Une sauvegarde"][1]
    assert "mailto:a@b.example" in said["Une adresse de contact"][1]
    assert {state for state, _ in english.values()} == {"done"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stopped": True}, "Il s’est arrêté le "),
        ({"at": now() - timedelta(minutes=5)}, "Plus de nouvelles de lui depuis le "),
        ({"problem": "the disk is full", "ready": False}, "the disk is full"),
    ],
)
async def test_a_fleet_that_does_not_watch_is_no_fleet_that_watches(
    library: Library, changes: dict[str, Any], words: str
) -> None:
    await library.store.watched.say(status(**changes))

    state, said = (await points(library))["Un robot à l’œuvre"]

    assert state == TO_DO
    assert words in said


async def test_what_is_set_badly_is_named(library: Library) -> None:
    await library.store.watched.say(status(notices=False, heartbeat=None))
    await library.store._db.status.insert_one(
        {"_id": "dump", **LastDump(at=now() - timedelta(days=3), attempts=7).model_dump()}
    )
    problem = "d99_essai.py: line 1: invalid syntax <b>"

    said = await points(replace(library, problems=[problem]))

    assert said["Des démarches à visiter"][0] == TO_DO
    assert "1 fichier ne peut pas être lu :" in said["Des démarches à visiter"][1]
    assert "invalid syntax &lt;b&gt;" in said["Des démarches à visiter"][1]
    assert said["Des avis quand une démarche change"][0] == TO_DO
    assert said["Une surveillance extérieure"][0] == UNKNOWN
    assert said["Une sauvegarde"][0] == TO_DO


async def test_practice_needs_no_contact_address(library: Library) -> None:
    said = await points(replace(library, made_up=True))

    assert said["Une adresse de contact"][0] == DONE


async def test_an_empty_overview_leads_to_what_is_missing(library: Library) -> None:
    async with serving(library) as url, client(url) as http:
        assert 'href="/en/installation"' in (await http.get("/en/")).text
