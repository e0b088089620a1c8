"""
The replica: which request is for what.

    GET /commencer/<slug> ┬ 200  open: sign in or create an account to begin
                          ├ 302 /fermeture/<slug>        closed
                          ├ 302 /commencer/<other slug>  replaced
                          └ 302 /                        unknown

Every door of the open page (sign in, sign up, FranceConnect, ProConnect) is a tripwire: a visit
has its answer before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aiohttp import web
from markupsafe import Markup

from fleet.practice.demarches_simplifiees.flow import Procedure, ProcedureTrap
from fleet.practice.journal import PracticeSessions
from fleet.practice.pages import PracticePages, found, html
from fleet.practice.site import Backstage, Site

PAGE = re.compile(r"/(?P<step>commencer|fermeture)/(?P<slug>[\w-]+)/?")

MONTHS = (
    *("janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre"),
    *("octobre", "novembre", "décembre"),
)

ENGLISH = {
    "Commencer la démarche": "Start the procedure",
    "Créer un compte": "Create an account",
    "J’ai déjà un compte": "I already have an account",
    "Avec une adresse email": "With an email address",
}
"""Our guess of what the English locale of the site says."""


@dataclass(slots=True)
class ProcedureVisitor:
    """What the site remembers of a session."""

    visit: int


class ProcedureSite(Site[Procedure]):
    """The national site, with one or several forms."""

    cookie = "_ds_session"
    static_folders = ("/assets/",)
    tripwires = (
        (
            re.compile(r"/commencer/[^/?]+/(?:sign_in|sign_up|\w+_connect)", re.IGNORECASE),
            "a door behind which a file begins",
        ),
        (re.compile(r"/users/sign_up", re.IGNORECASE), "an account would be created"),
        (re.compile(r"/dossiers/new", re.IGNORECASE), "a file would be begun"),
        (re.compile(r"/commencer/[^?]+\?.*(?:champ|identite)_"), "a draft would be stored"),
        (re.compile(r"/(?:france|pro)_connect", re.IGNORECASE), "signing in"),
    )

    def __init__(self, flows: Sequence[Procedure], backstage: Backstage) -> None:
        super().__init__(flows, backstage, PracticePages("fleet.practice.demarches_simplifiees"))
        self._sessions: PracticeSessions[ProcedureVisitor] = PracticeSessions(
            backstage.journal, ProcedureVisitor
        )

    def flow_at(self, path: str) -> Procedure | None:
        """The form whose slug is in the address, or which was replaced by that slug."""
        match = PAGE.fullmatch(path)
        slug = match["slug"] if match else None
        return next((f for f in self.flows if slug in (f.id, f.replaced_by or None)), None)

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """Forms, the page to sign in, robots.txt and the front page."""
        path = request.path
        if match := PAGE.fullmatch(path):
            flow = self.flow_at(path)
            if flow is None:
                return self._front(alert=True)
            return await self._form(request, flow, match["step"], match["slug"])
        if path == "/users/sign_in":
            self.trip(request, "signing in")
            return html(self.pages.render("sign_in.html"))
        if path.startswith(("/commencer/", "/dossiers/new")):
            return found("/users/sign_in")
        if path == "/robots.txt":
            text = "User-agent: *\nDisallow: /users/\nDisallow: /manager/\nDisallow: /rails/\n"
            return web.Response(text=text)
        if path == "/":
            alert = "demarche-inconnue" in request.query
            return html(self.pages.render("front.html", alert=alert))
        return None

    def not_found(self) -> web.Response:
        """The site's own page."""
        return html(self.pages.render("not_found.html"), status=404)

    def _front(self, *, alert: bool) -> web.Response:
        return found("/?demarche-inconnue" if alert else "/")  # the real one is in the session [V]

    async def _form(
        self, request: web.Request, flow: Procedure, step: str, slug: str
    ) -> web.StreamResponse:
        session = self._sessions.get(request.cookies.get(self.cookie))
        self._sessions.begin(session, flow)
        failure = await self.failure(request, flow, step)
        if failure is not None:
            return failure
        response = self._page(request, flow, step, slug)
        if request.cookies.get(self.cookie) != session.id:
            response.set_cookie(self.cookie, session.id, path="/", httponly=True)
        return response

    def _page(self, request: web.Request, flow: Procedure, step: str, slug: str) -> web.Response:
        closed = flow.state == "closed" or (slug == flow.replaced_by and flow.closed_on is not None)
        if step == "fermeture":
            return self._render(request, flow, "closed.html") if closed else found(flow.path)
        if flow.state == "unknown":
            return self._front(alert=True)
        if flow.state == "moved":
            port = request.host.rpartition(":")[2]
            return found(f"http://{flow.moved_host}.localhost:{port}{flow.path}")
        if flow.state == "replaced" and slug == flow.id:
            return found(f"/commencer/{flow.replaced_by}")
        if closed:
            return found(f"/fermeture/{slug}")
        return self._render(request, flow, "open.html")

    def _render(self, request: web.Request, flow: Procedure, template: str) -> web.Response:
        first = request.headers.get("Accept-Language", "").strip().lower()
        english = ProcedureTrap.ENGLISH_LOCALE in flow.traps and not first.startswith("fr")
        closed_on = _written(flow.closed_on, flow.closed_words) if flow.closed_on else ""
        if ProcedureTrap.UNREADABLE_DATE in flow.traps:
            closed_on = "début du printemps"
        text = self.pages.render(
            template,
            flow=flow,
            closed_on=closed_on,
            has=lambda name: ProcedureTrap(name) in flow.traps,
            t=lambda words: Markup(ENGLISH.get(words, words) if english else words),
            lang="en" if english else "fr",
        )
        if ProcedureTrap.TRUNCATED_HTML in flow.traps:
            response = html(text[: text.index("<!-- answer -->")])
            response.force_close()
            return response
        return html(text)


def _written(day: date, words: str) -> str:
    if words == "short":
        return f"{day:%d/%m/%Y}"
    return f"{'1er' if day.day == 1 else day.day} {MONTHS[day.month - 1]} {day.year}"
