"""Half a character and endless addresses are stored as far as they go; verdicts are as always."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

import fleet
from fleet.browser.chromium import Chromium
from fleet.engine.options import RunOptions
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.engine.run import Runner
from fleet.models import Attempt, Outcome, Scenario, Verdict
from fleet.models.attempt import Capture
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from tests.conftest import QUICK

Script = Callable[[fleet.Visit], Awaitable[Outcome]]

HEAD = "<!doctype html><html lang=fr><meta charset=utf-8><title>Prise de rendez-vous</title>"
NONE = "<h1>Rendez-vous</h1><p class=vide>Aucun créneau disponible pour le moment.</p>"
HALF = "'Agenda \U0001f4c5'.slice(0, -1)"
LOGIN = "<h1>Connexion</h1><input type=password>"


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """
    A site with pages at `/box`, `/header` and `/none`; `/long/…` is refused, `/sign-in` redirects
    to an address of 1,950 characters and more.
    """

    def page(body: str, **more: object) -> web.Response:
        return web.Response(text=HEAD + body, content_type="text/html", **more)  # type: ignore[arg-type]

    async def none(_: web.Request) -> web.Response:
        return page(NONE)

    async def box(_: web.Request) -> web.Response:
        return page(f"{NONE}<script>alert({HALF})</script>")

    async def header(_: web.Request) -> web.Response:
        return page(NONE, headers={"Retry-After": "\udcc5" * 3, "Date": "\udcff"})

    async def refused(_: web.Request) -> web.Response:
        return page("non", status=403)

    async def sign_in(_: web.Request) -> web.Response:
        raise web.HTTPFound(f"/login?state={'x' * 1950}")

    async def login(_: web.Request) -> web.Response:
        return page(LOGIN)

    application = web.Application()
    for path, handler in (
        ("/none", none),
        ("/box", box),
        ("/header", header),
        ("/long/{rest}", refused),
        ("/sign-in", sign_in),
        ("/login", login),
    ):
        application.router.add_get(path, handler)
    runner = web.AppRunner(application)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    yield f"http://nanterre.localhost:{runner.addresses[0][1]}"
    await runner.cleanup()


async def usual(visit: fleet.Visit) -> Outcome:
    await visit.open()
    return await visit.decide(
        no_slots=[visit.text("Aucun créneau disponible pour le moment"), visit.css("p.vide")],
        closed=[visit.text("Ce lien a été désactivé définitivement")],
    )


def scenario(url: str, script: Script = usual, flow: str = "essai") -> Scenario:
    return fleet.scenario(department="92", flow=flow, title="Essai", url=url)(script)


async def visited(chromium: Chromium, url: str, script: Script = usual) -> Capture:
    kept = await attempt(scenario(url, script), chromium, run_id="test", limits=QUICK)
    assert chromium.open_contexts == 0
    return kept


async def test_half_a_character_in_a_box_is_kept_as_a_mark(chromium: Chromium, site: str) -> None:
    made = (await visited(chromium, f"{site}/box")).attempt

    assert made.verdict is Verdict.NO_SLOTS
    assert [dialog.message for dialog in made.dialogs] == ["Agenda \ufffd"]
    assert Attempt.from_document(made.to_document()) == made


async def test_bytes_of_a_header_that_are_no_text_change_nothing(
    chromium: Chromium, site: str
) -> None:
    made = (await visited(chromium, f"{site}/header")).attempt

    assert made.verdict is Verdict.NO_SLOTS
    assert [served.status for served in made.served] == [200]


@pytest.mark.parametrize("length", [1_900, 1_960, 4_000])
async def test_a_refusal_at_a_long_address_is_one_and_its_host_is_left_alone(
    chromium: Chromium, store: Store, site: str, length: int
) -> None:
    hosts = Hosts(HostLimits(pause_s=0), None)
    runner = Runner(
        chromium, store, options=RunOptions(pause_s=0, tries=1), limits=QUICK, hosts=hosts
    )
    refusing = scenario(f"{site}/long/{'x' * length}")

    result = await runner.run([refusing])

    assert result.verdicts == {Verdict.BLOCKED: 1}
    assert hosts.of(refusing).cooling_until() is not None


async def test_a_sign_in_with_a_long_address_is_a_sign_in(chromium: Chromium, site: str) -> None:
    made = (await visited(chromium, f"{site}/sign-in")).attempt

    assert made.verdict is Verdict.LOGIN_REQUIRED
    assert [served.status for served in made.served] == [302, 200]
    assert made.served[1].url == f"{site}/login?state={'x' * 1950}"


async def test_what_a_scenario_says_in_half_characters_is_kept(
    chromium: Chromium, site: str
) -> None:
    async def script(visit: fleet.Visit) -> Outcome:
        outcome = await usual(visit)
        return outcome.stating(place="Guichet \ud83d" * 300).model_copy(
            update={"detail": "\udcc5" * 5_000}
        )

    made = (await visited(chromium, f"{site}/none", script)).attempt

    assert made.verdict is Verdict.NO_SLOTS
    assert made.detail == "\ufffd" * 2_000
    assert len(made.facts["place"]) == 500


async def test_what_fails_while_evidence_is_kept_ends_its_attempt_and_no_other(
    chromium: Chromium, store: Store, site: str
) -> None:
    async def breaks(visit: fleet.Visit) -> Outcome:
        outcome = await usual(visit)
        return outcome.model_copy(update={"signs": ("a", object())})

    async def copies(visit: fleet.Visit) -> Outcome:
        return (await usual(visit)).model_copy(update={"first_dates": ("tomorrow",)})

    async def reaches(visit: fleet.Visit) -> Outcome:
        await visit.open()
        visit.files.clear()
        return await usual(visit)

    flows = [
        scenario(f"{site}/none", reaches, "reaches"),
        scenario(f"{site}/none", breaks, "breaks"),
        scenario(f"{site}/none", copies, "copies"),
        scenario(f"{site}/none", usual, "usual"),
    ]
    runner = Runner(chromium, store, options=RunOptions(pause_s=0, tries=1), limits=QUICK)

    result = await runner.run(flows)

    assert result.finished
    assert chromium.open_contexts == 0
    stored = {a.flow: a async for a in store.attempts.find(run_id=result.run.id)}
    assert {flow: a.verdict for flow, a in stored.items()} == {
        "breaks": Verdict.CRASHED,
        "copies": Verdict.CRASHED,
        "reaches": Verdict.CRASHED,
        "usual": Verdict.NO_SLOTS,
    }
    assert "what was seen could not be kept" in stored["breaks"].detail
    assert [e.kind for e in stored["breaks"].evidence][:1] == ["picture"]
    assert [served.status for served in stored["breaks"].served] == [200]
    assert "first_dates" in stored["copies"].detail
    assert "a visit has no verb 'files'" in stored["reaches"].detail
