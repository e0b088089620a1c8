"""Visits that were due and were not made, beside the figures of those that were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.missed import Why
from fleet.samples import day_start
from fleet.web.language import N_

if TYPE_CHECKING:
    from fleet.filter import Period
    from fleet.web.library import Library
    from fleet.web.page import Page

WORDS = {
    Why.UNWATCHED: N_("le robot ne fonctionnait pas, ou ne connaissait pas encore la démarche"),
    Why.INTERRUPTED: N_("la visite avait commencé quand le robot s’est arrêté"),
    Why.COOLING: N_("le site avait refusé ou échoué ; le robot le laissait tranquille"),
    Why.BUDGET: N_("le nombre de visites par heure que le robot s’accorde était atteint"),
    Why.DISALLOWED: N_("le site interdit cette adresse aux robots (robots.txt)"),
    Why.LATE: N_("le robot était trop occupé pour commencer à temps"),
    Why.NO_ROOM: N_("le robot n’avait plus de place pour conserver de preuves"),
}


@dataclass(frozen=True, slots=True)
class Gap:
    """How many visits were not made for one reason, in the reader's words."""

    words: str
    count: int


async def gaps_of(page: Page, library: Library, scenario_id: str, period: Period) -> list[Gap]:
    """The reasons for which visits due in these Paris days were not made, most frequent first."""
    since, until = day_start(period.first), day_start(period.last + timedelta(days=1))
    counts = await library.store.missed.counts(since, until, scenario_id)
    found = [Gap(page.t(WORDS[why]), count) for why, count in counts.items()]
    return sorted(found, key=lambda gap: -gap.count)
