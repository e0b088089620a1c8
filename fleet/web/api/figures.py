"""
The figures and changes of the API: `/api/rates`, `/api/calendars/…`, `/api/changes`.

Figures come from the roll-ups: a period of years costs what a day does. Control flows have rows
of their own and are never added to the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.requests import Request

from fleet.analysis.rates import Counts, OfferRate, mean_rate
from fleet.analysis.waits import waits_of
from fleet.analysis.weekly_hours import outstanding
from fleet.errors import BadInput
from fleet.models.departments import DEPARTMENTS
from fleet.models.missed import MissReason
from fleet.models.query import Cursor, Filter, Period
from fleet.rendering.i18n import N_
from fleet.storage.figures.figures import FlowFigures, Halves
from fleet.storage.paging import MAX_LIMIT
from fleet.web.api.feeds import change_found
from fleet.web.api.figure_models import (
    Calendar,
    CalendarDay,
    EvenRate,
    Figures,
    Rate,
    Rates,
    StandingOut,
    Version,
    WaitFound,
    figures,
)
from fleet.web.api.models import NOT_THERE, ChangesFound
from fleet.web.api.query import (
    Asked,
    Department,
    Flow,
    PeriodQuery,
    StrictQuery,
    check_measured,
    flow_of,
)
from fleet.web.context import WebContext, context_of

ALL = "Tous les départements"
"""The title of a row about everything; French, as the titles of all other rows are."""

router = APIRouter()


class RatesQuery(PeriodQuery):
    """Which figures."""

    by: Literal["flow", "department", "all"] = Field(
        "department", description=N_("une ligne par démarche, par département, ou pour le tout")
    )
    department: Asked[str] = Field(None, description=N_("d’un seul département"))
    scenario_id: Asked[str] = Field(None, description=N_("d’une seule démarche (`by=flow`)"))
    control: Asked[bool] = Field(None, description=N_("les démarches témoins, ou les autres"))


class ChangesQuery(StrictQuery):
    """Which changes."""

    department: Asked[str] = Field(None, description=N_("d’un seul département"))
    scenario_id: Asked[str] = Field(None, description=N_("d’une seule démarche"))
    control: Asked[bool] = Field(None, description=N_("les démarches témoins, ou les autres"))
    cursor: Asked[str] = Field(
        None, max_length=120, description=N_("la page : le texte `older` d’une réponse, tel quel")
    )
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description=N_("combien, au plus"))

    def place(self) -> Cursor | None:
        """
        Where the page begins.

        Raises:
            BadInput: no answer of ours said this cursor.
        """
        place = Cursor.of(self.cursor) if self.cursor else None
        if place and place.newer:
            raise BadInput("the list of changes goes to what is older only")
        return place


@router.get(
    "/api/rates",
    summary=N_("Les taux d’offre d’une période, avec leurs dénominateurs"),
    description=N_(
        "Les démarches témoins ont leurs propres lignes. Les pannes, les refus et nos erreurs"
        " n’entrent dans aucun taux ; leur part est à côté."
    ),
)
async def rates(request: Request, asked: Annotated[RatesQuery, Query()]) -> Rates:
    """Offer rates of a period."""
    context = context_of(request)
    period = asked.period()
    Filter.of({"department": asked.department, "scenario_id": asked.scenario_id})
    if asked.scenario_id and asked.by != "flow":
        raise BadInput("scenario_id is of one flow; expected by=flow with it")
    department = asked.department or (asked.scenario_id or "").partition("/")[0] or None
    overview = await context.store.figures.overview(period)
    if department is not None:
        overview = {code: each for code, each in overview.items() if code == department}
    match asked.by:
        case "flow":
            rows = await _by_flow(context, overview, period)
        case "department":
            rows = [
                row
                for code, halves in overview.items()
                for row in _halves(halves, department=code, title=DEPARTMENTS.get(code, code))
            ]
        case "all":
            foreigners = Counts.total(each.foreigners for each in overview.values())
            control = Counts.total(each.control for each in overview.values())
            rows = _halves(Halves(foreigners, control), department=department, title=ALL)
    items = tuple(
        row
        for row in rows
        if asked.control in (None, row.control) and asked.scenario_id in (None, row.scenario_id)
    )
    return Rates(
        made_up=context.made_up,
        by=asked.by,
        first=period.first,
        last=period.last,
        items=items,
        even=_even(items),
    )


@router.get(
    "/api/calendars/{department}/{flow}",
    summary=N_("Une démarche, jour par jour"),
    description=N_("Les jours sont ceux de Paris ; ceux sans visite prévue ni faite n’y sont pas."),
    responses=NOT_THERE,
)
async def calendar(
    request: Request, department: Department, flow: Flow, asked: Annotated[PeriodQuery, Query()]
) -> Calendar:
    """One flow, day by day."""
    context = context_of(request)
    scenario_id, period = flow_of(department, flow), asked.period()
    found = await context.store.figures.flow(scenario_id, period)
    if found is None:
        await check_measured(context, scenario_id)
    return Calendar(
        made_up=context.made_up,
        scenario_id=scenario_id,
        title=context.title(scenario_id),
        first=period.first,
        last=period.last,
        total=Figures.model_validate(figures(found.totals.counts if found else Counts())),
        days=_days(found) if found else (),
        hours_standing_out=_standing_out(found) if found else (),
        waits=_waits(found) if found else (),
        breaks=tuple(Version(at=b.at, before=b.before, after=b.after) for b in found.breaks)
        if found
        else (),
    )


@router.get(
    "/api/changes",
    summary=N_("Quand une démarche a changé d’état, le plus récent d’abord"),
    description=N_(
        "Un état est ce que le site montrait : des rendez-vous, aucun, fermé, un captcha, un"
        " compte exigé. Une panne n’est pas un état. Le changement a eu lieu entre les deux"
        " tentatives."
    ),
)
async def changes(request: Request, asked: Annotated[ChangesQuery, Query()]) -> ChangesFound:
    """Changes of state."""
    context = context_of(request)
    Filter.of({"department": asked.department, "scenario_id": asked.scenario_id})
    found = await context.store.figures.changes(
        asked.limit,
        department=asked.department,
        scenario_id=asked.scenario_id,
        control=asked.control,
        older_than=asked.place(),
    )
    items = tuple(change_found(context, each) for each in found)
    older = None
    if len(found) == asked.limit:  # if there is no more, the next page is empty and the last
        older = str(Cursor(at=found[-1].after.at, attempt_id=found[-1].after.attempt_id))
    return ChangesFound(made_up=context.made_up, items=items, older=older)


def _even(items: Sequence[Rate]) -> tuple[EvenRate, ...]:
    found = []
    for control in (False, True):
        own = [each for each in items if each.control is control]
        mean = mean_rate(
            OfferRate(
                *(each.slots, each.no_slots, each.missed_by_reason.get(MissReason.COOLING, 0)),
                each.sampling == "random",
            )
            for each in own
        )
        if mean:
            found.append(
                EvenRate(control=control, of=mean.of, mean=mean.mean, interval=mean.interval)
            )
    return tuple(found)


def _halves(halves: Halves, *, department: str | None, title: str) -> list[Rate]:
    """Foreigners' flows and control flows, each if it has any sample."""
    return [
        Rate(
            department=department,
            scenario_id=None,
            title=title,
            control=control,
            **figures(counts),
        )
        for control, counts in ((False, halves.foreigners), (True, halves.control))
        if counts.attempts or counts.due
    ]


