"""
What a program or a person may ask wrongly, and how the pages say so.

More of it is tested beside what it is asked of: unknown hashes, hostile pages and nonsense
filters in `test_evidence` and `test_api`; 50 MB, files that are no pictures and hostile notes in
`test_observations`; forged sessions and forms of other sites in `test_accounts`.
"""

from __future__ import annotations

import asyncio
import json
import re

import httpx
import pytest
from starlette.requests import Request

from fleet.web.app import create_app
from fleet.web.middleware.headers import HEADERS
from tests.web.conftest import Site, client, plain

FLOW = "63/titre-de-sejour"


async def asked(site: Site, target: str) -> tuple[int, str]:
    """Status and answer to a path sent just as it is, dots included."""
    host, port = httpx.URL(site.url).host, httpx.URL(site.url).port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    try:
        answer = await reader.read()
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "target",
    [
        "/static/../app.py",
        "/static/../../pyproject.toml",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/..%2F..%2F..%2F..%2F..%2Fetc%2Fpasswd",
        "/static/..%5capp.py",
        "/static/%252e%252e/app.py",
        "/static//etc/passwd",
        "/static/fleet.css%00.py",
        "/en/../static/../app.py",
        "/preuve/../../../../etc/passwd",
        "/preuve/..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/vignette/..%2f..%2fapp.py.webp",
        "/tentative/..%2f..%2fapp.py/cadre/0.png",
        "/observations/%2e%2e%2f%2e%2e/image.jpg",
        "/departement/..",
        "/demarche/../../etc/passwd",
        "/demarche/63/..%2f..",
        "/visites/..%2f..%2fetc",
        "/graphique/63/..%2f..%2ftitre-de-sejour/taux.svg",
        "/api/attempts/..%2f..%2fetc",
    ],
)
async def test_dots_in_a_path_lead_to_no_file(site: Site, target: str) -> None:
    status, answer = await asked(site, target)

    assert status in (400, 404, 422)
    for words in ("import ", "[project]", "root:", "Traceback"):
        assert words not in answer


@pytest.mark.parametrize(
    "address",
    [
        "/?du=2099-01-01&au=2099-12-31",
        "/departement/63?du=2099-01-01",
        f"/demarche/{FLOW}?au=2099-01-01",
        "/galerie?du=2099-01-01",
        "/galerie?au=2099-01-01",
        "/en/galerie?du=2099-01-01",
        "/donnees?first=2099-01-01",
        f"/graphique/{FLOW}/taux.svg?du=2099-01-01&au=2099-01-02",
        "/api/attempts?day=2099-01-01",
        "/api/rates?first=2099-01-01",
        f"/api/calendars/{FLOW}?last=2099-01-01",
        "/api/export/attempts.csv?last=2099-01-01",
    ],
)
async def test_days_of_2099_are_refused_because_nothing_can_have_been_measured_then(
    site: Site, address: str
) -> None:
    got = await site.http.get(address)

    assert got.status_code == 400
    if address.startswith("/api/"):
        assert "2099" in json.loads(got.text)["detail"]
    else:
        assert "<h1>" in got.text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/galerie?departement=63&demarche=63/Nul", "« 63/Nul » n’est pas une valeur possible"),
        ("/galerie?verdict=slots&heure=x", "« x » n’est pas une valeur possible de « heure »"),
        ("/donnees?verdict=slots&group=ours", "Deux choix de cette adresse s’excluent"),
        ("/donnees?control=perhaps", "de « control » dans cette adresse"),
        ("/?tri=rien", "« rien » n’est pas une valeur possible de « tri »"),
        ("/galerie?page=older-x", ""),
    ],
)
async def test_a_filter_that_makes_no_sense_is_explained_in_a_page_of_the_readers_language(
    site: Site, address: str, words: str
) -> None:
    french, english = await site.http.get(address), await site.http.get(f"/en{address}")

    assert (french.status_code, english.status_code) == (400, 400)
    assert "<h1>Demande incompréhensible</h1>" in french.text
    assert "<h1>Request not understood</h1>" in english.text
    said = plain(french.text)
    assert words in said
    assert not words or "expected" not in said


SWAPPED = "Le premier jour (2 février 2026) vient après le dernier (1er janvier 2026)."


