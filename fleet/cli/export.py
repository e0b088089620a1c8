"""`fleet export …` on the command line; what its commands do is in `commands/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fleet.cli.options import Practice, run, settings_of
from fleet.errors import BadInput

app = typer.Typer(help="Write out what is stored.", no_args_is_help=True)

Output = Annotated[Path, typer.Option("-o", "--output", metavar="FILE")]


@app.command("attempts")
def attempts(
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format")] = "jsonl",
    scenario: Annotated[str | None, typer.Option(metavar="ID")] = None,
    since: Annotated[str | None, typer.Option(metavar="T", help="from then on")] = None,
    until: Annotated[str | None, typer.Option(metavar="T", help="before then")] = None,
    practice: Practice = False,
) -> None:
    """Write stored attempts to standard output, oldest first."""
    from fleet.cli.commands import export

    run(export.export_attempts(settings_of(practice), form, scenario, since, until))


@app.command("evidence")
def evidence(sha256: str, output: Output, practice: Practice = False) -> None:
    """Write one stored file, after proving its hash."""
    from fleet.cli.commands import export

    if output.exists():
        raise BadInput(f"{output} exists; nothing is overwritten, choose another file")
    run(export.export_evidence(settings_of(practice), sha256, output))


@app.command("dataset")
def dataset(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER")],
    since: Annotated[str, typer.Option("--from", metavar="DAY", help="first day, in Paris")],
    until: Annotated[str, typer.Option("--to", metavar="DAY", help="last day")],
    publisher: Annotated[str, typer.Option("--by", metavar="NAME", help="who publishes it")],
    licence: Annotated[
        Literal["CC-BY-4.0", "CC0-1.0", "ODbL-1.0", "etalab-2.0"],
        typer.Option("--licence", help="under which it may be used"),
    ],
    practice: Practice = False,
) -> None:
    """Write attempts, missed visits and rates as a data package, with what each column means."""
    from fleet.cli.commands import export

    period = (since, until)
    run(export.export_dataset(settings_of(practice), output, period, publisher, licence))


@app.command("wacz")
def wacz(
    tape: Annotated[Path, typer.Argument(metavar="FILE.har", help="of fleet record")],
    output: Output,
) -> None:
    """Write a recording as a web archive, which ReplayWeb.page opens."""
    from fleet.cli.commands import export

    export.wacz(tape, output)
