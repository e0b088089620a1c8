"""
Completeness: every visit that was due is an attempt or a missed visit, by a plan that was sealed.

Due times follow from the sampling plan, so whoever removes an attempt before it is sealed leaves a
due time that nothing accounts for, unless they change the plan too: seals name it, by the hash of
its seed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet.analysis.coverage import open_times
from fleet.ledger.canonical import sha256
from fleet.ledger.findings import Case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.analysis.coverage import PlanSince
    from fleet.ledger.chain import Statement
    from fleet.ledger.findings import Report
    from fleet.storage.collections.watch_state import WatchState

WINDOW = timedelta(days=7)
"""Due times of so much are held in memory at once."""

ALTERED = (KeyError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What comes of a plan, or of what was watched, into which somebody wrote something else."""

MAX_NAMED = 20
"""Due times of one flow that are named; of more, how many there are."""


def plan_commitment(each: PlanSince) -> str:
    """
    What a seal says of a sampling plan: number, mean and least gap in seconds, SHA-256 of the seed,
    since when it holds, until when ("-": until the next one does).

    With the seed, which is told when nobody can use it any more, anyone makes the due times anew;
    without it nobody foresees them.
    """
    mean, least = (f"{gap.total_seconds():g}" for gap in (each.plan.mean_gap, each.plan.min_gap))
    span = f"{_text(each.since)} {_text(each.until) if each.until else '-'}"
    return f"{each.number} {mean} {least} {sha256(str(each.plan.seed).encode())} {span}"


def _text(at: datetime) -> str:
    if not isinstance(at, datetime):  # somebody altered it; sealing goes on, and says so
        return repr(at).replace(" ", "_")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def is_kept(said: str, stored: Sequence[str]) -> bool:
    """
    Whether a plan that a seal names is among the stored ones.

    Since it was sealed it may have ended, and begun earlier: when the clock was set and stays
    (`WatchState.extend_stretch`). Seals of the second format say nothing of when it holds.
    """
    plan, span = said.split(" ")[:4], said.split(" ")[4:]
    for each in stored:
        if each.split(" ")[:4] == plan:
            since, until = each.split(" ")[4:]
            return not span or (since <= span[0] and span[1] in ("-", until))
    return False


class Completeness:
    """Checks it, and writes what it finds into the report."""

    def __init__(self, state: WatchState, report: Report) -> None:
        self._state, self._report = state, report
        self._sealed: tuple[str, ...] = ()
        self._first: datetime | None = None

    def take(self, statement: Statement, plans: Sequence[PlanSince]) -> None:
        """Compare the plans that a seal names with those that are stored; oldest seal first."""
        if statement.plans is None:
            return
        self._first = self._first or statement.sealed_at
        stored = [plan_commitment(each) for each in plans]
        for said in statement.plans:
            # named by the first of its seals only
            if said not in self._sealed and not is_kept(said, stored):
                number = said.partition(" ")[0]
                self._report.add_finding(Case.PLAN_CHANGED, seal=statement.number, plan=number)
        self._sealed += tuple(each for each in statement.plans if each not in self._sealed)

    async def plans(self) -> list[PlanSince]:
        """The stored plans; none, and a finding, if they cannot be read."""
        try:
            return await self._state.plans()
        except ALTERED as exc:
            self._report.add_finding(Case.PLAN_ODD, why=f"{type(exc).__name__}: {exc}"[:200])
            return []

    async def check(self, plans: Sequence[PlanSince]) -> None:
        """Name what was due since the first seal that names a plan, and is not accounted for."""
        try:
            await self._check(plans)
        except ALTERED as exc:
            self._report.add_finding(Case.PLAN_ODD, why=f"{type(exc).__name__}: {exc}"[:200])

    async def _check(self, plans: Sequence[PlanSince]) -> None:
        watched = await self._state.watched() if self._first else {}
        if self._first is None or not watched:
            return
        missing: dict[str, list[datetime]] = {}
        begin, end = self._first, max(span.until for span in watched.values())
        while begin < end:
            until = min(begin + WINDOW, end)
            done = await self._state.attempted_times(begin, until)
            for scenario_id, noted in (await self._state.missed_times(begin, until)).items():
                done.setdefault(scenario_id, set()).update(noted)
            since = {
                name: max(begin, span.since) for name, span in watched.items() if span.until > begin
            }
            for name, open_now in open_times(plans, since, until, done).items():
                own = [at for at in open_now if watched[name].holds(at)]
                missing.setdefault(name, []).extend(own)
            begin = until
        for name, times in missing.items():
            for at in times[:MAX_NAMED]:
                self._report.add_finding(
                    Case.DUE_OPEN, flow=name, due=f"{at:%Y-%m-%d %H:%M:%S} UTC"
                )
            if len(times) > MAX_NAMED:
                self._report.add_finding(Case.DUE_MORE, flow=name, count=len(times) - MAX_NAMED)
