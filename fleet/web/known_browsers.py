"""
A browser from which somebody has signed in before: its tries are counted by themselves.

Wrong tries of others, however many and from wherever, then keep nobody out who signs in where they
usually do. The cookie names no session and opens nothing: it is worked out from the hash of the
account's password, so it cannot be made up, is good for that account only, and ends with it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from fleet.web.client_address import is_https

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from fleet.storage.collections.accounts import User

KNOWN = timedelta(days=180)
"""How long a browser is known after signing in from it."""


def known_browser(request: Request, user: User | None, stored_hash: str | None) -> str | None:
    """What the browser is called, if it is known to this account, whose password has this hash."""
    number, _, proof = request.cookies.get(_cookie_name(request), "").partition(".")
    if user is None or stored_hash is None or not re.fullmatch(r"[\w-]{22}", number, re.ASCII):
        return None
    right = _proof(number, user, stored_hash)
    return number if hmac.compare_digest(proof.encode(), right.encode()) else None


def know_browser(request: Request, response: Response, user: User, stored_hash: str) -> None:
    """Have the browser keep what makes it known to this account."""
    number = known_browser(request, user, stored_hash) or secrets.token_urlsafe(16)
    response.set_cookie(
        _cookie_name(request),
        f"{number}.{_proof(number, user, stored_hash)}",
        max_age=int(KNOWN.total_seconds()),
        path="/",
        secure=is_https(request),
        httponly=True,
        samesite="lax",
    )


def _proof(number: str, user: User, stored_hash: str) -> str:
    named = f"browser {number} of {user.name}".encode()
    return hmac.new(stored_hash.encode(), named, hashlib.sha256).hexdigest()


def _cookie_name(request: Request) -> str:
    return "__Host-fleet-known" if is_https(request) else "fleet-known"
