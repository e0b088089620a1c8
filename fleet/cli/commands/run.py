"""`fleet run` and `fleet try`: visit flows and tell how they ended."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fleet.bootstrap.catalogue import places_of
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import (
    check_may_visit,
    hosts_of,
    is_loopback,
    limits_of,
    open_chromium,
    run_options,
)
from fleet.bootstrap.worlds import apart_from_real, for_trials
from fleet.browser.traced import TracedPages
from fleet.cli.commands.output import offer_rate, save_pictures, verdict_text, verdicts_table
from fleet.cli.commands.practice import with_practice
from fleet.cli.commands.signals import on_signal
from fleet.cli.console import Console
from fleet.engine.politeness.robots_fetcher import RobotsReader
from fleet.engine.quarantine import Quarantine
from fleet.engine.run import Runner
from fleet.errors import BadInput
from fleet.models.address import host_of
from fleet.rendering.attempt_csv import AttemptWriter
from fleet.system.pulse import Pulse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from fleet.engine.options import RunOptions
    from fleet.engine.politeness.hosts import Hosts
    from fleet.models import Attempt, Scenario
    from fleet.models.run import RunResult
    from fleet.settings import Settings
    from fleet.storage.store import Store
    from fleet.visit.limits import AttemptLimits
    from fleet.visit.recording.recorder import Recorder


async def run(
    scenarios: Sequence[Scenario],
    settings: Settings,
    in_practice: bool,
    *,
    pages: int | None,
    times: int,
    as_json: bool,
) -> bool:
    """Visit `scenarios`; progress on a terminal, a table by verdict at the end."""
    console = Console(stderr=as_json)
    writer = AttemptWriter("jsonl") if as_json else None
    options, hosts = run_options(settings, pages), hosts_of(settings, practice=in_practice)
    check(scenarios, settings, in_practice)
    settings = for_sites(scenarios, settings)
    async with open_store(settings) as store, with_practice(scenarios, in_practice) as chosen:
        with progress(len(chosen) * times) as step:

            def on_attempt(attempt: Attempt) -> None:
                step(attempt)
                if writer:
                    writer.write(attempt)

            result = await visit(chosen, settings, store, options, hosts, on_attempt, times=times)
    if not as_json or sys.stderr.isatty():
        print_result(console, result)
    return result.finished


async def try_once(
    scenarios: Sequence[Scenario],
    settings: Settings,
    in_practice: bool,
    show: bool,
    catalogue: Sequence[Scenario] = (),
    *,
    traced: bool = False,
) -> bool:
    """
    Visit one flow once, of all that `catalogue` has, and tell everything about it.

    What was seen is kept among the trials, in no figure.
    """
    console, settings = Console(), for_trials(settings)
    options = run_options(settings.model_copy(update={"tries": 1}))
    hosts = hosts_of(settings, practice=in_practice)
    seen: list[Attempt] = []
    folder = settings.data_dir / "tried"
    name = f"{scenarios[0].id.replace('/', '_')}_trace.zip" if traced and scenarios else None
    trace = folder / name if name else None
    check(scenarios, settings, in_practice)
    async with open_store(settings) as store, with_practice(scenarios, in_practice) as chosen:
        result = await visit(
            chosen,
            settings,
            store,
            options,
            hosts,
            seen.append,
            show=show,
            catalogue=catalogue,
            trace=trace,
        )
        for attempt in seen:
            saved = await save_pictures(store, attempt, folder, last=False)
            print_attempt(console, attempt, saved)
    if trace is not None:
        print_trace(console, trace)
    console.print(f"kept among the trials ({settings.database}), in no figure", style="dim")
    print_left_out(console, result)
    return result.finished


def print_trace(console: Console, trace: Path) -> None:
    """Say where a visit's trace is, and how a person looks at it."""
    if trace.exists():
        console.say(f"  trace {trace}: to look at it, .venv/bin/playwright show-trace {trace}")
    else:
        console.say(
            "  no trace: the visit was not made, or its Chromium died before it was written"
        )


