"""
`/visites`: the runs of the fleet, newest first, and each with its attempts.

A run that is going on brings its page up to date itself, with a small script; without one, a
link loads the page again.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.status import HTTP_404_NOT_FOUND

from fleet.models import Run, Verdict, now
from fleet.models.query import Cursor, Filter
from fleet.storage.paging import MAX_LIMIT
from fleet.web.context import context_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from datetime import datetime

    from fleet.storage.queries import AttemptQueries

RUNS = 20
ATTEMPTS = 100

COUNTED = 2_000
"""Attempts of a run that are counted by verdict; of a longer one, the latest so many."""

QUIET = timedelta(hours=2)
"""A run without an end and without an attempt for so long was killed: a fleet waits an hour for
a site that is unavailable and three minutes for a page."""

State = Literal["ended", "running", "interrupted"]

router = APIRouter()


@dataclass(frozen=True)
class RunProgress:
    """
    How far a run came: attempts by verdict, visits begun, and whether it goes on.

    `more` says that there are more than `COUNTED` attempts; `last_at` is when the latest began,
    None if there is none.
    """

    run: Run
    verdicts: Counter[Verdict]
    more: bool
    last_at: datetime | None
    visits: int = 0

    @property
    def asked(self) -> int | None:
        """
        How many visits the run is to make; None if nobody knows.

        A fleet that watches makes visits as long as it lasts. Of a run with more attempts than are
        counted it is not known how many visits were begun.
        """
        if self.run.watch or self.more:
            return None
        return len(self.run.scenario_ids) * self.run.times

    @property
    def state(self) -> State:
        """Ended, going on, or cut off."""
        if self.run.ended_at is not None:
            return "ended"
        since = self.last_at or self.run.started_at
        return "running" if now() - since < QUIET else "interrupted"


@router.get("/visites")
async def runs(request: Request) -> HTMLResponse:
    """A page of runs, newest first, each with how far it came."""
    page, queries = PageContext(request), context_of(request).queries
    found = await queries.runs(_cursor(request), RUNS)
    progress = await asyncio.gather(*(progress_of(queries, run) for run in found.items))
    return page.render("runs.html", found=found, progress=progress, in_order=in_order)


@router.get("/visites/{run_id}")
async def run(request: Request, run_id: str) -> HTMLResponse:
    """One run with its attempts."""
    page, context = PageContext(request), context_of(request)
    found = await context.store.runs.get(run_id)
    if found is None:
        raise HTTPException(HTTP_404_NOT_FOUND, f"no run {run_id[:80]!r}")
    cursor = _cursor(request)
    return page.render(
        "run.html",
        run=found,
        progress=await progress_of(context.queries, found),
        attempts=await context.queries.attempts(Filter(run_id=run_id), cursor, ATTEMPTS),
        in_order=in_order,
        live=cursor is None,
    )


def _cursor(request: Request) -> Cursor | None:
    text = request.query_params.get("curseur")
    return Cursor.of(text) if text else None


def in_order(verdicts: Counter[Verdict]) -> list[tuple[Verdict, int]]:
    """The verdicts that there are, in their usual order."""
    return [(verdict, verdicts[verdict]) for verdict in Verdict if verdicts[verdict]]


async def running(queries: AttemptQueries) -> list[RunProgress]:
    """The runs that go on, of the latest `RUNS`."""
    latest = [run for run in (await queries.runs(None, RUNS)).items if run.ended_at is None]
    found = await asyncio.gather(*(progress_of(queries, run) for run in latest))
    return [progress for progress in found if progress.state == "running"]


async def progress_of(queries: AttemptQueries, run: Run) -> RunProgress:
    """How far a run came; reads its attempts, newest first, up to `COUNTED`."""
    verdicts: Counter[Verdict] = Counter()
    last_at = None
    cursor = None
    visits = 0
    while True:
        page = await queries.pictures(Filter(run_id=run.id), cursor, MAX_LIMIT)
        verdicts.update(tile.verdict for tile in page.items)
        visits += sum(tile.number == 1 for tile in page.items)
        last_at = last_at or max((tile.started_at for tile in page.items), default=None)
        cursor = page.older
        if cursor is None or verdicts.total() >= COUNTED:
            return RunProgress(run, verdicts, cursor is not None, last_at, visits)
