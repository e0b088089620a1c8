"""
A session that a person has opened: they pass the captcha, the fleet then re-reads the answer.

Explicit, visible, and slow. The person works in a window of Chromium and answers the captcha
with their own hands; there is no solver here and no way for one. Once the answer stands there,
the same page is opened again every few minutes until the site ends the session, and every
reading is an attempt like any other, with the fact `person_session`. The guard stays in force:
neither the person nor the fleet can take a slot in this window.
"""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
import uuid
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from fleet.engine.keeping import keep
from fleet.engine.reachability import Reachability
from fleet.errors import BadInput
from fleet.families import rdv_prefecture
from fleet.models import Outcome, Run, Scenario, Verdict, now
from fleet.rules.guard import Guard
from fleet.system.waiting import wait_at_most
from fleet.visit.attempt import attempt
from fleet.visit.interceptor import RequestInterceptor
from fleet.visit.limits import AttemptLimits

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from fleet.browser.chromium import Chromium
    from fleet.browser.page import OpenPage
    from fleet.models import Attempt
    from fleet.storage.store import Store
    from fleet.visit.visit import Visit

FAMILY = "rdv_prefecture"
"""The platform with a captcha before its answer."""

LOOK_S = 0.5

CONTINUE_AFTER = (
    Verdict.SLOTS,
    Verdict.NO_SLOTS,
    Verdict.OVERLOAD,
    Verdict.MAINTENANCE,
    Verdict.TIMEOUT,
)
"""After these the answer is read again; anything else means that the session is over."""

MAX_FAILURES = 3
"""Readings in a row without an answer after which the session is given up."""


async def hold_session(
    scenario: Scenario,
    chromium: Chromium,
    store: Store,
    *,
    every_s: float,
    person_s: float,
    limits: AttemptLimits,
    stop: asyncio.Event,
    tell: Callable[[str], None],
    on_attempt: Callable[[Attempt], None],
) -> Run | None:
    """
    Open the flow for a person, then re-read its answer until the site or `stop` ends it.

    Args:
        every_s: between two readings.
        person_s: how long the person may take to come to the answer.
        tell: gets one line for the person.

    Returns:
        The run with its attempts, or None if `stop` was set before there was an answer.

    Raises:
        BadInput: the flow has no captcha before its answer, or no answer came in time.
        StoreUnreachable, StoreRefused: an attempt could not be kept.
    """
    check_family(scenario)
    opened = await chromium.open_page()
    try:
        answer = await _wait_for_answer(scenario, opened, person_s, stop, tell)
        if answer is None:
            return None
        began = now()
        tell(
            f"The answer is there. It is read again every {every_s / 60:g} minutes, until the"
            " site ends the session or you press Ctrl-C"
        )
        reading = scenario.model_copy(update={"url": answer, "script": _reader(began)})
        return await _reread(reading, opened, chromium, store, every_s, limits, stop, on_attempt)
    finally:
        await chromium.close_page(opened)


def check_family(scenario: Scenario) -> None:
    """
    Raises:
        BadInput: the flow has no captcha before its answer.
    """
    if scenario.family != FAMILY:
        raise BadInput(
            f"{scenario.id} is of the platform {scenario.family}; a person's session is for"
            f" {FAMILY}, whose answer stands behind a captcha. Use: fleet try {scenario.id}"
        )


async def _wait_for_answer(
    scenario: Scenario,
    opened: OpenPage,
    person_s: float,
    stop: asyncio.Event,
    tell: Callable[[str], None],
) -> str | None:
    """The address of the answer, once the person stands there; None if stopped before."""
    guard = Guard(scenario.id, person=True)
    traffic = RequestInterceptor(await opened.again(), guard)
    await traffic.watch()
    with contextlib.suppress(PlaywrightError):  # the person sees what the site answers
        await opened.page.goto(scenario.url, wait_until="commit", timeout=0)
    tell("In the window: go on to the captcha, answer it, and stop at the calendar")
    reported = 0
    end = asyncio.get_running_loop().time() + person_s
    while asyncio.get_running_loop().time() < end:
        if stop.is_set():
            return None
        if opened.page.is_closed() or opened.died.is_set():
            raise BadInput(f"{scenario.id}: the window was closed before there was an answer")
        for refused in guard.refused[reported:]:
            tell(f"stopped: {refused}; in this window no slot can be taken")
        reported = len(guard.refused)
        address = opened.page.url.partition("?")[0]
        if any(fnmatch.fnmatchcase(address, pattern) for pattern in rdv_prefecture.ANSWER):
            await wait_at_most(LOOK_S * 4, traffic.leave())
            return address
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), LOOK_S)
    raise BadInput(
        f"{scenario.id}: no answer within {person_s / 60:g} minutes; the window stood at"
        f" {opened.page.url[:300]}. Try again"
    )


def _reader(began: datetime) -> Callable[[Visit], Awaitable[Outcome]]:
    async def script(visit: Visit) -> Outcome:
        await visit.open()
        outcome = await rdv_prefecture.read_answer(visit)
        return outcome.stating(person_session=began.isoformat())

    return script


async def _reread(
    reading: Scenario,
    opened: OpenPage,
    chromium: Chromium,
    store: Store,
    every_s: float,
    limits: AttemptLimits,
    stop: asyncio.Event,
    on_attempt: Callable[[Attempt], None],
) -> Run:
    network = Reachability(proxied=chromium.environment.proxy != "none")
    run = Run(
        id=uuid.uuid4().hex,
        started_at=now(),
        scenario_ids=(reading.id,),
        times=1,
        fleet_version=chromium.fleet_version,
        chromium_version=chromium.version,
    )
    await store.runs.keep(run)
    attempts = failures = 0
    while not stop.is_set():
        page = await opened.again()
        capture = await attempt(
            reading, chromium, run_id=run.id, limits=limits, page=page, network=network
        )
        capture = await keep(store, capture)
        attempts += 1
        on_attempt(capture.attempt)
        answered = capture.attempt.verdict in (Verdict.SLOTS, Verdict.NO_SLOTS)
        failures = 0 if answered else failures + 1
        over = capture.attempt.verdict not in CONTINUE_AFTER or failures >= MAX_FAILURES
        if over or opened.page.is_closed():
            break
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)
    run = run.model_copy(update={"ended_at": now(), "attempts": attempts})
    await store.runs.keep(run)
    return run
