"""
One host of eAppointment: which request is for what.

    entry ─post code→ appointment.do?sitekey= ─302→ element/jsp/appointment.jsp: the motives
    « Continuer » ─ AjaxMotive.motiveMultiSiteSubmit ┬ a box with a sentence
                                                     └ POST form2 ─302→ 3/4, the same address
    « Continuer » on 3/4 ─ checkSelectionValidity ─ POST form2 ─302→ 4/4: a tripwire each

Addresses, the names of calls and `form2` are the site's own [V]. Inferred [I]: that `form2` is
posted to `appointment.do` and answered by a 302, and which call « Continuer » makes on 3/4.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from aiohttp import web

from fleet.practice.eappointment.flow import (
    BASE,
    CALENDAR_TRAPS,
    ENTRY,
    Appointment,
    AppointmentTrap,
)
from fleet.practice.eappointment.months import months
from fleet.practice.journal import PracticeSessions
from fleet.practice.offers import PARIS, Offers, always
from fleet.practice.pages import PracticePages, found, html
from fleet.practice.site import Backstage, Site

APPOINTMENT = f"{BASE}/appointment.do"
STEPS = f"{BASE}/element/jsp/appointment.jsp"
AVAILABILITIES = f"{BASE}/dwr/call/plaincall/AjaxMotive.motiveMultiSiteSubmit.dwr"
VALIDITY = f"{BASE}/dwr/call/plaincall/AjaxSelectionFormFeeder.checkSelectionValidity.dwr"
CAPTCHA = f"{BASE}/captcha"

NO_SLOTS = {
    "motives": "Aucun rendez-vous n'est possible pour les motifs selectionnnés ou le créneau"
    " horaire séléctionné.",
    "service": "Il n'y a pas de rendez-vous disponible pour ce service.",
}
"""Real sentences, with their mistakes: the first of three checkers, the second of one [B]."""

OTHER_WORDS = "Le service de prise de rendez-vous est en cours de réorganisation."
NOTHING_HAPPENS = frozenset(
    {
        AppointmentTrap.SILENT,
        AppointmentTrap.QUOTED_SENTENCE,
        AppointmentTrap.HIDDEN_SENTENCE,
        AppointmentTrap.COMMENT_SENTENCE,
    }
)


@dataclass(slots=True)
class DeskProgress:
    """How far one session has come at one desk; `opened` tells the desk it opened last."""

    visit: int
    opened: int = 0
    step: int = 2
    chosen: tuple[str, ...] = ()


class AppointmentSite(Site[Appointment]):
    """The site of a prefecture, with one or several desks."""

    cookie = "JSESSIONID"
    static_folders = (f"{BASE}/css/", f"{BASE}/js/")
    tripwires = (
        (re.compile(r"\.checkSelectionValidity\b"), "choice of a slot (3/4)"),
        (re.compile(r"\.confirm\w*Appointment"), "confirmation of an appointment"),
        (re.compile(r"/eAppointment[^/?#]*/captcha"), "captcha picture of 4/4"),
    )

    def __init__(self, flows: Sequence[Appointment], backstage: Backstage) -> None:
        super().__init__(flows, backstage, PracticePages("fleet.practice.eappointment"))
        self._sessions: PracticeSessions[DeskProgress] = PracticeSessions(
            backstage.journal, DeskProgress
        )
        self._openings = 0

    def flow_at(self, path: str) -> Appointment | None:
        """The desk, if the host has only one: the path says none."""
        return self.flows[0] if path.startswith(BASE) and len(self.flows) == 1 else None

    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """Entry page, steps, calls and the captcha's picture."""
        path = request.path
        if path in ("/", ENTRY):
            return html(self.pages.render("entry.html", flow=self.flows[0], base=BASE))
        if path == CAPTCHA:
            return web.Response(body=self.pages.file("code.svg"), content_type="image/svg+xml")
        if path == APPOINTMENT and request.method == "GET":
            return await self._open(request)
        where = self._where(request)
        if where is None:
            return found(ENTRY) if path in (APPOINTMENT, STEPS) else None
        flow, progress = where
        if path == STEPS:
            return await self._step(request, flow, progress)
        if path == APPOINTMENT:
            return await self._send(request, flow, progress)
        if path == AVAILABILITIES:
            return await self._availabilities(request, flow, progress)
        if path == VALIDITY:
            return _call_answer({"valid": True})
        return None

    def _where(self, request: web.Request) -> tuple[Appointment, DeskProgress] | None:
        session = self._sessions.get(request.cookies.get(self.cookie))
        mine = [(f, session.progress[f.key]) for f in self.flows if f.key in session.progress]
        return max(mine, key=lambda each: each[1].opened) if mine else None

    async def _open(self, request: web.Request) -> web.Response:
        flow = next((f for f in self.flows if f.id == request.query.get("sitekey")), None)
        if flow is None:
            return found(ENTRY)
        session = self._sessions.get(request.cookies.get(self.cookie))
        progress = self._sessions.begin(session, flow)
        failure = await self.failure(request, flow, "motives")
        if failure is not None:
            return failure
        self._openings += 1
        progress.opened = self._openings
        progress.step = 2 if flow.motives else 3
        progress.chosen = ()
        response = found(ENTRY if AppointmentTrap.ENTRY_AGAIN in flow.traps else STEPS)
        response.set_cookie(self.cookie, session.id, path=BASE, httponly=True)
        return response

    async def _step(
        self, request: web.Request, flow: Appointment, progress: DeskProgress
    ) -> web.Response:
        if progress.step == 3:
            failure = await self.failure(request, flow, "calendar")
            if failure is not None:
                return failure
        if progress.step == 4:
            self.trip(request, "personal form (4/4)")
        name = {2: "motives", 3: "calendar", 4: "personal", 5: "confirmed"}[progress.step]
        for trap in (
            AppointmentTrap.ERROR_PAGE,
            AppointmentTrap.MAINTENANCE,
            AppointmentTrap.CAPTCHA_BEFORE,
        ):
            if trap in flow.traps:
                name = trap
        today = self.backstage.clock().astimezone(PARIS).date()
        text = self.pages.render(
            f"{name}.html",
            flow=flow,
            base=BASE,
            step=progress.step,
            sentence=NO_SLOTS[flow.wording],
            months=months(today, self.days(flow, progress)),
            has=lambda trap: AppointmentTrap(trap) in flow.traps,
        )
        return html(text)

    async def _send(
        self, request: web.Request, flow: Appointment, progress: DeskProgress
    ) -> web.Response:
        data = await request.post()
        if progress.step >= 3:
            self.trip(request, f"POST made from {progress.step}/4")
            progress.step = min(5, progress.step + 1)
            return found(STEPS)
        failure = await self.failure(request, flow, "send")
        if failure is not None:
            return failure
        progress.chosen = tuple(map(str, data.getall("selectedMotiveKeyList", ())))
        if AppointmentTrap.SESSION_LOST in flow.traps:
            return found(ENTRY)
        if self.days(flow, progress) or flow.traps & CALENDAR_TRAPS:
            progress.step = 3
        return found(STEPS)

    async def _availabilities(
        self, request: web.Request, flow: Appointment, progress: DeskProgress
    ) -> web.Response:
        failure = await self.failure(request, flow, "availabilities")
        if failure is not None:
            return failure
        await self.backstage.faults.wait(flow.slow_s)
        if flow.traps & NOTHING_HAPPENS:
            return web.Response(text="//#DWR-REPLY\n", content_type="text/javascript")
        # « Object_Object:{20:reference:c0-e1} »: the motives that are ticked
        progress.chosen = tuple(re.findall(r"[{,](\d+):reference", await request.text()))
        leads_on = AppointmentTrap.SESSION_LOST in flow.traps or flow.traps & CALENDAR_TRAPS
        if AppointmentTrap.OTHER_ALERT in flow.traps:
            return _call_answer({"foundAvailabilities": False, "msg": OTHER_WORDS})
        if leads_on or self.days(flow, progress):
            return _call_answer({"foundAvailabilities": True, "msg": None})
        return _call_answer({"foundAvailabilities": False, "msg": NO_SLOTS[flow.wording]})

    def days(self, flow: Appointment, progress: DeskProgress) -> set[date]:
        """The Paris days on which every motive that was ticked has a slot."""
        now = self.backstage.clock()
        if flow.traps & {AppointmentTrap.NO_FREE_DAYS, AppointmentTrap.LEGEND_ONLY}:
            return set()
        offers: list[Offers] = [m.offers for m in flow.motives if m.value in progress.chosen]
        if flow.traps & CALENDAR_TRAPS or not flow.motives:
            offers = [always]
        each = [{s.astimezone(PARIS).date() for s in o(progress.visit, now)} for o in offers]
        return set.intersection(*each) if each else set()


def _call_answer(value: dict[str, object]) -> web.Response:
    """The answer of a call, as DWR gives it: a script."""
    said = json.dumps(value, ensure_ascii=False)
    return web.Response(
        text=f"//#DWR-REPLY\ndwr.engine._remoteHandleCallback('1','0',{said});\n",
        content_type="text/javascript",
        charset="utf-8",
    )
