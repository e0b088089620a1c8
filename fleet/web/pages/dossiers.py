"""Dossiers from the pages: what is in one, made on request, followed, downloaded."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from fleet.errors import BadInput
from fleet.evidence.dossier.collect import DossierOrder
from fleet.models import FLOW_SLUG
from fleet.models.departments import DEPARTMENTS
from fleet.models.query import FIRST_DAY, Period
from fleet.rendering.i18n import LANGUAGES, N_
from fleet.web.context import context_of
from fleet.web.dossier_jobs import MAX_ATTEMPTS, Busy, Dossiers, NoRoom
from fleet.web.errors import EvidenceProblem
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.sessions import WebSession, new_token, session_of, set_cookie
from fleet.web.pages.prefecture import last_attempt
from fleet.web.period import USUAL
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fastapi import FastAPI

    from fleet.web.context import WebContext

router = APIRouter()

FRESH = {"Cache-Control": "no-store"}
FIELDS = ("du", "au", "langue", "images")
PICTURES = ("daily", "all")
RETRY_S = 30


@dataclass(frozen=True)
class DossierForm:
    """What was filled in; `period` is None if the days cannot be used, `problems` say why."""

    texts: Mapping[str, str]
    period: Period | None
    problems: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, given: Mapping[str, str], language: str) -> DossierForm:
        """The fields of a form or an address; those that are missing have a usual value."""
        usual = Period.latest(USUAL)
        texts = {
            "du": _day(given.get("du") or str(usual.first)),
            "au": _day(given.get("au") or str(usual.last)),
            "langue": given.get("langue") or language,
            "images": given.get("images") or "daily",
        }
        problems: dict[str, str] = {}
        period = None
        try:
            period = Period.of(texts["du"], texts["au"])
        except BadInput:
            problems["du"] = N_(
                "Choisissez deux jours, le premier avant le second, ni avant 2016 ni après"
                " aujourd’hui."
            )
        if texts["langue"] not in LANGUAGES:
            problems["langue"] = N_("Choisissez le français ou l’anglais.")
        if texts["images"] not in PICTURES:
            problems["images"] = N_("Choisissez les images du PDF.")
        return cls(texts, period, problems)


def _day(text: str) -> str:
    """What a field for a day can show; nothing if it is none."""
    return text if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else ""


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """What is under way ends with the server."""
    async with dossiers_of(app):
        yield


def dossiers_of(app: FastAPI) -> Dossiers:
    """The dossiers that this server makes and has made."""
    found: Dossiers = app.state.dossiers
    return found


async def _check_flow(request: Request, department: str, flow: str) -> str:
    """The scenario's id; HTTPException 404 if there is no such flow."""
    context, scenario_id = context_of(request), f"{department}/{flow}"
    if department in DEPARTMENTS and FLOW_SLUG.fullmatch(flow):
        known = scenario_id in context.scenarios
        if known or await last_attempt(context, scenario_id):
            return scenario_id
    raise HTTPException(404)


@router.get("/demarche/{department}/{flow}/dossier")
async def form(request: Request, department: str, flow: str) -> Response:
    """The form, and what a dossier of this period would hold."""
    scenario_id = await _check_flow(request, department, flow)
    asked = DossierForm.of(request.query_params, PageContext(request).language)
    covering = await _covering(context_of(request), scenario_id, asked)
    wrong = _wrong(asked, covering)
    status = wrong if request.query_params else 200  # nobody has filled anything in yet
    return _form(request, scenario_id, asked, covering, status)


