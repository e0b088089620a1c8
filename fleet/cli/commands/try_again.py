"""`fleet try ID --watch`: the same flow again each time a scenario file changes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet.bootstrap.catalogue import follower_of
from fleet.cli.commands.run import try_once
from fleet.cli.commands.signals import interrupt_event
from fleet.cli.console import Console
from fleet.errors import FleetError
from fleet.models.text import visible

if TYPE_CHECKING:
    from fleet.catalog.loader import Catalog
    from fleet.settings import Settings

LOOK_S = 0.5
"""How often files are looked at."""


async def try_again(
    scenario_id: str, settings: Settings, in_practice: bool, show: bool, *, traced: bool
) -> bool:
    """
    Visit it now, and each time a scenario file changes, until Ctrl-C, which is the normal end.

    A file that cannot be read, or a visit that cannot be made, is told and waited over. A host's
    limits hold as ever: who saves often waits for the next turn.

    Raises:
        BadInput: no folder of scenarios can be read at all.
    """
    console, follower = Console(highlight=False, soft_wrap=True), follower_of(settings)
    catalogue = await asyncio.to_thread(follower.read)
    while True:
        if not await _once(catalogue, scenario_id, settings, in_practice, show, traced=traced):
            return True
        console.print("waiting for a scenario file to change; Ctrl-C ends it", style="dim")
        stop = interrupt_event()
        while (changed := await asyncio.to_thread(follower.reload)) is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_S)
                return True
        catalogue = changed


async def _once(
    catalogue: Catalog,
    scenario_id: str,
    settings: Settings,
    in_practice: bool,
    show: bool,
    *,
    traced: bool,
) -> bool:
    """Whether to go on: false if Ctrl-C ended the visit."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in catalogue.problems:
        errors.print(visible(f"left out: {problem}", lines=True), style="yellow", markup=False)
    try:
        chosen = catalogue.select([scenario_id])
        return await try_once(
            chosen, settings, in_practice, show, catalogue.scenarios, traced=traced
        )
    except FleetError as exc:
        errors.say(f"fleet: {exc}", style="bold red")
        return True
