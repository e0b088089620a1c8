"""
A site whose pages try every way out, and which writes down what arrives.

`TAKES` takes a slot by being asked for, a POST from one of `CALENDARS` takes one too. Each way is
a page; docs/conduct.md has the same list.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from aiohttp import web

TAKES = "/booking/create/717/5"
CALENDARS = ("/booking/create/717/4", "/rdvpref/reservation/demarche/4418/creneau/")
HEAD = '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Rendez-vous</title>'
SAID = "Tout est dit"
SAY = f"document.body.append('{SAID}')"
LATER = "for (let n = 0; n < 12; n++) await fetch('/wait');"
"""What follows has not been sent by then, if it is ever sent: each answer takes a while."""


def page(body: str, head: str = "") -> str:
    return f"{HEAD}{head}<body><h1>Rendez-vous</h1>{body}</body></html>"


def script(code: str) -> str:
    return page(f"<script>{code}</script>")


def worker(code: str) -> str:
    return f"new Worker(URL.createObjectURL(new Blob([`{code}`])))"


GETS = {
    "navigation by script": script(f"location = '{TAKES}'"),
    "navigation API": script(f"navigation.navigate('{TAKES}')"),
    "meta refresh": page("", f'<meta http-equiv="refresh" content="0;url={TAKES}">'),
    "redirect": script("location = '/redirect'"),
    "form, GET": page(f'<form action="{TAKES}"></form><script>document.forms[0].submit()</script>'),
    "download": page(f'<a download href="{TAKES}">x</a><script>document.links[0].click()</script>'),
    "frame": page(f'<iframe src="{TAKES}"></iframe>'),
    "object": page(f'<object data="{TAKES}"></object>'),
    "fetch": script(f"fetch('{TAKES}')"),
    "fetch, address named in a header": script(
        f"fetch('/plain', {{headers: {{'X-Original-URL': '{TAKES}'}}}})"
    ),
    "fetch of a redirect": script("fetch('/redirect')"),
    "fetch when the page is left": script(
        f"onpagehide = () => fetch('{TAKES}', {{keepalive: true}}); location = '/plain'"
    ),
    "fetchLater": script(f"fetchLater('{TAKES}', {{activateAfter: 0}})"),
    "XMLHttpRequest": script(f"const x = new XMLHttpRequest(); x.open('GET', '{TAKES}'); x.send()"),
    "EventSource": script(f"new EventSource('{TAKES}')"),
    "image": page(f'<img src="{TAKES}">'),
    "image, spelt otherwise": page('<img src="/BOOKING/%63reate//717/5">'),
    "script": page(f'<script src="{TAKES}"></script>'),
    "style sheet": page("", f'<link rel="stylesheet" href="{TAKES}">'),
    "prefetch": page("", f'<link rel="prefetch" href="{TAKES}">'),
    "preload": page("", f'<link rel="preload" as="fetch" href="{TAKES}">'),
    "beacon": script(f"navigator.sendBeacon('{TAKES}', 'x')"),
    "ping": page(
        f'<a href="/plain" ping="{TAKES}">x</a><script>document.links[0].click()</script>'
    ),
    "report": page('<img src="http://127.0.0.1:1/x">'),  # with a policy that forbids it
    "worker's script": script(f"new Worker('{TAKES}')"),
    "worker's fetch": script("new Worker('/worker.js')"),
    "worker's import": script(worker(f"importScripts('${{location.origin}}{TAKES}')")),
    "worker's worker": script("new Worker('/nested.js')"),
    "worklet": script(f"new OfflineAudioContext(1, 1, 8000).audioWorklet.addModule('{TAKES}')"),
    "frame's fetch": page('<iframe src="/acts"></iframe>'),
    "frame's fetch, other host": page('<iframe src="http://b.localhost:PORT/acts"></iframe>'),
    "frame's fetch, third depth": page(
        '<iframe src="http://b.localhost:PORT/deep?to=c.localhost"></iframe>'
    ),
    "frame, sandboxed": page('<iframe sandbox="allow-scripts" src="/acts"></iframe>'),
    "frame without address": page(f"<iframe></iframe><script>frames[0].fetch('{TAKES}')</script>"),
    "frame with its text": page(f"<iframe srcdoc=\"<script>fetch('{TAKES}')</script>\"></iframe>"),
}
"""Pages that ask for `TAKES`. Each is stopped, and the attempt `crashed`."""

POST = "<form method=post action=/take></form>"
POSTS = {
    "form": page(f"{POST}<script>document.forms[0].submit()</script>"),
    "form, whole window": page(
        "<form method=post target=_top action=/take></form>"
        "<script>document.forms[0].submit()</script>"
    ),
    "fetch": script("fetch('/take', {method: 'POST'})"),
    "fetch, nobody named": script(
        "fetch('/take', {method: 'POST', referrerPolicy: 'no-referrer'})"
    ),
    "fetch, PUT": script("fetch('/take', {method: 'PUT'})"),
    "fetch, method named in a header": script(
        "fetch('/take', {headers: {'X-HTTP-Method-Override': 'POST'}})"
    ),
    "form, method named in the address": page(
        "<form action=/take><input name=_method value=PUT></form>"
        "<script>document.forms[0].submit()</script>"
    ),
    "XMLHttpRequest": script("const x = new XMLHttpRequest(); x.open('POST', '/take'); x.send()"),
    "beacon": script("navigator.sendBeacon('/take', 'x')"),
    "ping": page("<a href=#x ping=/take>x</a><script>document.links[0].click()</script>"),
    "worker": script(worker("fetch('${location.origin}/take', {method: 'POST'})")),
    "fetch, after its address was changed": script(
        "history.replaceState(0, '', '/plain'); fetch('/take', {method: 'POST'})"
    ),
    "frame without address": page(
        "<iframe></iframe><script>const d = frames[0].document;"
        "d.body.innerHTML = '<form method=post action=/take></form>'; d.forms[0].submit()</script>"
    ),
    "frame with its text": page(
        f'<iframe srcdoc="{POST}<script>document.forms[0].submit()</script>"></iframe>'
    ),
    "frame of the same host": page("<iframe src=/posts></iframe>"),
    "navigation to a document made by it": script(
        f"location = URL.createObjectURL(new Blob([`{POST}<script>document.forms[0].action ="
        " '${location.origin}/take'; document.forms[0].submit()</` + `script>`],"
        " {type: 'text/html'}))"
    ),
    "fetch, when the page is left": script(
        "onpagehide = () => fetch('/take', {method: 'POST', keepalive: true}); location = '/plain'"
    ),
}
"""Calendars that post. Each is stopped, wherever the calendar stands."""


def said(code: str) -> str:
    """A page that tries something which fails in silence, and says so after a while."""
    return script(f"try {{ {code} }} catch (e) {{}} (async () => {{ {LATER} {SAY} }})()")


def rules(text: str) -> str:
    return page(
        f'<a href="{TAKES}">x</a><script type="speculationrules">{text}</script>'
        f"<script>(async () => {{ {LATER} {SAY} }})()</script>"
    )


SOCKET = "ws://${location.host}"
SILENT = {
    "window": said(f"open('{TAKES}')"),
    "window, form": page(
        f'<form method=post target=_blank action="{TAKES}"></form><script>'
        f"document.forms[0].submit(); (async () => {{ {LATER} {SAY} }})()</script>"
    ),
    "shared worker": said("new SharedWorker('/worker.js')"),
    "service worker": said(
        "ServiceWorkerContainer.prototype.register.call(navigator.serviceWorker, '/service.js')"
    ),
    "speculation rules, prefetch": rules(
        f'{{"prefetch": [{{"urls": ["{TAKES}"], "eagerness": "immediate"}}]}}'
    ),
    "speculation rules, prerender": rules(
        f'{{"prerender": [{{"urls": ["{TAKES}"], "eagerness": "immediate"}}]}}'
    ),
    "speculation rules, prerendered page": rules(
        '{"prerender": [{"urls": ["/acts"], "eagerness": "immediate"}]}'
    ),
    "speculation rules, links": rules(
        '{"prefetch": [{"where": {"href_matches": "/*"}, "eagerness": "immediate"}]}'
    ),
    "speculation rules, header": page(f"<script>(async () => {{ {LATER} {SAY} }})()</script>"),
    "speculation rules, put in by a script": said(
        "const s = document.createElement('script'); s.type = 'speculationrules';"
        f"s.textContent = JSON.stringify({{prefetch: [{{urls: ['{TAKES}']}}]}});"
        "document.head.append(s)"
    ),
    "WebSocket": said(f"new WebSocket(`{SOCKET}{TAKES}`)"),
    "WebSocket, other host": said(f"new WebSocket('ws://b.localhost:PORT{TAKES}')"),
    "WebSocketStream": said(f"new WebSocketStream(`{SOCKET}{TAKES}`)"),
    "WebSocket of a worker": said(worker(f"new WebSocket('ws://a.localhost:PORT{TAKES}')")),
    "WebSocket of a frame": page(
        "<iframe src='http://b.localhost:PORT/socket'></iframe>"
        f"<script>(async () => {{ {LATER} {SAY} }})()</script>"
    ),
    "WebRTC, datagrams": said(
        "const c = new RTCPeerConnection({iceServers: [{urls: 'stun:127.0.0.1:PORT'}]});"
        "c.createDataChannel('a'); c.createOffer().then((offer) => c.setLocalDescription(offer))"
    ),
}
"""Pages that try what fails without a word. Nothing arrives."""


@dataclass
class WaysOut(asyncio.DatagramProtocol):
    """The site. `sent` is what arrived and would have taken a slot."""

    pages: dict[str, str] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    port: int = 0

    def url(self, path: str, host: str = "a.localhost") -> str:
        return f"http://{host}:{self.port}{path}"

    async def answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.lower()
        told = request.headers.get("X-HTTP-Method-Override") or request.query.get("_method")
        path = request.headers.get("X-Original-URL", path)
        if (told or request.method) in ("POST", "PUT") or path.startswith(TAKES):
            self.sent.append(f"{request.method} {request.path_qs}")
            return web.Response(text="Votre créneau est réservé", content_type="text/html")
        if path == "/redirect":
            return web.Response(status=302, headers={"Location": TAKES})
        if path == "/worker.js":
            return _code(f"fetch('{TAKES}')")
        if path == "/wait":
            await asyncio.sleep(0.1)
        if path == "/rules.json":
            wanted = {"prefetch": [{"urls": [TAKES], "eagerness": "immediate"}]}
            return web.json_response(wanted, content_type="application/speculationrules+json")
        if path == "/service.js":
            return _code(f"oninstall = () => fetch('{TAKES}')")
        if path == "/nested.js":
            return _code("new Worker('/worker.js')")
        text = self.pages.get(request.path) or {
            "/acts": script(f"fetch('{self.url(TAKES)}', {{mode: 'no-cors'}})"),
            "/own": script(f"fetch('{TAKES}')"),
            "/socket": script(f"new WebSocket(`{SOCKET}{TAKES}`)"),
            "/posts": POSTS["fetch"],
            "/deep": page(
                f"<iframe src='{self.url('/acts', request.query.get('to', ''))}'></iframe>"
            ),
        }.get(request.path, page("vide"))
        return web.Response(
            text=text.replace("PORT", str(self.port)),
            content_type="text/html",
            headers=self.headers.get(request.path, {}),
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Datagrams at the site's port."""

    def connection_lost(self, exc: Exception | None) -> None:
        pass

    def datagram_received(self, data: bytes, address: object) -> None:
        self.sent.append(f"{len(data)} bytes as a datagram")


def _code(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/javascript")


@contextlib.asynccontextmanager
async def ways_out(
    pages: dict[str, str], headers: dict[str, dict[str, str]] | None = None
) -> AsyncIterator[WaysOut]:
    """The site with these pages, by path; at any host of the loopback."""
    site = WaysOut(pages, headers or {})
    application = web.Application()
    application.router.add_route("*", "/{tail:.*}", site.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        site.port = runner.addresses[0][1]
        datagrams, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: site, local_addr=("127.0.0.1", site.port)
        )
        yield site
        datagrams.close()
    finally:
        await runner.cleanup()
