"""What an attempt saw of a flow, and the change from one such state to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from fleet.models import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable


STATES = (
    Verdict.SLOTS,
    Verdict.NO_SLOTS,
    Verdict.CLOSED,
    Verdict.CAPTCHA,
    Verdict.LOGIN_REQUIRED,
)


@dataclass(frozen=True, slots=True)
class SeenState:
    """What an attempt saw, and when."""

    attempt_id: str
    at: datetime
    verdict: Verdict
    control: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A flow was in the state `before`, and at the next attempt that saw any in that of `after`."""

    scenario_id: str
    before: SeenState
    after: SeenState


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """
    What an attempt that was stored says of the changes around it.

    `changes` are those that its own visit or the next one saw; `no_change` are the ids of the
    attempts among these two that saw none, whatever was believed before this one came.
    """

    changes: tuple[Change, ...] = ()
    no_change: tuple[str, ...] = ()


def changes_of(scenario_id: str, seen: Iterable[SeenState]) -> list[Change]:
    """The changes among what attempts of one scenario saw, in order of time."""
    states = [each for each in seen if each.verdict in STATES]
    return [
        Change(scenario_id, before, after)
        for before, after in pairwise(states)
        if before.verdict is not after.verdict
    ]
