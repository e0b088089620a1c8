"""`fleet check`, `new`, `try`, `record`, `test`: what an author of scenarios needs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from fleet.bootstrap.catalogue import catalogue_of
from fleet.catalog import loader
from fleet.cli.commands.listing import catalogue_check
from fleet.cli.console import print_json
from fleet.cli.options import OneId, Practice, Trace, run, settings_of, warn_of
from fleet.models.text import visible
from fleet.settings import load_settings

app = typer.Typer()


@app.command()
def check(
    paths: Annotated[list[Path] | None, typer.Argument(help="files or folders")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="everything, on one line")] = False,
    practice: Practice = False,
) -> None:
    """Check scenario files; exit 2 if one cannot be used."""
    catalogue = loader.load(*paths) if paths else catalogue_of(settings_of(practice))
    if as_json:
        print_json(catalogue_check(catalogue))
    else:
        for problem in catalogue.problems:
            print(visible(str(problem), lines=True), file=sys.stderr)
        print(f"{len(catalogue.scenarios)} scenarios, {len(catalogue.problems)} problems")
    if catalogue.problems:
        raise typer.Exit(2)


@app.command("new")
def new_(
    url: str,
    department: Annotated[str | None, typer.Option(metavar="D", help="such as 63 or 2A")] = None,
    flow: Annotated[str | None, typer.Option(metavar="SLUG", help="titre-de-sejour")] = None,
    title: Annotated[str | None, typer.Option(metavar="T", help="in French")] = None,
    planning: Annotated[
        list[str] | None, typer.Option(metavar="P", help="a desk; several times: several")
    ] = None,
    anchor: Annotated[
        str | None, typer.Option(metavar="WORDS", help="'' for none; the page's title if left out")
    ] = None,
    control: Annotated[bool, typer.Option("--control", help="a control flow")] = False,
) -> None:
    """Look at a booking page, write its scenario file, and try it once."""
    from fleet.cli.commands import new

    wishes = new.NewOptions(department, flow, title, planning or (), anchor, control)
    run(new.new(url, load_settings(), wishes))


@app.command("try")
def try_(
    scenario_id: OneId,
    show: Annotated[bool, typer.Option("--show", help="in a window (full Chromium)")] = False,
    trace: Trace = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="again when a scenario file changes, until Ctrl-C")
    ] = False,
    practice: Practice = False,
) -> None:
    """Visit one flow once, tell everything, and save its pictures as files."""
    from fleet.cli.commands.run import try_once
    from fleet.cli.commands.try_again import try_again

    settings = settings_of(practice)
    if watch:
        run(try_again(scenario_id, settings, practice, show, traced=trace))
        return
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    chosen = catalogue.select([scenario_id])
    run(try_once(chosen, settings, practice, show, catalogue.scenarios, traced=trace))


@app.command()
def record(
    scenario_id: OneId,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="where the file goes")
    ] = Path("tests/pages"),
    practice: Practice = False,
) -> None:
    """Visit one flow once and keep what it was served as a file for tests."""
    from fleet.cli.commands import record

    settings = settings_of(practice)
    catalogue = catalogue_of(settings)
    warn_of(catalogue)
    run(record.record(catalogue.select([scenario_id]), settings, practice, output))


@app.command("test")
def test_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE.har...")],
) -> None:
    """Play recordings offline by today's scenarios; exit 1 if one does not end as expected."""
    from fleet.cli.commands.record import replay

    run(replay(files, load_settings()), otherwise=1)
