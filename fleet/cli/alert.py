"""`fleet alert` on the command line; what it does is in `commands/`."""

from __future__ import annotations

import typer

from fleet.cli.options import run
from fleet.settings import load_settings

app = typer.Typer(name="alert", help="Notices of what happens.", no_args_is_help=True)


@app.callback()
def _alert() -> None:
    """Notices of what happens."""


@app.command("test")
def test_() -> None:
    """Send a test notice to each address of FLEET_NOTIFY_URLS and say whether it was taken."""
    from fleet.cli.commands import alert

    run(alert.test(load_settings()))
