"""`fleet new`: from an address to a scenario file and a first picture."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from fleet.bootstrap.catalogue import catalogue_of
from fleet.bootstrap.visits import check_may_visit_url, is_loopback_url, limits_of, open_chromium
from fleet.catalog import scaffold
from fleet.cli.commands import run
from fleet.cli.commands.output import write_file
from fleet.cli.console import Console
from fleet.errors import BadInput
from fleet.families import bookingserver
from fleet.models import FLOW_SLUG, Outcome, Scenario, Verdict
from fleet.models.attempt import Capture
from fleet.models.departments import DEPARTMENTS
from fleet.models.text import legible, visible
from fleet.system.terminal import check_text
from fleet.visit.attempt import attempt
from fleet.visit.limits import AttemptLimits
from fleet.visit.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.chromium import Chromium
    from fleet.catalog.scaffold import Address
    from fleet.settings import Settings
    from fleet.visit.visit import Visit


@dataclass(frozen=True, slots=True)
class NewOptions:
    """What was said on the command line; None or empty: ask, or take what the page says."""

    department: str | None = None
    flow: str | None = None
    title: str | None = None
    plannings: Sequence[str] = ()
    anchor: str | None = None
    control: bool = False


async def new(url: str, settings: Settings, options: NewOptions) -> bool:
    """
    Look at the first pages, ask what is not known, write the file, check it, try it once.

    A site of its own is not tried: its file has no sign yet, and nothing could be seen by it.
    """
    console = Console(highlight=False, soft_wrap=True)
    scaffold.check_folder(settings.scenarios_dir[-1])
    address = scaffold.recognise(url)
    check_may_visit_url(address.url, settings)
    known = address.family or "none known; a scenario of its own"
    console.print(f"platform    {known}")
    department = _department(options, address)
    console.print(f"department  {department} {DEPARTMENTS[department]}")
    loopback = is_loopback_url(address.url)
    async with open_chromium(settings, loopback_only=loopback) as chromium:
        survey = await look(address, chromium, limits_of(settings))
    _print_survey(console, survey, settings)
    draft = _draft(address, department, survey, options)
    path = scaffold.write(draft, settings.scenarios_dir[-1])
    console.print(f"written     {path}: {', '.join(draft.ids)}")
    catalogue = catalogue_of(settings)
    for problem in catalogue.problems:
        console.say(f"problem     {problem}")
    if draft.address.family is None:  # its signs are still to be written: nothing would be seen
        console.say(
            f"next        write what says « none » and « slots »; then: fleet try {draft.ids[0]}"
        )
        return not catalogue.problems
    console.print("first attempt", style="bold")
    return await run.try_once(catalogue.select(draft.ids[:1]), settings, False, False)


def _print_survey(console: Console, survey: FirstPages, settings: Settings) -> None:
    assert survey.capture is not None
    console.say(f"title       {survey.title or '(none)'}")
    for value, label in survey.plannings.items():
        console.say(f"planning    {value}  {label}")
    for line in survey.around.lines:
        console.say(f"there is    {line}")
    attempt = survey.capture.attempt
    if attempt.detail != NOTHING_SOUGHT:
        console.say(f"the look ended: {attempt.verdict.value}, {attempt.detail}")
    for file in survey.capture.files:
        if file.evidence.kind == "picture":
            path = settings.data_dir / "new" / f"{attempt.id[:8]}_{file.evidence.step}.png"
            write_file(path, file.content)
            console.say(f"picture     {path}")


def _draft(
    address: scaffold.Address, department: str, survey: FirstPages, options: NewOptions
) -> scaffold.Draft:
    title = options.title or _ask("--title", "title, in French, as the site says it", survey.title)
    flow = options.flow or _ask("--flow", "slug of the flow", scaffold.slug(title.split(" : ")[0]))
    if not FLOW_SLUG.fullmatch(flow):
        raise BadInput(f"--flow {flow!r} is no slug; expected such as titre-de-sejour")
    unknown = [each for each in options.plannings if each not in survey.plannings]
    if unknown:
        offered = visible(", ".join(survey.plannings)) or "none"
        raise BadInput(f"--planning {unknown[0]}: the page offers {offered}")
    chosen = options.plannings or list(survey.plannings)
    anchor = survey.title if options.anchor is None else options.anchor
    return scaffold.Draft(
        address,
        department,
        flow,
        title,
        anchor=anchor if len(anchor) >= 3 else None,
        control=options.control,
        plannings={planning: survey.plannings[planning] for planning in chosen},
        seen=[
            *(f"heading: {words}" for words in survey.headings[:8]),
            *(f"button or link: {words}" for words in survey.controls),
            *survey.around.lines,
        ],
    )


def _department(options: NewOptions, address: scaffold.Address) -> str:
    found = options.department or address.department
    found = (found or _ask("--department", "department, such as 63 or 2A", None)).upper()
    if found not in DEPARTMENTS:
        raise BadInput(f"--department {found!r}: expected 01…95, 2A, 2B, 971…988 or 00 (national)")
    return found


def _ask(flag: str, what: str, default: str | None) -> str:
    """Ask on a terminal; elsewhere take what the page says, if it says it."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        return check_text(str(typer.prompt(what, default=default or None)), flag)
    if default:
        return default
    raise BadInput(f"{flag} is missing: the page does not say it ({what})")


NOTHING_SOUGHT = "a first look, no answer was sought"
"""How a look ends when nothing stood in its way (the attempt's detail)."""


@dataclass(slots=True)
class FirstPages:
    """
    What the first pages show.

    `around` are lists, fields and frames; `capture` has the pictures and how the look ended;
    `plannings` are the desks offered, by the value of their radio button.
    """

    title: str = ""
    headings: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    plannings: dict[str, str] = field(default_factory=dict)
    around: Surroundings = field(default_factory=Surroundings)
    capture: Capture | None = None


async def look(address: Address, chromium: Chromium, limits: AttemptLimits) -> FirstPages:
    """
    Visit the first pages once, under the same guard and limits as any visit. Nothing is stored.

    Always returns: how the look ended is in `capture.attempt`; the detail `NOTHING_SOUGHT` is the
    ordinary end.
    """
    found = FirstPages()

    async def script(visit: Visit) -> Outcome:
        await visit.open()
        found.headings = await visit.texts("h1, h2")
        found.controls = await visit.controls()
        found.around = await visit.surroundings()
        if address.family == "bookingserver":
            found.plannings = await bookingserver.desks_offered(visit)
        return Outcome(verdict=Verdict.UNRECOGNISED, detail=NOTHING_SOUGHT)

    scenario = Scenario(
        department="00",
        flow="first-look",
        title="Premier regard",
        url=address.url,
        family=address.family or "own",
        version="survey",
        script=script,
    )
    found.capture = await attempt(scenario, chromium, run_id="survey", limits=limits)
    titles = [file.title for file in found.capture.attempt.evidence if file.title]
    found.title = _title(titles[0] if titles else "", found.headings)
    return found


def _title(document_title: str, headings: list[str]) -> str:
    """The flow's name as the page gives it: the first part of its title, else its heading."""
    for separator in (" / ", " | ", " - ", " – "):
        document_title = document_title.split(separator)[0]
    words = document_title or (headings[0] if headings else "")
    return legible(" ".join(words.split()))[:200]
