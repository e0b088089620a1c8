"""An empty week is no answer: a visit looks on, a few weeks, and says how far it looked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Outcome, Verdict
from fleet.models.attempt import Capture
from fleet.practice import Trap
from fleet.rules.stored_page import StoredPage
from fleet.rules.stored_visit import judge
from fleet.rules.weeks import MAX_WEEKS
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.conftest import Visit
from tests.families.test_bookingserver import form

PATIENT = AttemptLimits(VisitLimits(deadline_s=90, answer_timeout_s=3, settle_s=1))

EZ = {
    Trap.SLOTS_IN_WEEK_3: (Verdict.SLOTS, "looked at 3 weeks", 3),
    Trap.NEXT_WEEK_LATE: (Verdict.SLOTS, "looked at 3 weeks", 3),
    Trap.LAST_WEEK_SHUT: (Verdict.UNRECOGNISED, "looked at 3 weeks of the calendar: the control"
                          " to the next one is shut", 3),
    Trap.WEEKS_WITHOUT_END: (Verdict.UNRECOGNISED, f"looked at {MAX_WEEKS} weeks", MAX_WEEKS),
    Trap.WEEKS_IN_A_CIRCLE: (Verdict.UNRECOGNISED, "looked at 3 weeks of the calendar: the"
                             " control to the next one led back", 4),
    Trap.SAME_WEEK_AGAIN: (Verdict.UNRECOGNISED, "looked at 2 weeks of the calendar: the control"
                           " to the next one changed nothing", 3),
    Trap.NEXT_WEEK_FAILS: (Verdict.OVERLOAD, "HTTP 500 for what the page itself asked for", 2),
    Trap.NEXT_WEEK_NEVER: (Verdict.UNRECOGNISED, "it still waits for", 2),
    Trap.NEXT_WEEK_POSTS: (Verdict.UNRECOGNISED, "looked at 1 week of the calendar: the control"
                           " to the next one changed nothing", 2),
    Trap.NEXT_WEEK_SUBMITS: (Verdict.UNRECOGNISED, "looked at 1 week of the calendar: the control"
                             " to the next one is not pressed: it sends a form", 1),
}  # fmt: skip
"""What a calendar that opens on an empty week comes to, and how many pictures of it there are."""


def pictures(got: Attempt) -> int:
    return sum(e.kind == "picture" and e.url.endswith("/4") for e in got.evidence)


@pytest.mark.parametrize("trap", EZ)
async def test_a_calendar_that_opens_on_an_empty_week_is_looked_through(
    visit: Visit, trap: Trap
) -> None:
    """Nothing is sent that is not only read (`visit` looks at the tripwires)."""
    verdict, words, pictured = EZ[trap]

    got = await visit(form(trap), limits=PATIENT)

    assert got.verdict == verdict, got.detail
    assert words in got.detail
    assert pictures(got) == pictured
    if verdict == Verdict.SLOTS:
        assert got.facts["weeks"] == "3"
        assert got.slot_count
        assert got.slot_count > 0
        assert (got.first_dates[0] - got.started_at.date()).days >= 7


HEAD = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Prise de rendez-vous</title>'
    "<h1>Choisissez votre créneau</h1><h2 id=t></h2><div id=c class=grille></div><p id=n></p>"
    "<script>let n = 0; const $ = (id) => document.getElementById(id);"
    "const week = (i) => { n = i;"
    " $('t').textContent = `Semaine du ${1 + 7 * i}/01 au ${7 + 7 * i}/01`;"
    " $('c').innerHTML = i === free ? '<input type=radio name=creneau> 09:00' : empty;"
    " if (i === last) $('n').innerHTML = shut; };"
    "let free = -1, last = -1, shut = '', empty = '<p class=vide>Aucun créneau disponible cette"
    " semaine</p>';"
)
NEXT = "$('n').innerHTML = '<button type=button onclick=\"week(n + 1)\">{}</button>';"
NEXT_WEEK = NEXT.format("Semaine suivante")
PLAIN = "empty = '<p class=vide>Aucun créneau disponible</p>';"
WHOLE = "empty = '<p class=vide>Aucun créneau disponible pour le moment</p>';"
SHUT = "shut = '<button disabled>Semaine suivante</button>'; last = 2;"

PAGES: dict[str, tuple[str, str, str]] = {
    "words for this week, slots in the third": ("free = 2;" + NEXT_WEEK, "slots", "3 weeks"),
    "words for this week, and a last one": (SHUT + NEXT_WEEK, "unrecognised", "3 weeks"),
    "words for this week, without end": (NEXT_WEEK, "unrecognised", "6 weeks"),
    "words for this week, and no way on": ("", "unrecognised", "not of more than what it shows"),
    "words that may be for all, slots in the third": (
        PLAIN + "free = 2;" + NEXT_WEEK,
        "slots",
        "3 weeks",
    ),
    "words that may be for all, and a last one": (PLAIN + SHUT + NEXT_WEEK, "no_slots", "3 weeks"),
    "words that may be for all, until no way on": (
        PLAIN + "last = 1; shut = '';" + NEXT_WEEK,
        "no_slots",
        "2 weeks",
    ),
    "words that may be for all, without end": (PLAIN + NEXT_WEEK, "unrecognised", "6 weeks"),
    "words that may be for all, and the sixth is the last": (
        PLAIN + SHUT.replace("last = 2", "last = 5") + NEXT_WEEK,
        "no_slots",
        "6 weeks",
    ),
    "words that may be for all, and no way on": (PLAIN, "no_slots", "Aucun créneau"),
    "words for all": (WHOLE + "free = 2;" + NEXT_WEEK, "no_slots", "Aucun créneau"),
    "an arrow with a label": (
        "free = 1; $('n').innerHTML = '<a href=\"#\" aria-label=\"Semaine suivante\""
        " onclick=\"week(n + 1)\">›</a>';",
        "slots",
        "2 weeks",
    ),
    "a title, and a month": (
        "free = 1; $('n').innerHTML = '<span role=button title=\"Mois suivant\""
        " onclick=\"week(n + 1)\">&gt;&gt;</span>';",
        "slots",
        "2 weeks",
    ),
    "a week that a script brings late": (
        "free = 1; $('n').innerHTML = '<button type=button onclick=\""
        "fetch(&quot;/creneaux?1.5&quot;).then(() => week(n + 1))\">Semaine suivante &raquo;"
        "</button>';",
        "slots",
        "2 weeks",
    ),
    "weeks that one address brings, again and again": (
        "free = 4; $('n').innerHTML = '<button type=button onclick=\""
        "fetch(&quot;/creneaux?.2&quot;).then(() => week(n + 1))\">Semaine suivante</button>';",
        "slots",
        "5 weeks",
    ),
    "a week that is asked for by POST": (
        "free = 1; $('n').innerHTML = '<button type=button onclick=\"fetch(&quot;/creneaux&quot;,"
        " {method: &quot;POST&quot;}).then(() => week(n + 1))\">Semaine suivante</button>';",
        "unrecognised",
        "no answer for what the page itself asked for",
    ),
    "the way on in the menu of a slot": (
        "free = 1; $('n').innerHTML = '<button type=button onclick=\"week(n + 1)\">"
        "Confirmer la semaine suivante</button>';",
        "unrecognised",
        "not of more than what it shows",
    ),
    "a way on to another site": (
        "$('n').innerHTML = '<a href=\"http://ailleurs.localhost:9/\">Semaine suivante</a>';",
        "unrecognised",
        "it leads to another site",
    ),
    "a way on that is a slot of a known platform": (
        "$('n').innerHTML = '<a href=\"/booking/create/1/5/1767000000\">Semaine suivante</a>';",
        "unrecognised",
        "the guard would refuse it",
    ),
    "a way on that opens windows": (
        "free = 2; n = Number(location.hash.slice(1)); $('n').innerHTML = '<a href=\"#\""
        " onclick=\"window.open(location.pathname + &quot;?&quot; + (n + 1) + &quot;#&quot;"
        " + (n + 1)); return false\">Semaine suivante</a>'; const first = week;"
        " setTimeout(() => first(Number(location.hash.slice(1))));",
        "slots",
        "3 weeks",
    ),
    "weeks that only a number tells apart": (
        "free = 3; const inner = week; window.setInterval(() => {"
        " $('t').textContent = 'Semaine n° ' + (n + 1) + ', ouvert du 01/09 au 30/06' }, 30);"
        + NEXT_WEEK,
        "slots",
        "4 weeks",
    ),
    "a way on that nobody sees": (
        PLAIN + NEXT_WEEK + "$('n').style.display = 'none';",
        "no_slots",
        "Aucun créneau",
    ),
    "a clock beside it": (
        "free = 2; setInterval(() => { document.title = $('h').textContent = performance.now()"
        " }, 50);" + NEXT_WEEK,
        "slots",
        "3 weeks",
    ),
    "a frame with the calendar's controls": (
        PLAIN
        + "$('n').innerHTML = '<iframe srcdoc=\"<button>Semaine suivante</button>\"></iframe>';",
        "unrecognised",
        "stands in a frame",
    ),
    "a frame of another site with the calendar's controls": (
        PLAIN
        + "$('n').innerHTML = '<iframe sandbox"
        " srcdoc=\"<button>Semaine suivante</button>\"></iframe>';",
        "unrecognised",
        "stands in a frame",
    ),
    "a shadow root with the calendar's controls": (
        PLAIN + "free = 2; $('n').attachShadow({mode: 'open'}).innerHTML ="
        " '<button type=button onclick=\"week(n + 1)\">Semaine suivante</button>';",
        "slots",
        "3 weeks",
    ),
}  # fmt: skip
"""Calendars of sites of their own: the script after `HEAD`, the verdict, words of its detail."""

LIMITS = AttemptLimits(VisitLimits(deadline_s=90, answer_timeout_s=5, settle_s=0.5))


async def script(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(
        no_slots=[visit.text("Aucun créneau disponible"), visit.css("p.vide")],
        slots=[visit.text("Choisissez votre créneau"), visit.css("input[name=creneau]")],
    )


@asynccontextmanager
async def site() -> AsyncIterator[tuple[str, list[str]]]:
    """A server of `PAGES`, by their numbers, and what was sent to it that is not only read."""
    sent: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.method != "GET":
            sent.append(request.path)
        number = request.path.removeprefix("/page/")
        if number.isdigit():
            body = [*PAGES.values()][int(number)][0]
            text = f"{HEAD}{body} week(0);</script><b id=h></b>"
            return web.Response(text=text, content_type="text/html")
        await asyncio.sleep(float(request.query_string or 0))
        return web.json_response([])

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://essai.localhost:{runner.addresses[0][1]}", sent
    finally:
        await runner.cleanup()


async def test_words_for_one_week_are_no_answer_and_words_for_all_decide_at_once(
    chromium: Chromium,
) -> None:
    """Judged again from what was kept, each says the same."""
    places = asyncio.Semaphore(4)
    async with site() as (url, sent):

        async def one(number: int) -> tuple[Capture, Outcome]:
            scenario = fleet.scenario(
                department="92", flow="essai", title="Essai", url=f"{url}/page/{number}"
            )(script)
            async with places:
                kept = await attempt(scenario, chromium, run_id="test", limits=LIMITS)
            outlines = [f.content for f in kept.files if f.evidence.kind == "outline"]
            return kept, await judge(scenario, kept.attempt, [StoredPage.of(o) for o in outlines])

        made = await asyncio.gather(*(one(number) for number in range(len(PAGES))))
    wrong = {
        name: (kept.attempt.verdict.value, again.verdict.value, kept.attempt.detail, again.detail)
        for (name, (_, verdict, words)), (kept, again) in zip(PAGES.items(), made, strict=True)
        if not (kept.attempt.verdict == again.verdict == verdict and words in kept.attempt.detail)
        or kept.attempt.facts != again.facts
    }
    assert wrong == {}
    assert sent == []
