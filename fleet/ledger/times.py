"""
Whether instants fit together: a visit ends, is linked, sealed, timestamped, in this order.

Each by its own clock, so each with a bound: ours may be set a little between the first three, an
authority's may differ from ours, and a site's is nobody's business. What is out of order by more
cannot be true: an instant was altered, or a clock was wrong.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OWN_CLOCK = timedelta(minutes=2)
"""By which our own clock may have been set back from one step to the next."""

AUTHORITY_CLOCK = timedelta(minutes=5)
"""By which an authority's clock may be behind ours."""

SITE_CLOCK = timedelta(minutes=10)
"""By which the clock of every site that answered may differ from ours."""


def ended_at(started_at: object, seconds: object) -> datetime | None:
    """When a visit ended; None if these are no instant and no number."""
    if not isinstance(started_at, datetime) or not isinstance(seconds, int | float):
        return None
    try:
        return started_at + timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None


def utc(at: datetime) -> str:
    """An instant for a reader."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def own_clock(facts: object) -> timedelta:
    """The bound for our own clock; wider for a visit that says that its clock was set."""
    told = facts.get("clock_jump_s") if isinstance(facts, dict) else None
    try:
        jumps = [abs(float(each)) for each in str(told or "").split()]
        return OWN_CLOCK + timedelta(seconds=sum(jumps))
    except (OverflowError, ValueError):
        return OWN_CLOCK


def odd_site_clock(documents: Iterable[Mapping[str, Any]]) -> float | None:
    """
    By how many seconds our clock stood after the sites', if all of them say that it was wrong.

    Args:
        documents: what was served, as it is stored (`at`, `server_date`, `age_s`).
    """
    stood = []
    for each in documents:
        at, date, age_s = each.get("at"), each.get("server_date"), each.get("age_s") or 0
        if isinstance(at, datetime) and isinstance(date, datetime) and isinstance(age_s, int):
            stood.append((at - date).total_seconds() - age_s)
    least = min(stood, key=abs, default=0.0)
    return least if abs(least) > SITE_CLOCK.total_seconds() else None
