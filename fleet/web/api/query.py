"""
What may be asked of the API: the parameters of each kind of question, and what they mean.

A parameter that is not known is refused (422): a filter whose name was mistyped would otherwise
give an answer about everything. Empty text is as if it were not there, as forms send it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.status import HTTP_404_NOT_FOUND

from fleet.errors import BadInput
from fleet.models import Group, Verdict, now
from fleet.models.paris import paris_day
from fleet.models.query import FIRST_DAY, MAX_ID, Cursor, Filter, Period
from fleet.rendering.i18n import N_
from fleet.storage.paging import MAX_LIMIT
from fleet.web.context import WebContext

T = TypeVar("T")

USUAL_DAYS = 30
"""Days of a period that is not named."""


def _text(value: Any) -> Any:
    return None if value == "" else value


Asked = Annotated[T | None, BeforeValidator(_text)]
"""A parameter that may be left out or empty."""

Department = Annotated[str, Path(max_length=3, description=N_("code d’un département, `63`"))]
Flow = Annotated[str, Path(max_length=100, description=N_("nom d’une démarche, `titre-de-sejour`"))]


class StrictQuery(BaseModel):
    """Parameters; a name that is none of them is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FilterQuery(StrictQuery):
    """Which attempts."""

    scenario_id: Asked[str] = Field(
        None, description=N_("une démarche : `63/titre-de-sejour`"), examples=["63/titre-de-sejour"]
    )
    department: Asked[str] = Field(
        None, description=N_("le code d’un département : `63`, `2A`, `971`"), examples=["63"]
    )
    verdict: Asked[Verdict] = Field(None, description=N_("un verdict"))
    group: Asked[Group] = Field(None, description=N_("une famille de verdicts"))
    control: Asked[bool] = Field(
        None,
        description=N_("`true` : les démarches témoins seulement ; `false` : les autres seulement"),
    )
    run_id: Asked[str] = Field(
        None, max_length=MAX_ID, description=N_("les tentatives d’un passage du robot")
    )
    day: Asked[date] = Field(None, description=N_("un seul jour, au calendrier de Paris"))
    first: Asked[date] = Field(None, description=N_("premier jour, compris, à Paris"))
    last: Asked[date] = Field(None, description=N_("dernier jour, compris, à Paris"))
    hour: Asked[int] = Field(
        None, ge=0, le=23, description=N_("une heure de la journée, à Paris : 0 à 23")
    )

    def filter(self) -> Filter:
        """
        The filter.

        Raises:
            BadInput: parts of it contradict each other, or name a day that is none.
        """
        return Filter.of(self.model_dump(include=set(FilterQuery.model_fields)))


class PageQuery(FilterQuery):
    """Which attempts, and which page of them."""

    cursor: Asked[str] = Field(
        None,
        max_length=120,
        description=N_("la page : le texte `older` ou `newer` d’une réponse, tel quel"),
    )
    limit: int = Field(50, ge=1, le=MAX_LIMIT, description=N_("tentatives par page"))

    def place(self) -> Cursor | None:
        """
        Where the page begins.

        Raises:
            BadInput: no answer of ours said this cursor.
        """
        return Cursor.of(self.cursor) if self.cursor else None


class PeriodQuery(StrictQuery):
    """Which days."""

    first: Asked[date] = Field(
        None, description=N_("premier jour, compris ; sans lui, 30 jours avant la fin")
    )
    last: Asked[date] = Field(None, description=N_("dernier jour, compris ; sans lui, aujourd’hui"))

    def period(self) -> Period:
        """
        The days.

        Raises:
            BadInput: one lies in the future or before anything was measured, or they are in the
                wrong order.
        """
        last = self.last or paris_day(now())
        if self.first is None and last - FIRST_DAY < timedelta(days=USUAL_DAYS):
            return Period.of(FIRST_DAY, last)
        return Period.of(self.first or last - timedelta(days=USUAL_DAYS - 1), last)


def flow_of(department: str, flow: str) -> str:
    """
    The id of a flow from the two parts of an address.

    Raises:
        HTTPException: 404, there can be none of that name.
    """
    scenario_id = f"{department}/{flow}"
    try:
        Filter.of({"scenario_id": scenario_id})
    except BadInput as exc:
        raise HTTPException(HTTP_404_NOT_FOUND, str(exc)) from exc
    return scenario_id


async def check_measured(context: WebContext, scenario_id: str) -> None:
    """
    Raises:
        HTTPException: 404, the flow is not in the catalogue and was never visited.
    """
    if scenario_id in context.scenarios:
        return
    found = await context.queries.attempts(Filter(scenario_id=scenario_id), limit=1)
    if not found.items:
        raise HTTPException(HTTP_404_NOT_FOUND, f"no flow {scenario_id} and no attempt of one")
