"""`fleet care`: the scenarios that need somebody, and since when."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.cli.commands.output import care_json, care_text, quarantine_json, quarantine_text
from fleet.cli.console import Console
from fleet.storage.store import needing_care
from fleet.system.terminal import for_programs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Scenario
    from fleet.settings import Settings


async def care(scenarios: Sequence[Scenario], settings: Settings, as_json: bool) -> bool:
    """Name the scenarios that need somebody to look at them."""
    async with open_store(settings) as store:
        found = await needing_care(store, [scenario.id for scenario in scenarios])
        status = await store.watch_state.status()
    still = status.quarantined if status else {}
    if as_json:
        for id_, why in sorted(still.items()):
            print(quarantine_json(id_, why), file=for_programs(sys.stdout))
        for each in found:
            print(care_json(each), file=for_programs(sys.stdout))
    elif found or still:
        console = Console(highlight=False)
        for id_, why in sorted(still.items()):
            console.print(quarantine_text(id_, why), soft_wrap=True)
        for each in found:
            console.print(care_text(each), soft_wrap=True)
        if found:
            console.print(
                "Look at the picture (fleet export evidence HASH -o FILE), then correct the"
                " scenario: docs/scenarios.md",
                soft_wrap=True,
            )
    else:
        print(f"none of {len(scenarios)} scenarios needs care")
    return True
