"""
All pictures, newest first, by public, department, flow, verdict or its group, days and hour.

The address says everything that is shown, so that it can stand in a letter; a view can also be
fixed, so that it shows the same pictures later.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fleet.errors import BadInput
from fleet.models import Group
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Cursor, Filter
from fleet.web.context import context_of
from fleet.web.picture_groups import grouped, one_by_one
from fleet.web.removed import notices
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.models import Scenario
    from fleet.storage.queries import GalleryTile

router = APIRouter()

ON_A_PAGE = 48

PUBLICS = {"etrangers": False, "temoins": True}
"""What the address calls the flows for foreigners and the control flows; `Filter.control`."""

ALIKE, TOGETHER = "identiques", "groupees"
"""The parameter that has attempts in a row with the same picture shown as one, and its value."""

FIELDS = {
    "departement": "department",
    "demarche": "scenario_id",
    "du": "first",
    "au": "last",
    "heure": "hour",
    "visite": "run_id",
}
"""For each parameter of the address: the field of the `Filter`. Others are in `filter_of`."""


@router.get("/galerie")
async def show(request: Request) -> Response:
    """A page of the gallery."""
    page = PageContext(request)
    context = context_of(request)
    given = dict(request.query_params)
    asked = _tidy(given)
    if asked != given:  # a form sends its empty fields too
        return RedirectResponse(page.href(page.path, **asked), 303)
    wanted = filter_of(asked)
    cursor = Cursor.of(asked["page"]) if "page" in asked else None
    found = await context.queries.pictures(wanted, cursor, ON_A_PAGE)
    filters = {name: value for name, value in asked.items() if name != "page"}
    fixed = str(_just_after(found.items[0])) if found.items else None
    return page.render(
        "gallery.html",
        tiles=found.items,
        groups=grouped(found.items) if asked.get(ALIKE) == TOGETHER else one_by_one(found.items),
        removed=await notices(request, [tile.picture for tile in found.items]),
        asked=filters,
        newer=found.newer and page.href(page.path, **filters, page=found.newer),
        older=found.older and page.href(page.path, **filters, page=found.older),
        fixed=fixed and page.href(page.path, **filters, page=fixed),
        first_page=cursor is None,
        departments=_departments(context.scenarios),
        flows=_flows(context.scenarios, asked.get("departement")),
        titles={tile.scenario_id: context.title(tile.scenario_id) for tile in found.items},
        DEPARTMENTS=DEPARTMENTS,
    )


def filter_of(asked: Mapping[str, str]) -> Filter:
    """
    The filter of an address; its `verdict` is one of the verdicts or one of their groups.

    Raises:
        BadInput: no attempt can be such.
    """
    fields: dict[str, object] = {field: asked.get(name) for name, field in FIELDS.items()}
    if asked.get(ALIKE, TOGETHER) != TOGETHER:
        raise BadInput(f"{ALIKE}={asked[ALIKE][:20]!r}; expected {TOGETHER}")
    if (public := asked.get("public")) is not None:
        if public not in PUBLICS:
            raise BadInput(f"public={public[:20]!r}; expected {' or '.join(PUBLICS)}")
        fields["control"] = PUBLICS[public]
    if (verdict := asked.get("verdict")) is not None:
        fields["group" if verdict in set(Group) else "verdict"] = verdict
    return Filter.of(fields)


def _tidy(given: Mapping[str, str]) -> dict[str, str]:
    """What was asked without what says nothing: empty fields, a flow of another department."""
    asked = {name: value.strip() for name, value in given.items() if value.strip()}
    flow, department = asked.get("demarche"), asked.get("departement")
    if flow and department and department in DEPARTMENTS and flow.split("/")[0] != department:
        del asked["demarche"]  # the department was chosen anew, the flow's field was left as it was
    return asked


def _just_after(tile: GalleryTile) -> Cursor:
    """From this attempt on, itself included: what comes later is not shown."""
    return Cursor(at=tile.started_at + timedelta(milliseconds=1), attempt_id="-")


def _departments(scenarios: Mapping[str, Scenario]) -> dict[str, str]:
    codes = {scenario.department for scenario in scenarios.values()}
    return {code: name for code, name in DEPARTMENTS.items() if code in codes}


def _flows(
    scenarios: Mapping[str, Scenario], department: str | None
) -> dict[str, list[tuple[str, str]]]:
    """The flows to choose from, by department: id and title."""
    found: dict[str, list[tuple[str, str]]] = {}
    for scenario in scenarios.values():
        if department in (None, scenario.department):
            own = found.setdefault(scenario.department, [])
            own.append((scenario.id, scenario.title))
    return found
