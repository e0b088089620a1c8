"""
Who is asking, and whether this request may be: before any page is made.

* A cookie holds a random token. Of a session begun by signing in, MongoDB knows the token's hash;
  without one, the token only ties forms to the browser that was given them.
* Whatever changes something must come from a page of ours (`Sec-Fetch-Site`, `Origin`) and carry
  the form token, which is worked out from the cookie's: who cannot read the cookie cannot know it.
* A request is refused by its announced size before its body is read.
* With `FLEET_READING=members`, everything asks for a session, except what is in `OPEN`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.status import HTTP_303_SEE_OTHER

from fleet.errors import StoreRefused, StoreUnreachable
from fleet.rendering.i18n import N_
from fleet.storage.collections.accounts import SESSION
from fleet.web.client_address import is_from_here, is_https
from fleet.web.context import context_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from fleet.storage.collections.accounts import User

OPEN = re.compile(
    r"/static/.*|/robots\.txt|/favicon\.ico|(/\.well-known)?/security\.txt|/connexion"
    r"|/deconnexion|/invitation/[\w-]{43}|/healthz(/live|/ready)?",
    re.ASCII,
)
"""What anybody may ask for, whoever may read the rest."""

SAFE = ("GET", "HEAD", "OPTIONS")

FORM_BYTES = 64 * 1024
UPLOAD_BYTES = 10 * 1024 * 1024
"""The largest picture that may be sent."""

LARGER = {"/observations/nouvelle": UPLOAD_BYTES + FORM_BYTES}
"""The only addresses that take more than a form."""

_RETURN_PATH = re.compile(r"/(?![/\\])[^\x00-\x20\\]{0,499}", re.ASCII)


@dataclass(frozen=True, slots=True)
class WebSession:
    """The cookie's token and whose it is; `user` is None for a reader without an account."""

    token: str | None = None
    user: User | None = None

    @property
    def form_token(self) -> str:
        """For the hidden field of a form; empty without a cookie."""
        if self.token is None:
            return ""
        # made of the token and kept nowhere: another site can neither read nor work it out
        return hmac.new(self.token.encode(), b"form", hashlib.sha256).hexdigest()


def session_of(request: Request) -> WebSession:
    """The session that a request belongs to."""
    found: WebSession = request.scope.get("fleet.session", WebSession())
    return found


def _cookie_name(request: Request) -> str:
    # `__Host-`: the browser takes it by https only and from no other host of the domain
    return "__Host-fleet" if is_https(request) else "fleet"


def set_cookie(request: Request, response: Response, token: str) -> None:
    """Have the browser keep a token as long as a session lasts."""
    response.set_cookie(
        _cookie_name(request),
        token,
        max_age=int(SESSION.total_seconds()),
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def clear_cookie(request: Request, response: Response) -> None:
    """Have the browser forget its token."""
    response.delete_cookie(
        _cookie_name(request), path="/", secure=is_https(request), httponly=True, samesite="lax"
    )


def new_token() -> str:
    """A token for a browser that has none yet; no session."""
    return secrets.token_urlsafe(32)


def return_path(text: str | None) -> str | None:
    """An address of this site to go on at; None if it is another's or none at all."""
    return text if text and _RETURN_PATH.fullmatch(text) else None


def redirect_to_sign_in(request: Request, path: str | None = None) -> RedirectResponse:
    """To the sign-in page, and afterwards to `path`, or back here."""
    page = PageContext(request)
    here = page.href(path) if path else page.href(page.path) + page.query
    address = page.href("/connexion", suite=return_path(here))
    return RedirectResponse(address, status_code=HTTP_303_SEE_OTHER)


class SessionMiddleware:
    """Finds the session of a request, and refuses what may not be; `refuse` makes the answer."""

    def __init__(
        self, app: ASGIApp, refuse: Callable[[Request, Exception], Awaitable[Response]]
    ) -> None:
        self._app = app
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request that may be; refuse another, or ask to sign in first."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = {**scope, "fleet.session": WebSession()}
        request = Request(scope)
        try:
            scope["fleet.session"] = session = await _session(request)
            problem = _refusal(request)
        except (StoreUnreachable, StoreRefused) as exc:
            await (await self._refuse(request, exc))(scope, receive, send)
            return
        locked = context_of(request).members_only and not OPEN.fullmatch(scope["path"])
        send = _private(send, signed_in=session.user is not None, locked=locked)
        if problem is not None:
            await (await self._refuse(request, problem))(scope, receive, send)
        elif locked and session.user is None:
            await (await self._ask_to_sign_in(request))(scope, receive, send)
        else:
            await self._app(scope, _limit_size(receive, request), send)

    async def _ask_to_sign_in(self, request: Request) -> Response:
        if request.method in SAFE and "text/html" in request.headers.get("accept", ""):
            return redirect_to_sign_in(request)
        words = N_("Cette page est réservée aux membres : connectez-vous.")
        response = await self._refuse(request, HTTPException(401, PageContext(request).t(words)))
        response.headers["WWW-Authenticate"] = 'Cookie realm="fleet"'
        return response


async def _session(request: Request) -> WebSession:
    """The session of the cookie; a forged one or one that is over is nobody's."""
    # MongoDB is asked only for what can be a token, and not for a page's style and pictures
    token = request.cookies.get(_cookie_name(request), "")
    if request.scope["path"].startswith("/static/") or not re.fullmatch(r"[\w-]{43}", token, re.A):
        return WebSession()
    return WebSession(token, await context_of(request).store.accounts.user_of(token))


def _refusal(request: Request) -> HTTPException | None:
    """Why a request is refused before anything of its body is read."""
    if request.method in SAFE:
        return None
    if not is_from_here(request):
        words = N_("Ce formulaire a été envoyé depuis un autre site.")
        return HTTPException(403, PageContext(request).t(words))
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > _most_bytes(request.scope):
        return _too_large(request)
    return None


def _most_bytes(scope: Scope) -> int:
    return LARGER.get(scope["path"], FORM_BYTES)


def _too_large(request: Request) -> HTTPException:
    words = N_("Une image peut avoir 10 Mo au plus.")
    return HTTPException(413, PageContext(request).t(words))


def _limit_size(receive: Receive, request: Request) -> Receive:
    """As `receive`, up to the size that may be: a body need not announce it, nor keep to it."""
    left = _most_bytes(request.scope)

    async def limited() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise _too_large(request)
        return message

    return limited


def _private(send: Send, *, signed_in: bool, locked: bool) -> Send:
    """As `send`; what only some may see is kept by no cache that others share."""
    if not (signed_in or locked):
        return send

    async def private(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            cache_control = headers.get("cache-control")
            if cache_control is None:
                headers["Cache-Control"] = "private, no-store"
            elif locked:
                headers["Cache-Control"] = re.sub(r"\bpublic\b", "private", cache_control)
            headers.add_vary_header("Cookie")
        await send(message)

    return private
