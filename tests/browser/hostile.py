"""
A site whose pages do to a browser what they can, a way a name.

Floods are as long as it takes to be one; what never ends is on a page of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from tests.answering import answering

SAID = "Tout est dit"
HEAD = '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Rendez-vous</title><body>'


def page(body: str) -> str:
    return f"{HEAD}<h1>Rendez-vous</h1>{body}</body></html>"


def worker(code: str) -> str:
    return f"new Worker(URL.createObjectURL(new Blob([`{code}`])));"


def often(code: str, times: int = 300) -> str:
    return f"for (let n = 0; n < {times}; n++) {{ {code} }}"


FLOODS = {
    # addresses and history
    "pushState": "setInterval(() => { for (let n = 0; n < 2000; n++) history.pushState({}, '', "
    "'?' + n) });",
    "replaceState": often("history.replaceState({a: 'x'.repeat(1e4)}, '', '?' + n)"),
    "fragments": "setInterval(() => { for (let n = 0; n < 2000; n++) location.hash = "
    "Math.random() });",
    "back and forward": often("history.back(); history.forward()"),
    "title": often("document.title = 'x'.repeat(1e5) + n", 50),
    "a huge title": "document.title = 'x'.repeat(2e7);",
    # what is said
    "console": often("console.log('x'.repeat(100))", 2000),
    "console, huge": "console.log('x'.repeat(5e6));",
    "console, objects": often("console.log({a: [1, 2]}, document, window)"),
    "errors": often("setTimeout(() => { throw new Error('x'.repeat(1000)) })", 500),
    "rejections": often("Promise.reject(new Error('x'))", 500),
    "print": often("print()", 20),
    "permissions": often(
        "navigator.geolocation.getCurrentPosition(() => 0, () => 0); "
        "Notification.requestPermission()"
    ),
    "full screen": often("document.body.requestFullscreen().catch(() => 0)"),
    "pointer lock": often("document.body.requestPointerLock()"),
    "share, clipboard, wake lock": often(
        "navigator.clipboard.readText().catch(() => 0); "
        "navigator.wakeLock?.request().catch(() => 0)"
    ),
    "files to choose": often(
        "const i = document.createElement('input'); i.type = 'file'; i.click()"
    ),
    "other schemes": often("location = 'mailto:a' + n + '@example.org'", 100),
    "javascript addresses": often("location = 'javascript:void 0'", 100),
    # windows, frames, files
    "popups": often("open('/plain?' + n)"),
    "popups, long addresses": often("open('/plain?' + 'x'.repeat(1e5))", 20),
    "frames": often("document.body.append(document.createElement('iframe'))", 100),
    "frames that come and go": often(
        "const f = document.createElement('iframe'); document.body.append(f); f.remove()", 200
    ),
    "frames in frames": (
        "let d = document; for (let n = 0; n < 30; n++) {"
        " const f = d.createElement('iframe'); d.body.append(f); d = f.contentDocument }"
    ),
    "frames with documents": often(
        "const f = document.createElement('iframe'); f.src = '/plain?' + n; "
        "document.body.append(f)",
        40,
    ),
    "a frame that moves on": (
        "const f = document.createElement('iframe'); document.body.append(f);"
        "let n = 0; setInterval(() => f.src = '/plain?' + n++, 20);"
    ),
    "downloads of blobs": often(
        "const a = document.createElement('a'); a.download = 'x';"
        "a.href = URL.createObjectURL(new Blob(['x'])); a.click()",
        10,
    ),
    "object, embed, portal": often(
        "for (const e of ['object', 'embed', 'portal', 'fencedframe'])"
        " { const x = document.createElement(e); x.data = x.src = '/plain'; "
        "document.body.append(x) }",
        10,
    ),
    # messages
    "postMessage": "let m = 0; onmessage = () => m++ < 5000 && postMessage('x', '*'); "
    "postMessage('x', '*');",
    "BroadcastChannel": (
        "const one = new BroadcastChannel('a'), two = new BroadcastChannel('a'); let b = 0;"
        "two.onmessage = () => { if (b++ < 2000) one.postMessage('x') }; one.postMessage('x');"
    ),
    "MessageChannel": (
        "const c = new MessageChannel(); let e = 0;"
        "c.port2.onmessage = () => e++ < 5000 && c.port1.postMessage('x'); "
        "c.port1.postMessage('x');"
    ),
    "shared workers": often("try { new SharedWorker('/code') } catch { }", 20),
    "service workers": often("navigator.serviceWorker?.register('/code').catch(() => 0)", 20),
    "workers": often(worker("postMessage('x')"), 20),
    "timers": often("setTimeout(() => setTimeout(() => 0))", 5000),
    "microtasks": often("queueMicrotask(() => 0)", 50_000),
    "mutations": (
        "let u = 0; new MutationObserver(() => u++ < 2000 && document.body.append('x'))"
        ".observe(document.body, {childList: true}); document.body.append('x');"
    ),
    # what is kept
    "localStorage": "for (let n = 0; n < 100; n++) localStorage['k' + n] = 'x'.repeat(1e5);",
    "sessionStorage": "for (let n = 0; n < 100; n++) sessionStorage['k' + n] = 'x'.repeat(1e5);",
    "cookies": often("document.cookie = 'c' + n + '=' + 'x'.repeat(3000)", 500),
    "IndexedDB": (
        "const r = indexedDB.open('d'); r.onupgradeneeded = () => r.result.createObjectStore('s');"
        "r.onsuccess = () => { const t = r.result.transaction('s', 'readwrite').objectStore('s');"
        " for (let n = 0; n < 5; n++) t.put(new Uint8Array(2e6), n) };"
    ),
    "caches": "caches?.open('a').then((c) => c.put('/x', new Response('x'.repeat(1e6))));",
    # requests
    "images": often("new Image().src = '/plain?' + n", 500),
    "images nowhere": often("new Image().src = 'http://h' + n + '.example.org/'", 200),
    "fetches given up": often(
        "const c = new AbortController(); fetch('/slow?' + n, {signal: c.signal}).catch(() => "
        "0); c.abort()",
        100,
    ),
    "beacons": often("navigator.sendBeacon('/plain?' + n, 'x')", 100),
    "event streams": often("new EventSource('/plain?' + n)", 20),
    "WebSockets": often("new WebSocket('ws://' + location.host + '/' + n)", 50),
    "prefetched links": often(
        "const l = document.createElement('link'); l.rel = 'prefetch'; l.href = '/plain?' + n;"
        "document.head.append(l)",
        50,
    ),
    "preconnected hosts": often(
        "const l = document.createElement('link'); l.rel = 'preconnect';"
        "l.href = 'http://h' + n + '.localhost:1'; document.head.append(l)",
        200,
    ),
    "a large body": "fetch('/plain', {method: 'POST', body: 'x'.repeat(2e6)});",
    "forms that bring nothing": often(
        "const f = document.createElement('form'); f.action = '/nothing?' + n; "
        "document.body.append(f);"
        "f.submit(); f.remove()",
        50,
    ),
    # media and pictures
    "video": "document.body.insertAdjacentHTML('beforeend', '<video src=/endless autoplay "
    "muted></video>'.repeat(5));",
    "sound": often(
        "const c = new AudioContext(), o = c.createOscillator(); o.connect(c.destination); "
        "o.start()",
        5,
    ),
    "WebRTC": often(
        "const c = new RTCPeerConnection(); c.createDataChannel('a');"
        "c.createOffer().then((offer) => c.setLocalDescription(offer))",
        20,
    ),
    "WebGL": often(
        "const c = document.createElement('canvas'); c.getContext('webgl')?.clear(16384);"
        "document.body.append(c)",
        20,
    ),
    "canvases": often(
        "const c = document.createElement('canvas'); c.width = c.height = 1000;"
        "c.getContext('2d').fillRect(0, 0, 9, 9)",
        10,
    ),
    "speech": often("speechSynthesis.speak(new SpeechSynthesisUtterance('x'))", 20),
    "a huge element": "document.body.insertAdjacentHTML('beforeend', '<p>x</p>'.repeat(20000));",
    "a deep element": (
        "let e = document.body; for (let n = 0; n < 3000; n++) {"
        " const d = document.createElement('div'); e.append(d); e = d }"
    ),
    "debugger": often("debugger", 500),
    "new code with debugger": often("eval('debugger//' + n)"),
    "leaving is asked back": "onbeforeunload = (event) => { event.preventDefault(); return 'x' };",
}
"""By name, scripts that a page can run and still be read; several are put on one page."""

ENDLESS = {
    "loop": "<script>for (;;);</script>",
    "loop later": "<script>setTimeout(() => { for (;;); }, 100)</script>",
    "loop of WebAssembly": (
        "<script>WebAssembly.instantiate(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, "
        "96, 0, 0,"
        "3, 2, 1, 0, 7, 5, 1, 1, 108, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]))"
        ".then((made) => made.instance.exports.l())</script>"
    ),
    "regular expression": "<script>/(a+)+$/.test('a'.repeat(40) + 'b')</script>",
    "workers that loop": f"<script>{often(worker('for (;;);'), 4)}</script>",
    "alerts": "<script>for (;;) alert('x'.repeat(1e4))</script>",
    "prompts": "<script>for (;;) prompt('x'.repeat(1e4))</script>",
    "memory": "<script>const a = []; setInterval(() => a.push(new Uint8Array(5e7).fill(1)), "
    "5)</script>",
    "animation frames": (
        "<script>const f = () => { for (let n = 0; n < 1e6; n++); document.body.style.color ="
        " `rgb(${Math.random() * 255}, 0, 0)`; requestAnimationFrame(f) }; f()</script>"
    ),
    "animations": (
        "<style>@keyframes a { to { transform: rotate(1turn); filter: blur(9px) } }"
        " div { animation: a .1s infinite; width: 99px; height: 99px; background: red }</style>"
        + "<div></div>"
        * 40
    ),
    "requests": "<script>" + often("fetch('/plain?' + n).catch(() => 0)", 1500) + "</script>",
    "requests that are refused": (
        "<script>" + often("fetch('/booking/create/1/5?' + n).catch(() => 0)", 1100) + "</script>"
    ),
    "requests of workers": (
        "<script>"
        + often(
            worker(
                "for (let n = 0; n < 400; n++) fetch('http://evil.localhost:PORT/'"
                " + n, {mode: 'no-cors'}).catch(() => 0)"
            ),
            3,
        )
        + "</script>"
    ),
    "navigations": "<script>location = '/navigations?' + Math.random()</script>",
    "refreshes": "<meta http-equiv='refresh' content='0;url=/refreshes'>",
    "navigations that bring nothing": (
        "<script>let n = 0; setInterval(() => { location = '/nothing?' + n++ }, 1)</script>"
    ),
    "navigations given up": (
        "<script>let n = 0; setInterval(() => { location = '/slow?' + n++; stop() }, 1)</script>"
    ),
    "a document written anew": (
        "<script>let n = 0; const f = () => { document.open(); document.write('<p>x'); "
        "document.close();"
        " if (n++ < 500) setTimeout(f) }; setTimeout(f)</script>"
    ),
}
"""By name, what keeps its page from being read, or does not end by itself."""


async def _endless(request: web.Request) -> web.StreamResponse:
    return await _stream(request, b"<p>x</p>" * 100, 0.005)


async def _drip(request: web.Request) -> web.StreamResponse:
    return await _stream(request, b"x", 0.2)


async def _huge(request: web.Request) -> web.StreamResponse:
    return await _stream(request, b"<p>" + b"x" * 100_000, 0, times=200)


async def _stream(
    request: web.Request, piece: bytes, pause_s: float, times: int = 2000
) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/html"})
    await answer.prepare(request)
    with contextlib.suppress(ConnectionError):
        for _ in range(times):
            await answer.write(piece)
            await asyncio.sleep(pause_s)
    return answer


async def _circle(request: web.Request) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": f"/circle?{request.query_string}x"})


async def _headers(_: web.Request) -> web.StreamResponse:
    return web.Response(
        text=page("x"), content_type="text/html", headers={f"X-{n}": "x" * 4000 for n in range(55)}
    )


async def _nothing(_: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


async def _slow(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3)
    return web.Response(text="x")


async def _file(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"x", headers={"Content-Disposition": "attachment"})


ANSWERS: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "endless": _endless,
    "drip": _drip,
    "huge": _huge,
    "circle": _circle,
    "headers": _headers,
    "file": _file,
    "nothing": _nothing,
    "slow": _slow,
}
"""What the site answers with something other than a page; the first six are ways, too."""

WAYS = (*FLOODS, *ENDLESS, *list(ANSWERS)[:6])


@contextlib.asynccontextmanager
async def hostile_site(pages: dict[str, str]) -> AsyncIterator[int]:
    """The site with these pages by path, and one at `/good` that has an answer; gives its port."""

    async def answer(request: web.Request) -> web.StreamResponse:
        name = request.path[1:]
        if name in ANSWERS:
            return await ANSWERS[name](request)
        port = str(request.url.port)
        text = page(f"<p>{SAID}") if name == "good" else page(pages.get(name, "vide"))
        return web.Response(text=text.replace("PORT", port), content_type="text/html")

    async with answering(answer) as port:
        yield port
