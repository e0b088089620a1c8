"""The bundle of somebody's survey, read by those who maintain the catalogue."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.bootstrap.visits import limits_of, open_chromium
from fleet.catalog import seen_working
from fleet.cli.console import Console
from fleet.models.text import visible_json
from fleet.survey import bundle
from fleet.visit.attempt import attempt
from fleet.visit.recording import har
from fleet.visit.recording.player import Player

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Scenario
    from fleet.settings import Settings


async def play(
    path: Path, scenarios: Sequence[Scenario], settings: Settings, *, as_json: bool
) -> bool:
    """
    Play the recordings of a bundle with today's scenarios; say how each ends now.

    Raises:
        BadInput: it is no bundle.
    """
    by_id = {each.id: each for each in scenarios}
    console = Console(highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory(prefix="fleet-survey-") as into:
        recordings = bundle.unpack(path, Path(into))
        async with open_chromium(settings, loopback_only=True) as chromium:
            for recording in recordings:
                tape = har.load(recording)
                scenario = by_id.get(tape.scenario_id)
                if scenario is None:
                    console.say(f"{tape.scenario_id}  not in this catalogue, or not asked for")
                    continue
                player = Player(tape)
                played = await attempt(
                    scenario.at(tape.url),
                    chromium,
                    run_id="",
                    limits=limits_of(settings),
                    tape=player,
                )
                again = played.attempt
                same = "still" if again.verdict is tape.verdict else f"{tape.verdict} →"
                if as_json:
                    print(visible_json(again.model_dump_json()))
                else:
                    console.say(f"{again.scenario_id}  {same} {again.verdict}: {again.detail}")
                for words in player.missing_pages:
                    console.say(f"  {words}", style="yellow")
    return True


def accept(path: Path, scenarios: Sequence[Scenario], folder: Path) -> None:
    """
    Take what a bundle says was seen working into the catalogue's file.

    Raises:
        BadInput: it is no bundle, or the catalogue's file cannot be written.
    """
    versions = {each.id: each.version for each in scenarios}
    facts = bundle.facts_of(path).flows
    taken = tuple(each for each in facts if versions.get(each.flow) == each.version)
    written = seen_working.note(folder, taken)
    other = len(facts) - len(taken)
    print(
        f"{written}: {len(taken)} flows were seen working"
        + (f"; {other} others have changed since, or are not in this catalogue" if other else "")
    )
