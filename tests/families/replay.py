"""Recorded visits played again: what `tests/pages/` holds, and how to play it, changed or not."""

from __future__ import annotations

import functools
import re
from pathlib import Path

from fleet.browser.chromium import Chromium
from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.models import Attempt, Scenario, Verdict
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits
from fleet.visit.recording.player import Player
from fleet.visit.recording.tape import Tape
from tests.conftest import QUICK

PAGES = Path(__file__).parents[1] / "pages"
SCENARIOS = Path(__file__).parents[2] / "scenarios"


def fixtures() -> list[Path]:
    """`<department>/<flow>/<verdict>[_n].har`, all of them."""
    return sorted(PAGES.rglob("*.har"))


def expected(path: Path) -> Verdict:
    """The verdict that the file's name promises."""
    return Verdict(re.sub(r"_\d+$", "", path.stem))


@functools.cache
def _catalogue(folder: Path) -> dict[str, Scenario]:
    return {scenario.id: scenario for scenario in loader.load(folder).scenarios}


def scenario_of_tape(tape: Tape) -> Scenario:
    """The scenario that made the tape, as it is today, aimed at the recorded address."""
    folder = PRACTICE_SCENARIOS if tape.practice else SCENARIOS
    return _catalogue(folder)[tape.scenario_id].at(tape.url)


async def replay(
    tape: Tape,
    chromium: Chromium,
    *,
    scenario: Scenario | None = None,
    limits: AttemptLimits = QUICK,
) -> tuple[Attempt, Player]:
    """Play a tape, whole or changed (`Tape.with_body`); give the attempt and what was missing."""
    player = Player(tape)
    chosen = scenario or scenario_of_tape(tape)
    kept = await attempt(chosen, chromium, run_id="replay", limits=limits, tape=player)
    assert chromium.open_contexts == 0
    return kept.attempt, player
