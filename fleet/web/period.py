"""
The period that a page is asked for: `?jours=30`, or `?du=2026-10-01&au=2026-11-24`.

Days are Paris days, both included. Without any of these, the last thirty.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import BadInput
from fleet.models import now
from fleet.models.paris import paris_day
from fleet.models.query import Period

if TYPE_CHECKING:
    from collections.abc import Mapping

CHOICES = (7, 30, 90)
"""The numbers of days that a page offers."""

USUAL = 30
MAX_DAYS = 3660
"""As many days back as may be asked for; nothing is older (`query.FIRST_DAY`)."""


@dataclass(frozen=True, slots=True)
class PeriodChoice:
    """A period, and how it was asked for: so many days up to today, or from day to day (None)."""

    period: Period
    days: int | None

    @property
    def query(self) -> dict[str, str]:
        """What keeps the period in a link; nothing for the usual one."""
        if self.days is None:
            return self.fixed
        return {} if self.days == USUAL else {"jours": str(self.days)}

    @property
    def fixed(self) -> dict[str, str]:
        """What names the same days tomorrow: for a link that goes into a letter."""
        return {"du": str(self.period.first), "au": str(self.period.last)}


def period_of(query: Mapping[str, str]) -> PeriodChoice:
    """
    The period of a request; empty values are as if they were not there.

    Raises:
        BadInput: it is no period, or two are given.
    """
    days, first, last = (query.get(name, "").strip() for name in ("jours", "du", "au"))
    if days and (first or last):
        raise BadInput("give either jours=, or du= and au=; both were given")
    if last and not first:
        raise BadInput(f"au={last[:20]!r} needs its du=, the first day")
    if first:
        return PeriodChoice(Period.of(first, last or str(paris_day(now()))), None)
    if not days:
        return PeriodChoice(Period.latest(USUAL), USUAL)
    if not re.fullmatch(r"\d{1,4}", days, re.ASCII) or not 1 <= int(days) <= MAX_DAYS:
        raise BadInput(f"jours={days[:20]!r} is no number of days from 1 to {MAX_DAYS}")
    return PeriodChoice(Period.latest(int(days)), int(days))