def check(scenarios: Sequence[Scenario], settings: Settings, in_practice: bool) -> None:
    """Say what is wrong before anything is started or visited."""
    if not scenarios:
        raise BadInput(
            f"no scenario to visit in {places_of(settings)}; see: fleet check, fleet list"
        )
    if not in_practice:
        check_may_visit(scenarios, settings)


def for_sites(scenarios: Sequence[Scenario], settings: Settings) -> Settings:
    """
    The settings with the database for these sites: those of this machine are never among real.

    Raises:
        BadInput: there are some of both.
    """
    practice = [each for each in scenarios if is_loopback(each)]
    if practice and len(practice) < len(scenarios):
        raise BadInput(
            f"{practice[0].id} is a practice site on this machine ({host_of(practice[0].url)}),"
            " and others are real: their attempts are never kept in one database. Name the ones"
            " or the others"
        )
    return apart_from_real(settings) if practice else settings


def print_result(console: Console, result: RunResult) -> None:
    """Print what a run came to."""
    console.print(verdicts_table(result.verdicts))
    console.print(offer_rate(result.verdicts), highlight=False, soft_wrap=True)
    print_left_out(console, result)
    console.print(f"run {result.run.id}: {result.run.attempts} attempts stored", style="dim")


def print_left_out(console: Console, result: RunResult) -> None:
    """Print which visits were not made, and why."""
    for words in result.reasons:
        console.say(words, style="yellow")


def print_attempt(console: Console, attempt: Attempt, saved: Sequence[Path]) -> None:
    """Print everything about one attempt, and where its pictures were saved."""
    console.print(attempt.scenario_id, "→", verdict_text(attempt.verdict), soft_wrap=True)
    console.say(attempt.detail)
    if attempt.first_dates:
        days = ", ".join(day.strftime("%d/%m/%Y") for day in attempt.first_dates)
        shown = "" if attempt.slot_count is None else f"; {attempt.slot_count} slots shown"
        console.print(f"first dates {days}{shown}")
    for name, value in attempt.facts.items():
        console.say(f"  {name}: {value}")
    for served in attempt.served:
        console.say(f"  {served.status}  {served.url}")
    for dialog in attempt.dialogs:
        console.say(f"  {dialog.kind}: {dialog.message}")
    for note in attempt.notes:
        console.say(f"  note: {note}")
    for path in saved:
        console.say(f"  picture {path}")
    console.print(f"{attempt.seconds:.1f} s, attempt {attempt.id}", style="dim")


async def visit(
    scenarios: Sequence[Scenario],
    settings: Settings,
    store: Store,
    options: RunOptions,
    hosts: Hosts,
    on_attempt: Callable[[Attempt], None],
    *,
    times: int = 1,
    show: bool = False,
    recorder: Recorder | None = None,
    catalogue: Sequence[Scenario] = (),
    trace: Path | None = None,
) -> RunResult:
    """
    Run scenarios in a Chromium opened for them; Ctrl-C and SIGTERM end the run cleanly.

    Args:
        catalogue: all that there are, of which the resolver may be asked for hosts.
        trace: where Playwright's trace of the last visit goes; None: none is kept.
    """
    limits: AttemptLimits = limits_of(settings)
    loopback = all(is_loopback(scenario) for scenario in scenarios)
    async with open_chromium(settings, loopback_only=loopback, show=show) as chromium:
        runner = Runner(
            TracedPages(chromium, trace) if trace else chromium,
            store,
            options=options,
            limits=limits,
            hosts=hosts,
            robots=RobotsReader(hosts, chromium.user_agent, public=chromium.public),
            on_attempt=on_attempt,
            recorder=recorder,
            neighbours=[host_of(each.url) for each in catalogue],
        )
        with on_signal(runner.stop, chromium.kill), Pulse(blame=Quarantine().blame):
            return await runner.run(scenarios, times=times)


@contextlib.contextmanager
def progress(total: int) -> Iterator[Callable[[Attempt], None]]:
    """A bar on a terminal, nothing elsewhere; retries make it no longer."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<28}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("visiting", total=total)

        def step(attempt: Attempt) -> None:
            done = 1 if attempt.number == 1 else 0
            bar.update(task, advance=done, description=f"{attempt.scenario_id}")

        yield step
