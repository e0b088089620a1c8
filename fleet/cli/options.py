"""What all commands have in common: whose settings, and how one is run to its end."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleet.bootstrap.worlds import for_practice
from fleet.cli.console import Console
from fleet.errors import FleetError
from fleet.settings import Settings, load_settings

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fleet.catalog.loader import Catalog

# found, not imported: a command that looks at the practice scenarios needs no practice server
PRACTICE_SCENARIOS = Path(str(files("fleet"))) / "practice" / "scenarios"
"""The scenarios of the practice prefectures."""

FAILED = 1
INTERRUPTED = 130
NOT_WATCHING = 5
ALTERED = 6


def known_ids(incomplete: str) -> list[str]:
    """The ids that begin so, for a shell to complete; none if the scenarios cannot be read."""
    from fleet.bootstrap.catalogue import catalogue_of

    try:
        catalogue = catalogue_of(load_settings())
    except FleetError:
        return []
    return [each.id for each in catalogue.scenarios if each.id.startswith(incomplete)]


OneId = Annotated[str, typer.Argument(metavar="ID", autocompletion=known_ids)]
Ids = Annotated[
    list[str] | None, typer.Argument(metavar="[ID or GLOB]...", autocompletion=known_ids)
]

Practice = Annotated[
    bool, typer.Option("--practice", help="the practice prefectures, in a database of their own")
]

Trace = Annotated[
    bool, typer.Option("--trace", help="keep Playwright's trace, to look at each step")
]


def settings_of(practice: bool) -> Settings:
    """The settings of the environment, for the real or the practice world."""
    settings = load_settings()
    return for_practice(settings, PRACTICE_SCENARIOS) if practice else settings


def run(call: Coroutine[None, None, bool], *, otherwise: int = INTERRUPTED) -> None:
    """Run a command; exit with `otherwise` if it gives false: usually it was interrupted."""
    if not asyncio.run(call):
        raise typer.Exit(otherwise)


def warn_of(catalogue: Catalog) -> None:
    """Name the files and folders that were left out, on standard error."""
    for problem in catalogue.problems:
        Console(stderr=True, highlight=False, soft_wrap=True).print(
            f"left out: {problem}", style="yellow", markup=False
        )
