"""
The read-only guard: what no visit may ever send or press.

It sits in the engine, below every scenario, and has no switch. Addresses that take or hold a
slot are refused by Chromium itself before a byte leaves (`Network.setBlockedURLs`), which
costs nothing on the pages that are allowed. A POST to step 4 of the eZ engine is the one
request whose meaning depends on where it comes from: it opens the calendar from step 3 and
takes a slot from step 4, so exactly those requests are paused and looked at.

Whatever the guard refused makes the attempt `crashed`: a visit that came that far has a bug,
and its answer is worth nothing.

Sources: the booking steps of the eZ `bookingserver` engine and of RDV-Préfecture as public
checkers [B] and official pages [V] describe them; none seen by this project on a live site.
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, Any

from fleet.errors import GuardRefused
from fleet.rules import normalise

if TYPE_CHECKING:
    from playwright.async_api import CDPSession

FORBIDDEN_ADDRESSES = (
    # bookingserver: /5/<instant> selects a slot, 6 to 9 hold and confirm it
    *(f"*/booking/create/*/{step}{rest}" for step in range(5, 10) for rest in ("", "/*", "?*")),
    "*/booking/confirm*",
    # RDV-Préfecture: the answer to the captcha, the personal form
    "*_validerCaptcha*",
    "*/formulaire",
    "*/formulaire/*",
    "*/formulaire?*",
)
"""Addresses that take or hold a slot, or answer a captcha; `*` stands for any characters."""

CALENDAR_ADDRESS = "*/booking/create/*/4*"
"""Requests that `may_post` has to look at one by one."""

FORBIDDEN_WORDS = (
    "première plage horaire libre",
    "confirmer",
    "valider et terminer",
    "annuler, consulter et gérer",
)
"""Parts of the words on buttons and links of a final step (after `normalise`)."""

SLOT_WORDS = ("libre", "plage libre")
"""Whole words of a link that is itself a slot."""

_CALENDAR_STEP = re.compile(r"/booking/create/\d+/(\d)(?:[/?#]|$)")


def forbidden(url: str) -> str | None:
    """The pattern that forbids `url`, or None."""
    bare = url.split("#", 1)[0]
    return next((p for p in FORBIDDEN_ADDRESSES if fnmatch.fnmatchcase(bare, p)), None)


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


def may_post(url: str, method: str, page_url: str) -> bool:
    """Whether a page at `page_url` may send this request to an eZ calendar step."""
    if method.upper() in ("GET", "HEAD"):
        return forbidden(url) is None
    step = _CALENDAR_STEP.search(page_url)
    return forbidden(url) is None and not (step is not None and int(step.group(1)) >= 4)


class Guard:
    """The guard of one page; `refused` lists what it stopped."""

    def __init__(self, scenario_id: str) -> None:
        self._scenario_id = scenario_id
        self.refused: list[str] = []

    async def stand(self, cdp: CDPSession, current_url: Any) -> None:
        """
        Put the rules into Chromium. After this no forbidden request leaves the page.

        Args:
            cdp: a session of the page.
            current_url: gives the address of the page's document at the moment of the call.
        """

        async def decide(event: dict[str, Any]) -> None:
            request, paused = event["request"], {"requestId": event["requestId"]}
            if may_post(request["url"], request["method"], current_url()):
                await cdp.send("Fetch.continueRequest", paused)
            else:
                self.note(request["method"], request["url"])
                await cdp.send("Fetch.failRequest", {**paused, "errorReason": "BlockedByClient"})

        cdp.on("Fetch.requestPaused", decide)
        await cdp.send("Network.enable", {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0})
        await cdp.send("Network.setBlockedURLs", {"urls": list(FORBIDDEN_ADDRESSES)})
        await cdp.send("Fetch.enable", {"patterns": [{"urlPattern": CALENDAR_ADDRESS}]})

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
