"""A first look at a booking page, for somebody who is about to write its scenario."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet.attempt import Kept, Limits, attempt
from fleet.families import bookingserver
from fleet.models import Outcome, Scenario, Verdict

if TYPE_CHECKING:
    from fleet.browser import Chromium
    from fleet.scaffold import Address
    from fleet.visit import Visit


NOTHING_SOUGHT = "a first look, no answer was sought"
"""How a look ends when nothing stood in its way (the attempt's detail)."""


@dataclass(slots=True)
class Survey:
    """
    What the first pages show.

    `kept` has the pictures and how the look ended; `plannings` are the desks offered, by the
    value of their radio button.
    """

    title: str = ""
    headings: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    plannings: dict[str, str] = field(default_factory=dict)
    kept: Kept | None = None


async def look(address: Address, chromium: Chromium, limits: Limits) -> Survey:
    """
    Visit the first pages once, under the same guard and limits as any visit. Nothing is stored.

    Always returns: how the look ended is in `kept.attempt`; the detail `NOTHING_SOUGHT` is the
    ordinary end.
    """
    found = Survey()

    async def script(visit: Visit) -> Outcome:
        await visit.open()
        found.headings = await visit.texts("h1, h2")
        found.controls = await visit.controls()
        if address.family == "bookingserver":
            found.plannings = await bookingserver.desks_offered(visit)
        return Outcome(verdict=Verdict.UNRECOGNISED, detail=NOTHING_SOUGHT)

    scenario = Scenario(
        department="00",
        flow="first-look",
        title="Premier regard",
        url=address.url,
        family=address.family or "own",
        version="survey",
        script=script,
    )
    found.kept = await attempt(scenario, chromium, run_id="survey", limits=limits)
    titles = [file.title for file in found.kept.attempt.evidence if file.title]
    found.title = _title(titles[0] if titles else "", found.headings)
    return found


def _title(document_title: str, headings: list[str]) -> str:
    """The flow's name as the page gives it: the first part of its title, else its heading."""
    for separator in (" / ", " | ", " - ", " – "):
        document_title = document_title.split(separator)[0]
    return " ".join((document_title or (headings[0] if headings else "")).split())[:200]
