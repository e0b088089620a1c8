"""`/invitation/…`: the account that somebody makes of a link that was given to them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER, HTTP_404_NOT_FOUND, HTTP_422_UNPROCESSABLE_CONTENT

from fleet.errors import BadInput
from fleet.rendering.i18n import N_
from fleet.storage.collections.accounts import check_name
from fleet.storage.collections.invitations import Invitation
from fleet.storage.collections.passwords import MAX_LENGTH, MIN_LENGTH, check_password
from fleet.web.context import context_of
from fleet.web.middleware.forms import read_form, text_of
from fleet.web.middleware.sessions import WebSession, new_token, session_of, set_cookie
from fleet.web.pages.members.account import begin, hash_of
from fleet.web.templating import PageContext

router = APIRouter()

OVER = N_(
    "Cette invitation n’est plus valable : elle a servi, ou elle a plus d’un jour. Demandez-en une"
    " autre à la personne qui tient ce site."
)


@router.get("/invitation/{token}")
async def invitation(request: Request, token: str) -> Response:
    """The form for a name and a password."""
    return _form(request, await _open(request, token))


@router.post("/invitation/{token}")
async def accept(request: Request, token: str) -> Response:
    """Make the account and sign in, or show the form again with what is wrong."""
    async with read_form(request) as form:
        name = text_of(form, "nom")
        password, again = form.get("mot_de_passe"), form.get("encore")
    found = await _open(request, token)
    problem = _problem(name, password, again)
    if problem or not isinstance(password, str):
        return _form(request, found, name, problem or N_("Choisissez un mot de passe."))
    try:
        user = await context_of(request).store.invitations.accept(
            token, name, await hash_of(password)
        )
    except BadInput:
        return _form(request, found, name, N_("Quelqu’un a déjà ce nom ; choisissez-en un autre."))
    if user is None:
        raise HTTPException(HTTP_404_NOT_FOUND, PageContext(request).t(OVER))
    address = PageContext(request).href("/compte")
    response = RedirectResponse(address, status_code=HTTP_303_SEE_OTHER)
    await begin(request, response, user)
    return response


async def _open(request: Request, token: str) -> Invitation:
    found = await context_of(request).store.invitations.find(token)
    if found is None:
        raise HTTPException(HTTP_404_NOT_FOUND, PageContext(request).t(OVER))
    return found


def _problem(name: str, password: object, again: object) -> str:
    try:
        check_name(name)
    except BadInput:
        return N_(
            "Un nom a 1 à 40 lettres, chiffres, espaces et . ' - ; il commence par une lettre ou un"
            " chiffre."
        )
    try:
        check_password(password if isinstance(password, str) else "")
    except BadInput:
        return N_("Un mot de passe a 12 à 200 caractères, par exemple quatre mots sans lien.")
    return "" if password == again else N_("Les deux mots de passe ne sont pas les mêmes.")


def _form(request: Request, found: Invitation, name: str = "", problem: str = "") -> Response:
    token = session_of(request).token or new_token()
    response = PageContext(request).render(
        "invitation.html",
        status=HTTP_422_UNPROCESSABLE_CONTENT if problem else 200,
        headers={"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
        form_token=WebSession(token).form_token,
        administrator=found.administrator,
        name=name[:60],
        problem=problem,
        shortest=MIN_LENGTH,
        longest=MAX_LENGTH,
    )
    set_cookie(request, response, token)
    return response
