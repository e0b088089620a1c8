"""
The breaker: what a visit's end means for the visits after it.

A host that refuses or fails is left alone, longer each time, and at least as long as it asks
(`Retry-After`); a host that answers is visited as before. Which verdict costs what, and why, is
told in docs/conduct.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal, Self

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
    """
    What is kept of a host. `last_at` is the latest moment of a turn, begun or ended.

    `leads` are the addresses at other hosts to which visits of an address here were led, each
    with when that was seen last.
    """

    version: Literal[1] = 1
    visits: Annotated[tuple[Instant, ...], Field(max_length=VISITS_KEPT)] = ()
    last_at: Instant | None = None
    failures: dict[str, int] = Field(default_factory=dict)
    cooling_until: Instant | None = None
    why: str | None = None
    leads: dict[str, dict[str, Instant]] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HostResponse:
    """
    What a host said to a visit.

    `verdict` is None if it answered and the visit went on from there; `retry_after_s` is what
    the host asked for, if it did; `waited` whether it let the visit wait in a queue.
    """

    verdict: Verdict | None = None
    detail: str = ""
    retry_after_s: int | None = None
    waited: bool = False

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        """What the host said at which the attempt ended."""
        asked = attempt.facts.get("retry_after_s", "")
        seconds = int(asked) if asked.isdecimal() else None  # a scenario may state what it likes
        return cls(attempt.verdict, attempt.detail, seconds, bool(attempt.waited))

    @property
    def failure(self) -> str | None:
        """The kind of failure that this is, if it is one."""
        if self.waited:
            return "waiting_room"
        return KINDS.get(self.verdict) if self.verdict else None


def judge_response(
    kept: HostFile, said: HostResponse, now: datetime, cooling: Mapping[str, CoolingRule]
) -> dict[str, object]:
    """The fields of `kept` that a response changes, except its budget."""
    failures, until, why = dict(kept.failures), kept.cooling_until, kept.why
    wait = timedelta(0)
    words = f"{said.verdict or 'answered'}: {said.detail[:300]}"
    if kind := said.failure:
        failures[kind] = failures.get(kind, 0) + 1
        wait, why = cooling[kind].after(failures[kind]), words
    elif said.verdict not in PROVES_NOTHING:
        failures, until, why = {}, None, None
    if said.retry_after_s:
        wait = max(wait, min(LONGEST, timedelta(seconds=min(said.retry_after_s, 10**6))))
        why = words
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
