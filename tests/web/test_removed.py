"""What was removed is told on every page that would show it, and served from nowhere."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page as BrowserPage

from fleet.models import Attempt, EvidenceFile
from fleet.models.withdrawal import AttemptWithdrawal
from fleet.rendering.thumbnails import Thumbnails
from tests.storage.databases import own_store
from tests.web.conftest import Site, client, serving

REASON = "le nom d’une personne s’y lisait <b>"
FLOW = "63/titre-de-sejour"


@asynccontextmanager
async def copied(site: Site, mongodb_url: str, folder: Path) -> AsyncIterator[Site]:
    """The same attempts in a database of its own, from which a test may remove what it likes."""
    wanted = [each for each in site.attempts if each.scenario_id in (FLOW, "91/titre-de-sejour")]
    async with own_store(mongodb_url, "_practice") as store:
        for each in wanted:
            files = [
                EvidenceFile(evidence=file, content=await site.library.store.evidence(file.sha256))
                for file in each.evidence
            ]
            await store.attempts.add(each, files)
        library = dataclasses.replace(
            site.library, store=store, queries=store.queries, data_dir=folder
        )
        async with serving(library) as url, client(url) as http:
            yield Site(url, library, tuple(wanted), http)


@pytest.fixture
async def own(site: Site, mongodb_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with copied(site, mongodb_url, tmp_path) as opened:
        yield opened


def files_of(attempt: Attempt, kind: str) -> list[str]:
    return [file.sha256 for file in attempt.evidence if file.kind == kind]


async def take_down(own: Site, *sha256s: str) -> None:
    await own.library.store.removals.take_down(sha256s, reason=REASON, by="Anne Onyme")


async def test_nothing_serves_a_picture_that_was_taken_down(own: Site) -> None:
    """Not even to who had it before and asks whether it has changed."""
    newer = own.of(FLOW)
    other = own.of("91/titre-de-sejour")
    last = next(f for f in reversed(newer.evidence) if f.kind == "picture")
    sha256, beside = last.sha256, files_of(other, "picture")[-1]
    addresses = [
        f"/preuve/{sha256}",
        f"/vignette/{sha256}.webp",
        f"/tentative/{newer.id}/cadre/{last.step}.png",
        f"/difference/{beside}/{sha256}.png",
        f"/api/evidence/{sha256}",
    ]
    before = [await own.http.get(each) for each in addresses]
    assert [each.status_code for each in before] == [200] * 5

    await take_down(own, sha256)

    for address, had in zip(addresses, before, strict=True):
        asked = {"If-None-Match": had.headers.get("etag", "*"), "Range": "bytes=0-9"}
        for headers in ({}, asked):
            got = await own.http.get(address, headers=headers)
            assert got.status_code == 410, address
            assert got.headers["cache-control"] == "no-store"
            assert sha256 in got.text
            assert "le nom d’une personne s’y lisait" in got.text
            assert "Anne" not in got.text
    assert Thumbnails(own.library.data_dir / "thumbnails").get(sha256) is None
    assert (await own.http.get(f"/preuve/{'0' * 64}")).status_code == 404
    assert (await own.http.get(f"/preuve/{beside}")).status_code == 200


@pytest.mark.parametrize(
    ("prefix", "words", "title"),
    [
        ("", "Cette image a été retirée le", "Image retirée le"),
        ("/en", "This picture was removed on", "Picture removed on"),
    ],
)
async def test_every_page_that_would_show_it_says_that_it_was_removed(
    own: Site, browser_page: BrowserPage, prefix: str, words: str, title: str
) -> None:
    attempt = own.of(FLOW)
    other = own.of("91/titre-de-sejour")
    pictures = files_of(attempt, "picture")
    await take_down(own, *pictures)
    broken: list[str] = []
    browser_page.on("response", lambda r: broken.append(r.url) if r.status >= 400 else None)
    pages = {
        f"/tentative/{attempt.id}": words,
        "/galerie": title,
        f"/demarche/{FLOW}": title,
        f"/comparer?a={attempt.id}&b={other.id}": words,
    }

    for address, said in pages.items():
        await browser_page.goto(f"{own.url}{prefix}{address}")
        # those that are loaded when they come into view, too
        await browser_page.evaluate("document.querySelectorAll('img').forEach(i => i.loading = '')")
        await browser_page.wait_for_load_state("networkidle")
        text = (await browser_page.locator("main").inner_text()).replace("\u00a0", " ")
        assert said in text, address
        named = browser_page.locator(f"img[src*='{pictures[-1]}']")
        assert await named.count() == 0, address
    assert broken == []


async def test_an_attempt_keeps_its_hashes_and_names_what_was_removed(own: Site) -> None:
    attempt = own.of(FLOW)
    html = files_of(attempt, "html")[-1]
    await take_down(own, html)

    page = (await own.http.get(f"/tentative/{attempt.id}")).text
    code = await own.http.get(f"/tentative/{attempt.id}/html")
    found = (await own.http.get(f"/api/attempts/{attempt.id}")).json()

    assert html in page
    assert f"/preuve/{html}" not in page
    assert "Fichier retiré le" in page
    assert code.status_code == 410
    assert [(each["sha256"], each["kind"]) for each in found["removed"]] == [(html, "takedown")]
    assert found["removed"][0]["reason"] == REASON
    assert found["attempt"]["evidence"] == attempt.model_dump(mode="json")["evidence"]


async def test_an_attempt_that_counts_no_more_says_why_on_its_page(own: Site) -> None:
    attempt = own.of(FLOW)
    await own.library.store.withdrawals.add(
        AttemptWithdrawal(
            attempt_id=attempt.id,
            scenario_id=attempt.scenario_id,
            reason=REASON,
            at=attempt.started_at,
            by="Anne Onyme",
        )
    )

    french, english = [await own.http.get(f"{p}/tentative/{attempt.id}") for p in ("", "/en")]

    assert "Retirée des chiffres le " in french.text
    assert "Withdrawn from the figures on " in english.text
    for page in (french, english):
        assert page.status_code == 200
        assert "le nom d’une personne s’y lisait &lt;b&gt;" in page.text
        assert "Anne" not in page.text
