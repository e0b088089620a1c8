"""`fleet record`: one visit whose traffic is kept as a file; `fleet test`: such files played."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet.bootstrap.catalogue import catalogue_of, places_of
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import hosts_of, limits_of, open_chromium, run_options
from fleet.bootstrap.worlds import for_practice, for_trials
from fleet.cli.commands.output import save_pictures
from fleet.cli.commands.practice import with_practice
from fleet.cli.commands.run import check, print_attempt, visit
from fleet.cli.console import Console
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.errors import BadInput
from fleet.models import Verdict
from fleet.visit.attempt import attempt
from fleet.visit.recording import har
from fleet.visit.recording.player import Player
from fleet.visit.recording.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet.browser.chromium import Chromium
    from fleet.catalog.loader import Catalog
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


async def replay(files: Sequence[Path], settings: Settings) -> bool:
    """
    Play each recording and say how it ends; false if one ends otherwise than it is to.

    Nothing is stored, and nothing but the recording answers.

    Raises:
        BadInput: a file is no recording, or its scenario is not in the catalogue.
    """
    console = Console(highlight=False, soft_wrap=True)
    tapes = [(path, har.load(path)) for path in files]
    catalogues: dict[bool, Catalog] = {}
    for practice in {tape.practice for _, tape in tapes}:
        own = for_practice(settings, PRACTICE_SCENARIOS) if practice else settings
        catalogues[practice] = catalogue_of(own)
    jobs = [(path, tape, _scenario(path, tape, catalogues, settings)) for path, tape in tapes]
    good = 0
    async with open_chromium(settings, loopback_only=True) as chromium:
        for path, tape, scenario in jobs:
            good += await _play(console, path, tape, scenario, chromium, settings)
    console.say(f"{len(jobs)} played, {len(jobs) - good} not as expected")
    return good == len(jobs)


def expected_of(path: Path, tape: Tape) -> Verdict:
    """What the file's name promises (`no_slots_2.har`); else what was recorded."""
    name = re.sub(r"_\d+$", "", path.stem)
    return Verdict(name) if name in {each.value for each in Verdict} else tape.verdict


def _scenario(
    path: Path, tape: Tape, catalogues: dict[bool, Catalog], settings: Settings
) -> Scenario:
    catalogue = catalogues[tape.practice]
    found = next((each for each in catalogue.scenarios if each.id == tape.scenario_id), None)
    if found is None:
        where = "the practice prefectures" if tape.practice else places_of(settings)
        broken = "".join(f"; left out: {each}" for each in catalogue.problems)
        raise BadInput(
            f"{path}: a recording of {tape.scenario_id}, which is not in {where}{broken}. Name the"
            " folder of its file in FLEET_SCENARIOS_DIR, see: fleet list"
        )
    return found.at(tape.url)


async def _play(
    console: Console,
    path: Path,
    tape: Tape,
    scenario: Scenario,
    chromium: Chromium,
    settings: Settings,
) -> bool:
    player, expected = Player(tape), expected_of(path, tape)
    played = await attempt(scenario, chromium, run_id="", limits=limits_of(settings), tape=player)
    verdict, detail = played.attempt.verdict, played.attempt.detail
    good = verdict is expected and not player.missing_pages
    promised = "as expected" if verdict is expected else f"expected {expected.value}"
    console.say(
        f"{path}: {scenario.id} → {verdict.value}, {promised}", style="green" if good else "red"
    )
    console.say(f"  {detail}")
    for words in player.missing if not good else ():
        console.say(f"  {words}", style="yellow")
    return good
