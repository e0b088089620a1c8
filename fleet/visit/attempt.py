"""
One attempt: visit a flow once and say how it ended. Never raises for what a site does.

The deadline never cancels a Playwright call (undefined behaviour): the last picture and HTML
are taken under a budget of their own, then the context is closed, which ends whatever call was
waiting. The only table from errors to verdicts is `_verdict_of`. What is Chromium's fault is
never put down to the site: if it died or froze, nothing but a verdict reached before counts.
"""

from __future__ import annotations

import asyncio
import inspect
import time
import traceback
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from playwright.async_api import Error as PlaywrightError

from fleet.errors import DeadlinePassed, GuardRefused, NotOnPage, SiteUnreachable, TurnedAway
from fleet.models import Attempt, Dialog, EvidenceFile, Outcome, Scenario, Served, Verdict, now
from fleet.models.attempt import Capture
from fleet.models.circumstances import Circumstances
from fleet.models.outcome import Group
from fleet.rules import classifier
from fleet.rules.classifier import Judged
from fleet.rules.net_errors import judge_net_error
from fleet.system.clock import Standstill, read_clock
from fleet.system.waiting import finish_first, wait_at_most
from fleet.visit.blame import weighed, witnessed
from fleet.visit.limits import AttemptLimits
from fleet.visit.recording.player import Player
from fleet.visit.recording.recorder import Recorder
from fleet.visit.visit import Visit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from fleet.browser.page import OpenPage, PageSource
    from fleet.models.circumstances import Clock
    from fleet.rules.net_errors import NetworkWitness
    from fleet.visit.gate import HostGate

T = TypeVar("T")

NOT_HEARD = (
    Verdict.TIMEOUT,
    Verdict.SITE_DOWN,
    Verdict.SESSION_EXPIRED,
    Verdict.UNRECOGNISED,
)
"""What a site seems to say to someone who did not listen for a while."""

HELD_S = 2.0
"""A visit that was held back for longer, by us, may have come to no answer because of it."""


async def attempt(
    scenario: Scenario,
    chromium: PageSource,
    *,
    run_id: str,
    number: int = 1,
    limits: AttemptLimits | None = None,
    due_at: datetime | None = None,
    tape: Recorder | Player | None = None,
    page: OpenPage | None = None,
    network: NetworkWitness | None = None,
    hosts: HostGate | None = None,
) -> Capture:
    """
    Visit one booking flow once and say how it ended.

    A failure of the site, of the network, of the scenario or of the browser is an Attempt with
    that verdict. Only cancellation passes through, and `TurnedAway`, after the page is closed.

    Args:
        scenario: what to visit; its file is not read again.
        chromium: a fresh context of it is opened and closed, so nothing (cookies, storage) is
            shared between two attempts.
        number: 1 for the first attempt of a visit, 2 for its first retry.
        limits: the deadline in it is that of the visit; the last picture and closing have
            budgets of their own, so an attempt may take a little longer.
        page: visit in this page, which stays open unless the visit hangs; None: in a fresh one.
        due_at: when the visit was due, if it was; kept with the attempt.
        tape: records this visit, or plays one in the network's place; each for one attempt.
        network: is asked before a site is blamed for a document that did not come; None: nothing
            is known, so only what lies on this machine is blamed.
        hosts: is asked before any document is; None: every host may be asked.

    Raises:
        TurnedAway: `hosts` did not let the visit ask on; nothing is known of the site.
    """
    if page is not None and tape is not None:
        raise ValueError("a page that is kept cannot be recorded or played: it would stay offline")
    limits = limits or AttemptLimits()
    started_at, clock, clock_at_start = now(), time.monotonic(), read_clock()
    visit: Visit | None = None
    # what a page, its browser or this machine do to us may cost this attempt, never the others
    try:
        opened = page or await chromium.open_page()
    except Exception as exc:  # noqa: BLE001 (see above)
        outcome = _crashed(f"{scenario.id}: no page could be opened: {_first_line(exc)}")
    else:
        visit = Visit(scenario, opened, limits.visit)
        if isinstance(tape, Player):
            visit.traffic.player, visit.today = tape, tape.today
        visit.traffic.connections.shared = isinstance(tape, Recorder)
        visit.traffic.gate.hosts = hosts
        try:
            with witnessed(visit, network):
                outcome = await _supervise(visit, chromium, opened, limits, tape)
                if not isinstance(tape, Player):
                    outcome = await weighed(outcome, visit, network)
                outcome = _with_wait(outcome, visit)
        except TurnedAway:
            raise
        except Exception as exc:  # noqa: BLE001 (see above; the page is closed)
            outcome = _not_kept(exc, scenario)
    told = {"run_id": run_id, "number": number, "due_at": due_at, "started_at": started_at}
    told["seconds"] = round(time.monotonic() - clock, 3)
    try:
        told["circumstances"] = _circumstances(chromium, visit, clock_at_start, fresh=page is None)
        return _capture(scenario, chromium, visit, outcome, **told)
    except Exception as exc:  # noqa: BLE001 (see above; an outcome copied may hold anything)
        told["circumstances"] = None
        return _capture(scenario, chromium, visit, _not_kept(exc, scenario), **told)


