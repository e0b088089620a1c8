"""`/comptes`: who may sign in, invitations, and a test of notices; for administrators."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_403_FORBIDDEN, HTTP_422_UNPROCESSABLE_CONTENT

from fleet.errors import BadInput
from fleet.models import now
from fleet.rendering.i18n import N_
from fleet.storage.collections.accounts import User
from fleet.web.client_address import site_of
from fleet.web.context import context_of
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.sessions import redirect_to_sign_in, session_of
from fleet.web.templating import PageContext

router = APIRouter()


@router.get("/comptes")
async def accounts(request: Request) -> Response:
    """Every account, and what may be done about it."""
    if session_of(request).user is None:
        return redirect_to_sign_in(request)
    _administrator(request)
    return await _page(request)


@router.post("/comptes/inviter")
async def invite(request: Request) -> Response:
    """A link by which one person makes an account; it is shown this once."""
    async with read_form(request) as form:
        role = text_of(form, "role")
    _administrator(request)
    page, invitations = PageContext(request), context_of(request).store.invitations
    token, made = await invitations.make(administrator=role == "administrateur")
    link = f"{site_of(request)}{page.href(f'/invitation/{token}')}"
    return await _page(request, link=link, invitation=made)


@router.post("/comptes/retirer")
async def remove(request: Request) -> Response:
    """Take an account away and sign it out everywhere; one's own stays, so that one is left."""
    async with read_form(request) as form:
        name = text_of(form, "nom")
    user, page = _administrator(request), PageContext(request)
    if name == user.name:
        return await _page(request, N_("Votre propre compte ne se retire pas d’ici."))
    try:
        await context_of(request).store.accounts.remove(name)
    except BadInput:
        return await _page(request, N_("Ce compte n’existe plus."))
    return RedirectResponse(page.href("/comptes"), HTTP_303_SEE_OTHER)


@router.post("/comptes/essai-avis")
async def test_notices(request: Request) -> Response:
    """Ask the fleet that watches for a test of its notices."""
    async with read_form(request):
        pass
    user = _administrator(request)
    if not await context_of(request).store.notice_tests.ask(user.name):
        return await _page(request, N_("Un test vient d’être demandé ; attendez une minute."))
    return RedirectResponse(PageContext(request).href("/comptes") + "#avis", HTTP_303_SEE_OTHER)


def _administrator(request: Request) -> User:
    """
    Who asks.

    Raises:
        HTTPException: 403, it is no administrator.
    """
    user = session_of(request).user
    if user is None or not user.administrator:
        words = N_("Cette page est réservée aux administrateurs.")
        raise HTTPException(HTTP_403_FORBIDDEN, PageContext(request).t(words))
    return user


async def _page(request: Request, problem: str = "", **more: object) -> Response:
    store, session = context_of(request).store, session_of(request)
    status, test = await store.watch_state.status(), await store.notice_tests.last()
    at = now()
    return PageContext(request).render(
        "accounts.html",
        status=HTTP_422_UNPROCESSABLE_CONTENT if problem else 200,
        headers={"Cache-Control": "no-store"},
        users=await store.accounts.list(),
        user=session.user,
        form_token=session.form_token,
        problem=problem,
        test=test,
        waiting=test is not None and test.is_waiting(at),
        watching=status is not None and not status.stopped and not status.stale(at),
        **{"link": "", "invitation": None, **more},
    )
