"""A survey from its command line to its report: what is to be visited, kept, told and packed."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import is_loopback
from fleet.bootstrap.worlds import for_trials
from fleet.catalog import seen_working
from fleet.cli.commands.practice import with_practice
from fleet.cli.commands.run import check, for_sites
from fleet.cli.commands.survey.visits import Surveyor
from fleet.cli.console import Console
from fleet.errors import BadInput
from fleet.models.text import visible_json
from fleet.survey import bundle
from fleet.survey.folder import SurveyFolder
from fleet.survey.gathering import not_visited
from fleet.survey.report import facts_of, report_of
from fleet.survey.telling import page_of, text_of
from fleet.system.state_file import FileLock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet.models import Scenario
    from fleet.settings import Settings

REAL_HOURS = 6.0
"""Over how many hours the visits of real sites are spread unless somebody says it."""


@dataclass(frozen=True, slots=True)
class SurveyOptions:
    """
    What somebody wishes of a survey.

    `hours` None: `REAL_HOURS`, or at once in practice. `folder` None: one of the data folder.
    """

    hours: float | None = None
    folder: Path | None = None
    megabytes: int = 20
    as_json: bool = False
    only_report: bool = False


async def survey(
    scenarios: Sequence[Scenario],
    settings: Settings,
    in_practice: bool,
    options: SurveyOptions,
) -> bool:
    """
    Visit the flows of which the folder has no record yet, then report on all that it has.

    Returns:
        False if it was interrupted: the same command goes on where it stood.

    Raises:
        BadInput: nothing to visit, no contact address, or a folder that is no survey's.
    """
    console, settings = Console(stderr=True, highlight=False, soft_wrap=True), for_trials(settings)
    check(scenarios, settings, in_practice)
    for_sites(scenarios, settings)  # real sites and practice sites are never in one survey
    made_up = in_practice or is_loopback(scenarios[0])
    kept = SurveyFolder(options.folder or _usual_folder(settings, made_up=made_up))
    kept.make()
    alone = FileLock(kept.path / ".lock")
    if not alone.take():
        raise BadInput(f"{kept.path}: another survey works here; end it, or choose a folder (-o)")
    known = kept.records()
    if any(each.made_up is not made_up for each in known):
        raise BadInput(
            f"{kept.path} holds a survey of {'real' if made_up else 'practice'} sites; choose"
            " another folder (-o)"
        )
    done = {(each.flow, each.version) for each in known if each.verdict is not None}
    left = [each for each in scenarios if (each.id, each.version) not in done]
    spread = options.hours if options.hours is not None else 0.0 if made_up else REAL_HOURS
    finished = True
    if left and not options.only_report:
        there = f"; {len(scenarios) - len(left)} are there" if len(left) < len(scenarios) else ""
        console.say(f"{len(left)} flows to visit within {spread:g} h{there}; kept in {kept.path}")
        async with open_store(settings) as store, with_practice(left, in_practice) as chosen:
            surveyor = Surveyor(
                settings, store, kept, console, in_practice=in_practice, made_up=made_up
            )
            finished = await surveyor.visit_all(chosen, left, spread)
    _tell(kept, scenarios, settings, console, options, made_up=made_up)
    if not finished:
        console.say("interrupted; the same command goes on where it stood")
    return finished


def _usual_folder(settings: Settings, *, made_up: bool) -> Path:
    return settings.data_dir / ("survey_practice" if made_up else "survey")


def _tell(
    kept: SurveyFolder,
    scenarios: Sequence[Scenario],
    settings: Settings,
    console: Console,
    options: SurveyOptions,
    *,
    made_up: bool,
) -> None:
    """Write report, facts and bundle; print the report, and what is in the bundle."""
    records = kept.records()
    there = {each.flow for each in records}
    missing = [each for each in scenarios if each.id not in there]
    due = [not_visited(each, "its turn has not come", made_up=made_up) for each in missing]
    report, facts = report_of([*records, *due]), facts_of(records)
    kept.write("report.txt", text_of(report).encode())
    kept.write("report.html", page_of(report).encode())
    kept.write("report.json", report.model_dump_json(indent=1).encode())
    kept.write(seen_working.NAME, seen_working.to_bytes(facts))
    if facts.flows:
        seen_working.note(settings.data_dir, facts.flows)
    path, left = bundle.write(kept, records, report, options.megabytes * 1_000_000)
    if options.as_json:
        print(visible_json(report.model_dump_json()))
    else:
        sys.stdout.write(text_of(report))
    console.say(f"to read, with pictures: {kept.path / 'report.html'}")
    console.say(
        f"to send: {path} ({path.stat().st_size / 1e6:.1f} MB): the report, what each visit met,"
        " pictures and outlines of pages, recordings of what was not understood. No cookie, token,"
        " mail or IP address that the fleet knows of is in it; look at it before you send it"
    )
    if left:
        console.say(f"no room in it for {len(left)} files, the least needed (--megabytes)")
