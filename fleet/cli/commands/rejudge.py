"""`fleet rejudge`: stored attempts judged again by the rules and scenarios of today."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from fleet.bootstrap.store import open_store
from fleet.cli.commands.output import instant, verdict_text
from fleet.errors import NotStored
from fleet.evidence.rejudge import VerdictDoubt, doubts_of, judge_stored
from fleet.rules.classifier import RULESET, SETTLED_SINCE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Scenario
    from fleet.settings import Settings


FLOWS_NAMED = 5
"""Flows that are named of those whose verdicts are in doubt."""


async def rejudge(scenarios: Sequence[Scenario], settings: Settings, since: str | None) -> bool:
    """Judge stored attempts of `scenarios` again; say what changed."""
    console = Console(highlight=False)
    first = instant(since, "--since")
    changes = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("attempt", "flow", "was", "is"):
        changes.add_column(column, no_wrap=True)
    counts: Counter[str] = Counter()
    left: Counter[str] = Counter()
    doubts: dict[VerdictDoubt, Counter[str]] = {doubt: Counter() for doubt in VerdictDoubt}
    async with open_store(settings) as store:
        for scenario in scenarios:
            async for attempt in store.attempts.find(scenario_id=scenario.id, since=first):
                counts["stored"] += 1
                for doubt in await doubts_of(store, attempt):
                    doubts[doubt][f"{attempt.scenario_id} {attempt.verdict.value}"] += 1
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
    for doubt, flows in doubts.items():
        if flows:
            some = ", ".join(f"{flow} ×{number}" for flow, number in flows.most_common(FLOWS_NAMED))
            console.print(
                f"{flows.total()} verdicts given before ruleset {SETTLED_SINCE} are in doubt:"
                f" {doubt} ({some}{', …' if len(flows) > FLOWS_NAMED else ''})",
                markup=False,
                soft_wrap=True,
            )
    for why, number in left.most_common():
        console.print(f"{number} as they were: {why}", style="dim", markup=False, soft_wrap=True)
    return True
