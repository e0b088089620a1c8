"""The practice forms of Démarches simplifiées, by a plain HTTP client: pages and tripwires."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import aiohttp
import pytest

from fleet.practice import Fault, PracticeServer, Procedure, ProcedureTrap

BANNER = "RÉPLIQUE DE TEST — données fictives, aucun rendez-vous réel"
MARCH = date(2026, 3, 1)


def form(**changes: object) -> Procedure:
    fields: dict[str, object] = {
        "host": "essai",
        "id": "rdv-sejour",
        "department": "14",
        "prefecture": "Préfecture d'essai",
        "title": "Demande de rendez-vous",
        **changes,
    }
    return Procedure(**fields)  # type: ignore[arg-type]


class Visitor:
    """A browser without scripts: follows redirects, names the virtual host."""

    def __init__(self, server: PracticeServer, http: aiohttp.ClientSession) -> None:
        self._root = f"http://127.0.0.1:{server.port}"
        self._host = f"essai.localhost:{server.port}"
        self._http = http
        self.status = 0
        self.path = ""

    async def get(self, path: str, method: str = "GET", language: str = "fr-FR") -> str:
        headers = {"Host": self._host, "Accept-Language": language}
        async with self._http.request(method, self._root + path, headers=headers) as got:
            self.status, self.path = got.status, got.url.path
            return await got.text()


@asynccontextmanager
async def practising(*flows: Procedure) -> AsyncIterator[tuple[PracticeServer, Visitor]]:
    async with PracticeServer(flows) as server, aiohttp.ClientSession() as http:
        yield server, Visitor(server, http)


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({}, "/commencer/rdv-sejour", "Commencer la démarche"),
        ({"skin": "2019"}, "/commencer/rdv-sejour", "Créer un compte demarches-simplifiees.fr"),
        ({"state": "proconnect"}, "/commencer/rdv-sejour", "authentification via ProConnect"),
        (
            {"state": "closed", "closed_on": MARCH},
            "/fermeture/rdv-sejour",
            "La démarche Demande de rendez-vous est close depuis le 01/03/2026",
        ),
        (
            {"state": "closed", "closed_on": MARCH, "closed_words": "long"},
            "/fermeture/rdv-sejour",
            "est close depuis le 1er mars 2026",
        ),
        ({"state": "replaced", "replaced_by": "autre"}, "/commencer/autre", "Commencer la"),
        (
            {"state": "replaced", "replaced_by": "autre", "closed_on": MARCH},
            "/fermeture/autre",
            "est close depuis le",
        ),
        ({"state": "unknown"}, "/", "La démarche n’existe pas"),
    ],
)
async def test_a_form_shows_its_state_and_the_banner(
    changes: dict[str, object], path: str, words: str
) -> None:
    flow = form(**changes)
    async with practising(flow) as (server, visitor):
        text = await visitor.get(flow.path)

        assert (visitor.path, words in text, BANNER in text) == (path, True, True)
        assert (server.visits(flow) > 0, server.tripwires) == (True, [])


async def test_a_slug_that_was_never_there_leads_to_the_front_page() -> None:
    async with practising(form()) as (_, visitor):
        assert "La démarche n’existe pas" in await visitor.get("/commencer/jamais-vue")
        assert visitor.path == "/"
        assert "Page non trouvée" in await visitor.get("/nulle-part")
        assert "Disallow: /users/" in await visitor.get("/robots.txt")


async def test_the_page_of_a_closure_leads_back_when_the_form_is_open() -> None:
    async with practising(form()) as (_, visitor):
        await visitor.get("/fermeture/rdv-sejour")

        assert visitor.path == "/commencer/rdv-sejour"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(
            ("GET", f"/commencer/rdv-sejour/{door}")
            for door in ("sign_in", "sign_up", "france_connect", "pro_connect")
        ),
        ("GET", "/commencer/rdv-sejour?champ_Q2hhbXA=x"),
        ("GET", "/users/sign_in"),
        ("POST", "/users/sign_in"),
        ("POST", "/users/sign_up"),
        ("GET", "/france_connect"),
        ("GET", "/dossiers/new?procedure_id=1"),
    ],
)
async def test_every_door_is_a_tripwire(method: str, path: str) -> None:
    async with practising(form()) as (server, visitor):
        await visitor.get(path, method)

        assert server.tripwires != []


async def test_another_language_gets_other_words_only_with_that_trap() -> None:
    trapped = form(traps=frozenset({ProcedureTrap.ENGLISH_LOCALE}))
    async with practising(trapped) as (_, visitor):
        assert "Start the procedure" in await visitor.get(trapped.path, language="en-GB")
        assert "Commencer la démarche" in await visitor.get(trapped.path)
    async with practising(form()) as (_, visitor):
        assert "Commencer la démarche" in await visitor.get(trapped.path, language="en-GB")


async def test_a_fault_strikes_its_step_only() -> None:
    flow = form(state="closed", closed_on=MARCH, faults=(Fault("fermeture", "http_502", times=1),))
    async with practising(flow) as (_, visitor):
        await visitor.get(flow.path)
        assert (visitor.status, visitor.path) == (502, "/fermeture/rdv-sejour")
        await visitor.get(flow.path)
        assert visitor.status == 200


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"id": "a b"}, "id must be a slug"),
        ({"state": "closed"}, "a closed form has closed_on"),
        ({"state": "replaced"}, "go together"),
        ({"replaced_by": "x"}, "go together"),
        ({"state": "moved"}, "go together"),
    ],
)
def test_a_form_that_makes_no_sense_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        form(**changes)
