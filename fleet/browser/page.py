"""An open page: Playwright's handles for it, and questions asked of Chromium directly."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from playwright.async_api import Error as PlaywrightError

from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

    from fleet.models.circumstances import Environment
    from fleet.rules.internal import PublicOnly

ASK_S = 10.0
"""How long a page may take to say what is on it; one whose script never ends says nothing."""
ANSWER_S = 3.0
"""How long Chromium itself may take to answer before it counts as frozen."""


@dataclass(frozen=True, slots=True)
class OpenPage:
    """
    A page in a fresh context of its own, with a session of Chromium's own protocol.

    `died` is set once its Chromium or the driver has died or was ended. `kept` marks a page that
    outlives its visits: a person's session. `public` is what may be asked; None: everything that
    its Chromium reaches.
    """

    context: BrowserContext
    page: Page
    cdp: CDPSession
    died: asyncio.Event
    kept: bool = False
    public: PublicOnly | None = None

    async def again(self) -> OpenPage:
        """The same page for another visit, kept open after it, with a protocol session anew."""
        cdp = await self.context.new_cdp_session(self.page)
        await cdp.send("Page.enable")
        return replace(self, cdp=cdp, kept=True)

    def crash(self) -> None:
        """
        End the page's process at once, whatever it does. Nobody waits: the answer may never come.

        Its other calls fail, and to its visit it has died.
        """
        asyncio.ensure_future(self.cdp.send("Page.crash")).add_done_callback(_taken)

    async def browser_answers(self) -> bool:
        """Whether driver and Chromium answer, whatever their page does."""
        try:
            return await wait_at_most(ANSWER_S, self.context.cookies()) is not None
        except PlaywrightError:
            return True


def _taken(call: asyncio.Future[Any]) -> None:
    """Take the exception of a call nobody waits for, so that asyncio does not print it."""
    if not call.cancelled():
        call.exception()


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
