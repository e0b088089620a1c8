"""Nothing that takes a slot leaves a page, whichever way it goes, as the site itself tells."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

import fleet
from fleet.browser import arguments
from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Outcome, Verdict
from fleet.visit.attempt import attempt
from tests.browser.alone import alone
from tests.conftest import QUICK
from tests.visit.test_attempt import scripted
from tests.visit.ways_out import (
    CALENDARS,
    GETS,
    LATER,
    POSTS,
    SAID,
    SAY,
    SILENT,
    WaysOut,
    page,
    script,
    ways_out,
)

CONDUCT = (Path(__file__).parents[2] / "docs" / "conduct.md").read_text()
POLICY = {"Content-Security-Policy": "img-src 'self'; report-uri /booking/create/717/5"}
FRAMED = {
    "alone": "",
    "in a frame": "<iframe src='CALENDAR'></iframe>",
    "in a frame of another host": "<iframe src='http://b.localhost:PORTCALENDAR'></iframe>",
    "in a frame of a frame": "<iframe src='http://c.localhost:PORT/between'></iframe>",
}


async def look(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(closed=[visit.text(SAID)])


PATIENT = replace(QUICK, visit=replace(QUICK.visit, deadline_s=40, answer_timeout_s=15))
"""Pages here speak once a dozen requests have been answered, which takes a busy machine a while."""


async def seen(site: WaysOut, chromium: Chromium, path: str) -> Attempt:
    kept = await attempt(scripted(look, site.url(path)), chromium, run_id="test", limits=PATIENT)
    assert chromium.open_contexts == 0
    return kept.attempt


@pytest.mark.parametrize("way", GETS)
async def test_a_page_cannot_ask_for_an_address_that_takes_a_slot(
    chromium: Chromium, way: str
) -> None:
    headers = {"/way": POLICY} if way == "report" else {}
    async with ways_out({"/way": GETS[way]}, headers) as site:
        got = await seen(site, chromium, "/way")

        assert site.sent == []
    assert got.verdict == Verdict.CRASHED, got.detail
    assert "guard stopped a request that would take or hold a slot" in got.detail


@pytest.mark.parametrize("way", SILENT)
async def test_what_fails_without_a_word_sends_nothing(chromium: Chromium, way: str) -> None:
    headers = {"/way": {"Speculation-Rules": '"/rules.json"'}} if "header" in way else {}
    async with ways_out({"/way": SILENT[way]}, headers) as site:
        got = await seen(site, chromium, "/way")

        assert site.sent == []
    assert got.verdict in (Verdict.CLOSED, Verdict.CRASHED), got.detail


OWN = {"Origin-Agent-Cluster": "?1"}
OWN_FRAME = page(
    "<iframe src='http://b.localhost:PORT/own'></iframe>"
    f"<script>(async () => {{ {LATER} {SAY} }})()</script>"
)


async def test_a_frame_that_asks_for_a_process_of_its_own_is_guarded_like_any(
    chromium: Chromium,
) -> None:
    async with ways_out({"/rdv": OWN_FRAME}, {"/own": OWN}) as site:
        got = await seen(site, chromium, "/rdv")

        assert site.sent == []
    assert got.verdict == Verdict.CRASHED, got.detail


@pytest.mark.process
async def test_what_gets_a_process_of_its_own_all_the_same_is_not_let_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another Chromium may know processes that this one does not."""
    less = [each for each in arguments.ARGUMENTS if "site-isolation" not in each]
    monkeypatch.setattr(arguments, "ARGUMENTS", less)
    async with alone(tmp_path) as own, ways_out({"/rdv": OWN_FRAME}, {"/own": OWN}) as site:
        got = await seen(site, own.chromium, "/rdv")

        assert site.sent == []
        assert got.verdict == Verdict.CLOSED, got.detail
        assert any(note.startswith("not let in beside the page: iframe") for note in got.notes)


@pytest.mark.process
async def test_chromium_keeps_what_playwright_switches_on(tmp_path: Path) -> None:
    """Of two such arguments Chromium takes the last, so it must hold all of the first."""
    async with alone(tmp_path) as own:
        given = [each for each in own.browser().cmdline() if each.startswith("--enable-features=")]

    playwrights, ours = (set(each.partition("=")[2].split(",")) for each in given)
    assert playwrights - {""} <= ours


@pytest.mark.parametrize(("way", "calendar"), zip(POSTS, itertools.cycle(CALENDARS), strict=False))
async def test_a_calendar_cannot_post(chromium: Chromium, way: str, calendar: str) -> None:
    async with ways_out({calendar: POSTS[way]}) as site:
        got = await seen(site, chromium, calendar)

        assert site.sent == []
    assert got.verdict == Verdict.CRASHED, got.detail
    assert f"from the calendar {site.url(calendar)}" in got.detail


@pytest.mark.parametrize(
    "where", ["in a frame", "in a frame of another host", "in a frame of a frame"]
)
@pytest.mark.parametrize("way", ["form", "form, whole window", "fetch", "worker"])
async def test_a_calendar_cannot_post_wherever_it_stands(
    chromium: Chromium, way: str, where: str
) -> None:
    calendar = CALENDARS[0]
    portal = page(FRAMED[where].replace("CALENDAR", calendar))
    between = page(f"<iframe src='http://b.localhost:PORT{calendar}'></iframe>")
    async with ways_out({"/rdv": portal, "/between": between, calendar: POSTS[way]}) as site:
        got = await seen(site, chromium, "/rdv")

        assert site.sent == []
    if way == "form, whole window" and where != "in a frame":
        return  # Chromium itself lets no frame of another host do that
    assert got.verdict == Verdict.CRASHED, got.detail
    assert "guard stopped" in got.detail


