"""Which flows of the catalogue need care, as pages and data show it."""

from __future__ import annotations

import asyncio

from fleet.analysis.care import Care
from fleet.models import Group
from fleet.models.query import Filter
from fleet.storage.store import needing_care
from fleet.web.context import WebContext

AT_ONCE = 16
"""Questions to the database at the same time."""


async def flows_needing_care(context: WebContext) -> list[Care]:
    """
    The flows of the catalogue that need care, the longest first.

    A flow whose latest attempt says something of its site needs none, so only the history of
    the others is read.
    """
    places = asyncio.Semaphore(AT_ONCE)

    async def silent(scenario_id: str) -> bool:
        async with places:
            latest = await context.queries.pictures(Filter(scenario_id=scenario_id), limit=1)
        return any(tile.verdict.group is Group.OURS for tile in latest.items)

    ids = list(context.scenarios)
    found = await asyncio.gather(*map(silent, ids))
    return await needing_care(
        context.store, [each for each, is_silent in zip(ids, found, strict=True) if is_silent]
    )
