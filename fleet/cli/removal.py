"""`fleet prune`, `takedown` and `withdraw` on the command line; what they do is in `commands/`."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.cli.options import Practice, run, settings_of

app = typer.Typer()

Yes = Annotated[bool, typer.Option("--yes", help="do it; without it, only say what would go")]
Reason = Annotated[str, typer.Option(metavar="WORDS", help="readers will see it")]
By = Annotated[
    str | None, typer.Option(metavar="ACCOUNT", help="who asks; this machine's user if not")
]


@app.command()
def prune(
    keep_days: Annotated[
        int | None, typer.Option(min=1, max=36_500, metavar="N", help="days that files are kept")
    ] = None,
    keep_per_flow: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="newest files of each flow that are kept")
    ] = None,
    yes: Yes = False,
    practice: Practice = False,
) -> None:
    """Remove the files of old attempts; attempts, hashes and figures stay."""
    from fleet.cli.commands import prune

    settings = settings_of(practice)
    policy = prune.policy_of(settings, keep_days, keep_per_flow)
    run(prune.prune(settings, policy, yes=yes))


@app.command()
def takedown(
    what: Annotated[str, typer.Argument(metavar="SHA256 or ATTEMPT")],
    reason: Reason,
    by: By = None,
    yes: Yes = False,
    practice: Practice = False,
) -> None:
    """Remove a file, or all of an attempt, for good and everywhere."""
    from fleet.cli.commands import takedown

    run(takedown.takedown(settings_of(practice), what, reason, by, yes=yes))


@app.command()
def withdraw(
    attempt_id: Annotated[str, typer.Argument(metavar="ATTEMPT")],
    reason: Reason,
    by: By = None,
    yes: Yes = False,
    practice: Practice = False,
) -> None:
    """Take an attempt out of all figures; it stays stored and sealed, with the reason on it."""
    from fleet.cli.commands import withdraw

    run(withdraw.withdraw(settings_of(practice), attempt_id, reason, by, yes=yes))