@pytest.mark.parametrize(
    ("address", "words", "fields"),
    [
        ("/?du=2026-02-02&au=2026-01-01&tri=n", SWAPPED, ("2026-01-01", "2026-02-02")),
        ("/galerie?du=2026-02-02&au=2026-01-01", SWAPPED, ("2026-01-01", "2026-02-02")),
        ("/donnees?first=2026-02-02&last=2026-01-01", SWAPPED, ("2026-01-01", "2026-02-02")),
        (f"/graphique/{FLOW}/taux.svg?du=2026-02-02&au=2026-01-01", SWAPPED, ()),
        ("/departement/63?du=2026-01-01&au=2999-01-01", "dans l’avenir", ("2026-01-01", "")),
        (f"/demarche/{FLOW}?du=1999-01-01", "trop ancien", ("", "")),
        ("/sans-rendez-vous?du=hier%22%3E", "n’est pas une date", ("", "")),
        ("/?au=2026-01-01", "Il manque le premier jour.", ("", "2026-01-01")),
        ("/?jours=7&du=2026-01-01", "un nombre de jours et des dates", ("2026-01-01", "")),
    ],
)
async def test_dates_that_cannot_be_stand_in_their_form_with_a_line_beside_it(
    site: Site, address: str, words: str, fields: tuple[str, ...]
) -> None:
    french, english = await site.http.get(address), await site.http.get(f"/en{address}")
    given = re.findall(r'type="date" name="\w+" value="(.*?)"', french.text)

    assert (french.status_code, english.status_code) == (400, 400)
    assert "<h1>Dates à corriger</h1>" in french.text
    assert "<h1>Dates to correct</h1>" in english.text
    assert words in plain(french.text)
    assert not fields or tuple(given) == fields
    assert "expected" not in french.text
    assert ('name="tri" value="n"' in french.text) is ("tri=" in address)


async def test_a_parameter_of_the_wrong_kind_is_a_page_for_readers_and_json_for_programs(
    site: Site,
) -> None:
    """No page has such a parameter yet: the first that gets one must not answer in JSON."""
    app = create_app(site.library)

    @app.get("/essai")
    @app.get("/api/essai")
    async def tried(_: Request, n: int) -> int:
        return n

    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=site.url) as http:
        page, english = await http.get("/essai?n=x"), await http.get("/en/essai?n=x")
        answer = await http.get("/api/essai?n=x")

    assert [each.status_code for each in (page, english, answer)] == [422, 422, 422]
    assert "<h1>Demande incompréhensible</h1>" in page.text
    assert "<h1>Request not understood</h1>" in english.text
    assert page.headers["content-security-policy"]
    assert answer.json()["detail"][0]["loc"] == ["query", "n"]


async def test_an_error_of_ours_is_a_page_in_the_readers_language_that_tells_nothing_of_it(
    site: Site,
) -> None:
    app = create_app(site.library)

    @app.get("/essai")
    @app.get("/api/essai")
    async def tried() -> None:
        raise RuntimeError("a secret")

    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=site.url) as http:
        page, english = await http.get("/essai"), await http.get("/en/essai")
        answer = await http.get("/api/essai")

    assert [each.status_code for each in (page, english, answer)] == [500, 500, 500]
    assert "<h1>Erreur du serveur</h1>" in page.text
    assert "<h1>Server error</h1>" in english.text
    assert 'href="/en/methode"' in english.text
    assert set(answer.json()) == {"detail"}
    for got in (page, english, answer):
        assert "secret" not in got.text
        assert got.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/methode", "/en/methode", "/api/attempts"])
async def test_a_method_that_is_not_taken_names_those_that_are(site: Site, address: str) -> None:
    got = await site.http.request("PUT", address)

    assert got.status_code == 405
    assert "GET" in got.headers["allow"]
    assert ("<h1>" in got.text) is not address.startswith("/api/")
    assert "Method Not Allowed" not in got.text or address.startswith("/api/")


@pytest.mark.parametrize(
    "address",
    [
        *("/", "/en/", "/departement/63", f"/demarche/{FLOW}", "/galerie", "/visites", "/methode"),
        *("/donnees", "/a-soigner", "/observations", "/connexion", "/static/fleet.css"),
        *("/api/attempts", "/api/openapi.json", "/api/changes.atom", "/api/export/attempts.csv"),
        *(f"/graphique/{FLOW}/taux.svg", "/nulle-part", "/api/nothing"),
    ],
)
async def test_head_is_answered_as_get_is_without_a_body(site: Site, address: str) -> None:
    changing = {"date", "server-timing", "set-cookie", "content-length"}
    async with client(site.url) as http:
        got = await http.get(address)
        http.cookies.clear()  # with one, an answer is not compressed
        head = await http.head(address)
        http.cookies.clear()
        after = await http.get(address)  # on the same connection: nothing is left of a body

    assert head.status_code == got.status_code == after.status_code
    assert head.content == b""
    assert {k: v for k, v in head.headers.items() if k not in changing} == {
        k: v for k, v in got.headers.items() if k not in changing
    }
    assert ("content-length" in head.headers) is ("content-length" in got.headers)
