"""How hard a run may press, and what it came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.models import Run, Verdict


@dataclass(frozen=True, slots=True)
class Pace:
    """
    How hard a run may press: pages open at once, pauses and tries.

    `pause_s` is for a run without `Hosts`, and the least wait before a retry.
    """

    pages: int = 6
    pause_s: float = 5
    tries: int = 3
    retry_wait_s: float = 30


@dataclass(slots=True)
class Result:
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
