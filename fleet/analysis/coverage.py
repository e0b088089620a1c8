"""Which due times a sampling plan has, and which of them nothing accounts for yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from fleet.analysis.sampling import SamplingPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class PlanSince:
    """
    The plan that holds from `since` on, until the next one does.

    With `until`, it holds up to there whatever the next one says: then the clock was set, and the
    next one may begin before or after that. `number` is the place in their order.
    """

    since: datetime
    plan: SamplingPlan
    until: datetime | None = None
    number: int = 0


def due_times(
    plans: Sequence[PlanSince], scenario_id: str, since: datetime, until: datetime
) -> list[datetime]:
    """When a flow was due from `since` to before `until`, by the plans that held then, in order."""
    if not plans:
        return []
    ends = [*(after.since for _, after in pairwise(plans)), until]
    found: set[datetime] = set()
    for each, next_since in zip(plans, ends, strict=True):
        begin, end = max(each.since, since), min(each.until or next_since, until)
        if begin < end:
            found.update(each.plan.due(scenario_id, begin, end))
    return sorted(found)


def open_times(
    plans: Sequence[PlanSince],
    accounted: Mapping[str, datetime],
    until: datetime,
    done: Mapping[str, set[datetime]],
) -> dict[str, list[datetime]]:
    """By scenario, the due times before `until` that nothing accounts for."""
    found = {}
    for scenario_id, since in accounted.items():
        due = due_times(plans, scenario_id, since, until)
        if still := [at for at in due if at not in done.get(scenario_id, set())]:
            found[scenario_id] = still
    return found
