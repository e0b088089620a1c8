"""Controls wherever a person sees them: in frames of any site, in open shadow roots."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.errors import GuardRefused, NotOnPage
from fleet.models import Attempt, EvidenceFile, Outcome, Scenario, Verdict
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits
from tests.answering import answering
from tests.conftest import QUICK

Script = Callable[[fleet.Visit], Awaitable[Outcome]]

SHORT = replace(QUICK, visit=replace(QUICK.visit, answer_timeout_s=1))
"""For what never comes."""

HEAD = "<!doctype html><html lang=fr><meta charset=utf-8><title>Préfecture</title>"
NONE = "<main><p class=vide>Aucun créneau n'est disponible.</p></main>"


def shadow(inner: str, tag: str = "x-guichet") -> str:
    """An element with this inside in an open shadow root."""
    return f'<{tag}><template shadowrootmode="open">{inner}</template></{tag}>'


def framed(src: str, style: str = "") -> str:
    return f"<iframe width=600 height=200 style='{style}' src='{src}'></iframe>"


@dataclass
class Site:
    """A site of a test's own; `SITE` and `OTHER` in its pages are it and another one."""

    chromium: Chromium
    port: int
    pages: dict[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    late: dict[str, float] = field(default_factory=dict)
    files: Sequence[EvidenceFile] = ()
    scenario: Scenario = field(init=False)

    async def visit(
        self,
        html: str,
        script: Script,
        *,
        limits: AttemptLimits = QUICK,
        bare: bool = False,
        **parts: Any,
    ) -> Attempt:
        """Visit a page with this body once; `bare`: with more than a scenario's verbs."""
        self.pages["/"] = html
        url = f"http://nanterre.localhost:{self.port}/"
        made = fleet.scenario(department="92", flow="essai", title="Essai", url=url, **parts)
        self.asked.clear()
        self.scenario = made(script)
        if bare:
            self.scenario = self.scenario.model_copy(update={"script": script})
        kept = await attempt(self.scenario, self.chromium, run_id="test", limits=limits)
        self.files = kept.files
        return kept.attempt

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.method} {request.host.partition(':')[0]}{request.path_qs}")
        page = self.pages.get(request.path)
        await asyncio.sleep(self.late.get(request.path, 0))
        if page is None:
            return web.Response(status=404)
        for name, host in (("SITE", "nanterre"), ("OTHER", "autre")):
            page = page.replace(name, f"http://{host}.localhost:{self.port}")
        page = page.replace("№", request.query_string)
        return web.Response(text=HEAD + page, content_type="text/html")


@pytest.fixture
async def site(chromium: Chromium) -> AsyncIterator[Site]:
    made = Site(chromium, 0)
    async with answering(made.answer) as made.port:
        yield made


async def decide(visit: fleet.Visit) -> Outcome:
    return await visit.decide(
        no_slots=[visit.text("aucun créneau n'est disponible"), visit.css("p.vide")],
        slots=[visit.text("Choisissez votre créneau"), visit.css("input[name=trhId]")],
    )


PLACES = {
    "the page": "INNER",
    "a frame": framed("/inner?№"),
    "a frame of a frame": framed("/outer?№"),
    "a frame of another site": framed("OTHER/inner?№"),
    "a frame of a frame of another site": framed("OTHER/outer?№"),
    "a frame that is drawn smaller": framed("/inner?№", "transform:scale(.5)"),
    "a frame that scrolls, far down": f"<p style='height:3000px'>…</p>{framed('OTHER/deep?№')}",
    "a shadow root": shadow("INNER"),
    "shadow roots in a frame": framed("/shadows?№"),
    "a frame of another site in a shadow root": shadow(framed("OTHER/inner?№")),
}

INNER = """<p><input type=checkbox onchange="fetch('/ticked?№')"> J'accepte №.</p>
  <label>Guichet №. <input type=radio name=g onchange="fetch('/chosen?№')"></label>"""


