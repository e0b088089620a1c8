"""A page that still asks has not answered; one that never stops asking is told apart."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Outcome
from fleet.rules.requests import gives_appointments, is_quiet, lacking, may_answer
from fleet.rules.signs import PageReading
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from fleet.visit.open_requests import OpenRequests
from fleet.visit.settling import STANDS_S, Settling, Unrest

HEAD = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Prise de rendez-vous</title>'
    '<h1>Choisissez votre créneau</h1><div id="c"><p class="vide">Aucun créneau disponible pour'
    " le moment.</p></div><script>window.show = () => { document.getElementById('c').innerHTML ="
    ' \'<label><input type="radio" name="creneau"> 3 décembre 09:00</label>\'; };</script>'
)
FREE = "<input type=radio name=creneau> 3 décembre"

LATE = {
    "fetched": "<script>fetch('/creneaux?1.2').then(show)</script>",
    "by the old way": "<script>const x = new XMLHttpRequest(); x.open('GET', '/creneaux?1.2');"
    " x.onload = show; x.send()</script>",
    "one after the other": "<script>fetch('/jours?.4').then(() => fetch('/heures?.4'))"
    ".then(() => fetch('/creneaux?.4')).then(show)</script>",
    "headers first, body late": "<script>fetch('/lent?1.2').then((a) => a.text()).then(show)"
    "</script>",
    "sent on": "<script>fetch('/ailleurs?1.2').then(show)</script>",
    "asked from a frame of the site": "<iframe srcdoc=\"<script>fetch('/creneaux?1.2')"
    '.then(() => parent.show())</script>" width=300 height=50></iframe>',
    "as a script": "<script>setTimeout(() => { const s = document.createElement('script');"
    " s.src = '/script?1.2'; document.body.append(s); })</script>",
    "in a frame that comes late": "<script>document.querySelector('.vide').nextSibling;"
    "const f = document.createElement('iframe'); f.width = 400; f.height = 90;"
    " f.src = '/cadre?1.2'; document.body.append(f);"
    " f.onload = () => document.querySelector('.vide').remove()</script>",
    "after a request that failed": "<script>fetch('/creneaux-refuse?.3').then(() =>"
    " fetch('/creneaux?.6')).then(show)</script>",
    "by a frame that nobody sees": "<script>addEventListener('load', () => {"
    " const f = document.createElement('iframe'); f.hidden = true; f.src = '/pont?1.2';"
    " document.body.append(f) })</script>",
    "asked from a frame that nobody sees": '<iframe hidden srcdoc="<script>'
    "fetch('/creneaux?1.2').then(() => parent.show())</script>\"></iframe>",
    "in a frame that is sent on": "<iframe id=f width=300 height=50></iframe><script>"
    "setTimeout(() => f.contentWindow.location.replace('/pont?1.2'), 200)</script>",
    "in a frame whose document comes bit by bit": "<iframe hidden src='/morcele?.8'></iframe>",
    "in a frame sent on whose document comes bit by bit": "<iframe id=f hidden></iframe><script>"
    "setTimeout(() => f.contentWindow.location.replace('/morcele?1.6'), 200)</script>",
    "by a worker": "<script>const b = new Blob([`fetch('${location.origin}/creneaux?1.2')"
    ".then(() => postMessage(1))`]); new Worker(URL.createObjectURL(b)).onmessage = show</script>",
    "asked for before, as a preload": "<link rel=preload as=fetch crossorigin"
    " href='/creneaux?1.2'><script>fetch('/creneaux?1.2').then(show)</script>",
    "a while after the first request": "<script>fetch('/jours?.3').then(() =>"
    " setTimeout(() => fetch('/creneaux?.3').then(show), 800))</script>",
    "a while after the page": "<script>setTimeout(() => fetch('/creneaux?.3').then(show), 800)"
    "</script>",
    "a while after the page, by itself": "<script>setTimeout(show, 800)</script>",
    "drawn a while after they came": "<script>fetch('/creneaux?.3').then(() =>"
    " setTimeout(show, 800))</script>",
    "on a page that refreshes itself": "<meta http-equiv=refresh content='2;url=/libre'>",
    "after several tries": "<script>let n = 0; const go = () => fetch('/pret?0').then(() =>"
    " ++n < 4 ? setTimeout(go, 1000) : show()); go()</script>",
    "after a failure and a pause": "<script>fetch('/creneaux-500').then(() => setTimeout(() =>"
    " fetch('/creneaux?.2').then(show), 1000))</script>",
    "as a calendar's events": "<script>fetch('/calendar/events?1.2').then(show)</script>",
    "beside a bar of progress": "<b id=p role=progressbar>…</b><script>setTimeout(() =>"
    " { p.remove(); show() }, 2500)</script>",
    "beside something that turns": "<style>@keyframes t { to { rotate: 1turn } }</style>"
    "<div id=p class=spinner style='width:9px;height:9px;animation:t 1s infinite'></div>"
    "<script>setTimeout(() => { p.remove(); show() }, 2500)</script>",
    "on a page that says that it searches": "<p id=p>Recherche des créneaux en cours…</p>"
    "<script>setTimeout(() => { p.remove(); show() }, 2500)</script>",
    "by a page that spoils its own tools": "<script>Array.from = () => { throw 1 };"
    "String.prototype.slice = () => 'x'; JSON.stringify = () => '{}';"
    "document.querySelectorAll = () => []; performance.getEntries = () => [];"
    "performance.clearResourceTimings(); fetch('/creneaux?1.2').then(show)</script>",
}
"""Slots that come after the placeholder, in each way in which a page may get them."""

ENDLESS = {
    "statistics": "<script>fetch('/stats/hit?60')</script>",
    "a counter elsewhere": "<script>fetch('http://compteur.localhost:' + location.port"
    " + '/x?60', {mode: 'no-cors'})</script>",
    "a long poll": "<script>fetch('/longpoll?60')</script>",
    "notices, again and again": "<script>setInterval(() => fetch('/notifications?0'), 150)"
    "</script>",
    "a stream": "<script>new EventSource('/flux?60')</script>",
    "a clock": "<b id=h></b><script>setInterval(() => { document.getElementById('h')"
    ".textContent = performance.now() }, 50)</script>",
    "addresses that are none": "<script src='http://['></script><iframe src='http://[1'"
    " width=300 height=90></iframe><script>try { new WebSocket('ws://[') } catch {}</script>",
    "a request given up": "<script>const a = new AbortController();"
    " fetch('/creneaux?60', {signal: a.signal}).catch(() => 0); setTimeout(() => a.abort(), 300);"
    "fetch('/creneaux?0')</script>",
    "a refusal that is usual": "<script>fetch('/api/me-401')</script>",
    "a picture": "<img src='/image?60'>",
    "a refresh in five minutes": "<meta http-equiv=refresh content=300>",
    "a chat": "<script>new WebSocket(`ws://${location.host}/socket.io/?EIO=4`)</script>",
    "a sentence about patience": "<p>Merci de patienter à l'accueil.</p>"
    "<p>La recherche d'un créneau est gratuite.</p>",
    "a script that came late": "<script>import('/module?.2')</script>",
    "pages fetched beforehand": "<link rel=prefetch href='/creneaux?60'>",
}
"""Pages that go on for ever beside an answer that stands."""

OWN = {
    "its calendar never comes": ("<script>fetch('/creneaux?60')</script>", "unrecognised"),
    "a request of its own, of unknown use": (
        "<script>fetch('/interne?60')</script>",
        "unrecognised",
    ),
    "its calendar fails": ("<script>fetch('/creneaux-502')</script>", "overload"),
    "its calendar is refused": ("<script>fetch('/creneaux-403')</script>", "blocked"),
    "its calendar is too much": ("<script>fetch('/donnees-429')</script>", "rate_limited"),
    "its calendar is nowhere": ("<script>fetch('/creneaux-404')</script>", "unrecognised"),
    "its calendar is not reached": (
        "<script>fetch(`http://${location.hostname}:1/creneaux`)</script>",
        "unrecognised",
    ),
    "its calendar's script fails": ("<script src='/creneaux-500'></script>", "unrecognised"),
    "its calendar's frame fails": (
        "<iframe src='/creneaux-500' width=300 height=90></iframe>",
        "overload",
    ),
    "a frame that nobody sees fails": (
        "<iframe hidden srcdoc=\"<script>fetch('/creneaux-500')</script>\"></iframe>",
        "overload",
    ),
    "its slots would come by a WebSocket": (
        "<script>new WebSocket(`ws://${location.host}/creneaux`)</script>",
        "unrecognised",
    ),
    "it says that it searches": ("<p>Recherche en cours…</p>", "unrecognised"),
    "its calendar's frame never comes": (
        "<iframe src='/cadre-creneaux?60' width=300 height=90></iframe>",
        "unrecognised",
    ),
}
"""Pages that show the placeholder for want of their own data."""

LIMITS = AttemptLimits(VisitLimits(deadline_s=60, answer_timeout_s=8, settle_s=0.5))
SHORT = AttemptLimits(VisitLimits(deadline_s=30, answer_timeout_s=2, settle_s=0.5))


TEXTS = {
    "/script": "show()",
    "/module": "export default 1",
    "/cadre": FREE,
    "/pont": "<script>parent.show()</script>",
    "/libre": f"{HEAD}<script>show()</script>",
}

PARTS = {
    "/lent": (b"[", b"]"),
    "/morcele": (b"<!doctype html><p>Calendrier", b"<script>parent.show()</script>"),
}
"""What is sent at once, and what after a while."""


@asynccontextmanager
async def site(bodies: Mapping[str, str]) -> AsyncIterator[str]:
    """A server of these pages and of what they ask for; a query says how many seconds it takes."""

    async def answer(request: web.Request) -> web.StreamResponse:
        path = request.path
        if path.removeprefix("/page/").isdigit():
            body = list(bodies.values())[int(path.removeprefix("/page/"))]
            return web.Response(text=HEAD + body, content_type="text/html")
        if path in PARTS:
            begin, end = PARTS[path]
            slow = web.StreamResponse(headers={"Content-Type": "text/html"})
            await slow.prepare(request)
            await slow.write(begin)
            await asyncio.sleep(float(request.query_string))
            await slow.write_eof(end)
            return slow
        await asyncio.sleep(float(request.query_string or 0))
        if path == "/ailleurs":
            raise web.HTTPFound("/creneaux?0")
        if path[-3:].isdigit():
            return web.Response(status=int(path[-3:]))
        if path == "/creneaux-refuse":
            return web.Response(status=500)
        kind = {"/script": "text/javascript", "/module": "text/javascript"}.get(path, "text/html")
        return web.Response(text=TEXTS.get(path, json.dumps([])), content_type=kind)

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://essai.localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def script(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(
        no_slots=[visit.text("Aucun créneau disponible pour le moment"), visit.css("p.vide")],
        slots=[visit.text("Choisissez votre créneau"), visit.css("input[name=creneau]")],
    )


async def visited(
    bodies: Mapping[str, str], chromium: Chromium, limits: AttemptLimits
) -> dict[str, Attempt]:
    """Each page, six at once."""
    places = asyncio.Semaphore(6)
    async with site(bodies) as url:

        async def one(number: int) -> Attempt:
            scenario = fleet.scenario(
                department="92", flow="essai", title="Essai", url=f"{url}/page/{number}"
            )(script)
            async with places:
                return (await attempt(scenario, chromium, run_id="test", limits=limits)).attempt

        made = await asyncio.gather(*(one(number) for number in range(len(bodies))))
    return dict(zip(bodies, made, strict=True))


def shown(**more: Any) -> PageReading:
    return PageReading(
        url="https://rdv.example/", title="", text="Aucun créneau", headings=(), **more
    )


def wrong(made: Mapping[str, Attempt], right: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {
        name: (each.verdict.value, each.detail)
        for name, each in made.items()
        if each.verdict != right[name]
    }


async def test_slots_that_come_late_are_the_answer(chromium: Chromium) -> None:
    made = await visited(LATE, chromium, LIMITS)
    assert wrong(made, dict.fromkeys(LATE, "slots")) == {}


async def test_a_page_that_never_stops_has_answered_all_the_same(chromium: Chromium) -> None:
    made = await visited(ENDLESS, chromium, LIMITS)
    assert wrong(made, dict.fromkeys(ENDLESS, "no_slots")) == {}


async def test_a_page_that_lacks_its_own_data_says_nothing_of_slots(chromium: Chromium) -> None:
    made = await visited({name: body for name, (body, _) in OWN.items()}, chromium, SHORT)
    assert wrong(made, {name: right for name, (_, right) in OWN.items()}) == {}


async def test_what_was_waited_for_in_vain_is_noted(chromium: Chromium) -> None:
    bodies = {"elsewhere": ENDLESS["a counter elsewhere"]}
    made = await visited(bodies, chromium, SHORT)
    assert [n for n in made["elsewhere"].notes if "it still waits for" in n]


def unrest_of(reading: PageReading, *answers: str) -> Unrest | None:
    settling = Settling(OpenRequests())
    settling.look(reading, answers)
    return settling.unrest


@pytest.mark.parametrize(
    ("frame", "blocks"),
    [
        ("https://rdv.example/agenda", True),
        ("https://calendrier.example/creneaux", True),
        ("https://cartes.example/plan", False),
        ("", False),
    ],
)
def test_a_frame_that_does_not_answer_counts_by_its_address(frame: str, blocks: bool) -> None:
    unrest = unrest_of(shown(silent=(frame,)), "no_slots")

    assert unrest is not None
    assert "does not answer" in unrest.words
    assert unrest.blocks is blocks


async def test_what_has_just_come_may_still_change_the_page() -> None:
    """A frame's document has come, and its script runs a moment later."""
    open_requests = OpenRequests()
    settling = Settling(open_requests)
    asked = {"frameId": "f", "requestId": "1", "request": {"url": "https://rdv.example/pont"}}
    open_requests.begin_frame(asked)
    settling.look(shown(), ["no_slots"])
    await asyncio.sleep(STANDS_S)
    settling.look(shown(), ["no_slots"])
    assert not settling.stands(settling.unrest, STANDS_S)

    open_requests.forget("f")
    settling.look(shown(), ["no_slots"])
    assert settling.unrest is None
    assert not settling.stands(None, STANDS_S)
    await asyncio.sleep(STANDS_S)
    settling.look(shown(), ["no_slots"])
    assert settling.stands(None, STANDS_S)


