"""A sign counts when a person could see it: ways of being there unseen, and their look-alikes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Outcome, Verdict
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits

HEAD = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Prise de rendez-vous</title>'
    "<h1>Rendez-vous</h1>"
)
NONE = '<p class="vide">Aucun créneau disponible pour le moment.</p>'
FREE = '<h2>Choisissez votre créneau</h2><a class="libre" href="#">3 décembre 09:00</a>'
LONG = "<p>Les pièces à fournir sont listées ci-dessous.</p>" * 60

UNSEEN = {
    "nearly transparent": f'<div style="opacity:.02">{NONE}</div>',
    "transparent by two": f'<div style="opacity:.2"><div style="opacity:.2">{NONE}</div></div>',
    "transparent by a filter": f'<div style="filter:opacity(0)">{NONE}</div>',
    "above the page": f'<div style="position:absolute;top:-3000px">{NONE}</div>',
    "left of the page": f'<div style="transform:translateX(-300vw)">{NONE}</div>',
    "shrunk": f'<div style="transform:scale(0)">{NONE}</div>',
    "no height": f'<div style="height:0;overflow:hidden">{NONE}</div>',
    "no height, scrolling": f'<div style="height:0;overflow:auto">{NONE}</div>',
    "clipped": f'<div style="position:absolute;clip:rect(0 0 0 0)">{NONE}</div>',
    "clipped by a free path": f"<div style=\"clip-path:path('M0 0')\">{NONE}</div>",
    "masked": f'<div style="mask-image:linear-gradient(#0000,#0000)">{NONE}</div>',
    "blurred": f'<div style="filter:blur(20px)">{NONE}</div>',
    "under a blur": f'{NONE}<div style="position:fixed;inset:0;backdrop-filter:blur(20px)"></div>',
    "the back of a card": '<div style="transform-style:preserve-3d;transform:rotateY(180deg)">'
    f'<div style="backface-visibility:hidden">{NONE}</div></div>',
    "right of a page that does not scroll there": "<style>body{overflow-x:hidden}</style>"
    f'<div style="position:absolute;left:3000px">{NONE}</div>',
    "a menu beside the window": '<div style="position:fixed;left:100%;top:0;width:300px">'
    f"{NONE}</div>",
    "a sheet below the window": f'<div style="position:fixed;top:100%;left:0">{NONE}</div>',
    "a menu shifted away": '<div style="position:fixed;right:0;top:0;width:300px;'
    f'transform:translateX(100%)">{NONE}</div>',
    "fixed in a box that is shut": '<div style="height:0;overflow:hidden;transform:scale(1.0001)">'
    f'<div style="position:fixed;top:50px">{NONE}</div></div>',
    "in a box that contains": f'<div style="height:0;contain:paint">{NONE}</div>',
    "nearly white on white": f'<div style="color:#fbfbfb">{NONE}</div>',
    "white on white, in other words": f'<div style="color:oklch(1 0 0)">{NONE}</div>',
    "under what a style puts after": "<style>.c{position:relative}.c::after{content:'';"
    f'position:absolute;inset:0;background:#fff}}</style><div class="c">{NONE}</div>',
    "in a drawing's store": '<p class="vide">.</p><svg><defs><text y="20">Aucun créneau disponible'
    " pour le moment.</text></defs></svg>",
    "letters of a drawing without ink": '<p class="vide">.</p><svg width="500"><text y="20"'
    ' fill="none">Aucun créneau disponible pour le moment.</text></svg>',
    "clipped by a path": f'<div style="clip-path:circle(0)">{NONE}</div>',
    "for screen readers": '<div style="position:absolute;width:1px;height:1px;overflow:hidden">'
    f"{NONE}</div>",
    "beside the window of a carousel": '<div style="width:300px;height:90px;overflow:hidden">'
    f'<div style="width:600px;display:flex"><div style="min-width:300px">x</div>{NONE}</div></div>',
    "under a veil": f'{NONE}<div style="position:fixed;inset:0;background:#fff">Patience</div>',
    "under a veil that lets the mouse through": f"{NONE}"
    '<div style="position:fixed;inset:0;background:#fff;pointer-events:none">Patience</div>',
    "under a veil, below the window": f'<div style="position:relative">{LONG}{NONE}'
    '<div style="position:absolute;inset:0;background:#fff">Patience</div></div>',
    "in a cell under another": '<div style="display:grid"><div style="grid-area:1/1">'
    f'{NONE}</div><div style="grid-area:1/1;background:#eee">Patience</div></div>',
    "in a list that is shut": '<p class="vide">Motif</p><select><option>Choisir</option>'
    "<option>Aucun créneau disponible pour le moment.</option></select>",
    "white on white": f'<div style="color:#fff">{NONE}</div>',
    "letters without colour": f'<div style="color:transparent">{NONE}</div>',
    "letters without size": f'<div style="font-size:0">{NONE}</div>',
    "letters beside their box": f'<div style="text-indent:-9999px;overflow:hidden">{NONE}</div>',
    "folded": f"<details><summary>Plus</summary>{NONE}</details>",
    "in a frame that nobody sees": f"<iframe style='opacity:0' srcdoc='{NONE}'></iframe>",
}
"""None of them says anything, though browsers count and read the elements."""

SEEN = {
    "plain": (NONE, "no_slots"),
    "far down": (LONG + NONE, "no_slots"),
    "in a box that scrolls": (
        f'<div style="height:200px;overflow:auto">{LONG}{NONE}</div>',
        "no_slots",
    ),
    "half transparent": (f'<div style="opacity:.6">{NONE}</div>', "no_slots"),
    "grey": (f'<div style="color:#999">{NONE}</div>', "no_slots"),
    "yellow": (f'<div style="color:#ff0">{NONE}</div>', "no_slots"),
    "letters filled with a picture": (
        '<p class="vide" style="background:linear-gradient(#000,#00f);background-clip:text;'
        'color:transparent">Aucun créneau disponible pour le moment.</p>',
        "no_slots",
    ),
    "in an element without a box": (
        f'<div style="display:contents">{NONE}</div>',
        "no_slots",
    ),
    "fixed in the window": (f'<div style="position:fixed;top:99px">{NONE}</div>', "no_slots"),
    "fixed in what holds it": (
        f'{LONG}<div style="transform:translate(0,1px);height:90px">'
        f'<div style="position:fixed;top:0">{NONE}</div></div>',
        "no_slots",
    ),
    "the front of a card": (
        '<div style="transform-style:preserve-3d;transform:rotateY(360deg)">'
        f'<div style="backface-visibility:hidden">{NONE}</div></div>',
        "no_slots",
    ),
    "beside what a style puts after": (
        "<style>.c{position:relative}.c::after{content:'';position:absolute;left:0;right:0;"
        f'bottom:0;height:1px;background:#000}}</style><div class="c">{NONE}</div>',
        "no_slots",
    ),
    "a drawing's letters": (
        '<p class="vide">.</p><svg width="500"><text y="20">Aucun créneau disponible pour le'
        " moment.</text></svg>",
        "no_slots",
    ),
    "white on blue": (
        f'<div style="background:#004;color:#fff;padding:9px">{NONE}</div>',
        "no_slots",
    ),
    "behind a thin veil": (
        f'{NONE}<div style="position:fixed;inset:0;background:rgba(0,0,0,.4)"></div>',
        "no_slots",
    ),
    "beside a panel": (
        f'{NONE}<div style="position:fixed;bottom:0;left:0;right:0;height:90px;background:#fff">'
        "Cookies</div>",
        "no_slots",
    ),
    "over its own background": (
        f'<div style="position:relative;background:#fff;z-index:2">{NONE}</div>'
        '<div style="position:fixed;inset:0;background:#eee;z-index:1"></div>',
        "no_slots",
    ),
    "in a dialog of the page": (
        f"<dialog>{NONE}<button>Fermer</button></dialog>"
        "<script>document.querySelector('dialog').showModal()</script>",
        "no_slots",
    ),
    "in words that are elements each": (
        '<p class="vide"><b>Aucun</b> <b>créneau</b>\n<i>disponible</i> pour <u>le</u> moment.</p>',
        "no_slots",
    ),
    "unfolded": (f"<details open><summary>Plus</summary>{NONE}</details>", "no_slots"),
    "the chosen one of a list": (
        '<p class="vide">Réponse</p><select><option>Aucun créneau disponible pour le moment.'
        "</option></select>",
        "no_slots",
    ),
    "in a frame": (f"<iframe width=600 height=200 srcdoc='{NONE}'></iframe>", "no_slots"),
    "in a shadow root": (
        '<p class="vide">.</p><x-a></x-a><script>document.querySelector("x-a")'
        '.attachShadow({mode:"open"}).innerHTML="<b>Aucun créneau disponible pour le moment.</b>"'
        "</script>",
        "no_slots",
    ),
    "on a page from right to left": (f'<div dir="rtl">{NONE}</div>', "no_slots"),
    "words for screen readers beside": (
        f'{FREE}<div style="position:absolute;left:-9999px">{NONE}</div>',
        "slots",
    ),
}
"""What a person sees, with what hides other things all around."""

WHOLE = {
    "the page": LONG + NONE,
    "a body that scrolls in its page": "<style>html{overflow:hidden;height:100%}"
    f"body{{height:100%;overflow:auto;margin:0}}</style>{LONG}{NONE}",
    "a box in a shadow root": "<style>html,body{margin:0;height:100%;overflow:hidden}</style>"
    f"<x-a>{LONG}{NONE}</x-a><script>document.querySelector('x-a').attachShadow({{mode:'open'}})"
    ".innerHTML = '<div style=\"height:100vh;overflow:auto\"><slot></slot></div>'</script>",
    "boxes side by side": "<style>html,body{margin:0;height:100%;overflow:hidden}</style>"
    f'<div style="display:flex;height:100%"><div style="overflow:auto">{LONG}</div>'
    f'<div style="overflow:auto">{LONG}{NONE}</div></div>',
    "a panel over the page": '<div style="position:fixed;inset:0;overflow:auto">'
    f"{LONG}{NONE}</div>",
    "a captcha's badge beside": f"{NONE}<iframe width=256 height=60 srcdoc='{LONG}'></iframe>",
}
"""Pages that fit on a picture, if it is made large enough."""

CUT = {
    "a box of its own height": f'<div style="height:200px;overflow:auto">{LONG}{NONE}</div>',
    "a frame of its own height": f"<iframe width=600 height=200 srcdoc='{LONG}{NONE}'></iframe>",
    "longer than any picture": f'<div style="height:30000px"></div>{NONE}',
}

QUICK = AttemptLimits(VisitLimits(deadline_s=25, answer_timeout_s=2, settle_s=1))


@asynccontextmanager
async def pages(bodies: Mapping[str, str]) -> AsyncIterator[str]:
    """A server of these pages, `/<number>`."""

    async def page(request: web.Request) -> web.Response:
        body = list(bodies.values())[int(request.match_info["number"])]
        return web.Response(text=HEAD + body, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{number}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.name
    finally:
        await runner.cleanup()


async def script(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(
        no_slots=[visit.text("Aucun créneau disponible pour le moment"), visit.css("p.vide")],
        slots=[visit.text("Choisissez votre créneau"), visit.css("a.libre")],
    )


async def visited(bodies: Mapping[str, str], chromium: Chromium) -> dict[str, Attempt]:
    """Each page, six at once."""
    places = asyncio.Semaphore(6)
    async with pages(bodies) as site:

        async def one(number: int) -> Attempt:
            scenario = fleet.scenario(
                department="92", flow="essai", title="Essai", url=f"{site}/{number}"
            )(script)
            async with places:
                return (await attempt(scenario, chromium, run_id="test", limits=QUICK)).attempt

        made = await asyncio.gather(*(one(number) for number in range(len(bodies))))
    return dict(zip(bodies, made, strict=True))


async def test_what_no_person_can_see_is_no_answer(chromium: Chromium) -> None:
    made = await visited(UNSEEN, chromium)
    taken = {name: a.verdict for name, a in made.items() if a.verdict != Verdict.UNRECOGNISED}
    assert taken == {}


async def test_what_a_person_sees_is_the_answer_whatever_hides_beside_it(
    chromium: Chromium,
) -> None:
    made = await visited({name: body for name, (body, _) in SEEN.items()}, chromium)
    wrong = {
        name: (made[name].verdict, made[name].detail)
        for name, (_, right) in SEEN.items()
        if made[name].verdict != right
    }
    assert wrong == {}


async def test_a_box_that_scrolls_is_pictured_whole_or_said_to_be_cut(chromium: Chromium) -> None:
    made = await visited({**WHOLE, **CUT}, chromium)
    pictures = {
        name: [file for file in each.evidence if file.kind == "picture"][-1].truncated
        for name, each in made.items()
    }
    assert pictures == {**dict.fromkeys(WHOLE, False), **dict.fromkeys(CUT, True)}
