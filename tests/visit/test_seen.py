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