async def test_a_calendar_cannot_post_in_the_name_of_the_page_around_it(chromium: Chromium) -> None:
    """Documents of one host can reach into each other."""
    reaches = script("parent.fetch('/take', {method: 'POST'})")
    portal = page(f"<iframe src='{CALENDARS[0]}'></iframe>")
    async with ways_out({"/rdv": portal, CALENDARS[0]: reaches}) as site:
        got = await seen(site, chromium, "/rdv")

        assert site.sent == []
    assert got.verdict == Verdict.CRASHED


async def test_a_calendar_cannot_post_after_its_frame_was_taken_away(chromium: Chromium) -> None:
    later = script("fetchLater('/take', {method: 'POST'});parent.postMessage('ready', '*')")
    portal = page(
        f"<iframe src='http://b.localhost:PORT{CALENDARS[0]}'></iframe>"
        "<script>onmessage = () => document.querySelector('iframe').remove()</script>"
    )
    async with ways_out({"/rdv": portal, CALENDARS[0]: later}) as site:
        got = await seen(site, chromium, "/rdv")

        assert site.sent == []
    assert got.verdict == Verdict.CRASHED


# What is no step is no alarm ----------------------------------------------------------------------


async def test_files_with_the_name_of_a_step_are_loaded(chromium: Chromium) -> None:
    shown = page(
        '<link rel="stylesheet" href="/css/formulaire.css">'
        '<link rel="preload" as="style" href="/booking/confirm/page.css">'
        '<img src="/images/formulaire/logo.svg">'
        '<link rel="stylesheet" href="/css/formulaire/"><img src="/media/formulaire/100x100">'
        '<script src="/js/formulaire"></script><script src="/static/_validerCaptcha.js"></script>'
        '<iframe src="/contact/formulaire/"></iframe><link rel="prefetch" href="/formulaire">'
        '<img src="/prescripteur/a.png?x=%2Fbooking%2Fconfirm">'
        '<script src="/js/booking/confirm.js"></script><script src="/users/sign_up.mjs"></script>'
        "<script>fetch('/i18n/formulaire.json').then("
        f"() => document.body.append('{SAID}'))</script>"
    )
    async with ways_out({"/rdv": shown}) as site:
        got = await seen(site, chromium, "/rdv")

    assert got.verdict == Verdict.CLOSED, got.detail
    assert got.notes == ()


async def test_a_page_may_post_while_a_calendar_of_another_host_stands_in_its_frame(
    chromium: Chromium,
) -> None:
    portal = page(
        f"<iframe onload=\"fetch('/search', {{method: 'POST'}}).then(() => document.body.append("
        f"'{SAID}'))\" src='http://b.localhost:PORT{CALENDARS[0]}'></iframe>"
    )
    async with ways_out({"/rdv": portal, CALENDARS[0]: page("Choisissez")}) as site:
        got = await seen(site, chromium, "/rdv")

        assert site.sent == ["POST /search"]
    assert got.verdict == Verdict.CLOSED, got.detail


async def test_a_frame_of_somebody_else_on_a_calendar_may_post(chromium: Chromium) -> None:
    """A captcha's frame asks its own host; it cannot take a slot of the calendar's."""
    asks = script(
        f"fetch('/ask', {{method: 'POST'}}).then(() => parent.postMessage('{SAID}', '*'))"
    )
    calendar = page(
        "<iframe src='http://b.localhost:PORT/captcha'></iframe>"
        "<script>onmessage = (event) => document.body.append(event.data)</script>"
    )
    async with ways_out({CALENDARS[1]: calendar, "/captcha": asks}) as site:
        got = await seen(site, chromium, CALENDARS[1])

        assert site.sent == ["POST /ask"]
    assert got.verdict == Verdict.CLOSED, got.detail


async def test_a_calendar_may_post_the_question_for_its_week(chromium: Chromium) -> None:
    week = "/ezjscore/call/bookingserver::planning::assign::717::718::7"
    calendar = script(
        f"fetch('{week}', {{method: 'POST'}}).then(() => document.body.append('{SAID}'))"
    )
    async with ways_out({CALENDARS[0]: calendar}) as site:
        got = await seen(site, chromium, CALENDARS[0])

        assert site.sent == [f"POST {week}"]
    assert got.verdict == Verdict.CLOSED, got.detail


async def test_what_a_calendar_sends_to_measure_its_audience_is_stopped_and_noted(
    chromium: Chromium,
) -> None:
    counted = script(
        "navigator.sendBeacon('http://audience.localhost:PORT/hit', 'x');"
        "fetch('http://audience.localhost:PORT/hit', {method: 'POST', mode: 'no-cors'})"
        f".catch(() => document.body.append('{SAID}'))"
    )
    async with ways_out({CALENDARS[0]: counted}) as site:
        got = await seen(site, chromium, CALENDARS[0])

        assert site.sent == []
    assert got.verdict == Verdict.CLOSED, got.detail
    assert [note.partition(":")[0] for note in got.notes] == ["not sent", "not sent"]


@pytest.mark.parametrize("way", [*GETS, *POSTS, *SILENT])
def test_every_way_that_is_tried_is_in_the_list(way: str) -> None:
    listed = CONDUCT.partition("## Every way out of a page")[2].partition("###")[0]

    word = re.match(r"\w+", way)
    assert word is not None
    assert word.group() in listed
