"""`fleet user …` on the command line; what its commands do is in `commands/`."""

from __future__ import annotations

from typing import Annotated

import typer

from fleet.cli.options import Practice, run, settings_of

app = typer.Typer(help="Who may sign in to the web pages.", no_args_is_help=True)


@app.command("add")
def add(
    name: str,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="read the password from standard input")
    ] = False,
    practice: Practice = False,
) -> None:
    """Make an account; asks for its password on the terminal, twice."""
    from fleet.cli.commands import user

    settings = settings_of(practice)
    password = user.password_for(name, from_stdin=password_stdin)
    run(user.add(settings, name, password))


@app.command("invite")
def invite(
    administrator: Annotated[
        bool, typer.Option("--administrator", help="who may invite and remove others")
    ] = False,
    practice: Practice = False,
) -> None:
    """Make a link by which one person makes an account, once, within a day."""
    from fleet.cli.commands import user

    run(user.invite(settings_of(practice), administrator=administrator))


@app.command("list")
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="one account per line")] = False,
    practice: Practice = False,
) -> None:
    """Name every account and when it was made."""
    from fleet.cli.commands import user

    run(user.list_(settings_of(practice), as_json=as_json))


@app.command("remove")
def remove(name: str, practice: Practice = False) -> None:
    """Take an account away and sign it out everywhere; what it added stays."""
    from fleet.cli.commands import user

    run(user.remove(settings_of(practice), name))