async def test_boxes_are_ticked_and_desks_chosen_wherever_a_person_sees_them(site: Site) -> None:
    deep = "<p style='height:2000px'>…</p>"
    site.pages |= {
        "/inner": INNER,
        "/outer": f"<h1>Cadre</h1>{framed('/inner?№')}",
        "/deep": f"{deep}{INNER}{deep}",
        "/shadows": shadow(shadow(INNER, "x-b"), "x-a"),
        "/ticked": "",
        "/chosen": "",
    }
    numbered = [
        f"<h2>{place}</h2>{html.replace('INNER', INNER).replace('№', str(n))}"
        for n, (place, html) in enumerate(PLACES.items())
    ]

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        for n in range(len(PLACES)):
            await visit.tick(f"j'accepte {n}.")
            await visit.choose(f"Guichet {n}.")
        return await decide(visit)

    got = await site.visit("".join(numbered) + NONE, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    for n, place in enumerate(PLACES):
        for done in ("ticked", "chosen"):
            assert any(f"/{done}?{n}" in each for each in site.asked), place


async def test_a_press_beside_a_link_of_a_label_and_on_one_that_opens_a_window(site: Site) -> None:
    """A box is ticked where no link lies; what a frame would open in a window is the page then."""
    hidden = "<style>input{opacity:0;position:absolute;width:0;height:0}</style>"
    link = "<a href=/other>conditions générales d'utilisation du site</a>"
    html = f"""{hidden}<input type=checkbox id=c onchange="fetch('/ticked')">
      <label for=c>J'accepte les {link}</label>{framed("OTHER/opens")}"""
    site.pages |= {"/opens": "<a target=_blank href='SITE/none'>Continuer</a>", "/none": NONE}
    site.pages["/ticked"] = ""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.tick("j'accepte")
        assert await visit.press("Continuer")
        return await visit.decide(
            no_slots=[visit.text("Aucun créneau n'est disponible"), visit.url("*/none")]
        )

    got = await site.visit(html, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert any("/ticked" in each for each in site.asked)
    assert not any("/other" in each for each in site.asked)


async def test_signs_and_values_in_open_shadow_roots_are_read(site: Site) -> None:
    free = shadow("<p class=vide id=v>Aucun créneau n'est disponible.</p>", "x-agenda")
    values: list[list[str]] = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        outcome = await decide(visit)
        values.append(await visit.attributes("p.vide", "id") + await visit.texts("p.vide"))
        return outcome

    got = await site.visit(f"<main>{free}</main>", script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert values == [["v", "Aucun créneau n'est disponible."]]


async def test_what_a_press_brings_into_a_frame_is_waited_for(site: Site) -> None:
    """Also where it comes late, and what stood in the frame before would be an answer."""
    site.pages |= {"/desks": f"{NONE}<a href=/calendar>Guichet 2</a>"}
    site.pages["/calendar"] = "<p>Choisissez votre créneau</p><input type=radio name=trhId>9 h"
    site.late["/calendar"] = 2.5

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        assert not await visit.press("Guichet 2")
        return await decide(visit)

    got = await site.visit(framed("OTHER/desks"), script)

    assert got.verdict == Verdict.SLOTS, got.detail


BUTTON = "<button class='{}' onclick=\"fetch('/pressed')\">{}</button>"

REFUSED = {
    "a final button in a frame": (framed("/confirm"), ".f1", "'confirmer' would take"),
    "one in a frame of another site": (framed("OTHER/other"), ".f2", "'confirmer' would take"),
    "one in a shadow root": (
        shadow(BUTTON.format("s1", "Confirmer")), ".s1", "'confirmer' would take",
    ),
    "one that a shadow root gives other words": (
        "<span role=button class=s2>Suite<template shadowrootmode=open>"
        f"{BUTTON.format('', 'Confirmer')}</template></span>", ".s2", "'confirmer' would take",
    ),
    "one that is called otherwise for who does not see": (
        "<button class=b1 aria-label='Choisir ce créneau'>→</button>", ".b1", "'ce créneau' would",
    ),
    "a link around a shadow root": (
        f"<a href='/booking/create/1/5'>{shadow('<button class=s3>Suite</button>')}</a>",
        ".s3", "steps 5 to 9",
    ),
    "a link in the middle of an element": (
        "<span class=d1><a href='/booking/create/1/5'>Suite</a></span>", ".d1", "steps 5 to 9",
    ),
    "a link in a frame of another site": (framed("OTHER/five"), ".f3", "steps 5 to 9"),
    "an hour": ("<button class=b2>9 h 45</button>", ".b2", "'9 h 45' would take"),
    "a slot in the middle of an element": (
        "<div class=d2 style='width:50px'><p>9 h</p><a href=#>libre</a><p>10 h</p></div>",
        ".d2", "'libre' would take",
    ),
}  # fmt: skip
"""What holds the control, its selector, and why the guard refuses it."""


async def test_the_guard_judges_a_press_wherever_it_goes(site: Site) -> None:
    site.pages |= {"/confirm": BUTTON.format("f1", "Confirmer")}
    site.pages |= {"/other": BUTTON.format("f2", "Confirmer")}
    site.pages |= {"/five": "<a class=f3 href='/booking/create/1/5'>Suite</a>"}
    said: dict[str, str] = {}

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        for case, (_, css, _) in REFUSED.items():
            try:
                await visit.press(css=css)
            except GuardRefused as exc:
                said[case] = str(exc)
        return await decide(visit)

    await site.visit(NONE + "<br>".join(html for html, *_ in REFUSED.values()), script)

    for case, (_, _, why) in REFUSED.items():
        assert why in said.get(case, ""), case
    assert not any("pressed" in each or "booking" in each for each in site.asked)


async def test_where_a_press_in_a_frame_leads_is_judged_as_on_the_page(site: Site) -> None:
    """By a script, from another site's frame, in a shadow root: nothing leaves."""
    go = f"<button onclick=\"location='SITE/booking/create/1/5'\">Suite</button>{NONE}"
    site.pages |= {"/go": shadow(go), "/booking/create/1/5": NONE}

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suite")
        return await decide(visit)

    got = await site.visit(framed("OTHER/go"), script)

    assert got.verdict == Verdict.CRASHED, got.detail
    assert "the guard stopped a request" in got.detail
    assert not any("booking" in each for each in site.asked)


CLOSED = (
    "<x-clos></x-clos><script>customElements.define('x-clos', class extends HTMLElement {"
    "constructor() { super(); this.attachShadow({mode: 'closed'}).innerHTML ="
    f"`{BUTTON.format('', 'Confirmer')}` }} }})</script>"
)

UNFIT = {
    "a frame": (framed("/confirm"), "press", "iframe", "a frame lies there"),
    "what holds a frame": (
        f"<div id=d1 style='width:600px'>{framed('/confirm')}</div>", "press", "#d1", "a frame",
    ),
    "a button that is ticked": (
        BUTTON.format("b1", "Confirmer"), "tick", ".b1", "no checkbox but <button>",
    ),
    "what holds a button, ticked": (
        f"<div id=d2>{BUTTON.format('', 'Confirmer')}</div>", "choose", "#d2", "no radio but <div>",
    ),
    "a closed shadow root": (CLOSED, "press", "x-clos", "cannot be read, so it is not pressed"),
    "a frame that is covered": (
        f"<div style='position:relative'>{framed('OTHER/next')}"
        "<i style='position:absolute;inset:0'>…</i></div>", "press", ".n1", "covered by <i>",
    ),
    "a frame that is turned": (
        f"<div style='padding:150px'>{framed('OTHER/turned', 'transform:rotate(20deg)')}</div>",
        "press", ".n2", "moves, or is turned",
    ),
    "a selector that is none": ("", "press", "td[", "no CSS selector that Chromium knows"),
}  # fmt: skip


async def test_what_cannot_be_judged_is_not_pressed_and_the_message_says_why(site: Site) -> None:
    site.pages |= {"/confirm": BUTTON.format("c", "Confirmer")}
    site.pages |= {
        "/next": BUTTON.format("n1", "Suivant"),
        "/turned": BUTTON.format("n2", "Suivant"),
    }
    said: dict[str, str] = {}

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        for case, (_, verb, css, _) in UNFIT.items():
            try:
                await getattr(visit, verb)(css=css)
            except (NotOnPage, ValueError) as exc:
                said[case] = str(exc)
        return await decide(visit)

    await site.visit(NONE + "".join(html for html, *_ in UNFIT.values()), script, limits=SHORT)

    for case, (*_, why) in UNFIT.items():
        assert why in said.get(case, ""), case
    assert not any("pressed" in each for each in site.asked)


async def test_a_control_that_is_not_found_is_told_with_what_is_there(site: Site) -> None:
    """A list, a field of which the browser complains, frames, a shadow root that is shut."""
    html = (
        "<label>Votre guichet<select><option>Choisir</option><option>Clermont</option></select>"
        "</label><form>Code postal <input required name=cp><button>Continuer</button></form>"
        f"{CLOSED}{framed('OTHER/confirm')}{shadow('<p>…</p>')}"
    )
    site.pages |= {"/confirm": "<textarea aria-label=Remarques></textarea>"}
    said: list[str] = []
    there: list[str] = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Continuer")  # the browser asks for the post code
        try:
            await visit.press("Clermont")
        except NotOnPage as exc:
            said.append(str(exc))
        there.extend((await visit.surroundings()).lines)
        return await decide(visit)

    got = await site.visit(html, script, limits=SHORT, bare=True)

    for words in (
        "there is: 'Continuer'",
        "the list 'Votre guichet' has it as an option: select(…) takes it",
        "lists: 'Votre guichet' ('Choisir', 'Clermont')",
        "fields: 'Code postal' (text), 'Remarques' (textarea)",
        "1 frame(s) of other sites, looked into",
        "1 open shadow root(s), looked into",
        "an element that keeps its inside to itself: <x-clos>",
    ):
        assert words in said[0]
    for each in (said[0], got.detail):
        assert "the browser complains about the field 'Code postal': '" in each
    assert there == [
        "list: Votre guichet: Choisir, Clermont",
        'field: Code postal (text), enters={"…": "post_code"}',
        "field: Remarques (textarea), nothing is typed there",
        f"frame of another site, looked into: http://autre.localhost:{site.port}/confirm",
        "element that keeps its inside to itself: <x-clos>",
        "open shadow roots, looked into: 1",
    ]
