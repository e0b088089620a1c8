"""A site cannot lead a visit inside: to this machine, or to the networks around it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

import fleet
from fleet.browser import arguments
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.models import Attempt, Outcome, Verdict
from fleet.settings import Settings
from fleet.visit.attempt import attempt
from tests.answering import answering
from tests.conftest import QUICK
from tests.visit.test_attempt import scripted
from tests.visit.ways_out import SAID, page, script, worker

pytestmark = pytest.mark.process

SITE = "site.localhost"
REBOUND = "rebound.example.org"


@dataclass
class Neighbourhood:
    """A site that is ours to visit, and beside it what stands inside and is never to be asked."""

    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    site: int = 0
    port: int = 0
    chromium: Chromium = field(init=False)

    async def answer(self, request: web.Request) -> web.Response:
        text = self.pages.get(request.path, page("vide"))
        if text.startswith("->"):
            return web.Response(status=302, headers={"Location": self.named(text[2:])})
        return web.Response(text=self.named(text), content_type="text/html")

    async def answer_inside(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        return web.Response(text="password=secret", headers={"Access-Control-Allow-Origin": "*"})

    def named(self, text: str) -> str:
        return text.replace("PORT", str(self.port)).replace("REBOUND", f"{REBOUND}:{self.port}")


@pytest.fixture(scope="module")
async def around() -> AsyncIterator[Neighbourhood]:
    """One for all tests here, with a Chromium that reaches this machine only, and may ask none of
    it but the site; by its address the site counts as public."""
    both = Neighbourhood()
    rules = arguments.LOOPBACK_ONLY.replace("MAP *", f"MAP {REBOUND} 127.0.0.1, MAP *")
    async with answering(both.answer) as both.site, answering(both.answer_inside) as both.port:
        public = f"--ip-address-space-overrides=127.0.0.1:{both.site}=public"
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(arguments, "LOOPBACK_ONLY", rules)
            patched.setattr(arguments, "ARGUMENTS", (*arguments.ARGUMENTS, public))
            async with Chromium(
                find_chromium(Settings().chromium),
                fleet_version=fleet.__version__,
                loopback_only=True,
                internal_hosts=(SITE,),
            ) as both.chromium:
                yield both


@pytest.fixture(autouse=True)
def fresh(around: Neighbourhood) -> None:
    around.pages.clear()
    around.asked.clear()


async def seen(around: Neighbourhood, path: str = "/", *, then: str | None = None) -> Attempt:
    async def look(visit: fleet.Visit) -> Outcome:
        await visit.open()
        if then is not None:
            await visit.press("Suite") if then == "press" else await visit.open(around.named(then))
        return await visit.decide(closed=[visit.text(SAID)])

    url = f"http://{SITE}:{around.site}{path}"
    kept = await attempt(scripted(look, url), around.chromium, run_id="test", limits=QUICK)
    assert around.chromium.open_contexts == 0
    assert all(b"secret" not in file.content for file in kept.files)
    return kept.attempt


LED = {
    "redirect": "->http://127.0.0.1:PORT/redirect",
    "location": script("location = 'http://127.0.0.1:PORT/location'"),
    "refresh": page("", '<meta http-equiv="refresh" content="0;url=http://127.0.0.1:PORT/meta">'),
    "posted form": page(
        "<form method=post action='http://127.0.0.1:PORT/post'></form>"
        "<script>document.forms[0].submit()</script>"
    ),
    "download": page(
        "<a download href='http://127.0.0.1:PORT/file'>x</a><script>document.links[0].click()</script>"
    ),
    "frame for the whole window": page(
        "<iframe srcdoc=\"<script>top.location='http://127.0.0.1:PORT/top'</script>\"></iframe>"
    ),
    "name that was rebound": script("location = 'http://REBOUND/rebound'"),
    "redirect to a name that was rebound": "->http://REBOUND/rebound",
}
"""Pages that lead inside; asked by the last two is what no rule could know before."""


async def test_a_visit_that_is_led_inside_does_not_go_and_says_so(around: Neighbourhood) -> None:
    around.pages |= {f"/{number}": text for number, text in enumerate(LED.values())}
    around.pages["/press"] = page("<a href='http://127.0.0.1:PORT/press'>Suite</a>")
    around.pages["/open"] = page("<p>vide")
    more = {"press": ("/press", "press"), "open": ("/open", "http://127.0.0.1:PORT/open")}
    tried = {way: (f"/{number}", None) for number, way in enumerate(LED)} | more
    for way, (path, then) in tried.items():
        got = await seen(around, path, then=then)
        assert got.verdict == Verdict.CRASHED, (way, got.detail)
        assert "led inside and did not go" in got.detail, way
        assert "FLEET_INTERNAL_HOSTS" in got.detail, way

    # which of the two names leads here no rule could know before; nothing of it was kept
    assert {*around.asked} <= {"GET /rebound"}


async def test_frames_do_not_show_what_is_inside_however_it_is_spelt(around: Neighbourhood) -> None:
    spelt = {
        "127.0.0.1": "127.0.0.1",
        "2130706433": "127.0.0.1",
        "0x7f.1": "127.0.0.1",
        "0177.0.0.01": "127.0.0.1",
        "127.1": "127.0.0.1",
        "%31%32%37.0.0.1": "127.0.0.1",
        "127。0。0。1": "127.0.0.1",
        "１２７.0.0.1": "127.0.0.1",
        "0.0.0.0": "0.0.0.0",
        "[::1]": "[::1]",
        "[::ffff:127.0.0.1]": "[::ffff:7f00:1]",
        "localhost": "localhost",
        "LOCALHOST.": "localhost.",
        "a.localhost": "a.localhost",
    }
    frames = "".join(f"<iframe src='http://{host}:PORT/{host}'></iframe>" for host in spelt)
    around.pages["/"] = page(f"{frames}<p>{SAID}")

    got = await seen(around)

    assert around.asked == []
    assert got.verdict in (Verdict.CLOSED, Verdict.UNRECOGNISED), got.detail
    for host in {*spelt.values()}:
        assert any(f"GET http://{host}:{around.port}/" in note for note in got.notes), host


async def test_what_a_page_asks_for_besides_does_not_reach_inside(around: Neighbourhood) -> None:
    """By whatever name: the site's own address counts as public here, the other as what it is."""
    ways: list[str] = []
    for host in ("127.0.0.1:PORT", "b.localhost:PORT", "REBOUND"):
        url = f"http://{host}"
        fetched = f"fetch('{url}/worker', {{mode: 'no-cors'}}).catch(() => 0)"
        ways.append(
            f"<img src='{url}/image'><script src='{url}/script'></script>"
            f"<link rel=stylesheet href='{url}/style'><iframe src='{url}/frame'></iframe>"
            f"<object data='{url}/object'></object><video src='{url}/video'></video>"
            f"<link rel=prefetch href='{url}/prefetch'><link rel=preload as=fetch href='{url}/pre'>"
            f"<iframe name=f{len(ways)}></iframe>"
            f"<form method=post target=f{len(ways)} action='{url}/framed-form'></form>"
            f"<script>document.forms[{len(ways)}].submit();"
            f"fetch('{url}/fetch', {{mode: 'no-cors'}}).catch(() => 0);"
            f"fetch('{url}/space', {{targetAddressSpace: 'loopback'}}).catch(() => 0);"
            f"navigator.sendBeacon('{url}/beacon', 'x'); new EventSource('{url}/events');"
            f"fetch('/to?{host}', {{mode: 'no-cors'}}).catch(() => 0);"
            f"try {{ new WebTransport('{url.replace('http', 'https')}/transport') }} catch {{ }}"
            f"{worker(fetched)}</script>"
        )
    around.pages["/"] = page(
        "".join(ways) + f"<script>setTimeout(() => document.body.append('{SAID}'), 700)</script>"
    )
    around.pages["/to"] = "->http://REBOUND/redirected"

    got = await seen(around)

    assert around.asked == []
    assert got.verdict in (Verdict.CLOSED, Verdict.UNRECOGNISED), got.detail
    assert any(note.startswith("not sent: GET http://127.0.0.1") for note in got.notes), got.notes


async def test_a_public_name_that_the_resolver_leads_inside_is_not_asked(
    around: Neighbourhood, monkeypatch: pytest.MonkeyPatch
) -> None:
    def resolve(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 0))]

    around.pages["/"] = script("location = 'http://REBOUND/latest/meta-data/'")
    monkeypatch.setattr(socket, "getaddrinfo", resolve)

    got = await seen(around)

    assert around.asked == []
    assert "169.254.169.254, a link-local address" in got.detail


async def test_a_host_that_the_operator_names_is_visited(around: Neighbourhood) -> None:
    around.pages["/"] = page(f"<p>{SAID}")

    got = await seen(around)

    assert got.verdict == Verdict.CLOSED, got.detail
