"""`fleet survey` on the command line; what it does is in `commands/survey/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fleet.bootstrap.catalogue import catalogue_of
from fleet.cli.console import Console
from fleet.cli.options import Practice, run, settings_of
from fleet.errors import BadInput

app = typer.Typer()


@app.command()
def survey(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID or GLOB]...")] = None,
    hours: Annotated[
        float | None, typer.Option(min=0, max=336, metavar="N", help="over which visits are spread")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="where it is kept")
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="visit nothing; report on what is there")
    ] = False,
    play: Annotated[
        Path | None, typer.Option(metavar="ZIP", help="play a bundle with today's scenarios")
    ] = None,
    accept: Annotated[
        Path | None, typer.Option(metavar="ZIP", help="take what a bundle saw working")
    ] = None,
    megabytes: Annotated[int, typer.Option(min=1, max=500, help="of the bundle, at most")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="the report as one line")] = False,
    practice: Practice = False,
) -> None:
    """Visit flows once each over some hours; say what nobody knows, and pack it to be sent."""
    if sum((report, play is not None, accept is not None)) > 1:
        raise BadInput("--report, --play and --accept exclude each other; leave two out")
    settings = settings_of(practice)
    catalogue = catalogue_of(settings)
    for problem in catalogue.problems:
        Console(stderr=True).say(f"left out: {problem}", style="yellow")
    chosen = catalogue.select(ids or [])
    if play is not None or accept is not None:
        from fleet.cli.commands.survey import bundles

        if accept is not None:
            bundles.accept(accept, chosen, settings.scenarios_dir[-1])
        if play is not None:
            run(bundles.play(play, chosen, settings, as_json=as_json))
        return
    from fleet.cli.commands.survey import command

    wishes = command.SurveyOptions(hours, output, megabytes, as_json, report)
    run(command.survey(chosen, settings, practice, wishes))
