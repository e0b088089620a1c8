"""
The breaker: what a visit's end means for the visits after it.

A host that refuses or fails is left alone, longer each time, and at least as long as it asks
(`Retry-After`); a host that answers is visited as before. Which verdict costs what, and why, is
told in docs/conduct.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from fleet.models import Frozen, Instant, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fleet.models import Attempt

LONGEST = timedelta(hours=24)
"""A host is never left alone for longer, whatever it asks for and however clocks jump."""

VISITS_KEPT = 3600


@dataclass(frozen=True, slots=True)
class CoolingRule:
    """
    How long a host is left alone after failures of one kind with no answer between them.

    `first`, then twice as long each time, at most `most`; the first `spared` cost nothing.
    """

    first: timedelta
    most: timedelta
    spared: int = 0

    def after(self, failures: int) -> timedelta:
        """How long after that many in a row; zero for not at all."""
        counted = failures - self.spared
        return (
            min(self.most, self.first * 2 ** min(counted - 1, 20)) if counted > 0 else timedelta(0)
        )


COOLING = {
    "blocked": CoolingRule(timedelta(minutes=40), LONGEST),  # the bans that public checkers met [B]
    "rate_limited": CoolingRule(timedelta(minutes=5), LONGEST),
    "overload": CoolingRule(timedelta(minutes=1), timedelta(hours=6)),
    "maintenance": CoolingRule(timedelta(minutes=15), timedelta(hours=2)),
    "unreachable": CoolingRule(timedelta(minutes=1), timedelta(hours=1), spared=2),
    "waiting_room": CoolingRule(timedelta(minutes=15), timedelta(hours=2)),
}
"""The kinds of failure and what each costs."""

KINDS = {
    Verdict.BLOCKED: "blocked",
    Verdict.RATE_LIMITED: "rate_limited",
    Verdict.OVERLOAD: "overload",
    Verdict.MAINTENANCE: "maintenance",
    Verdict.SITE_DOWN: "unreachable",
    Verdict.TIMEOUT: "unreachable",
}

PROVES_NOTHING = (Verdict.UNRECOGNISED, Verdict.CRASHED)
"""Neither a failure of the host nor a sign that it is well. All that remain are the latter."""


class HostFile(Frozen):
    """What is kept of a host. `last_at` is the latest moment of a turn, begun or ended."""

    version: Literal[1] = 1
    visits: Annotated[tuple[Instant, ...], Field(max_length=VISITS_KEPT)] = ()
    last_at: Instant | None = None
    failures: dict[str, int] = Field(default_factory=dict)
    cooling_until: Instant | None = None
    why: str | None = None


def judge_attempts(
    kept: HostFile, attempt: Attempt, now: datetime, cooling: Mapping[str, CoolingRule]
) -> dict[str, object]:
    """The fields of `kept` that an attempt changes, except its budget."""
    failures, until, why = dict(kept.failures), kept.cooling_until, kept.why
    wait = timedelta(0)
    if kind := "waiting_room" if attempt.waited else KINDS.get(attempt.verdict):
        failures[kind] = failures.get(kind, 0) + 1
        wait = cooling[kind].after(failures[kind])
        why = f"{attempt.verdict}: {attempt.detail[:300]}"
    elif attempt.verdict not in PROVES_NOTHING:
        failures, until, why = {}, None, None
    asked = attempt.facts.get("retry_after_s", "")
    if asked.isdecimal():  # a scenario may state what it likes
        wait = max(wait, min(LONGEST, timedelta(seconds=min(int(asked), 10**6))))
        why = f"{attempt.verdict}: {attempt.detail[:300]}"
    if wait:
        until = now + wait if until is None else max(until, now + wait)
    return {"failures": failures, "cooling_until": until, "why": why}


def careful(now: datetime) -> HostFile:
    """What stands for a file that was damaged: the host may have refused us, so as if it had."""
    return HostFile(
        failures={"blocked": 1},
        cooling_until=now + COOLING["blocked"].first,
        why="what was known of it was damaged, so it counts as blocked",
    )
