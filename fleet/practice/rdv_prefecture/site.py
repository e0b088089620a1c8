"""
The replica: which request is for what.

    GET /demarche/<id>/  ─press→  GET cgu/  ─POST _validerCaptcha→  ┬ 302 creneau/
                                                                  └ 302 cgu/?error=invalidCaptcha
    GET creneau/ without a valid session ─302→ cgu/?error=errorSessionInvalide

The captcha's answer is a tripwire, unless the test plays the person (`Demarche.person`). So is
everything from the choice of a slot on. The addresses are those of public checkers [B]; that a
chosen slot is posted from `/creneau/` is our inference [I].
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from aiohttp import web

from fleet.practice.journal import PracticeSessions
from fleet.practice.pages import PracticePages, found, html
from fleet.practice.rdv_prefecture import captcha
from fleet.practice.rdv_prefecture.calendar import SlotCalendar
from fleet.practice.rdv_prefecture.flow import Demarche, DemarcheTrap
from fleet.practice.site import Backstage, Site

PAGE = re.compile(r"/rdvpref/reservation/demarche/(?P<id>\d+)/(?P<rest>.*)")
CAPTCHA = "captchetat/simple-captcha-endpoint"
"""The real captcha is another service's, on a host of its own."""

PATHS = {"": "landing", "cgu/": "cgu", CAPTCHA: "captcha", "creneau/": "creneau"}
"""The step (for faults) of what follows the number in an address."""

THROWN_BACK = "cgu/?error=errorSessionInvalide"

INSTEAD = {
    DemarcheTrap.CLOSED_UNKNOWN: "closed.html",
    DemarcheTrap.INTERSTITIAL: "interstitial.html",
    DemarcheTrap.BLOCKED_PAGE: "blocked.html",
}

LATE_MS = 700


@dataclass(slots=True)
class DemarcheVisitor:
    """What the site remembers of a session. `until` is when its captcha must be passed again."""

    visit: int
    code: str = ""
    person: bool = False
    until: datetime | None = None


class DemarcheSite(Site[Demarche]):
    """The national site, with the démarches of one or several prefectures."""

    cookie = "JSESSIONID"
    static_folders = ("/rdvpref/static/",)
    tripwires = (
        (re.compile(r"/demarche/\d+/formulaire", re.IGNORECASE), "the personal form"),
        (re.compile(r"/demarche/\d+/login", re.IGNORECASE), "somebody's appointments"),
    )

    def __init__(self, flows: Sequence[Demarche], backstage: Backstage) -> None:
        super().__init__(flows, backstage, PracticePages("fleet.practice.rdv_prefecture"))
        self._sessions: PracticeSessions[DemarcheVisitor] = PracticeSessions(
            backstage.journal, DemarcheVisitor
        )

    def flow_at(self, path: str) -> Demarche | None:
        """The démarche whose number is in the address."""
        match = PAGE.fullmatch(path)
        return next((f for f in self.flows if match and f.id == match["id"]), None)

    def not_found(self) -> web.Response:
        """The site's own page."""
        return html(self.pages.render("not_found.html"), status=404)

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """The pages of a démarche, its captcha, and the steps that are too far."""
        match, flow = PAGE.fullmatch(request.path), self.flow_at(request.path)
        if match is None or flow is None:
            return None
        session = self._sessions.get(request.cookies.get(self.cookie))
        step = PATHS.get(match["rest"], "")
        begins = step == "landing" or (step == "creneau" and flow.open_answer)
        visitor = (self._sessions.begin if begins else self._sessions.progress)(session, flow)
        response = await self.failure(request, flow, step) if step else None
        if response is None:
            response = await self._page(request, flow, visitor, match["rest"])
            if response is not None and request.cookies.get(self.cookie) != session.id:
                response.set_cookie(self.cookie, session.id, path="/rdvpref", httponly=True)
        return response

    async def _page(
        self, request: web.Request, flow: Demarche, visitor: DemarcheVisitor, rest: str
    ) -> web.Response | None:
        if request.method == "POST" and rest == "_validerCaptcha":
            return await self._validate(request, flow, visitor)
        if request.method not in ("GET", "HEAD"):
            self.trip(request, "a slot was chosen, or a form sent")
            return found(f"{flow.path}formulaire/")
        if rest == "":
            return self._landing(flow)
        if rest == "cgu/":
            return self._render("cgu.html", flow, error=request.query.get("error", ""))
        if rest == "cgu/code":
            return self._code(request, flow, visitor)
        if rest == CAPTCHA:
            return self._captcha(request, flow, visitor)
        if rest == "creneau/":
            return self._creneau(flow, visitor)
        too_far = {"formulaire/": "form.html", "login/": "login.html"}.get(rest)
        return self._render(too_far, flow) if too_far else None

    def _landing(self, flow: Demarche) -> web.Response:
        if DemarcheTrap.RESUMES in flow.traps:
            return found(f"{flow.path}creneau/")
        instead = next((page for trap, page in INSTEAD.items() if trap in flow.traps), None)
        return self._render(instead or "landing.html", flow)

    def _captcha(
        self, request: web.Request, flow: Demarche, visitor: DemarcheVisitor
    ) -> web.Response:
        if DemarcheTrap.NO_CAPTCHA_PICTURE in flow.traps:
            return web.Response(status=404, text="Not Found\n")
        if request.query.get("get") != "image":
            return self._render("captcha.html", flow)
        visitor.code = captcha.new_code()
        return web.Response(
            body=captcha.picture(visitor.code),
            content_type="image/png",
            headers={"Cache-Control": "no-store"},
        )

    def _code(
        self, request: web.Request, flow: Demarche, visitor: DemarcheVisitor
    ) -> web.Response | None:
        if not flow.person or request.query.get("person") != flow.person:
            self.trip(request, "the captcha's code was asked for")
            return None
        visitor.person = True
        return web.Response(text=visitor.code)

    async def _validate(
        self, request: web.Request, flow: Demarche, visitor: DemarcheVisitor
    ) -> web.Response:
        if not visitor.person:
            self.trip(request, "a captcha was answered")
        data = await request.post()
        right = bool(visitor.code) and data.get("captchaUsercode") == visitor.code
        visitor.code = ""
        if not right:
            return found(f"{flow.path}cgu/?error=invalidCaptcha")
        visitor.until = self.backstage.clock() + timedelta(seconds=flow.session_s)
        return found(f"{flow.path}creneau/")

    def _creneau(self, flow: Demarche, visitor: DemarcheVisitor) -> web.Response:
        now = self.backstage.clock()
        valid = visitor.until is not None and now < visitor.until
        if not (valid or flow.open_answer):
            return found(f"{flow.path}{THROWN_BACK}")
        calendar = SlotCalendar.of(flow, visitor.visit, now)
        response = self._render("creneau.html", flow, calendar=calendar)
        if DemarcheTrap.TRUNCATED_HTML in flow.traps:
            text = response.text or ""
            response = html(text[: text.index("ultérieurement")])
        return response

    def _render(self, template: str, flow: Demarche, **values: object) -> web.Response:
        text = self.pages.render(
            template,
            **{
                "flow": flow,
                "captcha": f"{flow.path}{CAPTCHA}",
                "thrown_back": THROWN_BACK,
                "late_ms": LATE_MS,
                "has": lambda name: DemarcheTrap(name) in flow.traps,
                **values,
            },
        )
        return html(text)
