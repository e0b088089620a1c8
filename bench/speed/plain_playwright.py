"""
Contender (a): the plainest Playwright script that makes the same clicks.

One browser, a fresh context for each visit, one full-page PNG of the last page; nothing is
stored, no status is looked at, nothing is guarded.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from bench.speed.contestant import Answers, main
from bench.speed.site import DESK, address, forms
from fleet.browser.executable import find_chromium
from fleet.settings import Settings


async def visit(browser: Browser, url: str) -> str:
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(url)
    await page.locator("#condition").check()
    await page.get_by_role("button", name="Effectuer une demande de rendez-vous").click()
    await page.locator(f"input[name=planning][value='{DESK}']").check()
    await page.get_by_role("button", name="Etape suivante").click()
    await page.get_by_text("Il n'existe plus de plage horaire libre").wait_for()
    picture = await page.screenshot(full_page=True)
    assert picture
    await context.close()
    return "no_slots"


async def contend(port: int, pages: int, answers: Answers) -> None:
    executable: Path = find_chromium(Settings().chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--disable-background-networking"]
        )

        async def lane(url: str, times: int) -> list[str]:
            return [await visit(browser, url) for _ in range(times)]

        async def visits(times: int) -> list[str]:
            urls = [address(form, port) for form in forms(pages)]
            done = await asyncio.gather(*(lane(url, times // pages) for url in urls))
            return [verdict for each in done for verdict in each]

        await answers(visits)
        await browser.close()


if __name__ == "__main__":
    main(contend, sys.argv)
