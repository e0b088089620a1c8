"""
Which scenarios need somebody's care, since when, and who probably changed: the site or we.

A scenario needs care when its last three attempts say nothing of the site (`unrecognised` or
`crashed`), or when its latest shows that the anchor is gone. A wrong scenario never becomes a
wrong answer, but it measures nothing: a fleet must not thin its data in silence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from fleet.models import Group, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from fleet.models import Attempt
    from fleet.store import Store

IN_A_ROW = 3
"""Attempts without an answer, one after the other, before somebody is asked to look."""

HISTORY = 50
"""Attempts of a scenario that are looked at."""

SAME_DAY = timedelta(hours=24)
MANY_HOSTS = 3
"""Hosts that fail within `SAME_DAY`: prefectures do not agree on a day, so it is us."""

Changed = Literal["site", "ours", "unknown"]


@dataclass(frozen=True, slots=True)
class Care:
    """
    One scenario that needs care.

    `since` is the first of the `attempts` in a row that gave no answer (of the latest
    `HISTORY`), `latest` the last of them, whose picture is the one to look at. `changed` says
    who probably changed and `why` on what ground.
    """

    latest: Attempt
    since: datetime
    attempts: int
    changed: Changed
    why: str


async def needing_care(store: Store, scenario_ids: Iterable[str]) -> list[Care]:
    """The scenarios among these that need care, the longest first."""
    histories = {each: await store.latest_attempts(each, HISTORY) for each in scenario_ids}
    return care_list(histories)


def care_list(histories: Mapping[str, Sequence[Attempt]]) -> list[Care]:
    """
    The scenarios that need care, the longest first.

    Args:
        histories: by scenario, its latest attempts, newest first.
    """
    rows = {
        scenario_id: list(takewhile(_says_nothing, history))
        for scenario_id, history in histories.items()
    }
    needing = {each: row for each, row in rows.items() if _needs_care(row)}
    first = {each: row[-1] for each, row in needing.items()}
    found = []
    for scenario_id, row in needing.items():
        history = histories[scenario_id]
        before = history[len(row)] if len(history) > len(row) else None
        changed, why = _who(row, before, list(first.values()))
        found.append(Care(row[0], row[-1].started_at, len(row), changed, why))
    return sorted(found, key=lambda care: (care.since, care.latest.scenario_id))


def _says_nothing(attempt: Attempt) -> bool:
    return attempt.group is Group.OURS


def _needs_care(row: Sequence[Attempt]) -> bool:
    return len(row) >= IN_A_ROW or bool(row and row[0].missing_anchor)


def _who(
    row: Sequence[Attempt], before: Attempt | None, first: Sequence[Attempt]
) -> tuple[Changed, str]:
    """Who changed, for the failing attempts `row` (newest first) after the good one `before`."""
    began = row[-1]
    if row[0].verdict is Verdict.CRASHED:
        return "ours", "the scenario or the fleet crashes; that is never the site's doing"
    if before is not None and (ours := _what_we_changed(before, began)):
        return "ours", f"it began right after a change of ours: {ours}"
    hosts = Counter(
        _host(other) for other in first if abs(other.started_at - began.started_at) <= SAME_DAY
    )
    if len(hosts) >= MANY_HOSTS:
        return "ours", f"{len(hosts)} sites began to fail within a day"
    if row[0].missing_anchor:
        return "site", f"the anchor {row[0].missing_anchor!r} is gone from its pages"
    if before is None:
        return "unknown", "no earlier attempt was recognised"
    return "site", "its answers were recognised before, and other sites' still are"


def _what_we_changed(before: Attempt, after: Attempt) -> str:
    changed = [
        f"{name.replace('_', ' ')} {getattr(before, name)} → {getattr(after, name)}"
        for name in ("fleet_version", "ruleset", "scenario_version", "chromium_version")
        if getattr(before, name) != getattr(after, name)
    ]
    return ", ".join(changed)


def _host(attempt: Attempt) -> str:
    return urlsplit(attempt.url).hostname or ""