def test_a_counter_that_does_not_answer_keeps_nobody() -> None:
    assert unrest_of(shown(silent=("https://www.google-analytics.com/ns.html",))) is None


@pytest.mark.parametrize(
    ("answer", "blocks"), [("no_slots", True), ("closed", True), ("slots", None)]
)
def test_what_was_not_read_may_say_something_else(answer: str, blocks: bool | None) -> None:
    unrest = unrest_of(shown(cut=True), answer)

    assert (unrest.blocks if unrest else None) is blocks


def test_what_a_page_lacks_is_told_of_a_page_that_asks_without_end() -> None:
    """In one pass: compared each with each, these would outlast the test's time."""
    missed = tuple((f"https://rdv.example/creneaux/{n}", 1, 0) for n in range(30_000))
    came = ("https://rdv.example/creneaux/7?again=1", 1, 200)

    lacked = lacking(shown(ended=(*missed, came)))

    assert len(lacked) == len(missed) - 1
    assert missed[7] not in lacked


@pytest.mark.parametrize(
    ("first", "then", "lacks"),
    [
        (500, 200, False),
        (200, 500, True),
        (0, 200, False),
        (200, 0, False),
        (500, 500, True),
    ],
)
def test_what_was_asked_for_again_and_came_is_not_lacked(
    first: int, then: int, lacks: bool
) -> None:
    url = "https://rdv.example/creneaux"

    assert bool(lacking(shown(ended=((url, 1, first), (url, 1, then))))) is lacks


