"""The verbs on a site of its own, in real Chromium: words as a person reads them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import parse_qsl

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Outcome, Verdict
from fleet.visit.attempt import attempt
from tests.conftest import QUICK

Script = Callable[[fleet.Visit], Awaitable[Outcome]]
Try = Callable[..., Awaitable[Attempt]]

HEAD = "<!doctype html><html lang=fr><meta charset=utf-8><title>Préfecture</title>"
ANSWER = "<h1>Rendez-vous</h1><p>Aucun créneau <b>n’est</b>&nbsp;disponible.</p>"


@pytest.fixture
async def trying(chromium: Chromium) -> AsyncIterator[Try]:
    """`await trying(html, script)`: serve this page, visit it once; forms lead to an answer."""
    pages = {"html": ""}

    async def first(_: web.Request) -> web.Response:
        return web.Response(text=HEAD + pages["html"], content_type="text/html")

    async def answer(request: web.Request) -> web.Response:
        sent = "&".join(sorted("=".join(pair) for pair in parse_qsl(await request.text())))
        return web.Response(text=f"{HEAD}{ANSWER}<pre>{sent}</pre>", content_type="text/html")

    site = web.Application()
    site.add_routes([web.get("/", first), web.get("/creneau/", answer)])
    site.add_routes([web.post("/creneau/", answer)])
    runner = web.AppRunner(site)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    port = runner.addresses[0][1]

    async def once(html: str, script: Script, anchor: str | None = None) -> Attempt:
        pages["html"] = html
        url = f"http://nanterre.localhost:{port}/"
        decorate = fleet.scenario(
            department="92", flow="essai", title="Essai", url=url, anchor=anchor
        )
        kept = await attempt(decorate(script), chromium, run_id="test", limits=QUICK)
        return kept.attempt

    yield once
    await runner.cleanup()


async def decide(visit: fleet.Visit) -> Outcome:
    return await visit.decide(
        no_slots=[visit.text("aucun créneau n'est disponible"), visit.url("*/creneau/")],
        slots=[visit.text("Choisissez votre créneau"), visit.css("input[name=trhId]")],
    )


async def test_boxes_and_buttons_are_found_by_the_words_that_a_person_reads(trying: Try) -> None:
    """Whatever the apostrophe, the case, the spaces, and whether the label is tied to its box."""
    html = """<form method=post action="/creneau/">
      <p><input type=checkbox name=a> J’accepte  les&nbsp;conditions</p>
      <input type=radio name=g id=g1 value=1><label for=g1>Guichet n° 1</label>
      <input type=radio name=g id=g2 value=2><label for=g2>Guichet n° 2</label>
      <button>Prendre un RENDEZ-VOUS</button></form>"""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.tick("j'accepte les conditions")
        await visit.choose("Guichet n° 2")
        assert await visit.press("Réserver", "Prendre un rendez-vous")
        await visit.which(sent=[visit.text("a=on&g=2")])
        return await decide(visit)

    got = await trying(html, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail


async def test_a_styled_box_is_ticked_by_its_label(trying: Try) -> None:
    html = """<style>input{opacity:0;position:absolute;width:0;height:0}</style>
      <form method=post action="/creneau/"><input type=checkbox id=c name=c>
      <label for=c>J'accepte</label><input type=submit value=Suivant style="all:revert"></form>"""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.tick("J'accepte")
        await visit.press("Suivant")
        await visit.which(sent=[visit.text("c=on")])
        return await decide(visit)

    got = await trying(html, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<a href='/creneau/'>Mentions légales</a>", "there is: 'Mentions légales'"),
        ("<button disabled>Suivant</button>", "it is disabled"),
        (
            "<button>Suivant</button><div style='position:fixed;inset:0'>…</div>",
            "it is covered by <div>",
        ),
        ("<button style='display:none'>Suivant</button>", "there is: none"),
    ],
)
async def test_a_button_that_no_person_could_press_is_unrecognised_and_says_why(
    trying: Try, html: str, words: str
) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suivant")
        return await decide(visit)

    got = await trying(html, script)

    assert got.verdict == Verdict.UNRECOGNISED
    assert words in got.detail


