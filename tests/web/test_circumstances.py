"""The circumstances of an attempt on its page and in the data."""

from __future__ import annotations

import json

from playwright.async_api import Page as BrowserPage
from playwright.async_api import expect

from tests.web.conftest import Site, plain

FLOW = "63/titre-de-sejour"


async def test_an_attempt_s_page_has_its_circumstances_folded_away(
    site: Site, browser_page: BrowserPage
) -> None:
    attempt = site.of(FLOW)
    assert attempt.circumstances is not None
    moved = next(each for each in attempt.served if each.location)
    await browser_page.goto(f"{site.url}/tentative/{attempt.id}")
    block = browser_page.locator("details.circumstances")
    await expect(block.get_by_text("User-Agent envoyé")).to_be_hidden()

    await block.locator("summary").click()

    await expect(block.get_by_text("User-Agent envoyé")).to_be_visible()
    said = plain(await block.inner_text())
    for words in (
        *("1024 × 900 px", "fr-FR, Europe/Paris", "oui : ni cookie", "aucun : pas de chiffrement"),
        *(str(attempt.circumstances.user_agent), attempt.circumstances.environment.system),
        *(str(moved.address), f"→ {moved.location}"),
    ):
        assert words in said, words


async def test_the_same_block_is_read_in_english(site: Site) -> None:
    got = (await site.http.get(f"/en/tentative/{site.of(FLOW).id}")).text

    assert "Circumstances of the attempt" in got
    assert "Clock at the start" in got


async def test_the_data_hold_the_circumstances(site: Site) -> None:
    attempt = site.of(FLOW)

    one = (await site.http.get(f"/api/attempts/{attempt.id}")).json()["attempt"]
    every = await site.http.get("/api/export/attempts.jsonl", params={"scenario_id": FLOW})

    expected = json.loads(attempt.model_dump_json())
    assert one["circumstances"] == expected["circumstances"]
    assert one["served"] == expected["served"]
    assert expected in [json.loads(line) for line in every.text.splitlines()]
