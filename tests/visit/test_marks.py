"""Where the signs that decided stand on the last picture, whatever the page does to them."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from PIL import Image

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Outcome, Verdict
from fleet.models.attempt import MAX_BOXES, Capture, Mark
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits

QUICK = AttemptLimits(VisitLimits(deadline_s=25, answer_timeout_s=3, settle_s=1))

GREEN, BLUE = (0, 200, 0), (0, 0, 250)

HEAD = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Prise de rendez-vous</title>'
    "<style>body{margin:8px;font:16px Arial} p{margin:0}"
    ".vide{background:rgb(0,200,0);width:240px;height:40px}"
    ".dit{background:rgb(0,0,250);color:rgb(0,0,250)}</style>"
)
"""The element is green, the words are blue on blue: their pixels can be counted."""

SAID = '<span class="dit">Aucun créneau disponible</span>'
NONE = f'<p class="vide"></p><p>{SAID}</p>'
LONG = '<div style="height:2000px">x</div>'

FRAMED = (
    "<iframe style='border:7px solid red;padding:5px;margin-left:30px' width=500 height=300 {}>"
    "</iframe>"
)


def srcdoc(body: str) -> str:
    return f"srcdoc='{HEAD}{body}'"


PLACES = {
    "in the window": NONE,
    "far down": LONG + NONE,
    "scrolled to by the page": LONG + NONE + "<script>scrollTo(0, 900)</script>",
    "in a frame": FRAMED.format(srcdoc(NONE)),
    "in a frame of a frame": FRAMED.format(srcdoc(NONE)).replace(
        NONE,
        f'<iframe width=400 height=200 srcdoc="{HEAD.replace(chr(34), "")}'
        f'{NONE.replace(chr(34), "")}"></iframe>',
    ),
    "in a frame that is drawn smaller": "<div style='transform:scale(.5)'>"
    f"{FRAMED.format(srcdoc(NONE))}</div>",
    "in a frame of another site": FRAMED.format("src='http://localhost:{port}/inner'"),
    "in a box that scrolls": "<style>html,body{height:100%;margin:0;overflow:hidden}</style>"
    f'<div style="height:100%;overflow:auto">{LONG}{NONE}</div>',
    "below a part as high as the window": f'<div style="height:100vh">x</div>{NONE}{LONG}',
    "at a fixed place": f'{LONG}<div style="position:fixed;top:300px">{NONE}</div>'
    "<script>scrollTo(0, 900)</script>",
    "in a shadow root": "<p class='vide'></p><x-a></x-a><script>document.querySelector('x-a')"
    ".attachShadow({mode:'open'}).innerHTML=\"<span style='background:rgb(0,0,250);"
    "color:rgb(0,0,250)'>Aucun créneau disponible</span>\"</script>",
    "in pieces": '<p class="vide"></p><p>Au<b class="dit">&shy;cun</b>'.replace(
        "Au<", '<span class="dit">AU</span><'
    )
    + '<span class="dit">\n  cre\u0301neau</span> <i class="dit">disponible</i></p>',
    "on two lines": f'<div style="width:130px">{NONE}</div>',
}


@asynccontextmanager
async def site(body: str) -> AsyncIterator[str]:
    """A server of this page."""

    async def page(request: web.Request) -> web.Response:
        inner = NONE if request.path == "/inner" else body.replace("{port}", str(request.url.port))
        return web.Response(text=HEAD + inner, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    try:
        yield listening.name
    finally:
        await runner.cleanup()


async def script(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(
        no_slots=[
            visit.text("Aucun créneau disponible"),
            visit.css("p.vide"),
            visit.url("*/page"),
        ],
        slots=[visit.text("Choisissez votre créneau"), visit.css("a.libre")],
    )


async def visited(body: str, chromium: Chromium) -> Capture:
    async with site(body) as name:
        scenario = fleet.scenario(department="92", flow="essai", title="Essai", url=f"{name}/page")(
            script
        )
        return await attempt(scenario, chromium, run_id="r", limits=QUICK)


def picture_of(found: Capture) -> tuple[Image.Image, tuple[Mark, ...]]:
    file = [each for each in found.files if each.evidence.kind == "picture"][-1]
    assert file.evidence.marks is not None
    return Image.open(io.BytesIO(file.content)).convert("RGB"), file.evidence.marks


def bounds(picture: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int] | None:
    """Left, top, width and height of what has this colour."""
    mask = Image.new("L", picture.size)
    mask.putdata([255 if each == colour else 0 for each in picture.get_flattened_data()])
    box = mask.getbbox()
    return box and (box[0], box[1], box[2] - box[0], box[3] - box[1])


def around(boxes: tuple[tuple[int, int, int, int], ...]) -> tuple[int, int, int, int]:
    left, top = min(b[0] for b in boxes), min(b[1] for b in boxes)
    right, bottom = max(b[0] + b[2] for b in boxes), max(b[1] + b[3] for b in boxes)
    return left, top, right - left, bottom - top


@pytest.mark.parametrize("body", PLACES.values(), ids=PLACES.keys())
async def test_marks_lie_where_the_picture_shows_the_signs(body: str, chromium: Chromium) -> None:
    found = await visited(body, chromium)
    picture, (words, element) = picture_of(found)

    assert found.attempt.verdict == "no_slots", found.attempt.detail
    assert words.sign == "text 'Aucun créneau disponible'"
    assert element.sign == "css 'p.vide' ×1"
    for mark, colour in ((words, BLUE), (element, GREEN)):
        drawn = bounds(picture, colour)
        assert drawn is not None
        assert not mark.outside
        for ours, theirs in zip(around(mark.boxes), drawn, strict=True):
            assert abs(ours - theirs) <= 2, (mark, drawn)


OUTSIDE = {
    "beyond the picture's end": f'<div style="height:9000px">x</div>{NONE}',
    "in a small box that scrolls": f'<div style="height:500px;overflow:auto">{LONG}{NONE}</div>',
    "in a frame that scrolls": FRAMED.format(srcdoc(f'<div style="height:9500px">x</div>{NONE}')),
    "beside the picture": f'<div style="position:absolute;left:3000px;width:300px">{NONE}</div>',
}


@pytest.mark.parametrize("body", OUTSIDE.values(), ids=OUTSIDE.keys())
async def test_a_sign_beyond_what_the_picture_shows_is_said_to_be_outside(
    body: str, chromium: Chromium
) -> None:
    found = await visited(body, chromium)
    picture, marks = picture_of(found)

    assert found.attempt.verdict == "no_slots", found.attempt.detail
    assert (bounds(picture, BLUE), bounds(picture, GREEN)) == (None, None)
    assert [(mark.boxes, mark.outside) for mark in marks] == [((), True)] * 2
    assert found.attempt.evidence[-3].truncated


async def test_only_the_signs_of_the_answer_are_marked_and_at_most_twenty_boxes(
    chromium: Chromium,
) -> None:
    links = "".join(f'<a class="libre" href="#{n}">{n}</a> ' for n in range(300))

    found = await visited(f"<h1>Choisissez votre créneau</h1><p>{links}</p>", chromium)
    _, (words, element) = picture_of(found)

    assert found.attempt.verdict == "slots"
    assert (words.sign, len(words.boxes)) == ("text 'Choisissez votre créneau'", 1)
    assert element.sign == "css 'a.libre' ×300"
    assert len(element.boxes) == MAX_BOXES - 1
    assert not element.outside


async def test_what_stands_in_an_answers_place_is_marked(chromium: Chromium) -> None:
    captcha = '<p>Recopiez</p><div class="g-recaptcha" style="width:300px;height:80px">x</div>'

    found = await visited(captcha, chromium)
    _, marks = picture_of(found)

    assert found.attempt.verdict == "captcha"
    assert [mark.sign for mark in marks] == list(found.attempt.signs)
    assert [each[2:] for each in marks[0].boxes] == [(300, 80)]


async def test_a_heading_that_decides_is_marked_and_a_status_is_not(chromium: Chromium) -> None:
    found = await visited("<h1>Service surchargé</h1>", chromium)
    _, (mark,) = picture_of(found)

    assert (found.attempt.verdict, mark.sign) == ("overload", "heading 'Service surchargé'")
    assert len(mark.boxes) == 1


async def test_a_page_that_decides_nothing_has_no_marks(chromium: Chromium) -> None:
    found = await visited("<h1>Bienvenue</h1>", chromium)

    assert picture_of(found)[1] == ()


async def test_only_the_last_picture_has_marks(chromium: Chromium) -> None:
    found = await visited(NONE, chromium)

    kinds = {each.kind: each.marks is None for each in found.attempt.evidence}
    assert kinds == {"picture": False, "html": True, "outline": True}


ADRIFT = {
    "moving": "<style>@keyframes a{to{margin-left:600px}} .m{animation:a 2s infinite linear}"
    f"</style><div class=m>{NONE}</div>",
    "in a frame that moves": "<style>@keyframes a{to{margin-left:600px}} iframe{animation:a 2s"
    f" infinite linear}}</style>{FRAMED.format(srcdoc(NONE))}",
    "in a frame that is turned": '<div style="transform:rotate(10deg);margin:100px">'
    f"{FRAMED.format(srcdoc(NONE))}</div>",
}


@pytest.mark.parametrize("body", ADRIFT.values(), ids=ADRIFT.keys())
async def test_where_a_rectangle_would_mislead_no_place_is_told(
    body: str, chromium: Chromium
) -> None:
    found = await visited(body, chromium)

    assert found.attempt.verdict == "no_slots", found.attempt.detail
    assert [(mark.boxes, mark.outside) for mark in picture_of(found)[1]] == [((), False)] * 2


async def test_a_scenarios_own_outcome_is_marked_by_its_words_and_nonsense_is_not(
    chromium: Chromium,
) -> None:
    async def own(visit: fleet.Visit) -> Outcome:
        await visit.open()
        outcome = Outcome(verdict=Verdict.CLOSED, detail="x")
        signs = ("css 'p.vide'", "css '<<<'", "text ''", "text 'Absent'", "vu", "css 'p")
        return outcome.model_copy(
            update={"signs": (*signs, 5) if visit.address[-1] == "5" else signs}
        )

    async with site(NONE) as name:
        made = [
            await attempt(
                fleet.scenario(department="92", flow="essai", title="Essai", url=f"{name}/{n}")(
                    own
                ),
                chromium,
                run_id="r",
                limits=QUICK,
            )
            for n in (4, 5)
        ]

    marks = [[(m.sign, len(m.boxes), m.outside) for m in picture_of(each)[1]] for each in made]
    none = [("css '<<<'", 0, False), ("text ''", 0, False), ("text 'Absent'", 0, False)]
    assert marks == [[("css 'p.vide'", 1, False), *none]] * 2
    assert [each.attempt.verdict for each in made] == [Verdict.CLOSED, Verdict.CRASHED]


async def test_a_hostile_page_does_not_move_its_marks(chromium: Chromium) -> None:
    lies = """<script>
      for (const p of [Element.prototype, Range.prototype]) {
        p.getBoundingClientRect = () => ({left: 1e9, top: NaN, right: 1, bottom: -1});
        p.getClientRects = () => [];
      }
      Array.prototype.map = String.prototype.indexOf = () => { throw 1 };
    </script>"""

    _, marks = picture_of(await visited(lies + NONE, chromium))

    assert [len(mark.boxes) for mark in marks] == [1, 1]


async def test_what_a_page_says_of_its_places_is_bounded(chromium: Chromium) -> None:
    vast = '<p class="vide" style="width:9e7px;height:9e7px">Aucun créneau disponible</p>'

    picture, (_, element) = picture_of(await visited(vast, chromium))

    assert [each[2:] for each in element.boxes] == [(picture.width - 8, picture.height - 8)]
