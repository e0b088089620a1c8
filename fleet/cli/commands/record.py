"""`fleet record`: one visit whose traffic is kept as a file, and proved by playing it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import hosts_of, limits_of, open_chromium, run_options
from fleet.bootstrap.worlds import for_trials
from fleet.cli.commands.output import save_pictures
from fleet.cli.commands.practice import with_practice
from fleet.cli.commands.run import check, print_attempt, visit
from fleet.cli.console import Console
from fleet.errors import BadInput
from fleet.models import Verdict
from fleet.visit.attempt import attempt
from fleet.visit.recording import har
from fleet.visit.recording.player import Player
from fleet.visit.recording.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet.models import Attempt, Scenario
    from fleet.settings import Settings
    from fleet.visit.recording.tape import Tape


async def record(
    scenarios: Sequence[Scenario], settings: Settings, in_practice: bool, folder: Path
) -> bool:
    """Visit one flow once, keep its traffic below `folder`, and play it to see that it holds."""
    console, settings = Console(highlight=False, soft_wrap=True), for_trials(settings)
    check(scenarios, settings, in_practice)
    if len(scenarios) != 1:
        raise BadInput(f"{len(scenarios)} scenarios; a recording is of one: fleet record ID")
    options = run_options(settings.model_copy(update={"tries": 1}))
    hosts = hosts_of(settings, practice=in_practice)
    recorder = Recorder()
    seen: list[Attempt] = []
    async with open_store(settings) as store, with_practice(scenarios, in_practice) as chosen:
        result = await visit(
            chosen, settings, store, options, hosts, seen.append, recorder=recorder
        )
        for stored in seen:
            print_attempt(
                console,
                stored,
                await save_pictures(store, stored, _pictures_folder(settings), last=False),
            )
    if result.reasons:
        raise BadInput(f"nothing was recorded: {result.reasons[0]}")
    if not result.finished or not seen:
        return False
    (stored,) = seen
    if stored.verdict is Verdict.CRASHED:
        raise BadInput(
            f"{stored.scenario_id}: the visit crashed, which says nothing of the site, so no file"
            " was written. Correct the scenario, then record it again"
        )
    tape = recorder.tape(stored, practice=in_practice)
    path = har.save(tape, folder)
    console.print(
        f"recorded {path}: {len(tape.entries)} requests, {path.stat().st_size} bytes", markup=False
    )
    for problem in tape.problems:
        console.say(f"  not kept: {problem}", style="yellow")
    await _prove(console, scenarios[0], path, settings)
    return True


def _pictures_folder(settings: Settings) -> Path:
    return settings.data_dir / "tried"


async def _prove(console: Console, scenario: Scenario, path: Path, settings: Settings) -> None:
    """Play the file just written, and say whether it gives the same verdict."""
    tape: Tape = har.load(path)
    player = Player(tape)
    async with open_chromium(settings, loopback_only=True) as chromium:
        played = await attempt(
            scenario.at(tape.url), chromium, run_id="", limits=limits_of(settings), tape=player
        )
    again = played.attempt
    if again.verdict is tape.verdict and not player.missing_pages:
        console.print(f"played from the file, offline: {again.verdict.value} again", markup=False)
        return
    console.print(
        f"played from the file, offline: {again.verdict.value}, not {tape.verdict.value}:"
        f" {again.detail}. The file is no fixture yet; look what differs, or record it again",
        style="yellow",
        markup=False,
    )
    for words in player.missing:
        console.say(f"  {words}", style="yellow")
