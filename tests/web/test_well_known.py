"""What is asked for at fixed addresses, and answers that are compressed."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from xml.etree import ElementTree

from PIL import Image

from tests.web.conftest import Site, client, serving

SITE_MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


async def test_practice_and_pages_for_members_are_not_for_search_engines(site: Site) -> None:
    real = replace(site.library, made_up=False)
    locked = replace(real, members_only=True)
    async with serving(real) as url, client(url) as http:
        open_to_all = await http.get("/robots.txt")
    async with serving(locked) as url, client(url) as http:
        closed, map_of_closed = await http.get("/robots.txt"), await http.get("/sitemap.xml")

    assert "Disallow: /\n" in (await site.http.get("/robots.txt")).text
    assert "Disallow: /\n" not in open_to_all.text
    assert "Disallow: /api/export/\n" in open_to_all.text
    assert "/sitemap.xml\n" in open_to_all.text
    assert closed.text == "User-agent: *\nDisallow: /\n"
    assert map_of_closed.status_code != 200


async def test_every_page_that_the_map_of_the_site_lists_answers(site: Site) -> None:
    got = await site.http.get("/sitemap.xml")
    found = [each.text or "" for each in ElementTree.fromstring(got.text).iter(f"{SITE_MAP}loc")]
    answers = {each: (await site.http.get(each)).status_code for each in found}

    assert f"{site.url}/demarche/63/titre-de-sejour" in found
    assert set(answers.values()) == {200}


async def test_browsers_get_an_icon_by_its_old_name(site: Site) -> None:
    got = await site.http.get("/favicon.ico")

    assert got.headers["content-type"] == "image/x-icon"
    assert Image.open(io.BytesIO(got.content)).format == "ICO"


async def test_who_finds_a_weakness_is_told_whom_to_tell(site: Site) -> None:
    known = replace(site.library, contact="mailto:robot@example.org", members_only=True)
    unknown = replace(site.library, contact=None)
    async with serving(known) as url, client(url) as http:
        got = await http.get("/.well-known/security.txt")
    async with serving(unknown) as url, client(url) as http:
        none = await http.get("/.well-known/security.txt")

    assert got.text.startswith("Contact: mailto:robot@example.org\nExpires: 2")
    assert none.status_code == 404


async def test_a_page_is_compressed_for_readers_who_take_it_and_stored_files_are_not(
    site: Site,
) -> None:
    taken = {"Accept-Encoding": "gzip"}
    async with client(site.url) as http:  # without the cookie of another test
        async with http.stream("GET", "/", headers=taken) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        whole = await http.get("/", headers={"Accept-Encoding": "identity"})
        last = (await http.get("/api/attempts?limit=1")).json()["items"][0]
        file = await http.get(f"/preuve/{last['evidence'][0]['sha256']}", headers=taken)
        signed_in = await http.get("/", headers={**taken, "Cookie": "any=thing"})

    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert len(raw) < len(whole.content) / 2
    assert b"<h1>" in gzip.decompress(raw)
    assert "content-encoding" not in signed_in.headers
    assert "content-encoding" not in file.headers
