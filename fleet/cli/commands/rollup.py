"""`fleet rollup`: counts stored attempts anew, or compares the kept counts with a full count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.bootstrap.store import open_store
from fleet.errors import StoreRefused

if TYPE_CHECKING:
    from fleet.settings import Settings


MAX_DIFFERENCES = 20
"""Lines about roll-ups that differ; the rest is counted."""


async def rollup(settings: Settings, *, check: bool) -> bool:
    """
    Make the roll-ups anew, or compare them with a full count.

    Raises:
        StoreRefused: they say something else than the attempts; what differs was printed.
    """
    async with open_store(settings) as store:
        if not check:
            rebuilt = await store.rollups.rebuild()
            print(
                f"made anew for {rebuilt.flows} flows: {rebuilt.flow_days} flow-days,"
                f" {rebuilt.department_weeks} department-weeks, {rebuilt.changes} changes of state"
            )
            return True
        counted = await store.rollups.check()
    for difference in counted.differences[:MAX_DIFFERENCES]:
        print(difference)
    print(
        f"{counted.attempts} attempts counted: {counted.flow_days} flow-days,"
        f" {counted.department_weeks} department-weeks, {counted.changes} changes of state;"
        f" {len(counted.differences)} differences"
    )
    if counted.differences:
        raise StoreRefused(
            f"{len(counted.differences)} roll-ups are not what a full count gives, the first:"
            f" {counted.differences[0][:200]}. Make them anew: fleet rollup"
        )
    return True