def _capture(
    scenario: Scenario, chromium: PageSource, visit: Visit | None, outcome: Outcome, **told: Any
) -> Capture:
    """The attempt with its files, from all who know of it; `told` is what only its maker knows."""
    files = _those(visit.files, EvidenceFile) if visit else ()
    fields = {
        **{name: getattr(outcome, name) for name in Outcome.model_fields},
        "served": _those(visit.traffic.served, Served) if visit else (),
        "dialogs": _those(visit.traffic.dialogs, Dialog) if visit else (),
        "notes": _those(visit.traffic.notes, str) if visit else (),
        "evidence": [file.evidence for file in files],
        **told,
    }
    made = Attempt(
        id=uuid.uuid4().hex,
        scenario_id=scenario.id,
        scenario_version=scenario.version,
        department=scenario.department,
        flow=scenario.flow,
        control=scenario.control,
        url=scenario.url,
        ruleset=classifier.RULESET,
        group=outcome.verdict.group,
        chromium_version=chromium.version,
        fleet_version=chromium.fleet_version,
        **fields,
    )
    return Capture(made, files)


def _those(kept: Sequence[Any], kind: type[T]) -> tuple[T, ...]:
    """What is of this kind; nothing else can be stored, whatever a scenario has put there."""
    return tuple(each for each in kept if isinstance(each, kind))


def _circumstances(
    chromium: PageSource, visit: Visit | None, clock_at_start: Clock, *, fresh: bool
) -> Circumstances:
    return Circumstances(
        fresh_context=fresh,
        environment=chromium.environment,
        user_agent=visit.traffic.user_agent if visit else None,
        clock_at_start=clock_at_start,
        clock_at_end=read_clock(),
        servers=visit.traffic.connections.servers if visit else (),
    )


async def _supervise(
    visit: Visit,
    chromium: PageSource,
    opened: OpenPage,
    limits: AttemptLimits,
    tape: Recorder | Player | None,
) -> Outcome:
    """Let the script run to its end or its deadline; always look once more, always close."""
    script = asyncio.create_task(_run(visit, opened, tape), name=f"visit {visit.scenario.id}")
    frozen = False
    with Standstill(limits.standstill_s) as still:
        try:
            await _end_or_death(script, opened.died, limits.visit.deadline_s)
            visit.expired = not script.done()
            frozen = visit.expired and not await opened.browser_answers()
            if (signs := _signs_of(script)) is not None:
                await visit.last_look(limits.last_look_s, signs)
            if tape is not None:
                await wait_at_most(limits.last_look_s, tape.end())
        finally:
            # also when cancelled: closing is what ends the script's pending call
            visit.expired = True
            if opened.kept and script.done():
                await wait_at_most(limits.close_s, visit.traffic.leave())
            else:
                await finish_first(_end(script, chromium, opened, limits.close_s))
    ended = script.done() and not script.cancelled()
    if still.is_long and (not ended or script.result().verdict in NOT_HEARD):
        return _crashed(
            f"{visit.scenario.id}: the fleet stood still for {still.longest_s:.0f} s at"
            f" {visit.address[:300]} (stopped, paused, or its machine asleep); nothing is known of"
            " the site"
        )
    if frozen or opened.died.is_set() or visit.traffic.page_crashed:
        outcome = script.result() if ended else None
        if outcome is None or outcome.verdict in (Verdict.TIMEOUT, Verdict.UNRECOGNISED):
            return _crashed(
                f"{visit.scenario.id}: Chromium or its page died or froze at {visit.address[:300]};"
                " nothing is known of the site. The next visit gets a new one"
            )
    if visit.traffic.gate.held_s >= HELD_S and (not ended or script.result().verdict in NOT_HEARD):
        raise TurnedAway("the visit was held back by us, and came to no answer")
    if not ended:
        return _crashed(
            f"{visit.scenario.id}: the scenario does not end; it waits for something that is"
            " no verb of the visit"
        )
    return script.result()