async def test_a_banner_that_covers_a_control_is_pressed_away(trying: Try) -> None:
    html = """<a href="/creneau/">Suivant</a><div id=cookies style="position:fixed;inset:0">
      <button onclick="this.parentNode.remove()">Tout refuser</button></div>"""

    async def script(visit: fleet.Visit) -> Outcome:
        visit.dismiss("#cookies button")
        await visit.open()
        await visit.press("Suivant")
        return await decide(visit)

    got = await trying(html, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail


@pytest.mark.parametrize(
    "html",
    [
        "<a href='/creneau/' target=_blank>Suivant</a>",
        "<base target=_blank><a href='/creneau/'>Suivant</a>",
        "<form method=post action='/creneau/' target=w><button>Suivant</button></form>",
        "<button onclick=\"window.open('/creneau/')\">Suivant</button>",
    ],
)
async def test_an_answer_in_another_window_is_followed(trying: Try, html: str) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suivant")
        return await decide(visit)

    got = await trying(html, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert any("window" in note for note in got.notes)


async def test_a_final_button_is_never_pressed(trying: Try) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Confirmer le rendez-vous")
        return await decide(visit)

    got = await trying("<a href='/creneau/'>Confirmer le rendez-vous</a>", script)

    assert got.verdict == Verdict.CRASHED
    assert [served.url.rsplit("/", 1)[-1] for served in got.served] == [""]


async def test_a_dialog_is_noted_and_dismissed(trying: Try) -> None:
    html = """<script>addEventListener("load", () => {
      document.title = String(confirm("Continuer ?")); })</script><a href="/creneau/">Suivant</a>"""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suivant")
        return await decide(visit)

    got = await trying(html, script)

    assert [(dialog.kind, dialog.message) for dialog in got.dialogs] == [("confirm", "Continuer ?")]
    assert got.evidence[0].title == "false"


async def pressing(visit: fleet.Visit) -> Outcome:
    await visit.open()
    await visit.press("Suivant")
    return await decide(visit)


@pytest.mark.parametrize("anchor", ["Titre de séjour", "TITRE  de séjour :", "Préfecture"])
async def test_an_answer_counts_once_a_page_of_the_visit_has_shown_the_anchor(
    trying: Try, anchor: str
) -> None:
    html = "<h1>Titre de séjour&nbsp;: dépôt</h1><a href='/creneau/'>Suivant</a>"

    got = await trying(html, pressing, anchor)

    assert (got.verdict, got.missing_anchor) == (Verdict.NO_SLOTS, None)


async def test_a_page_without_the_anchor_is_unrecognised_and_says_which_is_gone(
    trying: Try,
) -> None:
    """The prefecture gave the address to another flow; its answer is not ours."""
    html = """<h1>Permis de conduire</h1><!-- Titre de séjour --><p hidden>Titre de séjour</p>
      <a href='/creneau/'>Suivant</a>"""

    got = await trying(html, pressing, "Titre de séjour")

    assert got.verdict == Verdict.UNRECOGNISED
    assert got.missing_anchor == "Titre de séjour"
    assert "no page of this visit shows the anchor 'Titre de séjour'" in got.detail


ALERT = "<script>onload = () => alert('Aucun rendez-vous n’est possible')</script><h1>Motifs</h1>"


async def test_the_words_of_a_box_are_a_sign(trying: Try) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await visit.decide(
            no_slots=[visit.dialog("aucun rendez-vous n'est possible"), visit.text("Motifs")]
        )

    got = await trying(ALERT, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail
    assert got.signs[0] == 'dialog "aucun rendez-vous n\'est possible"'


async def test_what_a_box_said_on_the_page_before_is_no_sign(trying: Try) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suivant")
        return await visit.decide(
            no_slots=[visit.dialog("aucun rendez-vous n'est possible"), visit.url("*/creneau/")]
        )

    got = await trying(f"{ALERT}<a href='/creneau/'>Suivant</a>", script)

    assert got.verdict == Verdict.UNRECOGNISED
    assert len(got.dialogs) == 1


async def test_a_gate_that_the_scenario_knows_needs_no_waiting_and_facts_are_kept(
    trying: Try,
) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        outcome = await visit.decide(
            captcha=[visit.css("#code")], login_required=[visit.text("Connectez-vous")]
        )
        assert await visit.texts("label, p") == ["Code de sécurité"]
        return outcome.stating(gate="captcha")

    got = await trying("<label>Code de <b>sécurité</b><input id=code></label><p hidden>x", script)

    assert (got.verdict, got.facts) == (Verdict.CAPTCHA, {"gate": "captcha"})


FLASH = """<h1 id=h>Aucun créneau n’est disponible</h1><p id=p></p><script>
  history.replaceState(null, "", "/creneau/");
  setTimeout(() => { document.getElementById("h").textContent = "Choisissez votre créneau";
    document.getElementById("p").innerHTML = "<input type=radio name=trhId>"; }, %d);</script>"""


async def test_a_page_that_says_none_for_a_moment_before_its_slots_come_has_slots(
    trying: Try,
) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return await decide(visit)

    got = await trying(FLASH % 250, script)

    assert got.verdict == Verdict.SLOTS, got.detail


async def test_a_page_that_takes_its_time_to_leave_is_waited_for(trying: Try) -> None:
    """On a busy machine a press needs far longer than a few milliseconds to lead anywhere."""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        assert await visit.press("Suivant")
        return await decide(visit)

    html = "<button onclick=\"setTimeout(() => location = '/creneau/', 800)\">Suivant</button>"
    got = await trying(html, script)

    assert got.verdict == Verdict.NO_SLOTS, got.detail


async def test_an_invalid_selector_ends_the_visit_with_its_name_wherever_it_is_given(
    trying: Try,
) -> None:
    """Also one that only Chromium takes for none; before, it was looked for nowhere in silence."""
    told: list[str] = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        visit.dismiss("#a, button[")
        there = visit.text("aucun créneau n'est disponible")
        asked = (
            lambda: visit.which(there=[there]),
            lambda: visit.texts("b["),
            lambda: visit.attributes("c:has-text('x')", "href"),
            lambda: visit.press(css="d >> e"),
            lambda: visit.tick(css="//f"),
        )
        for ask in asked:
            try:
                await ask()
            except ValueError as exc:
                told.append(str(exc))
        visit.dismiss()
        return await visit.decide(no_slots=[there, visit.css("video:muted")])

    seen = await trying(ANSWER, script)

    names = ("#a, button[", "b[", "c:has-text('x')", "d >> e", "//f")
    assert [
        f"css {name!r} is no CSS selector" in words for name, words in zip(names, told, strict=True)
    ] == ([True] * len(names))
    assert seen.verdict == Verdict.CRASHED
    assert "css 'video:muted' is no CSS selector that Chromium knows" in seen.detail


async def test_a_scenario_reaches_its_visits_verbs_and_nothing_below_them(trying: Try) -> None:
    """Not by a name that is put together either; what the check of its text cannot see."""
    reached: list[str] = []

    async def script(visit: fleet.Visit) -> Outcome:
        below = ("_page", "_opened", "traffic", "guard", "files", "_" + "agent", "begin")
        reached.extend(name for name in below if hasattr(visit, name))
        for name in ("text", "guard", "_opened"):
            with pytest.raises(AttributeError):
                setattr(visit, name, None)
        await visit.open()
        return await visit.decide(
            no_slots=[visit.text("aucun créneau n'est disponible"), visit.css("body")]
        )

    seen = await trying(ANSWER, script)

    assert reached == []
    assert seen.verdict == Verdict.CRASHED
    assert "ValueError at test_visit.py:" in seen.detail
    assert "no_slots=…: css('body') is on any page" in seen.detail
