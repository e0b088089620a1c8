"""The practice motifs of RDV Service Public, by a plain HTTP client: pages and tripwires."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

import aiohttp
import pytest

from fleet.practice import Fault, PracticeServer, RdvMotif, RdvPlace, always, never, on_visits
from fleet.practice.offers import PARIS

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=PARIS)  # a Wednesday
BANNER = "RÉPLIQUE DE TEST — données fictives, aucun rendez-vous réel"
NOTHING = "Malheureusement, aucun créneau correspondant à votre recherche n'a été trouvé."


def motif(**changes: object) -> RdvMotif:
    fields: dict[str, object] = {
        "host": "essai",
        "id": "2901",
        "department": "29",
        "prefecture": "Préfecture d'essai",
        "title": "Remise de titre",
        "places": (
            RdvPlace("101", "Guichet A", "1 rue d'Essai", never),
            RdvPlace("102", "Guichet B", "2 rue d'Essai", always),
        ),
        **changes,
    }
    return RdvMotif(**fields)  # type: ignore[arg-type]


class Visitor:
    """A browser without scripts: keeps cookies, follows redirects, names the virtual host."""

    def __init__(self, server: PracticeServer, http: aiohttp.ClientSession) -> None:
        self._root = f"http://127.0.0.1:{server.port}"
        self._headers = {"Host": f"essai.localhost:{server.port}", "Accept-Language": "fr-FR"}
        self._http = http
        self.status = 0
        self.path = ""

    async def get(self, path: str, method: str = "GET") -> str:
        async with self._http.request(method, self._root + path, headers=self._headers) as got:
            self.status, self.path = got.status, got.url.path
            return await got.text()


@asynccontextmanager
async def practising(*flows: RdvMotif) -> AsyncIterator[tuple[PracticeServer, Visitor]]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with (
        PracticeServer(flows, clock=lambda: NOW) as server,
        aiohttp.ClientSession(cookie_jar=jar) as http,
    ):
        yield server, Visitor(server, http)


async def test_a_public_link_leads_to_the_places_that_have_an_availability() -> None:
    flow = motif(entry="org")
    async with practising(flow) as (server, visitor):
        text = await visitor.get(flow.path)

        assert visitor.path == "/prendre_rdv"
        assert BANNER in text
        assert "1 lieu est disponible" in text
        assert "lundi 30 novembre 2026 à 09h00" in text
        assert ("Guichet B" in text, "Guichet A" in text) == (True, False)
        assert (server.visits(flow), server.tripwires) == (1, [])


async def test_a_place_leads_to_its_week_and_back_without_a_tripwire() -> None:
    flow = motif()
    async with practising(flow) as (server, visitor):
        places = await visitor.get(flow.path)
        link = re.search(r'stretched-link" href="([^"]+)', places)
        assert link is not None
        week = await visitor.get(link[1].replace("&amp;", "&"))

        assert 'id="creneaux-lieu-102"' in week
        assert len(re.findall('aria-label="Choisir le créneau de', week)) == 15
        assert 'aria-label="Semaine précédente"' in week
        assert server.tripwires == []


@pytest.mark.parametrize("closes_after_days", [0, 6])
async def test_days_beyond_the_limit_are_closed(closes_after_days: int) -> None:
    flow = motif(measured="102", closes_after_days=closes_after_days)
    async with practising(flow) as (_, visitor):
        text = await visitor.get(flow.path)

        assert text.count("Date fermée à la reservation") == 7 - closes_after_days


async def test_offers_go_by_the_number_of_the_visit_and_a_visit_is_a_session() -> None:
    flow = motif(places=(RdvPlace("101", "Guichet", "1 rue d'Essai", on_visits({2}, of=2)),))
    async with practising(flow) as (server, visitor):
        first, again = await visitor.get(flow.path), await visitor.get(flow.path)
        async with aiohttp.ClientSession() as http:
            second = await Visitor(server, http).get(flow.path)

        assert [NOTHING in text for text in (first, again, second)] == [True, True, False]
        assert server.visits(flow) == 2


async def test_two_visits_of_an_unchanged_page_are_byte_identical() -> None:
    flow = motif()
    async with practising(flow) as (server, visitor):
        first = await visitor.get(flow.path)
        async with aiohttp.ClientSession() as http:
            assert await Visitor(server, http).get(flow.path) == first


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/rdv_wizard_step/new?starts_at=2026-11-30"),
        ("GET", "/creneaux?lieu_id=102&starts_at=2026-11-30+09%3A00"),
        ("GET", "/prendre_rdv_prescripteur"),
        ("GET", "/prescripteur/start"),
        ("POST", "/users/sign_up"),
        ("GET", "/users/sign_in"),
        ("POST", "/users/sign_in"),
        ("GET", "/rdv_invitations/x/create_rdv"),
    ],
)
async def test_whatever_goes_beyond_reading_is_a_tripwire(method: str, path: str) -> None:
    async with practising(motif()) as (server, visitor):
        await visitor.get(path, method)

        assert server.tripwires != []


async def test_an_unknown_organisation_and_a_bare_search_lead_to_the_front_page() -> None:
    async with practising(motif()) as (server, visitor):
        assert (await visitor.get("/org/99")).count("Prenez rendez-vous en ligne") == 1
        await visitor.get("/prendre_rdv?public_link_organisation_id=99")

        assert visitor.path == "/"
        assert "Cette page n'existe pas" in await visitor.get("/nulle-part")
        assert visitor.status == 404
        assert "Disallow: /prescripteur/" in await visitor.get("/robots.txt")
        assert server.tripwires == []


async def test_a_fault_strikes_its_step_only() -> None:
    flow = motif(entry="org", faults=(Fault("search", "http_429", times=1),))
    async with practising(flow) as (_, visitor):
        await visitor.get(flow.path)
        assert (visitor.status, visitor.path) == (429, "/prendre_rdv")
        await visitor.get(flow.path)
        assert visitor.status == 200


@pytest.mark.parametrize(
    ("changes", "words"), [({"id": "x"}, "id must be digits"), ({"measured": "9"}, "measured='9'")]
)
def test_a_motif_that_makes_no_sense_is_refused(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        motif(**changes)
