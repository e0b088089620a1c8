"""
The host of the portal: an almost empty document, and the script that fills it.

`app-root`, `app-portal`, `anef-tile` [B], the name, « SE CONNECTER » [V] and the address of the
login (Keycloak, there on a host of its own) [B] are known; the rest is inferred [I]. The login is
a tripwire: nothing of a visitor may ever be sent there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiohttp import web

from fleet.practice.anef.flow import HOME, Portal, PortalState
from fleet.practice.pages import PracticePages, html
from fleet.practice.site import Backstage, Site

SCRIPT = f"{HOME}main.js"
REALM = "/auth/realms/anef-usagers"
LOGIN = f"{REALM}/protocol/openid-connect/auth"


class PortalSite(Site[Portal]):
    """The portal, one flow on a host."""

    static_folders = (f"{HOME}assets/",)
    tripwires = (
        (re.compile(r"/auth/realms/[^/]+/login-actions/"), "login to the ANEF"),
        (re.compile(r"/openid-connect/registrations"), "new account at the ANEF"),
    )

    def __init__(self, flows: Sequence[Portal], backstage: Backstage) -> None:
        super().__init__(flows, backstage, PracticePages("fleet.practice.anef"))

    def flow_at(self, path: str) -> Portal | None:
        """The portal's flow for every address of it."""
        return self.flows[0] if path.startswith((HOME.rstrip("/"), REALM)) else None

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """Document, script and login page."""
        flow, path = self.flows[0], request.path
        if path in ("/", HOME, HOME.rstrip("/")):
            self.backstage.journal.begin(flow)
            return await self._home(request, flow)
        if path == SCRIPT:
            failure = await self.failure(request, flow, "script")
            if failure is not None or flow.state is PortalState.SCRIPT_LOST:
                return failure
            body = self.pages.file("portail.js")
            return web.Response(body=body, content_type="text/javascript")
        if path.startswith(REALM):
            if flow.state is not PortalState.SENT_TO_LOGIN:
                self.trip(request, "login page of the ANEF")
            return html(self.pages.render("anef_login.html", realm=REALM))
        return None

    async def _home(self, request: web.Request, flow: Portal) -> web.Response:
        failure = await self.failure(request, flow, "home")
        if failure is not None:
            return failure
        name = "anef_maintenance" if flow.state is PortalState.MAINTENANCE else "anef_home"
        return html(
            self.pages.render(f"{name}.html", flow=flow, home=HOME, login=LOGIN, realm=REALM)
        )
