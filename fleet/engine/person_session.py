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
from fleet.engine.politeness.run_hosts import RunHosts
from fleet.engine.politeness.visit_turns import HostObstacle
from fleet.engine.reachability import Reachability
from fleet.errors import BadInput, TurnedAway
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
    from fleet.engine.politeness.hosts import Hosts
    from fleet.engine.politeness.robots_fetcher import RobotsReader
    from fleet.models import Attempt
    from fleet.models.attempt import Capture
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
    hosts: Hosts,
    robots: RobotsReader | None = None,
    stop: asyncio.Event,
    tell: Callable[[str], None],
    on_attempt: Callable[[Attempt], None],
) -> Run | None:
    """
    Open the flow for a person, then re-read its answer until the site or `stop` ends it.

    Args:
        every_s: between two readings.
        person_s: how long the person may take to come to the answer.
        hosts: say when a host may be visited. The flow is opened, and its answer read, in turn;
            what the person does in the window is theirs.
        robots: reads the robots.txt of the hosts; None: nobody does.
        tell: gets one line for the person.

    Returns:
        The run with its attempts, or None if `stop` was set before there was an answer.

    Raises:
        BadInput: the flow has no captcha before its answer, no answer came in time, or a host must
            be left alone now.
        StoreUnreachable, StoreRefused: an attempt could not be kept.
    """
    check_family(scenario)
    access = RunHosts(hosts, robots)
    opened = await chromium.open_page()
    try:
        guard = Guard(scenario.id, person=True, public=opened.public)
        traffic = RequestInterceptor(await opened.again(), guard)
        await _open_window(scenario, opened, traffic, access, limits)
        tell("In the window: go on to the captcha, answer it, and stop at the calendar")
        answer = await _wait_for_answer(scenario, opened, traffic, person_s, stop, tell)
        if answer is None:
            return None
        began = now()
        tell(
            f"The answer is there. It is read again every {every_s / 60:g} minutes, until the"
            " site ends the session or you press Ctrl-C"
        )
        reading = scenario.model_copy(update={"url": answer, "script": _reader(began)})
        return await _reread(
            reading, opened, access, chromium, store, every_s, limits, stop, tell, on_attempt
        )
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


async def _open_window(
    scenario: Scenario,
    opened: OpenPage,
    traffic: RequestInterceptor,
    access: RunHosts,
    limits: AttemptLimits,
) -> None:
    """Open the flow in its hosts' turns; what the person does from here on is theirs."""
    await access.read_robots(scenario)
    if obstacle := access.obstacle(scenario):
        raise BadInput(f"{scenario.id}: {obstacle.words}")
    async with access.turns(scenario) as turns:
        traffic.gate.hosts = turns
        await traffic.watch()
        with contextlib.suppress(PlaywrightError):  # the person sees what the site answers
            going = opened.page.goto(scenario.url, wait_until="commit", timeout=0)
            await wait_at_most(limits.visit.deadline_s, going)
        traffic.gate.hosts = None
        if traffic.gate.turned_away is not None:
            raise BadInput(f"{scenario.id}: {turns.turned_away().words}")
        turns.opened()


async def _wait_for_answer(
    scenario: Scenario,
    opened: OpenPage,
    traffic: RequestInterceptor,
    person_s: float,
    stop: asyncio.Event,
    tell: Callable[[str], None],
) -> str | None:
    """The address of the answer, once the person stands there; None if stopped before."""
    reported = 0
    end = asyncio.get_running_loop().time() + person_s
    while asyncio.get_running_loop().time() < end:
        if stop.is_set():
            return None
        if opened.page.is_closed() or opened.died.is_set():
            raise BadInput(f"{scenario.id}: the window was closed before there was an answer")
        for refused in traffic.refused[reported:]:
            tell(f"stopped: {refused}; in this window no slot can be taken")
        reported = len(traffic.refused)
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
    access: RunHosts,
    chromium: Chromium,
    store: Store,
    every_s: float,
    limits: AttemptLimits,
    stop: asyncio.Event,
    tell: Callable[[str], None],
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
        read = await _read_in_turn(reading, opened, access, chromium, run.id, limits, network)
        if isinstance(read, HostObstacle):
            tell(f"not read this time: {read.words}")
            verdict = None
        else:
            read = await keep(store, read)
            attempts += 1
            on_attempt(read.attempt)
            verdict = read.attempt.verdict
        failures = 0 if verdict in (Verdict.SLOTS, Verdict.NO_SLOTS) else failures + 1
        over = verdict is not None and verdict not in CONTINUE_AFTER
        if over or failures >= MAX_FAILURES or opened.page.is_closed():
            break
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)
    run = run.model_copy(update={"ended_at": now(), "attempts": attempts})
    await store.runs.keep(run)
    return run


async def _read_in_turn(
    reading: Scenario,
    opened: OpenPage,
    access: RunHosts,
    chromium: Chromium,
    run_id: str,
    limits: AttemptLimits,
    network: Reachability,
) -> Capture | HostObstacle:
    """Read the answer once, in its host's turn; or why it must not be read now."""
    if obstacle := access.obstacle(reading):
        return obstacle
    async with access.turns(reading) as turns:
        if obstacle := access.obstacle(reading):
            return obstacle
        try:
            capture = await attempt(
                reading,
                chromium,
                run_id=run_id,
                limits=limits,
                page=await opened.again(),
                network=network,
                hosts=turns,
            )
        except TurnedAway:
            return turns.turned_away()
        access.note(turns.attempted(capture.attempt), capture.attempt)
        return capture
