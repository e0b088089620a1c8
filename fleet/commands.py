"""
What the commands do, once `cli.py` has read the command line.

Each gives True when it is done and False when a person interrupted it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fleet import catalog, practice
from fleet.doctor import examine
from fleet.equipment import (
    aimed,
    check_may_visit,
    is_loopback,
    limits_of,
    open_chromium,
    open_store,
    pace_of,
    practising,
)
from fleet.errors import BadInput
from fleet.present import (
    PARIS,
    AttemptWriter,
    attempts_table,
    instant,
    offer_rate,
    save_pictures,
    verdict_text,
    verdicts_table,
    write_file,
)
from fleet.run import Runner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

    from fleet.attempt import Limits
    from fleet.models import Attempt, Scenario
    from fleet.run import Pace, Result
    from fleet.settings import Settings
    from fleet.store import Store


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
    pace = pace_of(settings, pages)
    _check(scenarios, settings, in_practice)
    async with open_store(settings) as store, _world(scenarios, in_practice) as chosen:
        with _progress(len(chosen) * times) as step:

            def on_attempt(attempt: Attempt) -> None:
                step(attempt)
                if writer:
                    writer.write(attempt)

            result = await _visit(chosen, settings, store, pace, on_attempt, times=times)
    if not as_json or sys.stderr.isatty():
        _tell_result(console, result)
    return result.finished


async def try_once(
    scenarios: Sequence[Scenario], settings: Settings, in_practice: bool, show: bool
) -> bool:
    """Visit one flow once and tell everything about it."""
    console = Console()
    pace = pace_of(settings.model_copy(update={"tries": 1}))
    seen: list[Attempt] = []
    _check(scenarios, settings, in_practice)
    async with open_store(settings) as store, _world(scenarios, in_practice) as chosen:
        result = await _visit(chosen, settings, store, pace, seen.append, show=show)
        for attempt in seen:
            folder = settings.data_dir / "tried"
            saved = await save_pictures(store, attempt, folder, last=False)
            _tell(console, attempt, saved)
    return result.finished


def _check(scenarios: Sequence[Scenario], settings: Settings, in_practice: bool) -> None:
    """Say what is wrong before anything is started or visited."""
    if not scenarios:
        raise BadInput(
            f"no scenario to visit in {settings.scenarios_dir}; see: fleet check, fleet list"
        )
    if not in_practice:
        check_may_visit(scenarios, settings)


def _tell_result(console: Console, result: Result) -> None:
    console.print(verdicts_table(result.verdicts))
    console.print(offer_rate(result.verdicts), highlight=False, soft_wrap=True)
    if result.left_out:
        console.print(
            f"{result.left_out} visits left out: their host had refused one (403 or 429)."
            " Wait before the next run; bans of 40 minutes are known",
            style="yellow",
            soft_wrap=True,
        )
    console.print(f"run {result.run.id}: {result.run.attempts} attempts stored", style="dim")


def _tell(console: Console, attempt: Attempt, saved: Sequence[Path]) -> None:
    console.print(attempt.scenario_id, "→", verdict_text(attempt.verdict))
    console.print(attempt.detail, markup=False, highlight=False, soft_wrap=True)
    if attempt.first_dates:
        days = ", ".join(day.strftime("%d/%m/%Y") for day in attempt.first_dates)
        console.print(f"first dates {days}; {attempt.slot_count} slots shown")
    for served in attempt.served:
        console.print(
            f"  {served.status}  {served.url}", markup=False, highlight=False, soft_wrap=True
        )
    for dialog in attempt.dialogs:
        console.print(
            f"  {dialog.kind}: {dialog.message}", markup=False, highlight=False, soft_wrap=True
        )
    for note in attempt.notes:
        console.print(f"  note: {note}", markup=False, highlight=False, soft_wrap=True)
    for path in saved:
        console.print(f"  picture {path}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"{attempt.seconds:.1f} s, attempt {attempt.id}", style="dim")


async def demo(settings: Settings, *, stay: bool) -> bool:
    """Visit every practice prefecture; with `stay`, serve them on until Ctrl-C."""
    console = Console()
    scenarios = catalog.load(settings.scenarios_dir).scenarios
    folder = settings.data_dir / "demo"
    seen: list[Attempt] = []
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        server = await stack.enter_async_context(practising())
        chosen = [aimed(scenario, server.port) for scenario in scenarios]
        console.print(
            f"{len(chosen)} flows of practice prefectures (made-up data, on this machine only)"
        )
        with _progress(len(chosen)) as step:

            def on_attempt(attempt: Attempt) -> None:
                step(attempt)
                seen.append(attempt)

            result = await _visit(chosen, settings, store, pace_of(settings), on_attempt)
        seen.sort(key=lambda a: (a.department, a.flow, a.number))
        console.print(attempts_table(seen, console.width))
        console.print()
        _tell_result(console, result)
        if not result.finished:
            return False
        for attempt in seen:
            await save_pictures(store, attempt, folder, last=True)
        console.print()
        console.print("Where to look", style="bold")
        fleet = _program()
        for words, where in (
            ("the pictures of these answers", f"{folder}/"),
            ("every attempt, as CSV", f"{fleet} export attempts --practice --format csv"),
            ("a picture by its hash", f"{fleet} export evidence --practice SHA256 -o picture.png"),
            ("100 visits of Évry", f"{fleet} run --practice 91/titre-de-sejour --times 100"),
            ("the practice prefectures", f"{fleet} practice, then http://localhost:8063/"),
        ):
            console.print(f"  {words:<32}{where}", markup=False, highlight=False, soft_wrap=True)
        if stay:
            console.print(
                f"\nThe practice prefectures stay at http://localhost:{server.port}/ until Ctrl-C"
            )
            await _interrupted().wait()
    return True


def _program() -> str:
    """How this program was called, so that a hint can be copied as it is."""
    called = Path(sys.argv[0])
    return os.path.relpath(called) if called.name == "fleet" and called.parent.name else "fleet"


async def serve_practice(port: int, latency_s: float, now: str | None) -> bool:
    """Serve the practice prefectures until Ctrl-C, by a clock that may be set."""
    start = instant(now, "--now")
    began = datetime.now(PARIS)

    def clock() -> datetime:
        present = datetime.now(PARIS)
        return present if start is None else start.astimezone(PARIS) + (present - began)

    try:
        await practice.serve(
            practice.PREFECTURES,
            port=port,
            latency_s=latency_s,
            clock=clock,
            announce=lambda words: print(words, flush=True),
            stop=_interrupted(),
        )
    except OSError as exc:
        said = os.strerror(exc.errno) if exc.errno else str(exc)
        raise BadInput(f"--port {port}: {said}; choose another, or 0 for any") from exc
    return True


async def export_attempts(
    settings: Settings, form: str, scenario_id: str | None, since: str | None, until: str | None
) -> bool:
    """Write attempts to standard output."""
    first, last = instant(since, "--since"), instant(until, "--until")
    async with open_store(settings) as store:
        writer = AttemptWriter(form)
        found = store.attempts(scenario_id=scenario_id, since=first, until=last)
        async for attempt in found:
            writer.write(attempt)
    return True


async def export_evidence(settings: Settings, sha256: str, output: Path) -> bool:
    """Write one stored file to `output`, which must not exist yet."""
    async with open_store(settings) as store:
        content = await store.evidence(sha256)
    write_file(output, content)
    print(f"{output}: {len(content)} bytes, SHA-256 {sha256}")
    return True


async def doctor(settings: Settings) -> bool:
    """Print one line for each thing looked at, with what to do."""
    console = Console(highlight=False)
    marks = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "bad": "[bold red]bad [/]"}
    async for finding in examine(settings):
        console.print(marks[finding.state], f"{finding.what:<16}", finding.seen, soft_wrap=True)
        if finding.advice:
            console.print(" " * 21 + "→ " + finding.advice, soft_wrap=True)
    return True


async def _visit(
    scenarios: Sequence[Scenario],
    settings: Settings,
    store: Store,
    pace: Pace,
    on_attempt: Callable[[Attempt], None],
    *,
    times: int = 1,
    show: bool = False,
) -> Result:
    """Run scenarios in a Chromium opened for them; Ctrl-C and SIGTERM end the run cleanly."""
    limits: Limits = limits_of(settings)
    loopback = all(is_loopback(scenario) for scenario in scenarios)
    async with open_chromium(settings, loopback_only=loopback, show=show) as chromium:
        runner = Runner(chromium, store, pace=pace, limits=limits, on_attempt=on_attempt)
        with _on_signal(runner.stop, chromium.kill):
            return await runner.run(scenarios, times=times)


@contextlib.asynccontextmanager
async def _world(
    scenarios: Sequence[Scenario], in_practice: bool
) -> AsyncIterator[Sequence[Scenario]]:
    """The scenarios as they are, or aimed at practice prefectures served meanwhile."""
    if not in_practice:
        yield scenarios
        return
    async with practising() as server:
        yield [aimed(scenario, server.port) for scenario in scenarios]


@contextlib.contextmanager
def _on_signal(first: Callable[[], None], second: Callable[[], None]) -> Iterator[None]:
    """
    Call `first` on the first Ctrl-C or SIGTERM, `second` on those after it.

    Afterwards they do nothing: closing is bounded in time, and cut short it would leave processes.
    """
    loop = asyncio.get_running_loop()
    calls = 0

    def called() -> None:
        nonlocal calls
        calls += 1
        (first if calls == 1 else second)()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, called)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, lambda: None)


def _interrupted() -> asyncio.Event:
    """An event that Ctrl-C or SIGTERM sets."""
    event, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, event.set)
    return event


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[Attempt], None]]:
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
