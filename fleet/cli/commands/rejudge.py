"""`fleet rejudge`: stored attempts judged again by the rules and scenarios of today."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from rich.table import Table

from fleet.bootstrap.store import open_store
from fleet.cli.commands.output import instant, verdict_text
from fleet.cli.console import Console
from fleet.errors import NotStored
from fleet.evidence.rejudge import VerdictDoubt, doubts_of, judge_stored
from fleet.models import PARIS
from fleet.rules.classifier import RULESET, SETTLED_SINCE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet.models import Attempt, Scenario, Verdict
    from fleet.settings import Settings


async def rejudge(scenarios: Sequence[Scenario], settings: Settings, since: str | None) -> bool:
    """Judge stored attempts of `scenarios` again; say what changed."""
    console = Console(highlight=False)
    first = instant(since, "--since")
    changes = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("attempt", "flow", "was", "is"):
        changes.add_column(column, no_wrap=True)
    counts: Counter[str] = Counter()
    left: Counter[str] = Counter()
    doubts: dict[VerdictDoubt, dict[tuple[str, Verdict], list[Attempt]]]
    doubts = {doubt: defaultdict(list) for doubt in VerdictDoubt}
    async with open_store(settings) as store:
        for scenario in scenarios:
            async for attempt in store.attempts.find(scenario_id=scenario.id, since=first):
                counts["stored"] += 1
                for doubt in await doubts_of(store, attempt):
                    doubts[doubt][attempt.scenario_id, attempt.verdict].append(attempt)
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
            _say_doubt(console, doubt, flows)
    for why, number in left.most_common():
        console.say(f"{number} as they were: {why}", style="dim")
    return True


def _say_doubt(
    console: Console, doubt: VerdictDoubt, flows: Mapping[tuple[str, Verdict], Sequence[Attempt]]
) -> None:
    """Name the verdicts that are in doubt for one reason: of each flow, how many and since when."""
    number = sum(map(len, flows.values()))
    verdicts, be = ("1 verdict", "is") if number == 1 else (f"{number} verdicts", "are")
    console.print(
        f"{verdicts} given before ruleset {SETTLED_SINCE} {be} in doubt: {doubt}",
        markup=False,
        soft_wrap=True,
    )
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("flow", "verdict", "attempts", "first", "last"):
        table.add_column(column, no_wrap=True, justify="right" if column == "attempts" else "left")
    for (flow, verdict), attempts in sorted(flows.items()):
        days = sorted(attempt.started_at.astimezone(PARIS).date() for attempt in attempts)
        first, last = (day.strftime("%d/%m/%Y") for day in (days[0], days[-1]))
        table.add_row(flow, verdict_text(verdict), str(len(attempts)), first, last)
    console.print(table)
