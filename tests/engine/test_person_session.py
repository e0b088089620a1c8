"""A person passes the captcha; the fleet re-reads the answer until the site ends the session."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.async_api import Page

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.executable import find_chromium
from fleet.engine.person_session import hold_session
from fleet.engine.politeness.breaker import HostResponse
from fleet.engine.politeness.host import HostLimits
from fleet.engine.politeness.hosts import Hosts
from fleet.errors import BadInput
from fleet.models import Attempt, Run, Verdict
from fleet.practice import PracticeServer
from fleet.practice.rdv_prefecture import Demarche, DemarcheAnswer
from fleet.settings import Settings
from fleet.storage.store import Store
from tests.browser.alone import until
from tests.conftest import QUICK, scenario_of
from tests.families.test_bookingserver import form

SECRET = "the test plays the person"


def demarche(**changes: Any) -> Demarche:
    fields: dict[str, Any] = {
        "host": "rdv-prefecture",
        "id": "9040",
        "department": "69",
        "prefecture": "Préfecture du Rhône",
        "title": "Titre de séjour",
        "person": SECRET,
        **changes,
    }
    return Demarche(**fields)


@dataclass
class Held:
    """What came of a session."""

    run: Run | None = None
    told: list[str] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    tripwires: int = 0


Person = Callable[[Page], Awaitable[None]]


async def passes_the_captcha(page: Page) -> None:
    """As a person does: follow the link, read the code, type it, go on."""
    await page.get_by_role("link", name="Prendre un rendez-vous").click()
    await page.wait_for_selector("#captchaFormulaireExtInput")
    await page.wait_for_selector("#captchaFR_CaptchaImage")
    code = await page.evaluate(
        "async (s) => (await fetch('code?person=' + encodeURIComponent(s))).text()", SECRET
    )
    await page.fill("#captchaFormulaireExtInput", code)
    await page.get_by_role("button", name="Suivant").click()


async def session(
    store: Store,
    flow: Demarche,
    person: Person,
    *,
    every_s: float = 0.3,
    person_s: float = 15,
    stop_after: int | None = None,
    hosts: Hosts | None = None,
) -> Held:
    """Hold a session in a Chromium of its own, with `person` at the window."""
    held, stop = Held(), asyncio.Event()

    def on_attempt(attempt: Attempt) -> None:
        held.attempts.append(attempt)
        if stop_after is not None and len(held.attempts) >= stop_after:
            stop.set()

    async with (
        PracticeServer((flow,)) as server,
        Chromium(
            find_chromium(Settings().chromium),
            fleet_version=fleet.__version__,
            loopback_only=True,
            person=True,
        ) as chromium,
    ):
        holding = asyncio.ensure_future(
            hold_session(
                scenario_of(flow).at(server.url(flow)),
                chromium,
                store,
                every_s=every_s,
                person_s=person_s,
                limits=QUICK,
                hosts=hosts or Hosts(HostLimits(pause_s=0, visits_per_hour=None), None),
                stop=stop,
                tell=held.told.append,
                on_attempt=on_attempt,
            )
        )
        await until(lambda: bool(held.told) or holding.done())
        assert chromium._browser is not None
        ((page,),) = [context.pages for context in chromium._browser.contexts]
        await person(page)
        held.run = await holding
        assert chromium.open_contexts == 0
        held.tripwires = len(server.tripwires)
    return held


async def test_the_answer_is_read_again_until_the_site_ends_the_session(store: Store) -> None:
    flow = demarche(answer=DemarcheAnswer.HIDDEN, session_s=5.0)

    held = await session(store, flow, passes_the_captcha)

    assert held.tripwires == 0
    verdicts = [attempt.verdict for attempt in held.attempts]
    assert len(verdicts) >= 3
    assert set(verdicts[:-1]) == {Verdict.NO_SLOTS}
    assert verdicts[-1] == Verdict.SESSION_EXPIRED
    stored = [a async for a in store.attempts.find(scenario_id="69/titre-de-sejour")]
    assert stored == held.attempts
    assert held.run is not None
    assert (held.run.attempts, held.run.ended_at is not None) == (len(verdicts), True)


async def test_every_reading_says_that_a_person_opened_the_session_and_leaves_its_picture(
    store: Store,
) -> None:
    held = await session(
        store, demarche(answer=DemarcheAnswer.SLOTS), passes_the_captcha, stop_after=2
    )

    assert [a.verdict for a in held.attempts] == [Verdict.SLOTS] * 2
    assert len({a.facts["person_session"] for a in held.attempts}) == 1
    assert all(a.url.endswith("/creneau/") for a in held.attempts)
    assert all(any(e.kind == "picture" for e in a.evidence) for a in held.attempts)


async def test_no_slot_can_be_taken_in_the_window(store: Store) -> None:
    async def goes_too_far(page: Page) -> None:
        await page.get_by_role("link", name="Prendre un rendez-vous").click()
        await page.wait_for_selector("#captchaFormulaireExtInput")
        await page.evaluate("location.href = '../formulaire/'")
        await asyncio.sleep(1.2)
        await page.go_back()
        await page.goto(page.url.partition("?")[0].replace("/cgu/", "/"))
        await passes_the_captcha(page)

    held = await session(store, demarche(), goes_too_far, stop_after=1)

    assert held.tripwires == 0
    assert any("no slot can be taken" in words for words in held.told)
    assert [a.verdict for a in held.attempts] == [Verdict.NO_SLOTS]


async def test_a_person_who_closes_the_window_ends_the_session(store: Store) -> None:
    async def closes(page: Page) -> None:
        await page.close()

    with pytest.raises(BadInput, match="the window was closed before there was an answer"):
        await session(store, demarche(), closes)


async def test_a_person_who_does_not_come_to_an_answer_is_not_waited_for_for_ever(
    store: Store,
) -> None:
    async def waits(_: Page) -> None:
        return None

    with pytest.raises(BadInput, match="no answer within"):
        await session(store, demarche(), waits, person_s=1)


async def test_a_flow_whose_answer_stands_behind_no_captcha_needs_no_person(
    store: Store, chromium: Chromium
) -> None:
    with pytest.raises(BadInput, match="is of the platform bookingserver"):
        await hold_session(
            scenario_of(form()),
            chromium,
            store,
            every_s=1,
            person_s=1,
            limits=QUICK,
            hosts=Hosts(HostLimits(), None),
            stop=asyncio.Event(),
            tell=print,
            on_attempt=print,
        )


async def test_a_session_is_opened_and_read_in_the_turn_of_its_host(store: Store) -> None:
    hosts = Hosts(HostLimits(pause_s=0, visits_per_hour=None), None)

    held = await session(
        store,
        demarche(answer=DemarcheAnswer.HIDDEN),
        passes_the_captcha,
        stop_after=2,
        hosts=hosts,
    )

    (state,) = hosts.all()
    assert (state.host, state.visits_last_hour) == ("rdv-prefecture.localhost", 3)
    assert len(held.attempts) == 2


async def test_no_session_is_opened_at_a_host_that_is_left_alone(
    store: Store, chromium: Chromium
) -> None:
    hosts = Hosts(HostLimits(pause_s=0, visits_per_hour=None), None)
    host = hosts.named("rdv-prefecture.localhost")
    async with host.turn():
        host.visited(HostResponse(Verdict.BLOCKED, "seen"))

    async with PracticeServer((demarche(),)) as server:
        with pytest.raises(BadInput, match=r"is left alone until .* blocked: seen"):
            await hold_session(
                scenario_of(demarche()).at(server.url(demarche())),
                chromium,
                store,
                every_s=1,
                person_s=1,
                limits=QUICK,
                hosts=hosts,
                stop=asyncio.Event(),
                tell=print,
                on_attempt=print,
            )
        assert server.requests == []
    assert chromium.open_contexts == 0
