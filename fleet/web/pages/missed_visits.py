"""Visits that were due and were not made, beside the figures of those that were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.models.paris import day_start
from fleet.rendering.labels import MISS_REASONS

if TYPE_CHECKING:
    from fleet.models.query import Period
    from fleet.web.context import WebContext
    from fleet.web.templating import PageContext


@dataclass(frozen=True, slots=True)
class Gap:
    """How many visits were not made for one reason, in the reader's words."""

    words: str
    count: int


async def gaps_of(
    page: PageContext, context: WebContext, scenario_id: str, period: Period
) -> list[Gap]:
    """The reasons for which visits due in these Paris days were not made, most frequent first."""
    since, until = day_start(period.first), day_start(period.last + timedelta(days=1))
    counts = await context.store.missed_visits.counts(since, until, scenario_id)
    found = [Gap(page.t(MISS_REASONS[why]), count) for why, count in counts.items()]
    return sorted(found, key=lambda gap: -gap.count)
