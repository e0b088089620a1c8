"""
The web application: routes, headers that keep pages harmless, and error pages in both languages.

Captured pages are strangers' pages: nothing of them ever runs here. The Content-Security-Policy
lets a page load this server's own style sheet, script and pictures and nothing else; captured
HTML is shown as text.
"""

from __future__ import annotations

import time
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

from fastapi import FastAPI
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.staticfiles import StaticFiles

import fleet
from fleet.errors import BadInput, StoreRefused, StoreUnreachable
from fleet.rendering.i18n import N_
from fleet.web import errors, removed, well_known, wrong_input
from fleet.web.api import routes
from fleet.web.api.json_response import VisibleJson
from fleet.web.dossier_jobs import Dossiers
from fleet.web.finding import search, share, status
from fleet.web.limiter import (
    MAX_PICTURES_WAITING,
    MAX_PICTURES_WAITING_ADDRESS,
    MAX_UPLOADS_WAITING,
    MAX_UPLOADS_WAITING_ADDRESS,
    PICTURES,
    RenderLimiter,
)
from fleet.web.middleware.compression import Compression
from fleet.web.middleware.headers import HEADERS, HeadAsGet, Headers, LanguageOfAddress
from fleet.web.middleware.large_answers import LargeAnswers
from fleet.web.middleware.response_cache import KEEP_S, ResponseCache
from fleet.web.middleware.sessions import SessionMiddleware
from fleet.web.middleware.site_name import SiteName
from fleet.web.pages import (
    about,
    attempt,
    care,
    chart,
    compare,
    data,
    dossiers,
    evidence,
    flow,
    gallery,
    health,
    installation,
    nothing_offered,
    overview,
    prefecture,
    proof,
    runs,
    seal_feed,
    seals,
)
from fleet.web.pages.members import (
    account,
    accounts,
    audit,
    invitation,
    observations,
    own_account,
)
from fleet.web.proxies import BehindProxies
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from fleet.web.context import WebContext


_ERRORS: dict[int, tuple[str, str]] = {
    400: (N_("Demande incompréhensible"), N_("Cette adresse contient quelque chose d’inattendu.")),
    401: (N_("Connexion nécessaire"), N_("Cette page est réservée aux membres.")),
    403: (N_("Accès refusé"), N_("Cette page demande un compte, ou une autre autorisation.")),
    404: (
        N_("Page introuvable"),
        N_("Il n’y a rien à cette adresse. Le lien est peut-être coupé."),
    ),
    405: (N_("Demande incompréhensible"), N_("Cette adresse ne se demande pas ainsi.")),
    413: (N_("Fichier trop grand"), N_("Ce fichier dépasse la taille permise.")),
    422: (N_("Demande incompréhensible"), N_("Cette adresse contient quelque chose d’inattendu.")),
    429: (N_("Trop de demandes"), N_("Attendez quelques minutes avant de recommencer.")),
    500: (N_("Erreur du serveur"), N_("Une erreur de notre fait ; elle est notée.")),
    503: (N_("Base de données injoignable"), N_("Réessayez dans quelques minutes.")),
}


def create_app(
    context: WebContext, *, keep_s: float = KEEP_S, clock: Callable[[], float] = time.monotonic
) -> FastAPI:
    """The application over an open store; answers are kept for `keep_s` seconds of `clock`."""
    app = FastAPI(
        title="Préfectures : des rendez-vous en ligne ?",
        version=fleet.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=dossiers.lifespan,
        default_response_class=VisibleJson,
    )
    app.state.dossiers = Dossiers(context)
    app.state.context, app.state.limiter = context, RenderLimiter()
    app.state.pictures = RenderLimiter(MAX_PICTURES_WAITING, MAX_PICTURES_WAITING_ADDRESS, PICTURES)
    app.state.uploads = RenderLimiter(MAX_UPLOADS_WAITING, MAX_UPLOADS_WAITING_ADDRESS, PICTURES)
    static = files("fleet.web").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    app.include_router(about.router, include_in_schema=False)
    app.include_router(routes.router)
    for pages in (health, well_known, runs, care, data, installation):
        app.include_router(pages.router, include_in_schema=False)
    for module in (attempt, compare, evidence, gallery, proof, seal_feed, seals):
        app.include_router(module.router, include_in_schema=False)
    for figures in (overview, nothing_offered, status, search, share, prefecture, flow, chart):
        app.include_router(figures.router, include_in_schema=False)
    app.include_router(dossiers.router, include_in_schema=False)
    for of_members in (account, invitation, own_account, accounts, audit, observations):
        app.include_router(of_members.router, include_in_schema=False)
    app.add_exception_handler(errors.EvidenceProblem, errors.show_problem)
    app.add_exception_handler(removed.FileRemoved, removed.show_gone)
    for kind in (HTTPException, BadInput, RequestValidationError, StoreUnreachable, StoreRefused):
        app.add_exception_handler(kind, _error)
    app.add_exception_handler(500, _error)
    if not context.members_only:
        app.add_middleware(ResponseCache, clock=clock, keep_s=keep_s)
    app.add_middleware(SessionMiddleware, refuse=_error)
    app.add_middleware(Compression)
    app.add_middleware(Headers, public=not context.members_only)
    app.add_middleware(LanguageOfAddress)
    app.add_middleware(HeadAsGet)
    app.add_middleware(LargeAnswers, folder=context.data_dir / "answers")
    app.add_middleware(SiteName, public_url=context.public_url)
    app.add_middleware(BehindProxies, proxies=context.proxies)
    return app


async def _error(request: Request, exc: Exception) -> Response:
    detail, english, headers = "", False, None
    page = PageContext(request)
    of_api = page.path.startswith("/api/")
    match exc:
        case HTTPException():
            status, detail, headers = exc.status_code, str(exc.detail or ""), exc.headers
            if detail == HTTPStatus(status).phrase and not of_api:
                detail = ""  # the page says so, in its own language
        case BadInput():
            status, detail, english = 400, str(exc), True
        case RequestValidationError() if of_api:
            return await request_validation_exception_handler(request, exc)
        case RequestValidationError():
            status, english = 422, True
            detail = "; ".join(str(each["msg"]) for each in exc.errors())
        case StoreUnreachable() | StoreRefused():
            status = 503
        case _:
            status, headers = 500, HEADERS  # it is answered outside of `Headers`
    usual = _ERRORS.get(status, _ERRORS[400 if status < 500 else 500])
    title, words = (page.t(each) for each in usual)
    days = None
    if isinstance(exc, BadInput) and not of_api and request.method == "GET":
        if days := wrong_input.wrong_days(page, request.query_params):
            title, words, detail = page.t("Dates à corriger"), days.words, ""
        elif said := wrong_input.sentence(page, exc):
            words, detail = said, ""
    if of_api:
        return JSONResponse({"detail": detail or words}, status, headers)
    return page.render(
        "error.html",
        status=status,
        headers=headers,
        code=status,
        title=title,
        words=words,
        days=days,
        detail=detail,
        english=english,
    )
