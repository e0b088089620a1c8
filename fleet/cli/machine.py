"""`fleet practice`, `demo`, `doctor`: what concerns this machine alone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from fleet.cli.options import FAILED, Practice, run, settings_of

app = typer.Typer()


@app.command()
def practice(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any free port")] = 8063,
    latency_ms: Annotated[int, typer.Option(min=0, max=60_000)] = 0,
    now: Annotated[str | None, typer.Option(metavar="T", help="set their clock")] = None,
) -> None:
    """Serve the practice prefectures on this machine until Ctrl-C."""
    from fleet.cli.commands import practice

    run(practice.serve_practice(port, latency_ms / 1000, now))


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="end after one run")] = False,
) -> None:
    """Visit every practice prefecture and say where to look at the pictures."""
    from fleet.cli.commands import demo

    settings = settings_of(practice=True)
    stay = sys.stdin.isatty() and sys.stdout.isatty() and not once
    run(demo.demo(settings, stay=stay))


@app.command()
def doctor(
    database: Annotated[
        bool, typer.Option("--database", help="only MongoDB: every document and index is read")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one thing per line")] = False,
    practice: Practice = False,
) -> None:
    """Say whether everything is here that a visit needs, and what to do if not."""
    from fleet.cli.commands import doctor

    looking = doctor.doctor(settings_of(practice), database=database, as_json=as_json)
    run(looking, otherwise=FAILED)
