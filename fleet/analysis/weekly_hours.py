"""
Which hours of the week stand out, said only by a test that noise does not pass. Pure.

A week has 168 hours, and a month four or five of each: of a flow that offers slots at a constant
7 %, some fifty hours would be seen at 20 % or more by chance alone. So an hour is compared with all
others of the same flow: Fisher's exact test on the number of its days on which something was seen,
one-sided, at a level that is shared by the 168 hours of every flow that is published. Days count,
not visits: what was seen twice within one hour of one day is one thing.

What the test can find is told in docs/method.md: a weekly opening of ten minutes takes about half
a year.
"""

from __future__ import annotations

from collections import Counter
from math import exp, lgamma
from typing import TYPE_CHECKING

from fleet.models import Group, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fleet.analysis.samples import DayFigures

LEVEL = 0.05
HOURS = 168
FLOWS = 343
"""Flows of the catalogue when this was written; more of them share the level, too."""

Cell = tuple[int, int]
"""A weekday (Monday is 0) and an hour of Paris."""


def offered(verdicts: Mapping[Verdict, int]) -> tuple[int, int]:
    """Of the answers about slots, those with slots; and how many answers there were."""
    slots = verdicts.get(Verdict.SLOTS, 0)
    return slots, slots + verdicts.get(Verdict.NO_SLOTS, 0)


def down(verdicts: Mapping[Verdict, int]) -> tuple[int, int]:
    """Of the visits, those that found the site unavailable; and how many there were."""
    found = sum(n for verdict, n in verdicts.items() if verdict.group is Group.UNAVAILABLE)
    return found, sum(verdicts.values())


def outstanding(
    days: Iterable[DayFigures],
    of: Callable[[Mapping[Verdict, int]], tuple[int, int]] = offered,
    *,
    flows: int = FLOWS,
) -> dict[Cell, float]:
    """
    The hours of the week in which something is found more often than in the others.

    Args:
        of: what is found, and in how many.
        flows: for how many flows this is asked; with more of them, more is asked of each hour.

    Returns:
        By hour, the chance that it stands out that far if no hour does; empty without samples at
        random instants.
    """
    found: Counter[Cell] = Counter()
    looked: Counter[Cell] = Counter()
    for day in days:
        if not day.drawn:
            return {}
        for hour, verdicts in day.hours.items():
            hits, n = of(verdicts)
            if n:
                cell = (day.day.weekday(), hour)
                looked[cell] += 1
                found[cell] += hits > 0
    level = LEVEL / (HOURS * max(flows, FLOWS))
    all_found, all_looked = found.total(), looked.total()
    chances = {
        cell: fisher(found[cell], n, all_found, all_looked)
        for cell, n in looked.items()
        if found[cell] > 1 and found[cell] * all_looked > n * all_found
    }
    return {cell: chance for cell, chance in sorted(chances.items()) if chance <= level}


def fisher(found: int, n: int, all_found: int, all_n: int) -> float:
    """The chance of so many or more found in `n` of `all_n`, if they are spread by chance."""
    # by logarithms, then from each term to the next: whole numbers take seconds for years of visits
    rest = all_n - all_found
    least, most = max(found, n - rest), min(n, all_found)
    if least > most:
        return 0.0
    term = exp(_log_ways(all_found, least) + _log_ways(rest, n - least) - _log_ways(all_n, n))
    chance = term
    for k in range(least, most):
        term *= (all_found - k) * (n - k) / ((k + 1) * (rest - n + k + 1))
        chance += term
    return min(1.0, chance)


def _log_ways(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
