"""Windows that a page opens: the guard watches each before its first request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.rules.guard import Guard, PageRequest

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route

    from fleet.rules.internal import PublicOnly

_KINDS = {
    "document": "Document",
    "stylesheet": "Stylesheet",
    "image": "Image",
    "media": "Media",
    "font": "Font",
    "script": "Script",
    "manifest": "Manifest",
    "xhr": "XHR",
    "fetch": "Fetch",
    "ping": "Ping",
    "cspviolationreport": "CSPViolationReport",
}
"""Playwright's words for kinds of requests, and Chromium's."""


async def guard_popups(context: BrowserContext, *, person: bool, public: PublicOnly | None) -> None:
    """
    For a Chromium that can open popups: look at every request of every page, close popups.

    Args:
        person, public: as for `Guard`.
    """
    watch = Guard("popups", person=person, public=public)

    async def look(route: Route) -> None:
        request = route.request
        kind = _KINDS.get(request.resource_type, "Other")
        senders = tuple(frame.url for page in context.pages for frame in page.frames)
        if watch.judge(PageRequest(request.url, request.method, kind, senders)) is None:
            await route.fallback()
        else:
            await route.abort("blockedbyclient")

    async def close(page: Page) -> None:
        if page != context.pages[0]:
            await page.close()

    await context.route("**/*", look)
    context.on("page", close)
