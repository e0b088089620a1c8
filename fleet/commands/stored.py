"""`fleet export`, `rejudge`, `care`, `rollup`: what is stored, and what is made of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from fleet.care import needing_care
from fleet.errors import NotStored, StoreRefused
from fleet.present import AttemptWriter, care_json, care_text, instant, verdict_text, write_file
from fleet.rejudge import judge_stored
from fleet.rules import RULESET
from fleet.storage import open_store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet.models import Scenario
    from fleet.settings import Settings


MOST_DIFFERENCES = 20
"""Lines about roll-ups that differ; the rest is counted."""


async def export_attempts(
    settings: Settings, form: str, scenario_id: str | None, since: str | None, until: str | None
) -> bool:
    """Write attempts to standard output."""
    first, last = instant(since, "--since"), instant(until, "--until")
    async with open_store(settings) as store:
        writer = AttemptWriter(form)
        found = store.attempts(scenario_id=scenario_id, since=first, until=last)
        async for attempt in found:
            writer.write(attempt)
    return True


async def export_evidence(settings: Settings, sha256: str, output: Path) -> bool:
    """Write one stored file to `output`, which must not exist yet."""
    async with open_store(settings) as store:
        content = await store.evidence(sha256)
    write_file(output, content)
    print(f"{output}: {len(content)} bytes, SHA-256 {sha256}")
    return True


async def rejudge(scenarios: Sequence[Scenario], settings: Settings, since: str | None) -> bool:
    """Judge stored attempts of `scenarios` again; say what changed."""
    console = Console(highlight=False)
    first = instant(since, "--since")
    changes = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("attempt", "flow", "was", "is"):
        changes.add_column(column, no_wrap=True)
    counts: Counter[str] = Counter()
    left: Counter[str] = Counter()
    async with open_store(settings) as store:
        for scenario in scenarios:
            async for attempt in store.attempts(scenario_id=scenario.id, since=first):
                counts["stored"] += 1
                try:
                    judgement = await judge_stored(store, scenario, attempt)
                except NotStored as exc:
                    left[str(exc)] += 1
                    continue
                counts["judged"] += 1
                if judgement.differs_from(attempt):
                    counts["changed"] += 1
                    was, now = verdict_text(attempt.verdict), verdict_text(judgement.verdict)
                    changes.add_row(attempt.id, attempt.scenario_id, was, now)
    console.print(
        f"{counts['stored']} attempts, {counts['judged']} judged again by ruleset {RULESET},"
        f" {counts['changed']} changed. Nothing stored was altered",
        soft_wrap=True,
    )
    if changes.row_count:
        console.print(changes)
    for why, number in left.most_common():
        console.print(f"{number} as they were: {why}", style="dim", markup=False, soft_wrap=True)
    return True


async def care(scenarios: Sequence[Scenario], settings: Settings, as_json: bool) -> bool:
    """Name the scenarios that need somebody to look at them."""
    async with open_store(settings) as store:
        found = await needing_care(store, [scenario.id for scenario in scenarios])
    if as_json:
        for each in found:
            print(care_json(each))
    elif found:
        console = Console(highlight=False)
        for each in found:
            console.print(care_text(each), soft_wrap=True)
        console.print(
            "Look at the picture (fleet export evidence HASH -o FILE), then correct the scenario:"
            " docs/scenarios.md",
            soft_wrap=True,
        )
    else:
        print(f"none of {len(scenarios)} scenarios needs care")
    return True


async def rollup(settings: Settings, *, check: bool) -> bool:
    """
    Make the roll-ups anew, or compare them with a full count.

    Raises:
        StoreRefused: they say something else than the attempts; what differs was printed.
    """
    async with open_store(settings) as store:
        if not check:
            made = await store.rollups.rebuild()
            print(
                f"made anew for {made.flows} flows: {made.flow_days} flow-days,"
                f" {made.department_weeks} department-weeks, {made.changes} changes of state"
            )
            return True
        counted = await store.rollups.check()
    for difference in counted.differences[:MOST_DIFFERENCES]:
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
