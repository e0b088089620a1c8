"""An open page: Playwright's handles for it, and questions asked of Chromium directly."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from playwright.async_api import Error as PlaywrightError

from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

    from fleet.models.circumstances import Environment

ASK_S = 10.0
"""How long a page may take to say what is on it; one whose script never ends says nothing."""
ANSWER_S = 3.0
"""How long Chromium itself may take to answer before it counts as frozen."""


@dataclass(frozen=True, slots=True)
class OpenPage:
    """
    A page in a fresh context of its own, with a session of Chromium's own protocol.

    `died` is set once its Chromium or the driver has died or was ended. `kept` marks a page that
    outlives its visits: a person's session.
    """

    context: BrowserContext
    page: Page
    cdp: CDPSession
    died: asyncio.Event
    kept: bool = False

    async def again(self) -> OpenPage:
        """The same page for another visit, kept open after it, with a protocol session anew."""
        cdp = await self.context.new_cdp_session(self.page)
        await cdp.send("Page.enable")
        return OpenPage(self.context, self.page, cdp, self.died, kept=True)

    async def browser_answers(self) -> bool:
        """Whether driver and Chromium answer, whatever their page does."""
        try:
            return await wait_at_most(ANSWER_S, self.context.cookies()) is not None
        except PlaywrightError:
            return True


class PageSource(Protocol):
    """Opens pages and closes them: one Chromium, or several that relieve each other."""

    @property
    def version(self) -> str:
        """Chromium's version."""

    @property
    def fleet_version(self) -> str:
        """The fleet's version."""

    @property
    def environment(self) -> Environment:
        """The machine and the browser of a visit."""

    async def open_page(self) -> OpenPage:
        """A page in a fresh context."""

    async def close_page(self, opened: OpenPage) -> None:
        """Close a page with its context."""
