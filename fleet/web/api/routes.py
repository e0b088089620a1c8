"""
The API: what the pages show, as JSON, for programs. Reads only, asks for no account.

Its document is at `/api/openapi.json`, a page that draws it at `/api/docs`. An error is JSON
too, `{"detail": …}`: 400 for what contradicts itself, 404 for what is not there, 410 for a file
that was removed, 422 for a parameter that is none or has no such value, 503 when the database does
not answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.status import HTTP_404_NOT_FOUND

from fleet.analysis.care import care_why
from fleet.errors import BadInput
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import Filter
from fleet.rendering.i18n import N_
from fleet.web.api import audits, docs, export, feeds, figures
from fleet.web.api.models import (
    NOT_THERE,
    PROBLEMS,
    REMOVED,
    AttemptFound,
    Attempts,
    CareFound,
    Cares,
    EvidenceFound,
    RemovedFile,
    ScenarioFound,
    Scenarios,
)
from fleet.web.api.query import Asked, PageQuery, StrictQuery
from fleet.web.care import flows_needing_care
from fleet.web.context import context_of
from fleet.web.removed import refuse_removed
from fleet.web.stored_files import proved_size

if TYPE_CHECKING:
    from fleet.models import Attempt

router = APIRouter(responses=PROBLEMS)


class ScenariosQuery(StrictQuery):
    """Which flows of the catalogue."""

    department: Asked[str] = Field(None, description=N_("le code d’un département"))
    control: Asked[bool] = Field(None, description=N_("les démarches témoins, ou les autres"))


@router.get(
    "/api/scenarios",
    summary=N_("Les démarches du catalogue"),
    description=N_("Celles que le robot visite aujourd’hui, par département et par nom."),
)
async def scenarios(request: Request, asked: Annotated[ScenariosQuery, Query()]) -> Scenarios:
    """The catalogue."""
    context = context_of(request)
    Filter.of({"department": asked.department})
    found = [
        ScenarioFound(
            **each.model_dump(include={"id", "department", "flow", "title", "url", "family"}),
            **each.model_dump(include={"version", "control", "anchor", "enters"}),
            department_name=DEPARTMENTS[each.department],
            page=f"/demarche/{each.id}",
        )
        for each in context.scenarios.values()
        if asked.department in (None, each.department) and asked.control in (None, each.control)
    ]
    return Scenarios(made_up=context.made_up, items=tuple(sorted(found, key=lambda each: each.id)))


@router.get(
    "/api/attempts",
    summary=N_("Les tentatives, page par page, la plus récente d’abord"),
    description=N_(
        "Pour la page suivante, répétez la question avec `cursor` égal au texte `older` de la"
        " réponse. Ce texte ne se fabrique pas : il se recopie."
    ),
)
async def attempts(request: Request, asked: Annotated[PageQuery, Query()]) -> Attempts:
    """A page of attempts."""
    context = context_of(request)
    page = await context.queries.attempts(asked.filter(), asked.place(), asked.limit)
    return Attempts(
        made_up=context.made_up,
        items=page.items,
        newer=str(page.newer) if page.newer else None,
        older=str(page.older) if page.older else None,
    )


@router.get(
    "/api/attempts/{attempt_id}",
    summary=N_("Une tentative et ses relectures"),
    description=N_("Le verdict d’une tentative ne change jamais ; une relecture s’ajoute à côté."),
    responses=NOT_THERE,
)
async def attempt(
    request: Request,
    attempt_id: Annotated[
        str, Path(min_length=1, max_length=64, description=N_("identifiant d’une tentative"))
    ],
) -> AttemptFound:
    """One attempt."""
    context = context_of(request)
    try:
        found = await context.queries.attempt(attempt_id)
    except BadInput as exc:
        raise HTTPException(HTTP_404_NOT_FOUND, str(exc)) from exc
    return AttemptFound(
        made_up=context.made_up,
        attempt=found.attempt,
        judgements=tuple(await context.store.judgements.of(attempt_id)),
        older=found.older,
        newer=found.newer,
        removed=await _removed_files(request, found.attempt),
        page=f"/tentative/{attempt_id}",
    )


@router.get(
    "/api/evidence/{sha256}",
    summary=N_("Un fichier conservé : sa taille, sa nature, ses adresses"),
    description=N_("Les octets sont relus et leur empreinte recalculée à chaque demande."),
    responses={**NOT_THERE, **REMOVED},
)
async def evidence(
    request: Request,
    sha256: Annotated[
        str, Path(pattern="^[0-9a-f]{64}$", description=N_("empreinte SHA-256, en hexadécimal"))
    ],
) -> EvidenceFound:
    """A stored file, proved by its hash."""
    context = context_of(request)
    await refuse_removed(request, sha256)
    kind = await context.store.evidence_kind(sha256)
    if kind is None:
        raise HTTPException(HTTP_404_NOT_FOUND, f"no evidence {sha256}")
    size_bytes = await proved_size(request, sha256, anew=True)
    return EvidenceFound(
        made_up=context.made_up,
        sha256=sha256,
        size_bytes=size_bytes,
        kind=kind,
        file=f"/preuve/{sha256}",
        thumbnail=f"/vignette/{sha256}.webp" if kind == "picture" else None,
    )


@router.get(
    "/api/care",
    summary=N_("Les démarches que le robot ne comprend plus"),
    description=N_(
        "Celles dont les trois dernières tentatives n’ont rien dit du site, ou dont le repère a"
        " disparu. La plus ancienne d’abord."
    ),
)
async def care(request: Request) -> Cares:
    """What needs care."""
    context = context_of(request)
    items = tuple(
        CareFound(
            scenario_id=each.latest.scenario_id,
            title=context.title(each.latest.scenario_id),
            since=each.since,
            attempts=each.attempts,
            verdict=each.latest.verdict,
            changed=each.changed,
            reason=each.reason.kind,
            why=care_why(each),
            detail=each.latest.detail,
            missing_anchor=each.latest.missing_anchor,
            latest_attempt=each.latest.id,
            pictures=tuple(f.sha256 for f in each.latest.evidence if f.kind == "picture"),
        )
        for each in await flows_needing_care(context)
    )
    return Cares(made_up=context.made_up, items=items)


async def _removed_files(request: Request, found: Attempt) -> tuple[RemovedFile, ...]:
    """Those of the attempt's files that were removed, in its order."""
    names = list(dict.fromkeys(file.sha256 for file in found.evidence))
    removals = await context_of(request).store.removals.get_many(names)
    public_fields = {"sha256", "kind", "reason", "at"}
    return tuple(
        RemovedFile.model_validate(removals[name].model_dump(include=public_fields))
        for name in names
        if name in removals
    )


router.include_router(figures.router)
router.include_router(audits.router)
router.include_router(export.router)
router.include_router(feeds.router)
router.include_router(docs.router, include_in_schema=False)