def _with_wait(outcome: Outcome, visit: Visit) -> Outcome:
    """The outcome with the fact `retry_after_s`, if the site said how long to stay away."""
    wait = visit.traffic.asked_wait
    if wait is None or outcome.verdict.group is Group.ANSWERED:
        return outcome
    if (asked_s := wait.seconds) is None:
        visit.traffic.note(
            f"Retry-After {wait.words[:80]!r} is neither seconds nor a date; ignored"
        )
        return outcome
    return outcome.stating(retry_after_s=str(asked_s))


async def _end_or_death(
    script: asyncio.Future[Outcome], died: asyncio.Event, seconds: float
) -> None:
    """Wait until the script has ended or its Chromium has died, at most `seconds`."""
    death = asyncio.ensure_future(died.wait())
    try:
        either: set[asyncio.Future[Any]] = {script, death}
        await asyncio.wait(either, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        death.cancel()


def _signs_of(script: asyncio.Future[Outcome]) -> tuple[str, ...] | None:
    """The signs of what the script has come to, empty if to nothing; None: it was turned away."""
    ended = script.done() and not script.cancelled()
    if ended and isinstance(script.exception(), TurnedAway):
        return None
    signs = script.result().signs if ended else ()
    return _those(signs, str) if isinstance(signs, tuple) else ()


async def _end(
    script: asyncio.Future[Outcome], chromium: PageSource, opened: OpenPage, seconds: float
) -> None:
    """Close the page, which ends the script; cancel one that does not end even then."""
    await chromium.close_page(opened)
    if not (await asyncio.wait({script}, timeout=seconds))[0]:
        # it is in no Playwright call: each of them failed when its page was closed
        script.cancel()
        await asyncio.wait({script}, timeout=seconds)


async def _run(visit: Visit, opened: OpenPage, tape: Recorder | Player | None) -> Outcome:
    # Every way a visit can end becomes a verdict here, and only here. `exit()` in a scenario
    # would end the fleet, and a cancellation of its own making would look like a shutdown.
    try:
        if tape is not None:
            await tape.begin(opened)
        await visit.begin()
        outcome = await visit.scenario.script(visit)
        visit.guard.check()
        visit.traffic.gate.check()
    except asyncio.CancelledError as exc:
        if visit.expired:  # by `_end`
            raise
        return _verdict_of(exc, visit)
    except (Exception, SystemExit) as exc:  # noqa: BLE001 (see above)
        if not visit.guard.refused and not isinstance(exc, Judged):
            visit.traffic.gate.check(failed=True)
        return _verdict_of(exc, visit)
    if not isinstance(outcome, Outcome):
        return _crashed(f"{visit.scenario.id}: the scenario returned {outcome!r}, no Outcome")
    return outcome


def _verdict_of(exc: BaseException, visit: Visit) -> Outcome:
    """The outcome of a visit that ended with an error."""
    match exc:
        case _ if visit.guard.refused:
            return _crashed(str(exc) if isinstance(exc, GuardRefused) else visit.guard.words)
        case Judged():
            return exc.outcome
        case DeadlinePassed():
            return Outcome(verdict=Verdict.TIMEOUT, detail=_first_line(exc))
        case PlaywrightError() if visit.expired:
            return Outcome(verdict=Verdict.TIMEOUT, detail=visit.too_long())
        case SiteUnreachable():
            return judge_net_error(str(exc))
        case NotOnPage():
            return Outcome(
                verdict=Verdict.UNRECOGNISED,
                detail=_first_line(exc),
                missing_anchor=exc.missing_anchor,
            )
        case GuardRefused():
            return _crashed(_first_line(exc))
        case PlaywrightError():
            return _crashed(f"{visit.scenario.id}: Chromium or its page died: {_first_line(exc)}")
        case _:
            return _crashed(
                f"{visit.scenario.id}: {type(exc).__name__} at {_place(exc, visit.scenario)}:"
                f" {_first_line(exc)}"
            )


def _place(exc: BaseException, scenario: Scenario) -> str:
    """The line of the script's file where `exc` came up, else the last line there is."""
    code = getattr(inspect.unwrap(scenario.script), "__code__", None)
    frames = traceback.extract_tb(exc.__traceback__)
    own = [frame for frame in frames if code is not None and frame.filename == code.co_filename]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _not_kept(exc: Exception, scenario: Scenario) -> Outcome:
    return _crashed(
        f"{scenario.id}: what was seen could not be kept: {type(exc).__name__} at"
        f" {_place(exc, scenario)}: {' '.join(str(exc).split())[:1500]}"
    )


def _crashed(words: str) -> Outcome:
    return Outcome(verdict=Verdict.CRASHED, detail=words)


def _first_line(exc: BaseException) -> str:
    return next(iter(str(exc).strip().splitlines()), type(exc).__name__)[:1500]
