"""When the robot last visited, and whether it goes on: one line of the first page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet.models import now
from fleet.models.query import Filter

if TYPE_CHECKING:
    from fleet.web.context import WebContext
    from fleet.web.templating import PageContext


async def freshness(page: PageContext, context: WebContext) -> str:
    """The sentences; empty if nothing was ever visited or watched."""
    status, latest = await asyncio.gather(
        context.store.watch_state.status(), context.queries.pictures(Filter(), limit=1)
    )
    said = []
    if latest.items:
        at = page.instant(latest.items[0].started_at)
        said.append(page.t("Dernière visite : %(at)s.", at=at))
    if status is None:
        return " ".join(said)
    if status.stopped:
        at = page.instant(status.at)
        said.append(page.t("Le robot est arrêté depuis le %(at)s : rien n’est visité.", at=at))
    elif status.stale(now()):
        at = page.instant(status.at)
        said.append(page.t("Le robot ne donne plus de nouvelles depuis le %(at)s.", at=at))
    elif status.problem:
        said.append(page.t("Le robot ne peut pas travailler en ce moment."))
    else:
        n = status.scenarios
        said.append(
            page.nt("Le robot observe %(n)s démarche.", "Le robot observe %(n)s démarches.", n)
        )
        if status.next_due:
            at = page.instant(status.next_due)
            said.append(page.t("Prochaine visite prévue : %(at)s.", at=at))
    return " ".join(said)
