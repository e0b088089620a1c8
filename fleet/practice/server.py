"""
The practice server: one loopback port, one virtual host for each practice prefecture.

Chromium resolves every `*.localhost` to the loopback by itself. A form is found by the Host
header and its number; by number alone at 127.0.0.1 or localhost when only one form has it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Self

from aiohttp import web

from fleet.practice import traps
from fleet.practice.engine import ASSIGN, BOOKING, Call, Engine
from fleet.practice.faults import Faults
from fleet.practice.forms import Form, Trap
from fleet.practice.journal import Journal, LoggedRequest, Progress, Session, Tripwire
from fleet.practice.offers import PARIS
from fleet.practice.pages import Pages, html
from fleet.practice.prefectures import PREFECTURES

COOKIE = "eZSESSID"
BARE_HOSTS = ("127.0.0.1", "localhost", "[::1]")
INDEXES = ("/", "/Prendre-un-rendez-vous", "/Rendez-vous-demarches-prefecture-de-police")
STATIC_FOLDERS = ("/var/ide_site/", "/extension/")
HANGING_IMAGE = "/extension/bookingserver/design/standard/images/jamais.png"


def paris_now() -> datetime:
    """The default clock."""
    return datetime.now(PARIS)


class PracticeServer:
    """
    Practice prefectures, served from `async with` to its end.

    Args:
        forms: what to serve; several may share a host.
        clock: gives aware instants. Offers and the calendar go by it.
        latency_s: waited before every page and AJAX answer, not before static files.
        port: 0 takes a free one; see `port` once the server runs.
    """

    def __init__(
        self,
        forms: Iterable[Form] = PREFECTURES,
        *,
        clock: Callable[[], datetime] = paris_now,
        latency_s: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.forms = tuple(forms)
        self.host = host
        self.port = port
        self._by_key = {(form.hostname, form.id): form for form in self.forms}
        if len(self._by_key) != len(self.forms):
            raise ValueError("practice forms: two of them have the same host and id")
        self._latency_s = latency_s
        self._closing = asyncio.Event()
        self._journal = Journal(clock)
        self._pages = Pages()
        self._faults = Faults(self._closing)
        self._engine = Engine(self._pages, self._journal, self._faults, clock)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._handle)
        # Cancelling a handler with its connection is what ends a hang nobody waits for any more.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def tripwires(self) -> list[Tripwire]:
        """Requests that would have taken a slot on a real site. Must stay empty."""
        return self._journal.tripwires

    @property
    def requests(self) -> list[LoggedRequest]:
        """The latest requests of all kinds, oldest first."""
        return list(self._journal.requests)

    @property
    def home(self) -> str:
        """Address of the list of all practice prefectures."""
        return f"http://localhost:{self.port}/"

    def url(self, form: Form) -> str:
        """Address where a visitor of the form starts."""
        return f"http://{form.hostname}:{self.port}{form.path}"

    def visits(self, form: Form) -> int:
        """Number of visits so far: sessions that began at step 0 of the form."""
        return self._journal.visits(form)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        token = request.cookies.get(COOKIE, "")
        self._journal.trip_by_address(request.host, request.method, request.path_qs)
        status = 0
        try:
            response = await self._answer(request)
            cut_off = request.transport is None or request.transport.is_closing()
            status = 0 if cut_off else response.status
            issued = response.cookies.get(COOKIE)
            token = issued.value if issued else token
            return response
        except ConnectionResetError:
            return web.Response()  # the visitor left in the middle of a streamed answer
        finally:
            self._journal.log(request.host, request.method, request.path_qs, status, token)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path == HANGING_IMAGE:
            return await self._faults.hang(request)
        if path.startswith(STATIC_FOLDERS) or path == "/sw.js":
            return self._pages.static(request) or self._not_found(request)
        if self._latency_s:
            await self._faults.wait(self._latency_s)
        if match := BOOKING.fullmatch(path):
            return await self._booking(request, match)
        if match := ASSIGN.fullmatch(path):
            return await self._assign(request, match)
        return self._other(request)

    async def _booking(self, request: web.Request, match: re.Match[str]) -> web.StreamResponse:
        form = self._form(request, match["id"])
        if form is None:
            return self._not_found(request)
        step = int(match["step"] or 0)
        session = self._journal.session(request.cookies.get(COOKIE))
        progress = self._progress(session, form, step)
        failure = await self._failure(request, form, step)
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
        if not response.prepared and request.cookies.get(COOKIE) != session.id:
            response.set_cookie(COOKIE, session.id, path="/", httponly=True)
        return response

    def _progress(self, session: Session, form: Form, step: int) -> Progress:
        begin = self._journal.begin if step == 0 else self._journal.progress
        return begin(session, form)

    async def _assign(self, request: web.Request, match: re.Match[str]) -> web.StreamResponse:
        form = self._form(request, match["id"])
        if form is None:
            return self._not_found(request)
        failure = await self._failure(request, form, "grid")
        if failure is not None:
            return failure
        if Trap.GRID_NEVER in form.traps:
            return await self._faults.hang(request)
        session = self._journal.session(request.cookies.get(COOKIE))
        return await self._engine.assign(form, self._journal.progress(session, form), match)

    async def _failure(
        self, request: web.Request, form: Form, step: int | Literal["grid"]
    ) -> web.Response | None:
        method = "GET" if step == "grid" else request.method
        fault = self._faults.due(form, step, method, self.visits(form))
        return None if fault is None else await self._faults.answer(fault, request)

    def _other(self, request: web.Request) -> web.Response:
        path, name = request.path.removeprefix("/index.php"), _hostname(request)
        if path == "/practice.json":
            return web.json_response(self.report())
        if path.startswith("/ezjscore/call/bookingserver::captcha"):
            return web.Response(body=self._pages.file("captcha.png"), content_type="image/png")
        if path.startswith(f"{traps.FRAME_PATH}/"):
            form = self._form(request, path.rsplit("/", 1)[-1])
            if form is not None:
                values = self._pages.form_values(form, "", printing=False, english=False)
                return html(self._pages.render("frame.html", **values))
        if path == traps.LOGIN_PATH:
            return html(self._pages.render("login.html"))
        if (path or "/") in INDEXES:
            here = [form for form in self.forms if form.hostname == name]
            if here:
                values = self._pages.form_values(here[0], "", printing=False, english=False)
                return html(self._pages.render("index.html", **{**values, "forms": here}))
            if name in BARE_HOSTS:
                return html(self._pages.render("home.html", **self.report()))
        return self._not_found(request)

    def report(self) -> dict[str, Any]:
        """What `/practice.json` says: forms with their visits, tripwires, latest requests."""
        forms = [
            {
                "department": form.department,
                "prefecture": form.prefecture,
                "title": form.title,
                "flow": form.flow,
                "control": form.control,
                "measured": form.measured,
                "plannings": [planning.id for planning in form.plannings],
                "summary": form.summary,
                "url": self.url(form),
                "visits": self.visits(form),
            }
            for form in self.forms
        ]
        return {
            "forms": forms,
            "visits": sum(self.visits(form) for form in self.forms),
            "tripwires": [_plain(tripwire) for tripwire in self.tripwires],
            "requests": [_plain(logged) for logged in self.requests],
        }

    def _form(self, request: web.Request, form_id: str) -> Form | None:
        name = _hostname(request)
        form = self._by_key.get((name, form_id))
        if form is None and name in BARE_HOSTS:
            same = [candidate for candidate in self.forms if candidate.id == form_id]
            form = same[0] if len(same) == 1 else None
        return form

    def _not_found(self, request: web.Request) -> web.Response:
        return html(self._pages.render("not_found.html"), status=404)


def _hostname(request: web.Request) -> str:
    return re.sub(r":\d+$", "", request.host).lower()


def _plain(entry: Tripwire | LoggedRequest) -> dict[str, Any]:
    return {**asdict(entry), "at": entry.at.isoformat()}


async def serve(
    forms: Iterable[Form] = PREFECTURES,
    *,
    stop: asyncio.Event,
    announce: Callable[[str], None] = print,
    clock: Callable[[], datetime] = paris_now,
    latency_s: float = 0.0,
    host: str = "127.0.0.1",
    port: int = 0,
) -> None:
    """Serve until `stop` is set; `announce` gets one French line once the server answers."""
    server = PracticeServer(forms, clock=clock, latency_s=latency_s, host=host, port=port)
    async with server:
        announce(f"Préfectures d'entraînement : {server.home}")
        await stop.wait()