async def _by_flow(context: WebContext, departments: Iterable[str], period: Period) -> list[Rate]:
    return [
        Rate(
            department=code,
            scenario_id=each.scenario_id,
            title=context.title(each.scenario_id),
            control=each.control,
            **figures(each.counts),
        )
        for code in departments
        for each in await context.store.figures.department(code, period)
    ]


def _days(found: FlowFigures) -> tuple[CalendarDay, ...]:
    return tuple(
        CalendarDay(
            day=each.day,
            delays=each.delays,
            known=each.known,
            mean_wait_days=each.wait_days / each.known if each.known else None,
            shortest_wait_days=each.shortest_wait_days,
            within=each.within,
            **figures(each.counts),
        )
        for each in found.days
    )


def _standing_out(found: FlowFigures) -> tuple[StandingOut, ...]:
    named = outstanding(found.days)
    return tuple(
        StandingOut(
            weekday=day + 1,
            paris_hour=hour,
            slots=found.week[day, hour].rate.slots,
            n=found.week[day, hour].rate.n,
            chance=chance,
        )
        for (day, hour), chance in named.items()
    )


def _waits(found: FlowFigures) -> tuple[WaitFound, ...]:
    return tuple(
        WaitFound(
            looking=each.looking,
            looks=each.looks,
            found=each.found,
            days=each.days,
            half_within_hours=each.half_within / timedelta(hours=1)
            if each.half_within is not None
            else None,
        )
        for each in waits_of(found.days)
    )
