"""A visit that was due and was not made, and why."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Self

from fleet.models.base import Frozen, Instant
from fleet.models.text import Fitted

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.models.scenario import Scenario


class MissReason(StrEnum):
    """Why a visit that was due was not made. The strings are in exported data."""

    UNWATCHED = "unwatched"
    """No fleet watched this flow then: it was not running, or did not have the scenario."""
    INTERRUPTED = "interrupted"
    """The visit had begun when the fleet was stopped or killed."""
    COOLING = "cooling"
    """The host had refused a visit or failed, and was left alone."""
    BUDGET = "budget"
    """The host's visits of that hour were used up."""
    DISALLOWED = "disallowed"
    """The host's robots.txt forbids it to this fleet."""
    LATE = "late"
    """The fleet was too busy to begin in time."""
    NO_ROOM = "no_room"
    """Nothing more could be kept: spool full, disk nearly full."""
    QUARANTINED = "quarantined"
    """The scenario had held the whole fleet, and stands still until its file changes."""
    LOST = "lost"
    """A visit was made, or noted as missed, and what was kept of it on the disk was damaged."""


def due_id(scenario_id: str, due_at: datetime) -> str:
    """One for each scenario and due time."""
    return f"{scenario_id}@{due_at.isoformat(timespec='milliseconds')}"


def due_mark(scenario_id: str, due_at: datetime) -> str:
    """The same as a part of a file's name."""
    return hashlib.sha256(due_id(scenario_id, due_at).encode()).hexdigest()[:32]


class MissedVisit(Frozen):
    """A visit of a scenario that was due at `due_at` and was not made; `detail` says more."""

    scenario_id: str
    department: str
    control: bool
    due_at: Instant
    why: MissReason
    detail: Annotated[str, Fitted()]
    noted_at: Instant

    @property
    def id(self) -> str:
        """One for each scenario and due time: to note it twice is harmless."""
        return due_id(self.scenario_id, self.due_at)

    @classmethod
    def of(
        cls, scenario: Scenario, due_at: datetime, why: MissReason, detail: str, at: datetime
    ) -> Self:
        """What was missed of this scenario, noted at `at`."""
        return cls(
            scenario_id=scenario.id,
            department=scenario.department,
            control=scenario.control,
            due_at=due_at,
            why=why,
            detail=detail,
            noted_at=at,
        )

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it."""
        return {"_id": self.id, **self.model_dump(mode="python"), "why": self.why.value}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote."""
        return cls.model_validate({k: v for k, v in document.items() if k != "_id"})
