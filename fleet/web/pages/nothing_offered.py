"""`/sans-rendez-vous`: the flows and departments that offered nothing in a period."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.models.departments import DEPARTMENTS
from fleet.rendering.scale import share_text
from fleet.web.context import context_of
from fleet.web.period import CHOICES, period_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.analysis.samples import Totals

router = APIRouter()


@dataclass(frozen=True)
class Nothing:
    """
    What offered nothing, for foreigners or as control flows.

    `flows` answered and never offered a slot, the most answers first; `silent` never answered, and
    nobody knows; of `answering` departments, those `departments` did so with all of their flows.
    """

    flows: Sequence[Totals]
    silent: Sequence[Totals]
    offering: int
    departments: Sequence[str]
    answering: int


def nothing_of(every: Sequence[Totals], offering: set[str]) -> Nothing:
    """
    What of these flows offered nothing.

    Args:
        offering: those of which any attempt at all saw slots.
    """
    without = [each for each in every if each.scenario_id not in offering]
    flows = [each for each in without if each.counts.rate.n]
    answered = {_department(each) for each in every if each.counts.rate.n}
    offered = {each.partition("/")[0] for each in offering}
    return Nothing(
        flows=sorted(flows, key=lambda each: (-each.counts.rate.n, each.scenario_id)),
        silent=[each for each in without if not each.counts.rate.n],
        offering=sum(each.scenario_id in offering for each in every),
        departments=sorted(answered - offered),
        answering=len(answered | {_department(e) for e in every if e.scenario_id in offering}),
    )


def _department(totals: Totals) -> str:
    return totals.scenario_id.partition("/")[0]


@router.get("/sans-rendez-vous")
async def nothing_offered(request: Request) -> HTMLResponse:
    """The flows that offered nothing, those for foreigners first."""
    page, context = PageContext(request), context_of(request)
    asked = period_of(request.query_params)
    every, offering = await asyncio.gather(
        context.store.figures.department(None, asked.period),
        context.store.figures.offering(asked.period),
    )
    halves = [
        nothing_of(
            [each for each in every if each.control is control],
            {each.scenario_id for each in every if each.control is control} & offering,
        )
        for control in (False, True)
    ]
    return page.render(
        "nothing_offered.html",
        asked=asked,
        choices=CHOICES,
        halves=halves,
        names=DEPARTMENTS,
        share=partial(share_text, page),
    )
