"""An attempt ends in time and with a verdict, whatever the site, scenario and Chromium do."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.page import ANSWER_S
from fleet.models import Outcome, Scenario, Verdict
from fleet.models.attempt import Capture
from fleet.practice import Fault, Form, Planning, PracticeServer, Trap, never
from fleet.visit import capture, tracker
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits, VisitLimits
from tests.browser.alone import SOON_S, alone, freeze, until
from tests.conftest import QUICK, scenario_of

SHORT = AttemptLimits(
    visit=VisitLimits(deadline_s=2, answer_timeout_s=1, settle_s=0.3), last_look_s=5, close_s=1
)

Script = Callable[[fleet.Visit], Awaitable[Any]]


def form(*traps: Trap, faults: tuple[Fault, ...] = ()) -> Form:
    return Form(
        host="clermont-ferrand",
        id="4411",
        department="63",
        prefecture="Préfecture du Puy-de-Dôme",
        title="Titre de séjour",
        plannings=(Planning("14510", "Guichet 1", never),),
        traps=frozenset(traps),
        faults=faults,
    )


def scripted(script: Script, url: str = "http://clermont-ferrand.localhost/") -> Scenario:
    return scenario_of(form()).model_copy(update={"script": script, "url": url})


async def visited(scenario: Scenario, chromium: Chromium, limits: AttemptLimits = SHORT) -> Capture:
    """One attempt, which must end and leave no context open."""
    async with asyncio.timeout(SOON_S):
        kept = await attempt(scenario, chromium, run_id="test", limits=limits)
    assert chromium.open_contexts == 0
    return kept


async def usual(chromium: Chromium) -> Verdict:
    """The verdict of a healthy practice prefecture, which is never anything else."""
    async with PracticeServer((form(),)) as server:
        scenario = scenario_of(form()).at(server.url(form()))
        kept = await visited(scenario, chromium, QUICK)
    return kept.attempt.verdict


def kinds(kept: Capture) -> list[tuple[str, int]]:
    return [(e.kind, e.step) for e in kept.attempt.evidence]


# The deadline ---------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["hang", "slow"])
async def test_a_deadline_in_a_navigation_is_a_timeout_with_the_page_before(
    chromium: Chromium, fault: str
) -> None:
    slow = form(faults=(Fault(2, fault, seconds=60),))
    async with PracticeServer((slow,)) as server:
        kept = await visited(scenario_of(slow).at(server.url(slow)), chromium)

    assert kept.attempt.verdict == Verdict.TIMEOUT
    assert "took longer than 2 s" in kept.attempt.detail
    assert ("picture", 0) in kinds(kept)
    assert kinds(kept)[-3:] == [("picture", 1), ("html", 1), ("outline", 1)], kept.attempt.notes
    assert "Effectuer une demande" in kept.files[-1].content.decode()
    assert await usual(chromium) == Verdict.NO_SLOTS


async def test_a_site_that_never_answers_is_a_timeout(chromium: Chromium) -> None:
    silent = form(faults=(Fault(0, "hang"),))
    async with PracticeServer((silent,)) as server:
        kept = await visited(scenario_of(silent).at(server.url(silent)), chromium)

    assert kept.attempt.verdict == Verdict.TIMEOUT
    assert await usual(chromium) == Verdict.NO_SLOTS


async def test_a_page_whose_script_never_ends_is_a_timeout_and_chromium_goes_on(
    chromium: Chromium,
) -> None:
    """Its page cannot be asked anything, but Chromium closes it all the same."""
    starts = chromium.starts
    async with page_server("<h1>Bonjour</h1><script>for (;;) {}</script>") as url:
        kept = await visited(
            scripted(opened, url), chromium, AttemptLimits(SHORT.visit, last_look_s=0.5, close_s=5)
        )

    assert kept.attempt.verdict == Verdict.TIMEOUT
    assert any("no picture of the last page" in note for note in kept.attempt.notes)
    assert chromium.starts == starts
    assert await usual(chromium) == Verdict.NO_SLOTS


# Pages that never stop loading ------------------------------------------------------------------


@pytest.mark.parametrize("trap", [Trap.ENDLESS_BODY, Trap.HANGING_IMAGE])
async def test_a_page_that_never_stops_loading_leaves_a_picture(
    chromium: Chromium, trap: Trap
) -> None:
    async with PracticeServer((form(trap),)) as server:
        kept = await visited(scenario_of(form()).at(server.url(form())), chromium, QUICK)

    assert kept.attempt.verdict == Verdict.NO_SLOTS
    assert kinds(kept)[-3:] == [("picture", 1), ("html", 1), ("outline", 1)]


async def test_a_page_that_waits_for_its_style_for_ever_leaves_a_picture_or_says_why_not(
    chromium: Chromium,
) -> None:
    page = '<link rel="stylesheet" href="/hang.css"><h1>Bonjour</h1>'
    async with page_server(page) as url:
        kept = await visited(scripted(opened, url), chromium)

    assert kept.attempt.verdict in (Verdict.TIMEOUT, Verdict.UNRECOGNISED)
    said = any("no picture of the last page" in note for note in kept.attempt.notes)
    assert said or any(kind == "picture" for kind, _ in kinds(kept))
    assert ("html", 0) in kinds(kept)
    assert await usual(chromium) == Verdict.NO_SLOTS


@pytest.mark.process
async def test_a_picture_that_never_comes_is_noted_and_takes_no_visit_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chromium draws in a process of its own, which may hang while the page answers."""
    monkeypatch.setattr(tracker, "PICTURE_S", 0.2)
    limits = AttemptLimits(VisitLimits(deadline_s=15), last_look_s=5, close_s=2)
    async with alone(tmp_path) as own, page_server("<h1>Bonjour</h1>") as url:

        async def script(visit: fleet.Visit) -> Outcome:
            await visit.open()
            for drawing in own.parts("gpu-process"):
                await freeze(drawing)
            await visit.keep_picture()
            return Outcome(verdict=Verdict.CLOSED, detail="seen")

        kept = await visited(scripted(script, url), own.chromium, limits)

        assert kept.attempt.verdict == Verdict.CLOSED
        assert [kind for kind, _ in kinds(kept)] == ["outline", "html", "outline"]
        notes = [note for note in kept.attempt.notes if note.startswith("no picture of")]
        assert [note.rsplit(": ", 1)[1] for note in notes] == [
            "not within 0.2 s",
            "not within 3 s",
        ]