@router.post("/demarche/{department}/{flow}/dossier")
async def order(request: Request, department: str, flow: str) -> Response:
    """Begin to make it, and go where it can be followed."""
    page, context = PageContext(request), context_of(request)
    async with read_form(request) as sent:
        asked = DossierForm.of({name: text_of(sent, name) for name in FIELDS}, page.language)
    scenario_id = await _check_flow(request, department, flow)
    if context.chromium is None:
        raise HTTPException(404)
    covering = await _covering(context, scenario_id, asked)
    if wrong := _wrong(asked, covering):
        return _form(request, scenario_id, asked, covering, wrong)
    assert asked.period is not None
    titles = {s.id: s.title for s in context.scenarios.values() if s.department == department}
    wanted = DossierOrder.of(
        scenario_id,
        asked.period.first,
        asked.period.last,
        language=asked.texts["langue"],
        pictures=asked.texts["images"],
        made_up=context.made_up,
        contact=context.contact,
        titles=titles,
    )
    try:
        key = await dossiers_of(request.app).start(wanted, covering)
    except Busy:
        asked.problems["dossier"] = N_(
            "Un autre dossier est en train d’être fait, et ce serveur n’en fait qu’un à la fois."
            " Réessayez dans une minute."
        )
        return _form(request, scenario_id, asked, covering, 503)
    except NoRoom:
        asked.problems["dossier"] = N_(
            "Il n’y a pas assez de place sur le disque de ce serveur. Dites-le à l’association qui"
            " l’exploite."
        )
        return _form(request, scenario_id, asked, covering, 503)
    return RedirectResponse(page.href(f"/dossier/{key}"), status_code=HTTP_303_SEE_OTHER)


async def _covering(
    context: WebContext, scenario_id: str, asked: DossierForm
) -> dict[str, int | None]:
    """The attempts of the period, one above the most at most, with the numbers of their seals."""
    if asked.period is None:
        return {}
    wanted = DossierOrder(scenario_id=scenario_id, period=asked.period)
    ledger = context.store.ledger
    return await ledger.seals_over(scenario_id, wanted.since, wanted.until, MAX_ATTEMPTS)


def _wrong(asked: DossierForm, covering: Mapping[str, int | None]) -> int:
    """Put words to what is wrong with an order; the status that says so, 0 if nothing is."""
    if asked.problems:
        return 400
    if not covering:
        asked.problems["du"] = N_("Aucune tentative n’a été faite dans cette période.")
        return 404
    if len(covering) > MAX_ATTEMPTS:
        asked.problems["du"] = N_(
            "Cette période a plus de 2 000 tentatives : choisissez-en une plus courte, ou demandez"
            " à l’association la commande « fleet dossier »."
        )
        return 400
    return 0


def _form(
    request: Request,
    scenario_id: str,
    asked: DossierForm,
    covering: Mapping[str, int | None],
    status: int,
) -> Response:
    context = context_of(request)
    headers = {**FRESH, **({"Retry-After": str(RETRY_S)} if status == 503 else {})}
    token = session_of(request).token or new_token()
    response = PageContext(request).render(
        "dossier_form.html",
        status=status or 200,
        headers=headers,
        scenario_id=scenario_id,
        department=scenario_id.partition("/")[0],
        name=DEPARTMENTS[scenario_id.partition("/")[0]],
        title=context.title(scenario_id),
        asked=asked,
        attempts=len(covering),
        sealed=sum(number is not None for number in covering.values()),
        most=MAX_ATTEMPTS,
        may=context.chromium is not None,
        first_day=FIRST_DAY,
        languages=LANGUAGES,
        form_token=WebSession(token).form_token,
    )
    set_cookie(request, response, token)
    return response


@router.get("/dossier/{key}.zip")
async def download(request: Request, key: str) -> Response:
    """The ZIP of a dossier that is made."""
    dossiers = dossiers_of(request.app)
    job = await dossiers.job(key)
    if job is None or job.state != "made":
        raise _gone()
    return FileResponse(
        dossiers.path(job),
        media_type="application/zip",
        filename=job.order.name,
        headers={"Cache-Control": "private, no-store"},
    )


@router.get("/dossier/{key}")
async def progress(request: Request, key: str) -> Response:
    """How far a dossier is; in the end, where it is."""
    context, job = context_of(request), await dossiers_of(request.app).job(key)
    if job is None:
        raise _gone()
    values: dict[str, Any] = {"job": job, "title": context.title(job.order.scenario_id)}
    department = DEPARTMENTS[job.order.department]
    return PageContext(request).render(
        "dossier.html",
        status=503 if job.state in ("failed", "lost") else 200,
        headers=FRESH,
        **values,
        name=department,
    )


def _gone() -> EvidenceProblem:
    return EvidenceProblem(
        404,
        N_("Ce dossier n’est pas là"),
        N_(
            "Les dossiers sont gardés une heure, et ne sont plus donnés si un fichier a été retiré"
            " entre-temps. Demandez-le de nouveau sur la page de la démarche."
        ),
        "",
    )
