"""A run, and what it came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field

from fleet.models.base import Frozen, Instant

if TYPE_CHECKING:
    pass
    from fleet.models.outcome import Verdict


class Run(Frozen):
    """
    One pass over some scenarios; `ended_at` is None while it goes on or if it was killed.

    The run of a fleet that watches lasts from its start to its end; its scenarios are those of
    the start.
    """

    id: str
    started_at: Instant
    ended_at: Instant | None = None
    scenario_ids: tuple[str, ...]
    times: int = Field(ge=1)
    watch: bool = False
    attempts: int = Field(default=0, ge=0)
    fleet_version: str
    chromium_version: str


@dataclass(slots=True)
class RunResult:
    """
    What a run came to.

    `finished` is false if it was interrupted; `left_out` counts the visits that were not made
    because their host refused one, is left alone, or forbids them in its robots.txt; `reasons`
    are sentences for them.
    """

    run: Run
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    finished: bool = True
    left_out: int = 0
    reasons: list[str] = field(default_factory=list)

    def leave_out(self, visits: int, why: str) -> None:
        """Note that this many visits are not made."""
        self.left_out += visits
        self.reasons.append(f"{visits} visit{'s' if visits > 1 else ''} left out: {why}")
