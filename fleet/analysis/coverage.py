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
    """The plan that holds from `since` on."""

    since: datetime
    plan: SamplingPlan


def due_times(
    plans: Sequence[PlanSince], scenario_id: str, since: datetime, until: datetime
) -> list[datetime]:
    """When a flow was due from `since` to before `until`, by the plans that held then, in order."""
    if not plans:
        return []
    ends = [*(after.since for _, after in pairwise(plans)), until]
    found: list[datetime] = []
    for each, end in zip(plans, ends, strict=True):
        begin = max(each.since, since)
        if begin < min(end, until):
            found += each.plan.due(scenario_id, begin, min(end, until))
    return found


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
