"""`/connexion` and `/deconnexion`: signing in and out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import (
    HTTP_303_SEE_OTHER,
    HTTP_401_UNAUTHORIZED,
    HTTP_429_TOO_MANY_REQUESTS,
)

from fleet.storage.collections.accounts import SignInTry
from fleet.storage.collections.passwords import Passwords
from fleet.web.client_address import address_of, site_address_of
from fleet.web.context import context_of
from fleet.web.known_browsers import know_browser, known_browser
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.sessions import (
    WebSession,
    clear_cookie,
    new_token,
    return_path,
    session_of,
    set_cookie,
)
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from fleet.storage.collections.accounts import User

router = APIRouter()

_passwords = Passwords()
_at_once = {known: anyio.CapacityLimiter(1) for known in (True, False)}
"""Passwords worked out at the same time in each server process, 64 MiB each: one of those who sign
in from a known browser, who wait for nobody else, and one of all others."""

MAX_WAITING = 20
"""Others who may wait for theirs to be worked out, some 2 s in all."""

BUSY_S = 5


@router.get("/connexion")
async def sign_in_page(request: Request) -> Response:
    """The form for name and password."""
    page, suite = PageContext(request), return_path(request.query_params.get("suite"))
    if session_of(request).user is not None:
        return RedirectResponse(suite or page.href("/"), status_code=HTTP_303_SEE_OTHER)
    return _form(request, suite)


@router.post("/connexion")
async def sign_in(request: Request) -> Response:
    """Begin a session, or say that name and password do not belong together, not which is wrong."""
    page, accounts = PageContext(request), context_of(request).store.accounts
    async with read_form(request) as form:
        name, password = text_of(form, "nom"), form.get("mot_de_passe")
        code, suite = text_of(form, "code"), return_path(text_of(form, "suite"))
    user, stored_hash = await accounts.find(name)
    browser = known_browser(request, user, stored_hash)
    limiter = _at_once[browser is not None]
    if limiter.statistics().tasks_waiting >= MAX_WAITING:
        return _form(request, suite, name, status=HTTP_429_TOO_MANY_REQUESTS, wait_s=BUSY_S)
    who = SignInTry(name, address_of(request), site_address_of(request), browser)
    wait_s = math.ceil(await accounts.count_try(who))
    if wait_s:
        return _form(request, suite, name, status=HTTP_429_TOO_MANY_REQUESTS, wait_s=wait_s)
    given = password if isinstance(password, str) else ""
    right = await anyio.to_thread.run_sync(_passwords.matches, stored_hash, given, limiter=limiter)
    if not right or user is None or stored_hash is None:
        return _form(request, suite, name, status=HTTP_401_UNAUTHORIZED)
    # last, and not told apart: who does not know the password learns nothing, and uses no code up
    factors = context_of(request).store.second_factors
    if user.second_factor and not await factors.accepts(user.name, code):
        return _form(request, suite, name, status=HTTP_401_UNAUTHORIZED)
    await accounts.forget_tries(who)
    response = RedirectResponse(suite or page.href("/"), status_code=HTTP_303_SEE_OTHER)
    await begin(request, response, user)
    know_browser(request, response, user, stored_hash)
    return response


async def begin(request: Request, response: Response, user: User) -> None:
    """Begin a session; always with a new token: somebody else may have known the one before."""
    await _end(request)
    set_cookie(request, response, await context_of(request).store.accounts.begin_session(user))


async def hash_of(password: str) -> str:
    """What is kept of a new password, worked out as those of who signs in are."""
    return await anyio.to_thread.run_sync(_passwords.hash, password, limiter=_at_once[False])


@router.post("/deconnexion")
async def sign_out(request: Request) -> Response:
    """End the session, here and in the database."""
    if session_of(request).user is not None:
        async with read_form(request):
            await _end(request)
    response = RedirectResponse(PageContext(request).href("/"), status_code=HTTP_303_SEE_OTHER)
    clear_cookie(request, response)
    return response


async def _end(request: Request) -> None:
    token = session_of(request).token
    if token is not None:
        await context_of(request).store.accounts.end_session(token)


def _form(
    request: Request, suite: str | None, name: str = "", *, status: int = 200, wait_s: int = 0
) -> Response:
    token = session_of(request).token or new_token()
    headers = {"Cache-Control": "no-store"}
    if wait_s:
        headers["Retry-After"] = str(wait_s)
    if status == HTTP_401_UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Cookie realm="fleet"'
    response = PageContext(request).render(
        "sign_in.html",
        status=status,
        headers=headers,
        form_token=WebSession(token).form_token,
        name=name[:60],
        suite=suite or "",
        wrong=status == HTTP_401_UNAUTHORIZED,
        wait_s=wait_s,
    )
    set_cookie(request, response, token)
    return response
