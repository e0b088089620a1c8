"""
Finds due times that neither an attempt nor a missed visit accounts for, and notes them as missed.

So the time in which a fleet did not run, or was killed in a visit, shows in the figures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from fleet.analysis.coverage import open_times
from fleet.models import now as real_now
from fleet.models.missed import MissedVisit, MissReason, due_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from fleet.engine.in_progress import VisitMarks
    from fleet.models import Scenario
    from fleet.storage.store import Store


class Reconciliation:
    """
    That of one database.

    Args:
        marks: the visits that a killed fleet had begun.
        lost: of what due times the spool held something that was damaged (`Spool.lost`).
    """

    def __init__(
        self,
        store: Store,
        marks: VisitMarks,
        *,
        lost: Mapping[str, str] | None = None,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self._store, self._marks, self._now = store, marks, now
        self._lost = lost if lost is not None else {}

    async def reconcile(self, scenarios: Sequence[Scenario], until: datetime) -> None:
        """
        Note what was due before `until` and nothing accounts for; then nothing before it is open.

        A scenario that was never watched before is due from `until` on.

        Raises:
            StoreUnreachable, StoreRefused: it was not done, and can be done later.
        """
        state = self._store.watch_state
        known = await state.reconciled_until()
        by_id = {s.id: s for s in scenarios}
        # of the catalogue only: a flow that was taken out of it is due no more
        since = {each: known[each] for each in by_id if each in known and known[each] < until}
        if since:
            # one reading for all flows, from where the one furthest behind stands
            first = min(since.values())
            done = await state.attempted_times(first, until)
            for scenario_id, times in (await state.missed_times(first, until)).items():
                done.setdefault(scenario_id, set()).update(times)
            unaccounted = open_times(await state.plans(), since, until, done)
            await self._note(by_id, unaccounted)
        # last: if noting fails, the same due times are looked at again
        await state.set_reconciled(by_id, until)

    async def _note(
        self, scenarios: Mapping[str, Scenario], unaccounted: Mapping[str, list[datetime]]
    ) -> None:
        """Note as missed what nothing accounts for; what had begun was interrupted."""
        begun = {
            (unfinished.scenario_id, unfinished.due_at): unfinished
            for unfinished in self._marks.unfinished()
        }
        at = self._now()
        for scenario_id, times in unaccounted.items():
            missed = []
            for due_at in times:
                if unfinished := begun.get((scenario_id, due_at)):
                    why = MissReason.INTERRUPTED
                    words = (
                        f"the fleet ended during the visit, which began at {unfinished.began_at}"
                    )
                elif kind := self._lost.get(due_mark(scenario_id, due_at)):
                    why = MissReason.LOST
                    words = "it was made" if kind == "attempt" else "it was missed"
                    words += ", and the file that kept it was damaged: see the spool"
                else:
                    why, words = MissReason.UNWATCHED, "no fleet watched this flow then"
                missed.append(MissedVisit.of(scenarios[scenario_id], due_at, why, words, at))
            await self._store.missed_visits.add(missed)
        if unaccounted:
            count = sum(map(len, unaccounted.values()))
            structlog.get_logger().warning("noted as missed", visits=count, flows=len(unaccounted))
