"""Pages of which Playwright keeps a trace: every step with pictures and the page's elements."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.browser.page import OpenPage, PageSource
    from fleet.models.circumstances import Environment

WRITE_S = 30.0
"""How long a trace may take to be written."""


class TracedPages:
    """
    The pages of another source; when one is closed, its trace is at `path`, for a person.

    Playwright puts a script of its own into the page for it, and a traced visit takes longer: it is
    for finding out why a scenario does not work.
    """

    def __init__(self, pages: PageSource, path: Path) -> None:
        self._pages, self.path = pages, path

    @property
    def version(self) -> str:
        """Chromium's version."""
        return self._pages.version

    @property
    def fleet_version(self) -> str:
        """The fleet's version."""
        return self._pages.fleet_version

    @property
    def environment(self) -> Environment:
        """The machine and the browser of a visit."""
        return self._pages.environment

    async def open_page(self) -> OpenPage:
        """A page in a fresh context, traced from now on."""
        self.path.unlink(missing_ok=True)
        opened = await self._pages.open_page()
        try:
            await opened.context.tracing.start(screenshots=True, snapshots=True)
        except PlaywrightError:
            await self._pages.close_page(opened)
            raise
        return opened

    async def close_page(self, opened: OpenPage) -> None:
        """Write the trace, if Chromium still can; then close the page."""
        try:
            with contextlib.suppress(PlaywrightError):  # the page or its Chromium has died
                writing = opened.context.tracing.stop(path=self.path)
                await wait_at_most(WRITE_S, writing, unless=opened.died)
        finally:
            await self._pages.close_page(opened)
