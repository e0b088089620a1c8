"""`fleet backup` and `fleet restore` on the command line; what they do is in `commands/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fleet.cli.options import Practice, run, settings_of

app = typer.Typer()


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="made by this command")],
    keep: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="backups beside it that stay")
    ] = None,
    practice: Practice = False,
) -> None:
    """Write all that the database holds, and the signing key, into a new folder."""
    from fleet.cli.commands import backup

    run(backup.backup(settings_of(practice), folder, keep))


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="made by fleet backup")],
    replace: Annotated[
        bool, typer.Option("--replace", help="first remove all that is in the database")
    ] = False,
    practice: Practice = False,
) -> None:
    """Put a backup back into the database; a damaged one is refused before anything changes."""
    from fleet.cli.commands import backup

    run(backup.restore(settings_of(practice), folder, replace=replace))
