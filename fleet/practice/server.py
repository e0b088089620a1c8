"""
The practice server: one loopback port, one virtual host for each practice prefecture.

Chromium resolves every `*.localhost` to the loopback by itself. A site is found by the Host
header; at 127.0.0.1 or localhost by the address alone, when only one site knows it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from fleet.practice.anef import Portal, PortalSite
from fleet.practice.bookingserver import BookingSite, Form
from fleet.practice.demarches_simplifiees import Procedure, ProcedureSite
from fleet.practice.eappointment import Appointment, AppointmentSite
from fleet.practice.faults import Faults
from fleet.practice.flow import Flow
from fleet.practice.journal import Journal, LoggedRequest, Tripwire
from fleet.practice.offers import PARIS
from fleet.practice.pages import PracticePages, html
from fleet.practice.prefectures import PREFECTURES
from fleet.practice.rdv_prefecture import Demarche, DemarcheSite
from fleet.practice.rdv_service_public import RdvMotif, RdvSite
from fleet.practice.site import Backstage, Site

BARE_HOSTS = ("127.0.0.1", "localhost", "[::1]")

SITES: dict[type[Flow], Callable[[Sequence[Any], Backstage], Site[Any]]] = {
    Form: BookingSite,
    Appointment: AppointmentSite,
    Portal: PortalSite,
    RdvMotif: RdvSite,
    Procedure: ProcedureSite,
    Demarche: DemarcheSite,
}
"""Which site serves the flows of a platform."""


def paris_now() -> datetime:
    """The default clock."""
    return datetime.now(PARIS)


class PracticeServer:
    """
    Practice prefectures, served from `async with` to its end.

    Args:
        flows: what to serve; several of one platform may share a host.
        clock: gives aware instants. Offers and the calendar go by it.
        latency_s: waited before every answer, not before static files.
        port: 0 takes a free one; see `port` once the server runs.
    """

    def __init__(
        self,
        flows: Iterable[Flow] = PREFECTURES,
        *,
        clock: Callable[[], datetime] = paris_now,
        latency_s: float = 0.0,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.flows = tuple(flows)
        self.host = host
        self.port = port
        self._latency_s = latency_s
        self._closing = asyncio.Event()
        self._journal = Journal(clock)
        self._pages = PracticePages()
        self._faults = Faults(self._closing)
        self._sites = self._make_sites(Backstage(self._journal, self._faults, clock))
        self._runner: web.AppRunner | None = None

    def _make_sites(self, backstage: Backstage) -> dict[str, Site[Any]]:
        if len({flow.key for flow in self.flows}) != len(self.flows):
            raise ValueError("practice flows: two of them have the same host and id")
        by_host: dict[str, list[Flow]] = {}
        for flow in self.flows:
            by_host.setdefault(flow.hostname, []).append(flow)
        for host, flows in by_host.items():
            if len({type(flow) for flow in flows}) > 1:
                raise ValueError(f"practice flows: {host} has flows of two platforms")
        return {host: SITES[type(flows[0])](flows, backstage) for host, flows in by_host.items()}

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

    def url(self, flow: Flow) -> str:
        """Address where a visitor of the flow starts."""
        return f"http://{flow.hostname}:{self.port}{flow.path}"

    def visits(self, flow: Flow) -> int:
        """Number of visits so far: sessions that began at the first step of the flow."""
        return self._journal.visits(flow)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        site = self._site(request)
        cookie = site.cookie if site else ""
        token = request.cookies.get(cookie, "")
        self._trip_by_address(request)
        status = 0
        try:
            response = await self._answer(request, site)
            cut_off = request.transport is None or request.transport.is_closing()
            status = 0 if cut_off else response.status
            issued = response.cookies.get(cookie)
            token = issued.value if issued else token
            return response
        except ConnectionResetError:
            return web.Response()  # the visitor left in the middle of a streamed answer
        finally:
            self._journal.log(request.host, request.method, request.path_qs, status, token)

    def _trip_by_address(self, request: web.Request) -> None:
        """Trip if the address alone, on any host, would take a slot on some platform."""
        for pattern, why in dict.fromkeys(t for s in self._sites.values() for t in s.tripwires):
            if pattern.search(request.path_qs):
                self._journal.trip(request.host, request.method, request.path_qs, why)
                return

    async def _answer(self, request: web.Request, site: Site[Any] | None) -> web.StreamResponse:
        path = request.path
        static = site.static_folders if site else ()
        if site is not None and path.startswith(static):
            response = site.pages.static(request)
            if response is not None:
                return response
        elif self._latency_s:
            await self._faults.wait(self._latency_s)
        if path == "/practice.json":
            return web.json_response(self.report())
        answer = await site.answer(request) if site else None
        if answer is not None:
            return answer
        if path == "/" and _hostname(request) in BARE_HOSTS:
            return html(self._pages.render("home.html", **self.report()))
        if path == "/practice.css":
            return self._pages.static(request) or web.Response(status=404)
        return site.not_found() if site else web.Response(status=404, text="Not Found\n")

    def report(self) -> dict[str, Any]:
        """What `/practice.json` says: flows with their visits, tripwires, latest requests."""
        flows = [
            {
                "department": flow.department,
                "prefecture": flow.prefecture,
                "title": flow.title,
                "flow": flow.flow,
                "control": flow.control,
                "measured": getattr(flow, "measured", None),
                "plannings": [planning.id for planning in getattr(flow, "plannings", ())],
                "summary": flow.summary,
                "url": self.url(flow),
                "visits": self.visits(flow),
            }
            for flow in self.flows
        ]
        return {
            "forms": flows,
            "visits": sum(self.visits(flow) for flow in self.flows),
            "tripwires": [_plain(tripwire) for tripwire in self.tripwires],
            "requests": [_plain(logged) for logged in self.requests],
        }

    def _site(self, request: web.Request) -> Site[Any] | None:
        name = _hostname(request)
        if name not in BARE_HOSTS:
            return self._sites.get(name)
        same = [site for site in self._sites.values() if site.flow_at(request.path)]
        return same[0] if len(same) == 1 else None


def _hostname(request: web.Request) -> str:
    return re.sub(r":\d+$", "", request.host).lower()


def _plain(entry: Tripwire | LoggedRequest) -> dict[str, Any]:
    return {**asdict(entry), "at": entry.at.isoformat()}


async def serve(
    flows: Iterable[Flow] = PREFECTURES,
    *,
    stop: asyncio.Event,
    announce: Callable[[str], None] = print,
    clock: Callable[[], datetime] = paris_now,
    latency_s: float = 0.0,
    host: str = "127.0.0.1",
    port: int = 0,
) -> None:
    """Serve until `stop` is set; `announce` gets one French line once the server answers."""
    server = PracticeServer(flows, clock=clock, latency_s=latency_s, host=host, port=port)
    async with server:
        announce(f"Préfectures d'entraînement : {server.home}")
        await stop.wait()
