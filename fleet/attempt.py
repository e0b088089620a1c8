"""
One attempt: visit a flow once and say how it ended. Never raises for what a site does.

The deadline never cancels a Playwright call (undefined behaviour): the last picture and HTML
are taken under a budget of their own, then the context is closed, which ends whatever call was
waiting. The only table from errors to verdicts is `_verdict_of`.
"""

from __future__ import annotations

import asyncio
import time
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.async_api import Error as PlaywrightError

from fleet import rules
from fleet.errors import (
    DeadlinePassed,
    FleetError,
    GuardRefused,
    Judged,
    NotOnPage,
    SiteUnreachable,
)
from fleet.models import Attempt, EvidenceFile, Outcome, Scenario, Verdict, now
from fleet.patience import within
from fleet.visit import Patience, Visit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser import Chromium, OpenPage


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the parts of an attempt may take, in seconds."""

    visit: Patience = Patience()
    last_look_s: float = 10
    close_s: float = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """An attempt with the files it names, on the way to the store."""

    attempt: Attempt
    files: Sequence[EvidenceFile]


async def attempt(
    scenario: Scenario,
    chromium: Chromium,
    *,
    run_id: str,
    number: int = 1,
    limits: Limits | None = None,
) -> Kept:
    """
    Visit one booking flow once and say how it ended.

    Always returns: a failure of the site, of the network, of the scenario or of the browser is
    an Attempt with that verdict. Only cancellation passes through, after the page is closed.

    Args:
        scenario: what to visit; its file is not read again.
        chromium: a fresh context of it is opened and closed, so nothing (cookies, storage) is
            shared between two attempts.
        number: 1 for a first try, 2 for its first retry.
        limits: `limits.visit.deadline_s` is for the visit; the last picture and closing have
            budgets of their own, so an attempt may take a little longer.
    """
    limits = limits or Limits()
    started_at, clock = now(), time.monotonic()
    visit: Visit | None = None
    try:
        opened = await chromium.open_page()
    except (PlaywrightError, FleetError) as exc:
        outcome = _crashed(f"{scenario.id}: no page could be opened: {_first_line(exc)}")
    else:
        visit = Visit(scenario, opened, limits.visit)
        outcome = await _supervise(visit, chromium, opened, limits)
    return Kept(
        Attempt(
            id=uuid.uuid4().hex,
            run_id=run_id,
            scenario_id=scenario.id,
            scenario_version=scenario.version,
            department=scenario.department,
            flow=scenario.flow,
            control=scenario.control,
            url=scenario.url,
            ruleset=rules.RULESET,
            number=number,
            verdict=outcome.verdict,
            group=outcome.verdict.group,
            detail=outcome.detail,
            signs=outcome.signs,
            first_dates=outcome.first_dates,
            slot_count=outcome.slot_count,
            started_at=started_at,
            seconds=round(time.monotonic() - clock, 3),
            served=tuple(visit.listener.served) if visit else (),
            dialogs=tuple(visit.listener.dialogs) if visit else (),
            notes=tuple(visit.listener.notes) if visit else (),
            evidence=tuple(file.evidence for file in visit.files) if visit else (),
            chromium_version=chromium.version,
            fleet_version=chromium.fleet_version,
        ),
        tuple(visit.files) if visit else (),
    )


async def _supervise(visit: Visit, chromium: Chromium, opened: OpenPage, limits: Limits) -> Outcome:
    """Let the script run to its end or its deadline; always look once more, always close."""
    script = asyncio.ensure_future(_run(visit))
    try:
        done, _ = await asyncio.wait({script}, timeout=limits.visit.deadline_s)
        visit.expired = not done
        await visit.last_look(limits.last_look_s)
    finally:
        # also when cancelled: closing is what ends the script's pending call
        visit.expired = True
        await asyncio.shield(asyncio.ensure_future(chromium.close_page(opened)))
        if not (await asyncio.wait({script}, timeout=limits.close_s))[0]:
            chromium.kill()
            await asyncio.wait({script}, timeout=limits.close_s)
    if not script.done():  # not in a Playwright call, which would have failed by now
        script.cancel()
        return _crashed(
            f"{visit.scenario.id}: the scenario does not end; it waits for something that is"
            " no verb of the visit"
        )
    return script.result()


async def _run(visit: Visit) -> Outcome:
    try:
        await visit.begin()
        outcome = await visit.scenario.script(visit)
        visit.guard.check()
    except Exception as exc:  # every way a visit can end becomes a verdict here, and only here
        return _verdict_of(exc, visit)
    if not isinstance(outcome, Outcome):
        return _crashed(f"{visit.scenario.id}: the scenario returned {outcome!r}, no Outcome")
    return outcome


def _verdict_of(exc: Exception, visit: Visit) -> Outcome:
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
            return rules.judge_net_error(str(exc))
        case NotOnPage():
            return Outcome(verdict=Verdict.UNRECOGNISED, detail=_first_line(exc))
        case GuardRefused():
            return _crashed(_first_line(exc))
        case PlaywrightError():
            return _crashed(f"{visit.scenario.id}: Chromium or its page died: {_first_line(exc)}")
        case _:
            frames = traceback.extract_tb(exc.__traceback__)
            place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "?"
            return _crashed(
                f"{visit.scenario.id}: {type(exc).__name__} at {place}: {_first_line(exc)}"
            )


def _crashed(words: str) -> Outcome:
    return Outcome(verdict=Verdict.CRASHED, detail=words[:2000])


def _first_line(exc: BaseException) -> str:
    lines = str(exc).strip().splitlines()
    return (lines[0] if lines else type(exc).__name__)[:1500]
