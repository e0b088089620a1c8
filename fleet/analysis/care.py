"""
Which scenarios need somebody's care, since when, and who probably changed: the site or we.

A scenario needs care when its last three attempts say nothing of the site (`unrecognised` or
`crashed`), or when its latest shows that the anchor is gone. A wrong scenario never becomes a
wrong answer, but it measures nothing, so somebody has to be told. Attempts that reached no site
because of our own network say nothing of a scenario, neither way.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile
from typing import TYPE_CHECKING, Literal, get_args

from fleet.models import Attempt, Group, Verdict
from fleet.models.address import host_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fleet.models import Attempt

    pass


IN_A_ROW = 3
"""Attempts without an answer, one after the other, before somebody is asked to look."""

HISTORY = 50
"""Attempts of a scenario that are looked at."""

SAME_DAY = timedelta(hours=24)

MANY_HOSTS = 3
"""Hosts that fail within `SAME_DAY`: prefectures do not agree on a day, so it is us."""

Changed = Literal["site", "ours", "unknown"]

VersionField = Literal["fleet_version", "ruleset", "scenario_version", "chromium_version"]


class CareKind(StrEnum):
    """On what ground somebody is said to have changed; whoever shows it finds the words."""

    CRASHES = "crashes"
    OUR_CHANGE = "our_change"
    MANY_SITES = "many_sites"
    ANCHOR_GONE = "anchor_gone"
    NEVER_RECOGNISED = "never_recognised"
    NO_LONGER_RECOGNISED = "no_longer_recognised"

    @property
    def changed(self) -> Changed:
        """Who probably changed."""
        return _CHANGED[self]


_CHANGED: dict[CareKind, Changed] = {
    CareKind.CRASHES: "ours",
    CareKind.OUR_CHANGE: "ours",
    CareKind.MANY_SITES: "ours",
    CareKind.ANCHOR_GONE: "site",
    CareKind.NEVER_RECOGNISED: "unknown",
    CareKind.NO_LONGER_RECOGNISED: "site",
}


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version of ours, which field of an attempt names it, and what it was before."""

    field: VersionField
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CareReason:
    """
    A reason with what belongs to it.

    `versions` are there for `OUR_CHANGE`, `sites` (that began to fail within a day) for
    `MANY_SITES`; the anchor of `ANCHOR_GONE` is with the attempt.
    """

    kind: CareKind
    versions: tuple[NewVersion, ...] = ()
    sites: int = 0


@dataclass(frozen=True, slots=True)
class Care:
    """
    One scenario that needs care.

    `since` is the first of the `attempts` in a row that gave no answer (of the latest
    `HISTORY`), `latest` the last of them, whose picture is the one to look at. `reason` says on
    what ground `changed` is believed to have changed.
    """

    latest: Attempt
    since: datetime
    attempts: int
    reason: CareReason

    @property
    def changed(self) -> Changed:
        """Who probably changed."""
        return self.reason.kind.changed


def care_list(histories: Mapping[str, Sequence[Attempt]]) -> list[Care]:
    """
    The scenarios that need care, the longest first.

    Args:
        histories: by scenario, its latest attempts, newest first.
    """
    histories = {
        scenario_id: [each for each in history if each.unreached is None]
        for scenario_id, history in histories.items()
    }
    rows = {
        scenario_id: list(takewhile(_is_unanswered, history))
        for scenario_id, history in histories.items()
    }
    needing = {each: row for each, row in rows.items() if _needs_care(row)}
    first = {each: row[-1] for each, row in needing.items()}
    found = []
    for scenario_id, row in needing.items():
        history = histories[scenario_id]
        before = history[len(row)] if len(history) > len(row) else None
        reason = _reason(row, before, list(first.values()))
        found.append(Care(row[0], row[-1].started_at, len(row), reason))
    return sorted(found, key=lambda care: (care.since, care.latest.scenario_id))


def _is_unanswered(attempt: Attempt) -> bool:
    return attempt.group is Group.OURS


def _needs_care(row: Sequence[Attempt]) -> bool:
    return len(row) >= IN_A_ROW or bool(row and row[0].missing_anchor)


def _reason(row: Sequence[Attempt], before: Attempt | None, first: Sequence[Attempt]) -> CareReason:
    """Who changed, for the failing attempts `row` (newest first) after the good one `before`."""
    first_failed = row[-1]
    if row[0].verdict is Verdict.CRASHED:
        return CareReason(CareKind.CRASHES)
    if before is not None and (ours := _our_changes(before, first_failed)):
        return CareReason(CareKind.OUR_CHANGE, versions=ours)
    hosts = Counter(
        host_of(other.url)
        for other in first
        if abs(other.started_at - first_failed.started_at) <= SAME_DAY
    )
    if len(hosts) >= MANY_HOSTS:
        return CareReason(CareKind.MANY_SITES, sites=len(hosts))
    if row[0].missing_anchor:
        return CareReason(CareKind.ANCHOR_GONE)
    if before is None:
        return CareReason(CareKind.NEVER_RECOGNISED)
    return CareReason(CareKind.NO_LONGER_RECOGNISED)


def _our_changes(before: Attempt, after: Attempt) -> tuple[NewVersion, ...]:
    names: tuple[VersionField, ...] = get_args(VersionField)
    return tuple(
        NewVersion(name, getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    )


CHANGED: dict[Changed, str] = {
    "site": "the site changed",
    "ours": "we changed",
    "unknown": "who changed is not known",
}


def care_why(each: Care) -> str:
    """On what ground somebody is said to have changed."""
    match each.reason.kind:
        case CareKind.CRASHES:
            return "the scenario or the fleet crashes; that is never the site's doing"
        case CareKind.OUR_CHANGE:
            changes = ", ".join(
                f"{new.field.replace('_', ' ')} {new.before} → {new.after}"
                for new in each.reason.versions
            )
            return f"it began right after a change of ours: {changes}"
        case CareKind.MANY_SITES:
            return f"{each.reason.sites} sites began to fail within a day"
        case CareKind.ANCHOR_GONE:
            return f"the anchor {each.latest.missing_anchor!r} is gone from its pages"
        case CareKind.NEVER_RECOGNISED:
            return "no earlier attempt was recognised"
        case CareKind.NO_LONGER_RECOGNISED:
            return "its answers were recognised before, and other sites' still are"
