"""`fleet watch`, `fleet status` on the command line; what they do is in `commands/`."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet import log
from fleet.cli.options import NOT_WATCHING, Ids, Practice, run, settings_of
from fleet.models.text import visible

app = typer.Typer()


@app.command()
def watch(
    ids: Ids = None,
    practice: Practice = False,
) -> None:
    """Visit every flow, or those named, at random instants, around the clock, until SIGTERM."""
    from fleet.cli.commands import watch

    log.configure(shown=visible)
    settings = settings_of(practice)
    run(watch.watch(settings, ids or settings.flows, practice))


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="everything, on one line")] = False,
    practice: Practice = False,
) -> None:
    """Say how the watching fleet stands; exit 5 if it gives no sign of life or is not ready."""
    from fleet.cli.commands import status

    run(status.status(settings_of(practice), as_json), otherwise=NOT_WATCHING)
