"""`fleet audit …` on the command line; what its commands do is in `commands/`."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.cli.options import Practice, run, settings_of
from fleet.models.audit import MOST_EACH

app = typer.Typer(
    help="How often verdicts are wrong, by people who do not see them.", no_args_is_help=True
)

Day = Annotated[str | None, typer.Option(metavar="DAY", help="2026-11-24, Paris, included")]


@app.command("draw")
def draw(
    each: Annotated[
        int, typer.Option("--each", min=1, max=MOST_EACH, metavar="N", help="of each class")
    ] = 50,
    since: Day = None,
    until: Day = None,
    practice: Practice = False,
) -> None:
    """Draw attempts for people to read at /controle; from the last 90 days if none are named."""
    from fleet.cli.commands import audit

    run(audit.draw(settings_of(practice), each, since, until))


@app.command("report")
def report(
    as_json: Annotated[bool, typer.Option("--json", help="one draw per line")] = False,
    practice: Practice = False,
) -> None:
    """Say how many of the verdicts that people read were wrong, with the interval."""
    from fleet.cli.commands import audit

    run(audit.report(settings_of(practice), as_json=as_json))
