"""
How a watching fleet stands at this moment, as one value: for a terminal, a monitor, a page.

It is written into MongoDB every few seconds; one that is older than `STALE` says that the fleet
has ended, hangs, or is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from fleet.models.base import Frozen, Instant

if TYPE_CHECKING:
    from datetime import datetime

STALE = timedelta(seconds=30)
"""It is said every ten seconds; and what is said from the future says nothing of the present."""


class HostCooling(Frozen):
    """A host that is left alone until then, and why."""

    host: str
    until: Instant
    why: str


class Status(Frozen):
    """
    One watching fleet at the instant `at`. Counts are since `since`, its start.

    `lateness_s` are the lateness that half and 99 in 100 of the latest visits did not exceed, in
    seconds; None before the first visit. `ready` is false while something keeps it from doing
    its work, and `problem` says what; `stopped`: this was its last word. `notices` and
    `heartbeat` say whether anybody is told of changes, and an outside monitor that it lives; None
    in what an older fleet said. `quarantined` says of scenarios, by their ids, why they stand
    still. `age_s` is how long before it was read it was written, if that is known.
    """

    at: Instant
    since: Instant
    run_id: str
    machine: str
    pid: int
    fleet_version: str
    chromium_version: str
    scenarios: int
    next_due: Instant | None
    verdicts: Mapping[str, int]
    misses: Mapping[str, int]
    lateness_s: tuple[float, float] | None
    waiting: int
    open_pages: int
    allowed_pages: int
    pressure: str
    spool_items: int
    spool_bytes: int
    spool_oldest: Instant | None
    spool_refused: int
    spool_damaged: int
    browser_restarts: Mapping[str, int]
    cooling: tuple[HostCooling, ...]
    ready: bool
    problem: str | None
    stopped: bool = False
    notices: bool | None = None
    heartbeat: bool | None = None
    spool_twice: int = 0
    quarantined: Mapping[str, str] = {}
    age_s: float | None = None

    def age(self, at: datetime) -> timedelta:
        """How old this is: when it was read, by the database's clock; else at `at`, by two."""
        return at - self.at if self.age_s is None else timedelta(seconds=self.age_s)

    def stale(self, at: datetime) -> bool:
        """Whether this is too old to say anything of the present, or of a time to come."""
        return abs(self.age(at)) > STALE

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it: one document, replaced each time."""
        return {"_id": "watch", **self.model_dump(mode="python")}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote; what a newer fleet says beyond that is left out."""
        return cls.model_validate({k: v for k, v in document.items() if k in cls.model_fields})
