"""`/compte`: one's own account, and its second factor."""

from __future__ import annotations

import math
from urllib.parse import quote

import segno
from fastapi import APIRouter
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import (
    HTTP_303_SEE_OTHER,
    HTTP_422_UNPROCESSABLE_CONTENT,
    HTTP_429_TOO_MANY_REQUESTS,
)

from fleet.storage.collections.accounts import SignInTry
from fleet.storage.collections.second_factor import is_secret, new_secret
from fleet.web.client_address import address_of, site_address_of
from fleet.web.context import context_of
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.sessions import redirect_to_sign_in, session_of
from fleet.web.templating import PageContext

router = APIRouter()

ISSUER = "Préfectures"
"""What an authenticator shows beside the name of the account."""

NOT_KEPT = {"Cache-Control": "no-store"}


@router.get("/compte")
async def own_account(request: Request) -> Response:
    """Who is signed in, and whether a code is asked for."""
    if session_of(request).user is None:
        return redirect_to_sign_in(request)
    return _account(request)


@router.get("/compte/second-facteur")
async def new_factor(request: Request) -> Response:
    """A new secret, to scan; nothing is kept of it before a code of it was given."""
    user = session_of(request).user
    if user is None:
        return redirect_to_sign_in(request)
    if user.second_factor:
        return RedirectResponse(PageContext(request).href("/compte"), HTTP_303_SEE_OTHER)
    return _secret(request, new_secret())


@router.post("/compte/second-facteur")
async def begin_factor(request: Request) -> Response:
    """Ask for codes of this secret from now on; shows the recovery codes, once."""
    user = session_of(request).user
    if user is None:
        return redirect_to_sign_in(request, "/compte")
    async with read_form(request) as form:
        secret, code = text_of(form, "secret"), text_of(form, "code")
    if not is_secret(secret):
        return _secret(request, new_secret(), wrong=True)
    codes = await context_of(request).store.second_factors.begin(user.name, secret, code)
    if not codes:
        return _secret(request, secret, wrong=True)
    return PageContext(request).render("recovery_codes.html", headers=NOT_KEPT, codes=codes)


@router.post("/compte/second-facteur/retirer")
async def end_factor(request: Request) -> Response:
    """Ask for no codes any more, if a last one is right: an open browser alone is not enough."""
    user = session_of(request).user
    if user is None:
        return redirect_to_sign_in(request, "/compte")
    async with read_form(request) as form:
        code = text_of(form, "code")
    store = context_of(request).store
    # a code has six digits: who tries all of them must be as slow here as at signing in
    who = SignInTry(user.name, address_of(request), site_address_of(request), None)
    if wait_s := math.ceil(await store.accounts.count_try(who)):
        return _account(request, wait_s=wait_s)
    if not await store.second_factors.accepts(user.name, code):
        return _account(request, wrong=True)
    await store.accounts.forget_tries(who)
    await store.second_factors.end(user.name)
    return RedirectResponse(PageContext(request).href("/compte"), HTTP_303_SEE_OTHER)


def _account(request: Request, *, wrong: bool = False, wait_s: int = 0) -> Response:
    session, status = session_of(request), HTTP_422_UNPROCESSABLE_CONTENT if wrong else 200
    return PageContext(request).render(
        "own_account.html",
        status=HTTP_429_TOO_MANY_REQUESTS if wait_s else status,
        headers={**NOT_KEPT, "Retry-After": str(wait_s)} if wait_s else NOT_KEPT,
        wait_s=wait_s,
        user=session.user,
        form_token=session.form_token,
        wrong=wrong,
    )


def _secret(request: Request, secret: str, *, wrong: bool = False) -> Response:
    session = session_of(request)
    name = session.user.name if session.user else ""
    address = otpauth(name, secret)
    drawn = segno.make(address, error="m").svg_inline(
        scale=5, border=2, svgclass="qr", omitsize=True
    )
    return PageContext(request).render(
        "second_factor.html",
        status=HTTP_422_UNPROCESSABLE_CONTENT if wrong else 200,
        headers=NOT_KEPT,
        form_token=session.form_token,
        secret=secret,
        parts=[secret[i : i + 4] for i in range(0, len(secret), 4)],
        address=address,
        drawn=Markup(drawn),  # segno's own: squares, nothing of the name as text
        wrong=wrong,
    )


def otpauth(name: str, secret: str) -> str:
    """The address by which an authenticator takes a secret."""
    return f"otpauth://totp/{quote(ISSUER)}:{quote(name)}?secret={secret}&issuer={quote(ISSUER)}"
