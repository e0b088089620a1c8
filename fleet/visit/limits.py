"""How long a visit and the parts of an attempt may take."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class VisitLimits:
    """The limits of a visit, in seconds. `deadline_s` is for the whole of it."""

    deadline_s: float = 180
    answer_timeout_s: float = 20
    settle_s: float = 4


@dataclass(frozen=True, slots=True)
class AttemptLimits:
    """
    How long the parts of an attempt may take, in seconds.

    `standstill_s` is for how long this process may stand still meanwhile: after more, that a
    limit was passed says nothing of the site.
    """

    visit: VisitLimits = field(default_factory=VisitLimits)
    last_look_s: float = 10
    close_s: float = 10
    standstill_s: float = 5