async def test_a_very_large_page_is_cut_and_says_so(chromium: Chromium) -> None:
    """24 million pixels would make a picture of up to 72 MB."""
    opened = await chromium.open_page()
    await opened.page.set_content("<div style='width:2400px;height:10000px'>haut</div>")

    picture = await capture.take_picture(opened.cdp, capture.CapturePlace(0, "", ""), whole=True)

    width, height = struct.unpack(">II", picture.content[16:24])
    assert (width, height) == (2408, 12_000_000 // 2408)
    assert picture.evidence.truncated
    await chromium.close_page(opened)


# Scenarios with a bug ----------------------------------------------------------------------------


async def opened(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(closed=[visit.text("what no page says")])


async def test_an_error_in_a_scenario_is_crashed_and_names_its_line(chromium: Chromium) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        raise ValueError("a bug")

    kept = await visited(scripted(script), chromium)

    assert kept.attempt.verdict == Verdict.CRASHED
    line = script.__code__.co_firstlineno + 1
    assert f"ValueError at test_attempt.py:{line}: a bug" in kept.attempt.detail


async def test_an_error_in_a_library_names_the_line_of_the_scenario_that_led_to_it(
    chromium: Chromium,
) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        return Outcome(verdict="maybe", detail="")  # type: ignore[arg-type]

    kept = await visited(scripted(script), chromium)

    line = script.__code__.co_firstlineno + 1
    assert f"ValidationError at test_attempt.py:{line}: " in kept.attempt.detail


async def test_a_scenario_that_returns_nothing_is_crashed(chromium: Chromium) -> None:
    async def script(visit: fleet.Visit) -> None:
        return None

    kept = await visited(scripted(script), chromium)

    assert kept.attempt.verdict == Verdict.CRASHED
    assert kept.attempt.detail == "63/titre-de-sejour: the scenario returned None, no Outcome"


async def test_an_answer_with_too_few_signs_is_crashed_and_says_what_to_write(
    chromium: Chromium,
) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        return await visit.decide(slots=[visit.text("Choisissez votre créneau")])

    kept = await visited(scripted(script), chromium)

    assert kept.attempt.verdict == Verdict.CRASHED
    assert "decide(slots=…) needs two independent signs" in kept.attempt.detail
    assert "test_attempt.py:" in kept.attempt.detail


async def test_a_scenario_that_waits_for_ever_for_something_else_is_crashed(
    chromium: Chromium,
) -> None:
    """Closing its page does not end it, and others must not lose their Chromium because of it."""
    starts, cancelled = chromium.starts, asyncio.Event()

    async def script(visit: fleet.Visit) -> Outcome:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError("unreachable")

    other = await chromium.open_page()
    limits = AttemptLimits(VisitLimits(deadline_s=0.3), last_look_s=1, close_s=0.3)
    async with asyncio.timeout(SOON_S):
        kept = await attempt(scripted(script), chromium, run_id="test", limits=limits)

    assert kept.attempt.verdict == Verdict.CRASHED
    assert "the scenario does not end" in kept.attempt.detail
    assert cancelled.is_set()
    assert await other.page.evaluate("1 + 1") == 2
    await chromium.close_page(other)
    assert (chromium.open_contexts, chromium.starts) == (0, starts)


async def test_a_scenario_that_swallows_every_error_is_crashed(chromium: Chromium) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        while True:
            with contextlib.suppress(Exception):
                await visit.open()
            await asyncio.sleep(0.01)

    limits = AttemptLimits(VisitLimits(deadline_s=0.5), last_look_s=1, close_s=0.3)
    kept = await visited(scripted(script), chromium, limits)

    assert kept.attempt.verdict == Verdict.CRASHED
    assert "the scenario does not end" in kept.attempt.detail


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
async def test_a_scenario_cannot_end_the_fleet(chromium: Chromium, error: BaseException) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        raise error

    kept = await visited(scripted(script), chromium)

    assert kept.attempt.verdict == Verdict.CRASHED
    assert f"{type(error).__name__} at test_attempt.py:" in kept.attempt.detail


# Chromium dies -----------------------------------------------------------------------------------


@pytest.mark.process
@pytest.mark.parametrize("who", ["browser", "driver"])
async def test_chromium_killed_in_a_navigation_is_crashed_at_once_and_the_next_visit_right(
    tmp_path: Path, who: str
) -> None:
    silent = form(faults=(Fault(0, "hang"),))
    patient = AttemptLimits(VisitLimits(deadline_s=60), last_look_s=2, close_s=2)
    async with alone(tmp_path) as own, PracticeServer((silent,)) as server:
        victim = own.browser() if who == "browser" else own.driver()
        scenario = scenario_of(silent).at(server.url(silent))
        visiting = asyncio.ensure_future(visited(scenario, own.chromium, patient))
        await until(lambda: server.visits(silent) > 0)
        victim.kill()

        kept = await visiting

        assert kept.attempt.verdict == Verdict.CRASHED
        assert "Chromium" in kept.attempt.detail
        assert kept.attempt.seconds < 30
        assert await usual(own.chromium) == Verdict.NO_SLOTS


@pytest.mark.process
async def test_a_page_that_dies_alone_is_crashed_and_chromium_goes_on(tmp_path: Path) -> None:
    async with alone(tmp_path) as own, page_server("<h1>Bonjour</h1>") as url:

        async def script(visit: fleet.Visit) -> Outcome:
            await visit.open()
            for renderer in own.parts("renderer"):
                renderer.kill()
            return await visit.decide(closed=[visit.text("what no page says")])

        kept = await visited(scripted(script, url), own.chromium)

        assert kept.attempt.verdict == Verdict.CRASHED
        assert "died" in kept.attempt.detail
        assert own.chromium.starts == 1
        assert await usual(own.chromium) == Verdict.NO_SLOTS


@pytest.mark.process
@pytest.mark.parametrize("who", ["browser", "driver"])
async def test_chromium_frozen_in_a_visit_is_crashed_not_timeout_and_the_next_visit_right(
    tmp_path: Path, who: str
) -> None:
    """That Chromium does not answer says nothing about the site."""
    limits = AttemptLimits(VisitLimits(deadline_s=1), last_look_s=0.5, close_s=0.5)
    async with alone(tmp_path, close_s=0.5) as own, page_server("<h1>Bonjour</h1>") as url:

        async def script(visit: fleet.Visit) -> Outcome:
            await visit.open()
            await freeze(own.browser() if who == "browser" else own.driver())
            return await visit.decide(closed=[visit.text("what no page says")])

        kept = await visited(scripted(script, url), own.chromium, limits)

        assert kept.attempt.verdict == Verdict.CRASHED
        assert "Chromium or its page died or froze" in kept.attempt.detail
        assert any("no picture of the last page" in note for note in kept.attempt.notes)
        assert await usual(own.chromium) == Verdict.NO_SLOTS


@pytest.mark.process
async def test_a_driver_that_was_frozen_until_the_last_look_is_not_the_sites_timeout(
    tmp_path: Path,
) -> None:
    limits = AttemptLimits(VisitLimits(deadline_s=1), last_look_s=1, close_s=5)
    async with alone(tmp_path, close_s=5) as own, page_server("<h1>Bonjour</h1>") as url:
        driver = own.driver()

        async def script(visit: fleet.Visit) -> Outcome:
            await visit.open()
            await freeze(driver)
            asyncio.get_running_loop().call_later(1 + ANSWER_S + 0.5, driver.resume)
            return await visit.decide(closed=[visit.text("what no page says")])

        kept = await visited(scripted(script, url), own.chromium, limits)

    assert kept.attempt.verdict == Verdict.CRASHED


async def test_a_visit_in_which_the_fleet_stood_still_says_nothing_of_the_site(
    chromium: Chromium,
) -> None:
    """As with SIGSTOP, a paused container or a machine that sleeps: the deadline is over then."""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        stopping = "kill -STOP $PPID; sleep 2.5; kill -CONT $PPID"
        await asyncio.create_subprocess_exec("sh", "-c", stopping)
        return await visit.decide(closed=[visit.text("what no page says")])

    async with page_server("<h1>Bonjour</h1>") as url:
        kept = await visited(scripted(script, url), chromium, replace(SHORT, standstill_s=0.5))

    assert kept.attempt.verdict == Verdict.CRASHED
    assert "the fleet stood still for" in kept.attempt.detail


@pytest.mark.process
async def test_an_answer_found_before_chromium_died_counts(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:

        async def script(visit: fleet.Visit) -> Outcome:
            own.browser().send_signal(signal.SIGKILL)
            return Outcome(verdict=Verdict.CLOSED, detail="seen before")

        kept = await visited(scripted(script), own.chromium)

        assert kept.attempt.verdict == Verdict.CLOSED


async def test_an_attempt_that_is_cancelled_closes_its_page_first(chromium: Chromium) -> None:
    silent = form(faults=(Fault(0, "hang"),))
    async with PracticeServer((silent,)) as server:
        scenario = scenario_of(silent).at(server.url(silent))
        visiting = asyncio.ensure_future(visited(scenario, chromium, QUICK))
        await until(lambda: server.visits(silent) > 0)

        visiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await visiting

    assert chromium.open_contexts == 0


@pytest.mark.process
async def test_an_attempt_without_a_chromium_is_crashed(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:
        chromium, usable = own.chromium, own.chromium.executable
        chromium.executable = Path("/bin/false")
        own.browser().kill()

        kept = await visited(scripted(opened), chromium)

        assert kept.attempt.verdict == Verdict.CRASHED
        assert "no page could be opened: /bin/false does not start" in kept.attempt.detail
        chromium.executable = usable
        assert await usual(chromium) == Verdict.NO_SLOTS


@contextlib.asynccontextmanager
async def page_server(page: str) -> AsyncIterator[str]:
    """Serve one page; every other address hangs."""

    async def answer(request: web.Request) -> web.Response:
        if request.path != "/":
            await asyncio.sleep(600)
        return web.Response(text=page, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://clermont-ferrand.localhost:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
