"""
The replica: which request is for what.

    GET /org/<id> ─302→ GET /prendre_rdv?… ┬ nothing to show
                                           ├ list of places, each with its next availability
                                           └ ?lieu_id=…  a week: slots, or the next availability

All of it is read by GET. A slot leads to `/users/rdv_wizard_step/new`, which asks to sign in;
from there on every request is a tripwire, as are the ways round it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from fleet.practice.journal import PracticeSessions
from fleet.practice.offers import PARIS
from fleet.practice.pages import PracticePages, found, html
from fleet.practice.rdv_service_public.flow import WEEK_TRAPS, RdvMotif, RdvTrap
from fleet.practice.rdv_service_public.week import PlageWeek, human
from fleet.practice.site import Backstage, Site

ORG = re.compile(r"/org/(?P<id>\d+)(?:/[^/]*)?/?")
SEARCH = "/prendre_rdv"
WIZARD = "/users/rdv_wizard_step/new"
SIGN_IN = "/users/sign_in"

ENGLISH = {
    "Malheureusement, aucun créneau correspondant à votre recherche n'a été trouvé.": (
        "Unfortunately, no slot matches your search."
    ),
    "Sélectionnez un lieu de RDV :": "Choose a place:",
    "Sélectionnez un créneau :": "Choose a slot:",
    "Prochaine disponibilité le": "Next availability on",
}
"""Our guess of what an English locale would say; the real site has none."""


@dataclass(slots=True)
class MotifVisitor:
    """What the site remembers of a session."""

    visit: int


class RdvSite(Site[RdvMotif]):
    """The shared site, with one or several motifs of one or several prefectures."""

    cookie = "_lapin_session_id"
    static_folders = ("/assets/",)
    tripwires = (
        (re.compile(r"/users/rdv_wizard_step", re.IGNORECASE), "a slot was chosen"),
        (re.compile(r"/prendre_rdv_prescripteur|/prescripteur", re.IGNORECASE), "robots.txt"),
        (re.compile(r"/creneaux\?.*starts_at=", re.IGNORECASE), "the short way to a slot"),
        (re.compile(r"/users/sign_up", re.IGNORECASE), "an account would be created"),
        (re.compile(r"create_rdv", re.IGNORECASE), "an appointment would be created"),
    )

    def __init__(self, flows: Sequence[RdvMotif], backstage: Backstage) -> None:
        super().__init__(flows, backstage, PracticePages("fleet.practice.rdv_service_public"))
        self._sessions: PracticeSessions[MotifVisitor] = PracticeSessions(
            backstage.journal, MotifVisitor
        )

    def flow_at(self, path: str) -> RdvMotif | None:
        """The motif of a public link; of a search only when there is but one."""
        match = ORG.fullmatch(path)
        if match:
            return next((flow for flow in self.flows if flow.id == match["id"]), None)
        return self.flows[0] if path == SEARCH and len(self.flows) == 1 else None

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """Public links, searches, the steps that are too far, robots.txt and the front page."""
        path = request.path
        if ORG.fullmatch(path):
            flow = self.flow_at(path)
            return await self._step(request, flow, "link") if flow else self._gone()
        if path == SEARCH:
            wanted = request.query.get("public_link_organisation_id")
            flow = next((flow for flow in self.flows if flow.id == wanted), None)
            return await self._step(request, flow, "search") if flow else found("/")
        if path == "/creneaux":
            return found(f"{WIZARD}?{request.query_string}")
        if path == WIZARD:
            return found(SIGN_IN)
        if path == SIGN_IN:
            return self._sign_in(request)
        if path == "/robots.txt":
            return web.Response(
                text="User-agent: *\n"
                "Disallow: /prendre_rdv_prescripteur/\n"
                "Disallow: /prescripteur/\n"
            )
        if path == "/":
            alert = "Organisation non trouvée" if "alerte" in request.query else ""
            return html(self.pages.render("front.html", alert=alert))
        return None

    def not_found(self) -> web.Response:
        """The site's own page."""
        return html(self.pages.render("not_found.html"), status=404)

    def _gone(self) -> web.Response:
        return found("/?alerte")  # the real one is kept in the session [V]

    def _sign_in(self, request: web.Request) -> web.Response:
        sent = any(RdvTrap.LOGIN_WALL in flow.traps for flow in self.flows)
        if request.method != "GET" or not sent:
            self.trip(request, "signing in")
        by_code = any(flow.skin == "2026" for flow in self.flows)  # a code by mail [V]
        return html(self.pages.render("sign_in.html", by_code=by_code))

    async def _step(self, request: web.Request, flow: RdvMotif, step: str) -> web.StreamResponse:
        session = self._sessions.get(request.cookies.get(self.cookie))
        visitor = self._sessions.begin(session, flow)
        failure = await self.failure(request, flow, step)
        if failure is not None:
            return failure
        if step == "link":
            gone = RdvTrap.ORGANISATION_GONE in flow.traps
            response = self._gone() if gone else found(f"{SEARCH}?{urlencode(flow.query)}")
        else:
            response = self._search(request, flow, visitor.visit)
        if request.cookies.get(self.cookie) != session.id:
            response.set_cookie(self.cookie, session.id, path="/", httponly=True)
        return response

    def _search(self, request: web.Request, flow: RdvMotif, visit: int) -> web.Response:
        if RdvTrap.LOGIN_WALL in flow.traps:
            return found(SIGN_IN)
        if RdvTrap.NEXT_WEEK_FAILS in flow.traps and "date" in request.query:
            return web.Response(status=500, text="We're sorry, but something went wrong.\n")
        if RdvTrap.ORGANISATION_GONE in flow.traps:
            return self._gone()
        first = request.headers.get("Accept-Language", "").strip().lower()
        english = RdvTrap.ENGLISH_LOCALE in flow.traps and not first.startswith("fr")
        now = self.backstage.clock().astimezone(PARIS)
        template, values = self._page(request, flow, visit, now)
        text = self.pages.render(
            template,
            flow=flow,
            has=lambda name: RdvTrap(name) in flow.traps,
            t=lambda words: Markup(ENGLISH.get(words, words) if english else words),
            lang="en" if english else "fr",
            slot=f"{WIZARD}?{urlencode({**flow.query, 'starts_at': _rails(now)})}",
            **values,
        )
        if RdvTrap.TRUNCATED_HTML in flow.traps:
            response = html(text[: text.index("Malheureusement")])
            response.force_close()
            return response
        return html(text)

    def _page(
        self, request: web.Request, flow: RdvMotif, visit: int, now: datetime
    ) -> tuple[str, dict[str, Any]]:
        """The template of the answer and its own values."""
        asked = next((t for t in _INSTEAD if t in flow.traps), None)
        if asked is not None:
            return _INSTEAD[asked], {}
        free = {place.id: sorted(place.offers(visit, now)) for place in flow.places}
        place = flow.place(request.query.get("lieu_id"))
        if place is None:
            open_ones = [
                (each, self._link(flow, each.id, free[each.id][0]), human(free[each.id][0]))
                for each in flow.places
                if free[each.id]
            ]
            if not open_ones and RdvTrap.NO_NEXT_AVAILABILITY in flow.traps:
                open_ones = [(each, "", "") for each in flow.places]
            return ("places.html", {"places": open_ones}) if open_ones else ("nothing.html", {})
        same = RdvTrap.SAME_WEEK_AGAIN in flow.traps
        day = now.date() if same else _day(request, now.date())
        week = PlageWeek.of(free[place.id], day, now, flow.closes_after_days)
        if flow.traps & WEEK_TRAPS:
            week = replace(week, next=None)
        empty = flow.traps & {RdvTrap.LEGEND_ONLY, RdvTrap.TITLE_WITHOUT_SLOTS}
        if not free[place.id] and flow.skin == "2026" and not empty:
            return "nothing.html", {}
        links = {
            "before": self._link(flow, place.id, week.begin - timedelta(days=7)),
            "after": self._link(flow, place.id, week.begin + timedelta(days=7)),
            "next": self._link(flow, place.id, week.next) if week.next else "",
            "slots": {
                slot: f"{WIZARD}?{urlencode({**flow.query, 'starts_at': _rails(slot)})}"
                for slot in week.slots
            },
        }
        return "week.html", {"place": place, "week": week, "links": links}

    def _link(self, flow: RdvMotif, place_id: str, at: date) -> str:
        query = {**flow.query, "lieu_id": place_id, "date": _rails(at)}
        return f"{SEARCH}?{urlencode(query)}"


_INSTEAD = {
    RdvTrap.ASKS_MOTIF: "asks_motif.html",
    RdvTrap.ASKS_SERVICE: "asks_service.html",
    RdvTrap.QUOTED_ALONE: "quoted.html",
    RdvTrap.HIDDEN_SENTENCE: "hidden.html",
    RdvTrap.UNKNOWN_WORDING: "unknown.html",
    RdvTrap.MOTIF_GONE: "motif_gone.html",
    RdvTrap.WRONG_DEPARTMENT: "wrong_department.html",
}


def _rails(at: date) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S %z") if isinstance(at, datetime) else at.isoformat()


def _day(request: web.Request, today: date) -> date:
    """The day that a week begins with; a past one or nonsense gives today's."""
    try:
        asked = date.fromisoformat(request.query.get("date", "")[:10])
    except ValueError:
        return today
    return max(asked, today)