@pytest.mark.parametrize(
    ("url", "quiet"),
    [
        ("https://www.google-analytics.com/g/collect?v=2", True),
        ("https://logs.xiti.com/hit.xiti?s=1", True),
        ("https://stats.data.gouv.fr/matomo.php?idsite=1", True),
        ("https://rdv.example/socket.io/?transport=polling", True),
        ("https://rdv.example/api/notifications", True),
        ("https://rdv.example/rdv/ping", True),
        ("https://rdv.example/api/creneaux", False),
        ("https://rdv.example/statistiques/creneaux-libres", False),
        ("https://rdv.example/tracking/availability", False),
        ("https://xiti.com.example/api", False),
        ("https://rdv.example/api/me", False),
        ("https://rdv.example/events", False),
        ("https://rdv.example/i18n/messages.json", False),
    ],
)
def test_what_is_quiet_by_its_address(url: str, quiet: bool) -> None:
    assert is_quiet(url) == quiet


def test_another_site_may_answer_only_if_its_address_says_so() -> None:
    page = "https://www.prefecture.gouv.fr/rdv"
    assert may_answer("https://api.prefecture.gouv.fr/interne", page)
    assert not may_answer("https://autre.gouv.fr/interne", page)
    assert not may_answer("https://www.prefecture.gouv.fr/api/messages", page)
    assert may_answer("https://www.prefecture.gouv.fr/calendrier/events", page)
    assert may_answer("https://calendrier.example/v1/slots?from=2026-12-01", page)
    assert gives_appointments("https://calendrier.example/disponibilités")
