"""The name of the site in what is answered is ours, whatever a request calls it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fleet.web.context import WebContext
from tests.storage.databases import own_store
from tests.web.conftest import client, serving

EVIL = (
    *(
        "evil.example",
        "evil.example:8000",
        "192.0.2.66",
        "[2001:db8::66]",
        "localhost.evil.example",
    ),
    *("evil.example/", "user@localhost", "localhost@evil.example", "a b", "[", "<script>", "", "é"),
    *("127.0.0.1.evil.example", "localhost:99999999", "127.0.0.1, evil.example"),
)
PAGES = ("/donnees", "/en/donnees", "/api/changes.atom", "/methode", "/galerie/", "/nulle-part")
PUBLIC = "https://rdv.example.org"


@pytest.fixture
async def library(mongodb_url: str, tmp_path: Path) -> AsyncIterator[WebContext]:
    async with own_store(mongodb_url) as store:
        yield WebContext(
            store=store, queries=store.queries, scenarios={}, made_up=False, data_dir=tmp_path
        )


async def status_of(url: str, words: bytes) -> bytes:
    """The whole answer to bytes that no HTTP library would send."""
    parts = urlsplit(url)
    incoming, outgoing = await asyncio.open_connection(parts.hostname, parts.port)
    outgoing.write(words)
    answer = await incoming.read()
    outgoing.close()
    return answer


async def test_a_made_up_name_is_refused_and_no_answer_repeats_it(library: WebContext) -> None:
    async with serving(library, keep_s=600) as url, client(url) as http:
        port = urlsplit(url).port
        for host in EVIL:
            got = await http.get("/methode", headers=[(b"Host", host.encode())])
            assert (got.status_code, host) == (400, host)
            assert not host or host not in got.text
            assert (await http.get("/healthz/live", headers={"Host": "x"})).status_code == 200
        twice = await status_of(
            url, b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert twice.startswith(b"HTTP/1.1 400")
        none = await status_of(url, b"GET /donnees HTTP/1.0\r\n\r\n")
        assert f"http://127.0.0.1:{port}/donnees".encode() in none

        own = ("localhost", f"LOCALHOST:{port}", "a.localhost", "127.0.0.1", "[::1]:1")
        for host in (*own, socket.gethostname(), f"{socket.gethostname()}.local"):
            got = await http.get("/donnees", headers={"Host": host})
            assert got.status_code == 200
            assert f"http://{host}/donnees" in got.text


async def test_with_a_public_address_no_answer_names_another(library: WebContext) -> None:
    named = replace(library, public_url=PUBLIC)
    async with serving(named, keep_s=600) as url, client(url) as http:
        for path in PAGES:
            answers = []
            for host in ("evil.example", "127.0.0.1", "rdv.example.org"):
                got = await http.get(path, headers={"Host": host})
                assert "evil" not in got.text + str(got.headers)
                answers.append(got.text)
            assert len(set(answers)) == 1, path
        feed = (await http.get("/api/changes.atom")).text
        assert f'href="{PUBLIC}/api/changes.atom"' in feed
        assert f"{PUBLIC}/en/donnees" in (await http.get("/en/donnees")).text
        assert (await http.get("/", headers={"Host": "evil.example/"})).status_code == 400


async def test_a_redirect_names_no_site_and_keeps_the_language(library: WebContext) -> None:
    async with serving(replace(library, public_url=PUBLIC)) as url, client(url) as http:
        found = {}
        for path in ("/galerie/", "/en/galerie/?page=2", "//evil.example/", "/%2Fevil.example/"):
            got = await http.get(f"{url}{path}", headers={"Host": "evil.example"})
            found[path] = got.headers.get("location", got.status_code)

    assert found == {
        "/galerie/": "/galerie",
        "/en/galerie/?page=2": "/en/galerie?page=2",
        "//evil.example/": 404,
        "/%2Fevil.example/": 404,
    }


async def test_a_form_is_taken_from_the_public_address_and_from_no_made_up_one(
    library: WebContext,
) -> None:
    async with serving(replace(library, public_url=PUBLIC)) as url, client(url) as http:
        answers = {}
        for origin, host in (
            (PUBLIC, "rdv.example.org"),
            (PUBLIC, "web:8000"),
            (url, url.removeprefix("http://")),
            ("http://evil.example", "evil.example"),
        ):
            got = await http.post("/connexion", headers={"Origin": origin, "Host": host})
            answers[origin, host] = "autre site" in got.text

    assert [*answers.values()] == [False, False, False, True]
