"""What a watching fleet has done since it was started: for its status and its metrics."""

from __future__ import annotations

import math
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet.models import Attempt, Verdict
    from fleet.models.missed import MissReason

BUCKETS_S = (0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
MAX_LATENESSES = 10_000
"""Visits whose lateness is remembered: more than a day's at 343 flows."""


@dataclass(slots=True)
class Counters:
    """
    Counts since the start; `lateness_s` holds the latest visits' lateness in seconds.

    A visit's lateness is the time from when it was due to when it began; retries have none.
    """

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    misses: Counter[MissReason] = field(default_factory=Counter)
    lateness_s: deque[float] = field(default_factory=lambda: deque(maxlen=MAX_LATENESSES))
    total_lateness_s: float = 0.0
    _buckets: Counter[float] = field(default_factory=Counter)

    def add_attempt(self, attempt: Attempt) -> None:
        """An attempt was made and kept."""
        self.verdicts[attempt.verdict] += 1

    def add_miss(self, why: MissReason) -> None:
        """A due visit was not made."""
        self.misses[why] += 1

    def add_lateness(self, seconds: float) -> None:
        """A due visit began so many seconds after its time."""
        self.lateness_s.append(seconds)
        self.total_lateness_s += seconds
        self._buckets[next((top for top in BUCKETS_S if seconds <= top), math.inf)] += 1

    def lateness(self, share: float) -> float | None:
        """The lateness that `share` of the latest visits did not exceed, in s; None if none."""
        in_order = sorted(self.lateness_s)
        return in_order[math.ceil(share * len(in_order)) - 1] if in_order else None

    def lateness_buckets(self) -> tuple[list[tuple[str, float]], float]:
        """How many visits were no later than each bound since the start, and their sum in s."""
        cumulated, found = 0, []
        for top in (*BUCKETS_S, math.inf):
            cumulated += self._buckets[top]
            found.append(("+Inf" if math.isinf(top) else f"{top:g}", float(cumulated)))
        return found, self.total_lateness_s
