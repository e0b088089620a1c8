"""
What is due, and the one interface between who knows it (scheduler) and who visits (workers).

On one machine that is a call in the same process. Where many machines share the work, a message
broker stands here: a `Due` is all that it has to carry.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.models import Scenario


@dataclass(frozen=True, slots=True)
class Due:
    """A visit of `scenario` that was due at `due_at`; `number` is 2 for its first retry."""

    scenario: Scenario
    due_at: datetime
    number: int = 1


class Visits(Protocol):
    """Who takes due visits. Each becomes attempts or one missed visit, never nothing."""

    def submit(self, due: Due) -> None:
        """Take a due visit over; returns at once."""
