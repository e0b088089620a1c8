"""
Lists of attempts page by page: which index serves which filter, order, cursors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fleet.errors import BadInput
from fleet.models.query import Cursor, Span
from fleet.storage.indexes import (
    BY_DEPARTMENT,
    BY_DEPARTMENT_AND_VERDICT,
    BY_RUN,
    BY_SCENARIO,
    BY_TIME,
    BY_VERDICT,
    Keys,
)

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorCollection

    from fleet.models.query import Filter


Document = dict[str, Any]

T = TypeVar("T")

MAX_LIMIT = 200
"""Attempts on one page, at most."""

ALL_OF_TIME: Span = (None, None)

SPANS_AT_ONCE = 32
"""Stretches of time in one question: MongoDB merges that many, five verdicts each, in order."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a list, newest first, and the cursors of the pages beside it, None at an end."""

    items: tuple[T, ...]
    newer: Cursor | None
    older: Cursor | None


FROM_OLDEST = Cursor(at=datetime.fromtimestamp(0, UTC), attempt_id="-", newer=True)
"""From the oldest on."""


def query_of(criteria: Filter) -> tuple[Document, Keys]:
    """What an attempt must be, times apart, and the index by which it is found."""
    query: Document = {
        name: value
        for name in ("run_id", "scenario_id", "department", "control")
        if (value := getattr(criteria, name)) is not None
    }
    if (verdicts := criteria.verdicts) is not None:
        query["verdict"] = verdicts[0] if len(verdicts) == 1 else {"$in": verdicts}
    for fields, index in (
        ({"run_id"}, BY_RUN),
        ({"scenario_id"}, BY_SCENARIO),
        ({"department", "verdict"}, BY_DEPARTMENT_AND_VERDICT),
        ({"department"}, BY_DEPARTMENT),
        ({"verdict"}, BY_VERDICT),
    ):
        if fields <= query.keys():
            return query, index
    return query, BY_TIME


def ranges_beyond(cursor: Cursor | None, spans: Sequence[Span] = (ALL_OF_TIME,)) -> list[Document]:
    """
    When an attempt beyond the cursor can have begun, as queries to be asked one after another.

    Attempts of the cursor's own instant, in the order of their ids, have a query of their own:
    with it in the same question, MongoDB would sort the rest in memory.

    Args:
        spans: latest first, as `Filter.spans` gives them; all of time without it.
    """
    if cursor is None:
        return _merge([_time_range(start, end) for start, end in spans])
    at, past = cursor.at, "$gt" if cursor.newer else "$lt"
    same: list[Document] = []
    rest: list[Document] = []
    for start, end in reversed(spans) if cursor.newer else spans:
        if (start is None or start <= at) and (end is None or at < end):
            same.append({"started_at": at, "_id": {past: cursor.attempt_id}})
            rest.append(_time_range(start, end, **{past: at}))
        elif (
            (start is not None and start > at) if cursor.newer else (end is not None and end <= at)
        ):
            rest.append(_time_range(start, end))
    return same + _merge(rest)


def _merge(queries: list[Document]) -> list[Document]:
    """As many of them in one question as MongoDB answers in order."""
    return [{"$or": queries[n : n + SPANS_AT_ONCE]} for n in range(0, len(queries), SPANS_AT_ONCE)]


def _time_range(start: datetime | None, end: datetime | None, **more: datetime) -> Document:
    limits = {op: at for op, at in (("$gte", start), ("$lt", end)) if at is not None} | more
    return {"started_at": limits} if limits else {}


def sort_order(cursor: Cursor | None) -> Keys:
    """Newest first, unless the cursor goes to what is newer: then from it on."""
    way = 1 if cursor and cursor.newer else -1
    return [("started_at", way), ("_id", way)]


async def read_beyond(
    collection: AsyncIOMotorCollection[Document],
    query: Document,
    cursor: Cursor | None,
    limit: int,
    *,
    index: Keys,
    spans: Sequence[Span] = (ALL_OF_TIME,),
    projection: Document | None = None,
) -> list[Document]:
    """What lies beyond the cursor, `limit` documents at most, in the order of reading."""
    documents: list[Document] = []
    for when in ranges_beyond(cursor, spans):
        if len(documents) < limit:
            found = collection.find({**query, **when}, projection).hint(index)
            found = found.sort(sort_order(cursor)).limit(limit - len(documents))
            documents += await found.to_list(None)
    return documents


def check_limit(limit: int) -> int:
    """
    `limit`, if it is a number for a page.

    Raises:
        BadInput: it is not between 1 and `MAX_LIMIT`.
    """
    if not 1 <= limit <= MAX_LIMIT:
        raise BadInput(f"{limit} on a page; expected a number from 1 to {MAX_LIMIT}")
    return limit


def cursor_at(document: Document, *, newer: bool) -> Cursor:
    """The cursor from this document on, which itself is not beyond it."""
    return Cursor(at=document["started_at"], attempt_id=document["_id"], newer=newer)


def page_of(
    documents: list[Document], cursor: Cursor | None, limit: int, make: Callable[[Document], T]
) -> Page[T]:
    """The page that begins at `cursor`, from what was found there: one more if there is more."""
    more, items = len(documents) > limit, documents[:limit]
    newer, older = cursor is not None and not cursor.newer, more
    if cursor is not None and cursor.newer:
        items.reverse()
        newer, older = more, True
    cursors = (
        cursor_at(items[0], newer=True) if newer and items else None,
        cursor_at(items[-1], newer=False) if older and items else None,
    )
    return Page(tuple(make(document) for document in items), *cursors)
