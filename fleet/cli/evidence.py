"""`fleet seal`, `fleet verify`, `fleet dossier`; what they do is in `commands/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fleet.cli.options import ALTERED, Practice, run, settings_of

app = typer.Typer()


@app.command()
def seal(practice: Practice = False) -> None:
    """Seal the attempts that no seal covers: root, signature, timestamps."""
    from fleet.cli.commands import seal

    run(seal.seal(settings_of(practice)))


@app.command()
def verify(
    what: Annotated[str | None, typer.Argument(metavar="[ATTEMPT or FLOW]")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="T", help="from then on")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="T", help="before then")] = None,
    new: Annotated[
        bool, typer.Option("--new", help="only what came after the last that was sound")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="verify as if for the first time (a backup came back)")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="everything, on one line")] = False,
    practice: Practice = False,
) -> None:
    """Make every hash anew and compare; exit 6 if anything was altered."""
    from fleet.cli.commands import verify

    more = {"new": new, "forget": forget, "as_json": as_json}
    run(verify.verify(settings_of(practice), what, since, until, **more), otherwise=ALTERED)


@app.command()
def dossier(
    flow: Annotated[str, typer.Argument(metavar="FLOW", help="such as 63/titre-de-sejour")],
    since: Annotated[str | None, typer.Option("--from", metavar="DAY", help="first day")] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="DAY", help="last day")] = None,
    lang: Annotated[Literal["fr", "en"], typer.Option(help="language of the PDF")] = "fr",
    pictures: Annotated[
        Literal["all", "daily"], typer.Option(help="in the PDF; the ZIP has all")
    ] = "daily",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="the ZIP")
    ] = None,
    practice: Practice = False,
) -> None:
    """Write a dossier for a judge: PDF, pieces, proofs and a verifier in one ZIP."""
    from fleet.cli.commands import dossier as making

    more = {"language": lang, "pictures": pictures, "made_up": practice}
    run(making.dossier(settings_of(practice), flow, since, until, output, **more))
