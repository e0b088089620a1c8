"""Windows that a page opens: the guard watches each before its first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.rules.guard import Guard

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route


async def guard_popups(context: BrowserContext, *, person: bool) -> None:
    """
    For a Chromium that can open popups: look at every request of every page, close popups.

    Args:
        person: as for `Guard`.
    """
    watch = Guard("popups", person=person)

    async def look(route: Route) -> None:
        if watch.allows(route.request.url, route.request.method, context.pages[0].url):
            await route.fallback()
        else:
            await route.abort("blockedbyclient")

    async def close(page: Page) -> None:
        if page != context.pages[0]:
            await page.close()

    await context.route("**/*", look)
    context.on("page", close)
