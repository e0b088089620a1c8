"""
The read-only guard: what no visit may ever send or press.

It sits in the engine, below every scenario, and has no switch. `traffic.py` has Chromium pause
every document request and every request to an address watched here, and asks `may_send`; what
is refused fails before a byte leaves. If the fleet dies meanwhile, the request stays paused.
`Network.setBlockedURLs` would be simpler and is not enough: it lets navigations through
(docs/decisions/0005-guard.md).

Whatever the guard refused makes the attempt `crashed`: a visit that came that far has a bug,
and its answer is worth nothing.

Sources: the booking steps of the eZ `bookingserver` engine and of RDV-Préfecture as public
checkers [B] and official pages [V] describe them; none seen by this project on a live site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fleet.errors import GuardRefused
from fleet.rules import normalise

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route

WATCHED = (
    "*/booking/create/*",
    "*/booking/confirm*",
    "*_validerCaptcha*",
    "*/formulaire*",
)
"""Addresses (`*`: any characters) whose requests are paused and looked at one by one."""

FORBIDDEN = re.compile(
    r"/booking/create/[^/?#]*/0*[5-9](?!\d)"  # 5 selects a slot, 6 to 9 hold and confirm it
    r"|/booking/confirm"
    r"|_validerCaptcha"  # RDV-Préfecture: the answer to the captcha
    r"|/formulaire(?![\w-])",  # RDV-Préfecture: the personal form
    re.IGNORECASE,
)
"""Addresses that take or hold a slot, or answer a captcha."""

MAX_ENCODINGS = 4
"""How often an address may be percent-encoded and still be read."""

FORBIDDEN_WORDS = (
    "première plage horaire libre",
    "confirmer",
    "valider et terminer",
    "annuler, consulter et gérer",
)
"""Parts of the words on buttons and links of a final step (after `normalise`)."""

SLOT_WORDS = ("libre", "plage libre")
"""Whole words of a link that is itself a slot."""

_STEP = re.compile(r"/booking/create/\d+/0*(\d)(?!\d)", re.IGNORECASE)
_CALENDAR_STEP = 4


def forbidden(url: str) -> str | None:
    """The part of `url` that no visit may ask for, or None."""
    for _ in range(MAX_ENCODINGS):
        found = FORBIDDEN.search(url)
        if found:
            return found.group()
        url = unquote(url)
    return None


def may_send(url: str, method: str, page_url: str) -> bool:
    """
    Whether the page at `page_url` may send this request.

    From the calendar of the eZ engine (step 4) nothing may be posted: the same address that
    opens the calendar from step 3 takes a slot from there.
    """
    if forbidden(url):
        return False
    step = _STEP.search(page_url)
    at_calendar = step is not None and int(step.group(1)) >= _CALENDAR_STEP
    return not (at_calendar and method.upper() not in ("GET", "HEAD"))


def check_press(scenario_id: str, words: str, address: str | None) -> None:
    """
    Refuse to press something that would take a slot.

    Args:
        words: what a person reads on the button or link.
        address: where a press leads, if that can be known beforehand.

    Raises:
        GuardRefused: names the scenario, the words and the rule.
    """
    plain = normalise(words)
    rule = next((w for w in FORBIDDEN_WORDS if w in plain), None)
    if rule is None and plain in SLOT_WORDS:
        rule = plain
    if rule is None and address:
        rule = forbidden(address)
    if rule is not None:
        raise GuardRefused(
            f"{scenario_id}: the guard refused to press {words.strip()[:80]!r}"
            f" ({address or 'no address'}): {rule!r} would take or hold a slot. The fleet only"
            " reads; end the scenario one step earlier"
        )


class Guard:
    """The guard of one page; `refused` lists what it stopped."""

    def __init__(self, scenario_id: str) -> None:
        self._scenario_id = scenario_id
        self.refused: list[str] = []

    def note(self, method: str, url: str) -> None:
        """Write down a request that was stopped."""
        self.refused.append(f"{method} {url[:300]}")

    def check(self) -> None:
        """
        Raises:
            GuardRefused: something was refused since the visit began.
        """
        if self.refused:
            raise GuardRefused(self.words)

    @property
    def words(self) -> str:
        """What was refused, for a person; only when something was."""
        return (
            f"{self._scenario_id}: the guard stopped a request that would take or hold a slot:"
            f" {self.refused[0]}. Nothing was sent; end the scenario one step earlier"
        )


async def guard_popups(context: BrowserContext) -> None:
    """For a Chromium that can open popups: look at every request of every page, close popups."""

    async def look(route: Route) -> None:
        if may_send(route.request.url, route.request.method, context.pages[0].url):
            await route.fallback()
        else:
            await route.abort("blockedbyclient")

    async def close(page: Page) -> None:
        if page != context.pages[0]:
            await page.close()

    await context.route("**/*", look)
    context.on("page", close)
