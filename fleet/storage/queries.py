"""
Attempts, their pictures and runs for a reader, page by page.

Attempts are read newest first through an index that the filter decides, from a cursor on: the
thousandth page costs what the first does. Figures are in `fleet.storage.figures.figures`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from fleet.errors import BadInput
from fleet.models import Attempt, Run, Verdict, now
from fleet.storage.client import translated_errors
from fleet.storage.indexes import BY_SCENARIO, BY_TIME, Keys
from fleet.storage.paging import (
    FROM_OLDEST,
    Page,
    check_limit,
    cursor_at,
    page_of,
    query_of,
    read_beyond,
    sort_order,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.models.query import Cursor, Filter

Document = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GalleryTile:
    """What a gallery shows of an attempt; `picture` is its last one's hash, None without any."""

    attempt_id: str
    scenario_id: str
    started_at: datetime
    number: int
    control: bool
    verdict: Verdict
    first_dates: tuple[date, ...]
    pictures: int
    picture: str | None


@dataclass(frozen=True, slots=True)
class RecentAttempt:
    """One of the latest attempts of a flow, as little of it as a row of many flows shows."""

    attempt_id: str
    started_at: datetime
    verdict: Verdict
    control: bool


@dataclass(frozen=True)
class AttemptNeighbours:
    """An attempt, and the ids of those before and after it of the same scenario."""

    attempt: Attempt
    older: str | None
    newer: str | None


class AttemptQueries:
    """Lists of what one database holds, by filter and cursor."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._db = db

    async def attempts(
        self, criteria: Filter, cursor: Cursor | None = None, limit: int = 50
    ) -> Page[Attempt]:
        """
        A page of attempts.

        Raises:
            BadInput: `limit` is not between 1 and `MAX_LIMIT`.
        """
        return await self._page(criteria, cursor, limit, Attempt.from_document)

    async def pictures(
        self, criteria: Filter, cursor: Cursor | None = None, limit: int = 50
    ) -> Page[GalleryTile]:
        """
        A page of a gallery: the last picture of each attempt.

        An attempt without a picture (no page ever came) is in it too, so that failures are seen.

        Raises:
            BadInput: `limit` is not between 1 and `MAX_LIMIT`.
        """
        fields = ("scenario_id", "started_at", "number", "control", "verdict", "first_dates")
        evidence = ("evidence.kind", "evidence.sha256")
        return await self._page(criteria, cursor, limit, _tile, dict.fromkeys(fields + evidence, 1))

    async def attempt(self, attempt_id: str) -> AttemptNeighbours:
        """
        An attempt and its neighbours.

        Raises:
            BadInput: there is no such attempt.
        """
        with translated_errors(f"read attempt {attempt_id[:80]}"):
            document = await self._db.attempts.find_one({"_id": attempt_id})
            if document is None:
                raise BadInput(f"no attempt {attempt_id[:80]!r}")
            attempt = Attempt.from_document(document)
            older, newer = await asyncio.gather(
                self._next(attempt.scenario_id, cursor_at(document, newer=False)),
                self._next(attempt.scenario_id, cursor_at(document, newer=True)),
            )
        return AttemptNeighbours(attempt, older, newer)

    async def _next(self, scenario_id: str, cursor: Cursor) -> str | None:
        """The id of the first attempt of a scenario beyond the cursor."""
        found = await read_beyond(
            self._db.attempts,
            {"scenario_id": scenario_id},
            cursor,
            1,
            index=BY_SCENARIO,
            projection={"_id": 1},
        )
        return found[0]["_id"] if found else None

    async def recent(
        self, also: Iterable[str], each: int, *, only: bool = False
    ) -> dict[str, tuple[RecentAttempt, ...]]:
        """
        The latest attempts of every flow, newest first, at most `each`, by the flow's id.

        Those that were withdrawn are none of them: what a wrong scenario saw is nobody's state.
        Flows of `also` that have none are in it too; with `only`, no others are looked at. It
        costs a stretch of an index for each flow, however many attempts there are.
        """
        with translated_errors("read the latest attempts"):
            stored = [] if only else await self._db.attempts.distinct("scenario_id")
            ids = sorted({*also, *stored})
            if not ids:
                return {}
            shown = dict.fromkeys(("started_at", "verdict", "control"), 1)
            withdrawn = await self._db.withdrawals.distinct("_id")
            lookup: Document = {
                "from": "attempts",
                "localField": "scenario_id",
                "foreignField": "scenario_id",
                "pipeline": [
                    {"$sort": dict(BY_SCENARIO[1:3])},
                    *([{"$match": {"_id": {"$nin": withdrawn}}}] if withdrawn else []),
                    {"$limit": each},
                    {"$project": shown},
                ],
                "as": "found",
            }
            # a row for each flow, made of any attempt: no version before 5.1 has $documents
            one_each: list[Document] = [
                {"$limit": 1},
                {"$project": {"_id": 0, "scenario_id": {"$literal": ids}}},
                {"$unwind": "$scenario_id"},
                {"$lookup": lookup},
            ]
            found: dict[str, tuple[RecentAttempt, ...]] = dict.fromkeys(ids, ())
            async for row in self._db.attempts.aggregate(one_each):
                found[row["scenario_id"]] = tuple(map(_recent, row["found"]))
            return found

    async def runs(self, cursor: Cursor | None = None, limit: int = 50) -> Page[Run]:
        """
        A page of runs.

        Raises:
            BadInput: `limit` is not between 1 and `MAX_LIMIT`.
        """
        with translated_errors("read runs"):
            found = await read_beyond(
                self._db.runs, {}, cursor, check_limit(limit) + 1, index=BY_TIME
            )
        return page_of(found, cursor, limit, _run)

    async def _page(
        self,
        criteria: Filter,
        cursor: Cursor | None,
        limit: int,
        make: Callable[[Document], T],
        projection: Document | None = None,
    ) -> Page[T]:
        query, index = query_of(criteria)
        with translated_errors("read attempts"):
            earliest = await self._earliest(query, index) if criteria.hour is not None else now()
            found = await read_beyond(
                self._db.attempts,
                query,
                cursor,
                check_limit(limit) + 1,
                index=index,
                spans=criteria.spans(earliest),
                projection=projection,
            )
        return page_of(found, cursor, limit, make)

    async def _earliest(self, query: Document, index: Keys) -> datetime:
        """When the oldest of these attempts began."""
        order = sort_order(FROM_OLDEST)
        found = await self._db.attempts.find_one(query, {"started_at": 1}, sort=order, hint=index)
        return found["started_at"] if found else now()


def _tile(document: Document) -> GalleryTile:
    pictures = [e["sha256"] for e in document.pop("evidence") if e["kind"] == "picture"]
    return GalleryTile(
        attempt_id=document["_id"],
        scenario_id=document["scenario_id"],
        started_at=document["started_at"],
        number=document["number"],
        control=document["control"],
        verdict=Verdict(document["verdict"]),
        first_dates=tuple(map(date.fromisoformat, document["first_dates"])),
        pictures=len(pictures),
        picture=pictures[-1] if pictures else None,
    )


def _recent(document: Document) -> RecentAttempt:
    return RecentAttempt(
        attempt_id=document["_id"],
        started_at=document["started_at"],
        verdict=Verdict(document["verdict"]),
        control=document["control"],
    )


def _run(document: Document) -> Run:
    return Run.model_validate({"id": document.pop("_id"), **document})
