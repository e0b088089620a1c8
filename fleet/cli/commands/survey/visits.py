"""One visit of every flow, spread over hours, each kept as a record before the next begins."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from fleet.bootstrap.visits import hosts_of, is_loopback, limits_of, open_chromium, run_options
from fleet.cli.commands.signals import on_signal
from fleet.engine.politeness.robots_fetcher import RobotsReader
from fleet.engine.politeness.visit_turns import find_obstacle
from fleet.engine.quarantine import Quarantine
from fleet.engine.run import Runner
from fleet.errors import EvidenceRemoved
from fleet.models import Attempt, now
from fleet.models.missed import MissReason
from fleet.survey.gathering import KINDS, files_of, gathered, not_visited
from fleet.survey.turns import Hindrance, gap_s, in_turn, next_of
from fleet.system.pulse import Pulse
from fleet.visit.recording.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.chromium import Chromium
    from fleet.cli.console import Console
    from fleet.engine.politeness.hosts import Hosts
    from fleet.models import Scenario
    from fleet.settings import Settings
    from fleet.storage.store import Store
    from fleet.survey.folder import SurveyFolder
    from fleet.survey.records import SurveyRecord

WAIT_MOST_S = 3600.0
"""A survey waits that long beyond its hours for hosts that are left alone, and no longer."""


class Surveyor:
    """Visits flows one after the other and keeps their records."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        kept: SurveyFolder,
        console: Console,
        *,
        in_practice: bool,
        made_up: bool,
    ) -> None:
        self._settings, self._store, self._kept, self._console = settings, store, kept, console
        self._practice, self._made_up = in_practice, made_up
        self._hosts: Hosts = hosts_of(settings, practice=in_practice)
        self._stop = asyncio.Event()
        self._runner: Runner | None = None

    async def visit_all(
        self, chosen: Sequence[Scenario], written: Sequence[Scenario], hours: float
    ) -> bool:
        """
        Visit each once; whether all was done that can be done in the time.

        Args:
            chosen: the scenarios as they are visited (practice: on the port of this run).
            written: the same as their files have them, for the records.
        """
        originals = {each.id: each for each in written}
        loopback = all(is_loopback(each) for each in chosen)
        async with open_chromium(self._settings, loopback_only=loopback) as chromium:
            with on_signal(self._interrupt, chromium.kill), Pulse(blame=Quarantine().blame):
                await self._until_all_visited(in_turn(chosen), originals, hours, chromium)
        return not self._stop.is_set()

    def _interrupt(self) -> None:
        self._stop.set()
        if self._runner is not None:
            self._runner.stop()

    async def _until_all_visited(
        self,
        left: list[Scenario],
        originals: dict[str, Scenario],
        hours: float,
        chromium: Chromium,
    ) -> None:
        gap, total, due = gap_s(len(left), hours), len(left), time.monotonic()
        end = due + hours * 3600 + WAIT_MOST_S
        while left and not self._stop.is_set():
            await self._sleep(due - time.monotonic())
            scenario, hindered = next_of(left, self._hindrance)
            if self._stop.is_set():
                return
            if scenario is None:
                wait = min((_left_s(each) for each in hindered.values()), default=WAIT_MOST_S)
                if time.monotonic() + wait > end:
                    break
                await self._sleep(wait)
                continue
            left.remove(scenario)
            record = await self._visit(scenario, originals[scenario.id], chromium)
            if record is None:
                return
            told = record.verdict or "not visited"
            self._console.say(f"{total - len(left)} of {total}  {record.flow}  {told}")
            due = max(due + gap, time.monotonic() - gap)
        _, hindered = next_of(left, self._hindrance)
        for scenario in left:
            why = hindered[scenario.id].words if scenario.id in hindered else "its time was over"
            self._keep_left_out(originals[scenario.id], why)

    async def _visit(
        self, scenario: Scenario, original: Scenario, chromium: Chromium
    ) -> SurveyRecord | None:
        """The record of a visit, kept; None if it was interrupted."""
        recorder, seen = Recorder(), list[Attempt]()
        options = run_options(self._settings.model_copy(update={"tries": 1}))
        self._runner = Runner(
            chromium,
            self._store,
            options=options,
            limits=limits_of(self._settings),
            hosts=self._hosts,
            robots=RobotsReader(self._hosts, chromium.user_agent, public=chromium.public),
            on_attempt=seen.append,
            recorder=recorder,
        )
        result = await self._runner.run([scenario])
        self._runner = None
        if not result.finished:
            return None
        if not seen:
            why = "; ".join(result.reasons) or "no visit was made"
            return self._keep_left_out(original, why)
        (made,) = seen
        contents = await self._contents(made)
        scrubber = recorder.scrubber(made, practice=self._practice)
        files = files_of(made, contents)
        record, kept = await gathered(original, made, files, scrubber, made_up=self._made_up)
        self._kept.keep(record, kept)
        return record

    async def _contents(self, made: Attempt) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        for evidence in made.evidence:
            if evidence.kind in KINDS:
                with contextlib.suppress(EvidenceRemoved):
                    found[evidence.sha256] = await self._store.evidence(evidence.sha256)
        return found

    def _keep_left_out(self, scenario: Scenario, why: str) -> SurveyRecord:
        record = not_visited(scenario, why, made_up=self._made_up)
        self._kept.keep(record, {})
        return record

    def _hindrance(self, scenario: Scenario) -> Hindrance | None:
        found = find_obstacle(self._hosts, scenario)
        # a visit that robots.txt forbids is handed on at once: the run says so, and makes none
        if found is None or found.why is MissReason.DISALLOWED:
            return None
        return Hindrance(found.words, found.until)

    async def _sleep(self, seconds: float) -> None:
        """Wait, but not longer than until the survey is interrupted."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), seconds)


def _left_s(hindrance: Hindrance) -> float:
    if hindrance.until is None:
        return WAIT_MOST_S
    return max(1.0, (hindrance.until - now()).total_seconds() + 1.0)
