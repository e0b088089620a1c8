"""Which flow of a survey is next, and when: spread over its hours, no host two times in a row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

from fleet.models.address import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from fleet.models import Scenario


@dataclass(frozen=True, slots=True)
class Hindrance:
    """Why a flow is not visited now, in words; and until when, None if that is not known."""

    words: str
    until: datetime | None


def in_turn(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """The scenarios, those of one host as far apart as rounds over all hosts put them."""
    lanes: defaultdict[str, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        lanes[host_of(scenario.url)].append(scenario)
    rounds = zip_longest(*lanes.values())
    return [scenario for scenario in chain.from_iterable(rounds) if scenario is not None]


def next_of(
    left: Sequence[Scenario], hindrance: Callable[[Scenario], Hindrance | None]
) -> tuple[Scenario | None, dict[str, Hindrance]]:
    """
    The first flow that may be visited now, and what hinders those before it.

    Returns:
        The flow, None if all are hindered, and the hindrances by flow.
    """
    hindered: dict[str, Hindrance] = {}
    for scenario in left:
        found = hindrance(scenario)
        if found is None:
            return scenario, hindered
        hindered[scenario.id] = found
    return None, hindered


def gap_s(flows: int, hours: float) -> float:
    """Seconds between the beginnings of two visits."""
    return hours * 3600 / flows if flows else 0.0
