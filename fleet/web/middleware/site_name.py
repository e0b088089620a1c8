"""
The name of this site in whatever is answered: ours, never one that a request made up.

Whole addresses (feeds, printed pages, examples) begin with `FLEET_PUBLIC_URL`. Without it they
begin with what the reader's browser asked for (`Host`), if that is this machine; else the request
is refused: a link to elsewhere could be kept and shown to others.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse

from fleet.web.client_address import plain_address
from fleet.web.templating import PREFIX

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(?P<name>[\w.-]{1,253}|\[[0-9a-f:.]{2,45}\])(:\d{1,5})?", re.ASCII | re.I)

REFUSAL = (
    "Nobody knows this site by that name (the Host of the request).\n"
    "Whoever runs it names it in FLEET_PUBLIC_URL.\n"
)

PROBES = re.compile(r"/healthz(/live|/ready)?")
"""These name no address, and whoever asks may call the machine as they like."""


class SiteName:
    """Puts the site's address in the scope, and its name in the place of the request's."""

    def __init__(self, app: ASGIApp, public_url: str | None) -> None:
        self._app = app
        self._public_url = public_url.rstrip("/") if public_url else None
        self._own_names = {"localhost", socket.gethostname().lower()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request to us."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = [value for name, value in scope["headers"] if name == b"host"]
        host = asked[0].decode("latin-1") if asked else self._address_of(scope)
        known = self._is_ours(host, scope)
        wrong = len(asked) > 1 or not _HOST.fullmatch(host) or not (known or self._public_url)
        if wrong and not PROBES.fullmatch(scope["path"]):
            headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
            await PlainTextResponse(REFUSAL, 400, headers)(scope, receive, send)
            return
        site = self._public_url or f"{scope['scheme']}://{host if not wrong else 'localhost'}"
        name = urlsplit(site).netloc
        rest = [(key, value) for key, value in scope["headers"] if key != b"host"]
        # in the scope as it is: what answers for an error of ours knows no other
        scope["headers"] = [(b"host", name.encode()), *rest]
        scope["fleet.site"] = site
        scope["fleet.hosts"] = {name, host} if known else {name}
        await self._app(scope, receive, _without_name(send, f"{scope['scheme']}://{name}", scope))

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Whether this name leads to the machine that was asked, whoever follows it."""
        found = _HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].strip("[]").lower().removesuffix(".")
        if name in self._own_names or name.endswith(".localhost"):
            return True
        own = self._address_of(scope, port=False)
        try:
            address = ipaddress.ip_address(plain_address(name))
        except ValueError:
            return name.removesuffix(".local") in self._own_names or name == own
        return address.is_loopback or str(address) == own

    @staticmethod
    def _address_of(scope: Scope, *, port: bool = True) -> str:
        """The address of ours that the reader is connected to."""
        server = scope.get("server")
        if not server or not server[0]:
            return "localhost"
        name = plain_address(server[0])
        if not port:
            return name
        bracketed = f"[{name}]" if ":" in name else name
        return bracketed if server[1] is None else f"{bracketed}:{server[1]}"


def _without_name(send: Send, own: str, scope: Scope) -> Send:
    """As `send`; a redirect within the site names no site, and keeps the language."""
    language = PREFIX if scope["path"].startswith(f"{PREFIX}/") else ""

    async def plain(message: Message) -> None:
        if message["type"] == "http.response.start" and 300 <= message["status"] < 400:
            headers = MutableHeaders(scope=message)
            location = headers.get("location", "")
            if location.startswith(f"{own}/"):
                # `//name` would be another site
                headers["location"] = f"{language}/{location.removeprefix(own).lstrip('/')}"
        await send(message)

    return plain
