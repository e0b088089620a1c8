"""
How often verdicts are wrong, by people who read the pictures without being told them. Pure.

Of each class of verdicts a random sample is drawn (`draw`), each picture is read by people who do
not see the verdict, and counted once (`tally`): **right**, **wrong** (people saw another answer,
or none where the fleet gave one), **unsure** (they could not tell), **disputed** (they do not
agree). The published rate is wrong / (right + wrong) with its 95 % interval; `worst` takes every
unsure and disputed one as wrong too.

A verdict may rest on what no picture shows (a dialog, a list further down): people are then
unsure, or see something else. The rate is therefore that of verdicts that a picture contradicts.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.analysis.rates import limits
from fleet.models.audit import PersonSaw, VerdictClass

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.models.audit import AuditDraw, AuditReading

RIGHT = {
    VerdictClass.SLOTS: PersonSaw.SLOTS,
    VerdictClass.NO_SLOTS: PersonSaw.NO_SLOTS,
    VerdictClass.CLOSED: PersonSaw.CLOSED,
    VerdictClass.UNANSWERED: PersonSaw.OTHER,
}
"""What a person sees if the verdict is right."""


def place(seed: str, *names: str) -> str:
    """Where something stands in the order that a seed gives."""
    return hashlib.sha256(" ".join((seed, *names)).encode()).hexdigest()


def draw(seed: str, attempt_ids: Iterable[str], most: int) -> tuple[str, ...]:
    """At most so many of these, by the seed: the same again for the same ids, in any order."""
    return tuple(sorted(attempt_ids, key=lambda each: place(seed, each))[:most])


@dataclass(frozen=True, slots=True)
class AuditTally:
    """What people saw in the sample of one class: every picture that was read is counted once."""

    verdicts: VerdictClass
    of: int
    drawn: int
    right: int = 0
    wrong: int = 0
    unsure: int = 0
    disputed: int = 0
    wrong_ids: tuple[str, ...] = ()

    @property
    def read(self) -> int:
        """How many pictures were read by anybody."""
        return self.right + self.wrong + self.unsure + self.disputed

    @property
    def n(self) -> int:
        """How many say whether the verdict is right: the denominator."""
        return self.right + self.wrong

    @property
    def rate(self) -> float | None:
        """The share of wrong verdicts; None while nothing was read."""
        return self.wrong / self.n if self.n else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of that share; exact where everything that there is was read."""
        if not self.n:
            return None
        if self.n == self.of:
            return self.wrong / self.n, self.wrong / self.n
        return limits(self.wrong, self.n)

    @property
    def worst(self) -> float | None:
        """The upper limit if all that people could not settle were wrong; None: nothing read."""
        not_right = self.read - self.right
        return limits(not_right, self.read)[1] if self.read else None


def as_fields(counts: AuditTally) -> dict[str, Any]:
    """The counts for programs, and what follows from them."""
    return {
        "verdicts": counts.verdicts.value,
        **{name: getattr(counts, name) for name in ("of", "drawn", "read", "right", "wrong")},
        "unsure": counts.unsure,
        "disputed": counts.disputed,
        "rate": counts.rate,
        "interval": counts.interval,
        "worst": counts.worst,
        "wrong_ids": counts.wrong_ids,
    }


def tally(drawn: AuditDraw, readings: Sequence[AuditReading]) -> list[AuditTally]:
    """The counts of each class of a draw."""
    seen: dict[str, set[PersonSaw]] = {}
    for each in readings:
        if each.draw_id == drawn.id:
            seen.setdefault(each.attempt_id, set()).add(each.seen)
    return [
        _tally(verdicts, own.of, own.attempt_ids, seen) for verdicts, own in drawn.classes.items()
    ]


def _tally(
    verdicts: VerdictClass, of: int, attempt_ids: Sequence[str], seen: dict[str, set[PersonSaw]]
) -> AuditTally:
    right, wrong, unsure, disputed = 0, [], 0, 0
    for attempt_id in attempt_ids:
        # who could not tell does not contradict who could
        said = seen.get(attempt_id, set())
        told = said - {PersonSaw.UNSURE}
        if not said:
            continue
        if not told:
            unsure += 1
        elif len(told) > 1:
            disputed += 1
        elif told == {RIGHT[verdicts]}:
            right += 1
        else:
            wrong.append(attempt_id)
    return AuditTally(
        verdicts, of, len(attempt_ids), right, len(wrong), unsure, disputed, tuple(wrong)
    )


def next_to_read(drawn: AuditDraw, readings: Sequence[AuditReading], person: str) -> list[str]:
    """
    What this person has not read, the least read first, in an order of their own.

    The classes are mixed, so that the order says nothing of a verdict.
    """
    times: dict[str, int] = {}
    own = set()
    for each in readings:
        if each.draw_id == drawn.id:
            times[each.attempt_id] = times.get(each.attempt_id, 0) + 1
            if each.by == person:
                own.add(each.attempt_id)
    left = [each for each in drawn.attempt_ids if each not in own]
    return sorted(left, key=lambda it: (times.get(it, 0), place(drawn.seed, person, it)))
