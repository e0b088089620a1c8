"""
Prefectures that lead every visit on to one national site, which writes down what it sees.

`national.localhost` answers `/rdv` as told; every other host leads there, in the way that its
address says (`/redirect`, `/script`, …). Nothing here knows of politeness.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from aiohttp import web

from fleet import Outcome, Visit
from fleet.models import Scenario
from tests.conftest import scenario_of
from tests.engine.test_run import form

HEAD = '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Rendez-vous</title>'
CLOSED = "Ce lien a été désactivé définitivement"

WAYS = {
    "redirect": "",
    "script": "<script>location = 'TO'</script>",
    "refresh": '<meta http-equiv="refresh" content="0;url=TO">',
    "form": "<form method=post action='TO'></form><script>document.forms[0].submit()</script>",
    "link": "<a href='TO'>Prendre rendez-vous</a>",
    "frame": "<iframe src='TO'></iframe>",
}
"""How a prefecture leads on; `TO` is an address of the national site."""


async def look(visit: Visit) -> Outcome:
    await visit.open()
    if "/link" in visit.scenario.url:
        await visit.press("Prendre rendez-vous")
    return await visit.decide(closed=[visit.text(CLOSED)])


@dataclass
class Leading:
    """The sites. `seen` are the national site's visits: when each began and ended."""

    status: int = 200
    robots: str | None = None
    """The national site's."""
    leads: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[float, float]] = field(default_factory=list)
    now: int = 0
    most_at_once: int = 0
    asked: list[str] = field(default_factory=list)
    port: int = 0

    def url(self, host: str, path: str) -> str:
        return f"http://{host}.localhost:{self.port}{path}"

    def flows(self, way: str, hosts: Sequence[str]) -> list[Scenario]:
        return [self.flow(host, f"/{way}") for host in hosts]

    def flow(self, host: str, path: str) -> Scenario:
        own = {"flow": f"{host}{path.replace('/', '-')}", "url": self.url(host, path)}
        return scenario_of(form(host)).model_copy(update={**own, "script": look})

    def count(self, host: str) -> int:
        """Documents that this host was asked for."""
        return sum(each.startswith(f"{host}.") for each in self.asked)

    async def answer(self, request: web.Request) -> web.Response:
        host, path = request.host.partition(":")[0], request.path
        if path == "/robots.txt":
            ours = self.robots if host == "national.localhost" else None
            return web.Response(text=ours) if ours else web.Response(status=404)
        self.asked.append(f"{host}{path}")
        if to := self.leads.get(f"{host}{path}"):
            raise web.HTTPFound(to if "//" in to else self.url(*to.split(".localhost")))
        if host == "national.localhost":
            return await self._national(path)
        to = self.url("national", "/rdv")
        if path == "/redirect":
            raise web.HTTPFound(to)
        way = WAYS.get(path.removeprefix("/"), "")
        shown = CLOSED if path in ("/frame", "/closed") else ""
        return _page(f"<p>{shown}</p>{way.replace('TO', to)}")

    async def _national(self, path: str) -> web.Response:
        began = time.monotonic()
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        await asyncio.sleep(0.2)  # long enough for a second one to be seen, were there one
        self.now -= 1
        self.seen.append((began, time.monotonic()))
        answer = _page(f"<p>{CLOSED}</p>")
        answer.set_status(self.status)
        if self.status in (429, 503):
            answer.headers["Retry-After"] = "3600"
        return answer


def _page(body: str) -> web.Response:
    return web.Response(text=f"{HEAD}<body><h1>Rendez-vous</h1>{body}", content_type="text/html")


@contextlib.asynccontextmanager
async def leading(**told: object) -> AsyncIterator[Leading]:
    """The sites, at one loopback port."""
    site = Leading(**told)  # type: ignore[arg-type]
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", site.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.port = runner.addresses[0][1]
        yield site
    finally:
        await runner.cleanup()
