"""One host with booking forms of the eZ engine: which request is for what."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aiohttp import web

from fleet.practice.bookingserver import traps
from fleet.practice.bookingserver.call import Call, FormProgress
from fleet.practice.bookingserver.engine import ASSIGN, BOOKING, Engine
from fleet.practice.bookingserver.forms import Form, Trap
from fleet.practice.bookingserver.pages import FormPages
from fleet.practice.journal import PracticeSessions
from fleet.practice.pages import html
from fleet.practice.site import Backstage, Site

INDEXES = ("/", "/Prendre-un-rendez-vous", "/Rendez-vous-demarches-prefecture-de-police")
HANGING_IMAGE = "/extension/bookingserver/design/standard/images/jamais.png"


class BookingSite(Site[Form]):
    """The site of a prefecture, with one or several forms."""

    cookie = "eZSESSID"
    static_folders = ("/var/ide_site/", "/extension/", "/sw.js")
    tripwires = (
        (
            re.compile(r"/booking/create/[^/]+/[5-9](?:[/?#]|$)", re.IGNORECASE),
            "address of step 5 to 9",
        ),
        (re.compile(r"/booking/confirm", re.IGNORECASE), "confirmation of an appointment"),
    )
    pages: FormPages

    def __init__(self, flows: Sequence[Form], backstage: Backstage) -> None:
        super().__init__(flows, backstage, FormPages())
        self._sessions: PracticeSessions[FormProgress] = PracticeSessions(
            backstage.journal, FormProgress
        )
        self._engine = Engine(self.pages, backstage.journal, backstage.faults, backstage.clock)

    def flow_at(self, path: str) -> Form | None:
        """The form whose number is in the address."""
        match = BOOKING.fullmatch(path) or ASSIGN.fullmatch(path)
        number = match["id"] if match else path.removeprefix(f"{traps.FRAME_PATH}/")
        return next((form for form in self.flows if form.id == number), None)

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """Steps, grid, captcha picture, frame, login and index."""
        path = request.path
        if path == HANGING_IMAGE:
            return await self.backstage.faults.hang(request)
        form = self.flow_at(path)
        if match := BOOKING.fullmatch(path):
            return await self._booking(request, match, form) if form else None
        if match := ASSIGN.fullmatch(path):
            return await self._assign(request, match, form) if form else None
        if path.startswith("/ezjscore/call/bookingserver::captcha"):
            return web.Response(body=self.pages.file("captcha.png"), content_type="image/png")
        if form is not None:
            values = self.pages.form_values(form, "", printing=False, english=False)
            return html(self.pages.render("frame.html", **values))
        if path == traps.LOGIN_PATH:
            return html(self.pages.render("login.html"))
        if (path.removeprefix("/index.php") or "/") in INDEXES:
            values = self.pages.form_values(self.flows[0], "", printing=False, english=False)
            return html(self.pages.render("index.html", **{**values, "forms": self.flows}))
        return None

    def not_found(self) -> web.Response:
        """The engine's own page."""
        return html(self.pages.render("not_found.html"), status=404)

    async def _booking(
        self, request: web.Request, match: re.Match[str], form: Form
    ) -> web.StreamResponse:
        step = int(match["step"] or 0)
        session = self._sessions.get(request.cookies.get(self.cookie))
        begin = self._sessions.begin if step == 0 else self._sessions.progress
        progress = begin(session, form)
        failure = await self.failure(request, form, step)
        if failure is not None:
            return failure
        call = Call(
            request=request,
            form=form,
            progress=progress,
            step=step,
            prefix=match["prefix"],
            printing=bool(match["print"]),
            unix=int(match["unix"]) if match["unix"] else None,
        )
        response = await self._engine.answer(call)
        if not response.prepared and request.cookies.get(self.cookie) != session.id:
            response.set_cookie(self.cookie, session.id, path="/", httponly=True)
        return response

    async def _assign(
        self, request: web.Request, match: re.Match[str], form: Form
    ) -> web.StreamResponse:
        failure = await self.failure(request, form, "grid")
        if failure is not None:
            return failure
        never = Trap.NEXT_WEEK_NEVER in form.traps and int(match["offset"]) > 0
        if Trap.GRID_NEVER in form.traps or never:
            return await self.backstage.faults.hang(request)
        session = self._sessions.get(request.cookies.get(self.cookie))
        return await self._engine.assign(form, self._sessions.progress(session, form), match)
