"""One prefecture: its flows, those for foreigners beside the control flows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.analysis.delays import Delay
from fleet.analysis.rates import Counts
from fleet.models import Verdict
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Filter
from fleet.rendering.i18n import N_
from fleet.rendering.labels import DELAYS
from fleet.rendering.scale import share_text
from fleet.web.context import context_of
from fleet.web.period import CHOICES, period_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from fleet.analysis.samples import Totals
    from fleet.models import Attempt
    from fleet.storage.queries import GalleryTile
    from fleet.web.context import WebContext

router = APIRouter()

PLATFORMS = {
    "bookingserver": N_("Formulaire des sites des préfectures (« booking »)"),
    "rdv_prefecture": N_("RDV-Préfecture"),
    "rdv_service_public": N_("RDV Service Public"),
    "demarches_simplifiees": N_("Démarches simplifiées"),
    "eappointment": N_("eAppointment"),
    "anef": N_("ANEF (étrangers en France)"),
}
"""What the families are called; others by their own name."""


def platform_name(page: PageContext, family: str) -> str:
    """The platform of a scenario, for a reader."""
    return page.t(PLATFORMS[family]) if family in PLATFORMS else family.replace("_", " ")


@dataclass(frozen=True)
class FlowCard:
    """A flow on its prefecture's page; `totals` is None without attempts in the period."""

    scenario_id: str
    title: str
    control: bool
    platform: str | None
    totals: Totals | None
    last: GalleryTile | None

    @property
    def counts(self) -> Counts:
        """What was counted in the period."""
        return self.totals.counts if self.totals else Counts()


@dataclass(frozen=True, slots=True)
class Part:
    """A verdict's part of a bar of 100."""

    verdict: Verdict
    n: int
    x: float
    width: float


def bar_of(counts: Counts) -> list[Part]:
    """The verdicts of these samples side by side, in the order of `Verdict`."""
    parts, x = [], 0.0
    for verdict in Verdict:
        if n := counts.of(verdict):
            width = 100 * n / counts.samples
            parts.append(Part(verdict, n, round(x, 3), round(width, 3)))
            x += width
    return parts


async def last_attempt(context: WebContext, scenario_id: str) -> Attempt | None:
    """The latest attempt of a flow, whatever the period; None if there is none."""
    found = await context.queries.attempts(Filter(scenario_id=scenario_id), limit=1)
    return next(iter(found.items), None)


async def _latest(context: WebContext, scenario_id: str) -> GalleryTile | None:
    """As `last_attempt`, but of the attempt only what a card shows."""
    found = await context.queries.pictures(Filter(scenario_id=scenario_id), limit=1)
    return next(iter(found.items), None)


@router.get("/departement/{code}")
async def prefecture(request: Request, code: str) -> HTMLResponse:
    """The flows of a department that are in the catalogue or have attempts in the period."""
    if code not in DEPARTMENTS:
        raise HTTPException(404)
    page, context = PageContext(request), context_of(request)
    asked = period_of(request.query_params)
    totals = {
        each.scenario_id: each
        for each in await context.store.figures.department(code, asked.period)
    }
    known = {each.id: each for each in context.scenarios.values() if each.department == code}
    ids = sorted({*totals, *known})
    lasts = await asyncio.gather(*(_latest(context, each) for each in ids))
    cards = [
        FlowCard(
            scenario_id=each,
            title=context.title(each),
            control=known[each].control if each in known else totals[each].control,
            platform=platform_name(page, known[each].family) if each in known else None,
            totals=totals.get(each),
            last=last,
        )
        for each, last in zip(ids, lasts, strict=True)
    ]
    halves = [[c for c in cards if not c.control], [c for c in cards if c.control]]
    return page.render(
        "prefecture.html",
        code=code,
        name=DEPARTMENTS[code],
        asked=asked,
        choices=CHOICES,
        halves=halves,
        sums=[Counts.total(card.counts for card in half) for half in halves],
        bar_of=bar_of,
        share=partial(share_text, page),
        delays=[(each, page.t(words)) for each, words in DELAYS.items()],
        none_offered=Delay.NONE,
    )
