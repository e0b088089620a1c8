"""What befalls a visit on any platform: failures of a site, and a script that goes too far."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import fleet
from fleet.models import Scenario, Verdict

FAULTS = {
    "http_403": Verdict.BLOCKED,
    "http_404": Verdict.UNRECOGNISED,
    "http_429": Verdict.RATE_LIMITED,
    "http_500": Verdict.OVERLOAD,
    "http_502": Verdict.OVERLOAD,
    "http_503": Verdict.OVERLOAD,
    "http_504": Verdict.OVERLOAD,
    "surcharge_200": Verdict.OVERLOAD,
    "surcharge_503": Verdict.OVERLOAD,
    "reset": Verdict.SITE_DOWN,
    "empty_response": Verdict.SITE_DOWN,
}
"""What the practice prefectures' faults are called, wherever in a visit they happen."""

ASKED = {"http_429": {"retry_after_s": "120"}}
"""The facts that a fault leaves, none for the others."""


def going_on(usual: Scenario, act: Callable[[fleet.Visit], Awaitable[object]]) -> Scenario:
    """The usual scenario, whose script does one thing more when it has its answer."""

    async def script(here: fleet.Visit) -> fleet.Outcome:
        await usual.script(here)
        await act(here)
        raise AssertionError("unreachable")

    return usual.model_copy(update={"script": script})


def lingering(usual: Scenario) -> Scenario:
    """The usual scenario, which stays on its last page until something ends the visit."""
    return going_on(usual, lambda here: here.which(never=[here.text("what no page says")]))
