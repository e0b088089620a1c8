"""
When a flow changed its state: the small collection `changes`.

A state is what a site itself showed: slots, no slot, closed, a captcha or a login before the
answer. Errors, refusals of the visit and what was not understood say nothing of a state: they
end none and begin none. A change is the first attempt that saw another state than the one
before it that saw any; it happened at some time between the two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, DeleteOne, IndexModel, ReplaceOne

from fleet.analysis.changes import STATES, Change, ChangeNote, SeenState, changes_of
from fleet.models import Verdict
from fleet.storage.figures.withdrawn import counting
from fleet.storage.indexes import BY_SCENARIO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.models import Attempt
    from fleet.models.query import Cursor


Document = dict[str, Any]


class Changes:
    """The changes of state in one database, kept as attempts are stored."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._db, self._attempts, self._changes = db, db.attempts, db.changes

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        latest = [("after.at", DESCENDING), ("_id", DESCENDING)]
        await self._changes.create_indexes(
            [IndexModel(latest), IndexModel([("scenario_id", ASCENDING), *latest])]
        )

    async def latest(
        self,
        limit: int,
        *,
        scenario_id: str | None = None,
        department: str | None = None,
        control: bool | None = None,
        older_than: Cursor | None = None,
    ) -> list[Change]:
        """The latest changes, newest first."""
        conditions: Document = {"scenario_id": scenario_id, "after.control": control}
        if department is not None and scenario_id is None:
            # the ids that begin with `63/`: the character after "/" is "0"
            conditions["scenario_id"] = {"$gte": f"{department}/", "$lt": f"{department}0"}
        query = {name: value for name, value in conditions.items() if value is not None}
        if older_than is not None:
            at, attempt_id = older_than.at, older_than.attempt_id
            same_instant = {"after.at": at, "_id": {"$lt": attempt_id}}
            query["$or"] = [{"after.at": {"$lt": at}}, same_instant]
        found = self._changes.find(query).sort([("after.at", DESCENDING), ("_id", DESCENDING)])
        return [change_of(document) async for document in found.limit(limit)]

    async def keep(self, attempt: Attempt) -> ChangeNote:
        """Write down whether a stored attempt changed the state, and whether the next one did."""
        if attempt.verdict not in STATES:
            return ChangeNote()
        own = SeenState(attempt.id, attempt.started_at, attempt.verdict, attempt.control)
        before = await self._nearest(attempt, newer=False)
        after = await self._nearest(attempt, newer=True)
        around = [each for each in (before, own, after) if each]
        changes = {each.after.attempt_id: each for each in changes_of(attempt.scenario_id, around)}
        writes = [
            ReplaceOne({"_id": id_}, _document(changes[id_]), upsert=True)
            if id_ in changes
            else DeleteOne({"_id": id_})
            for id_ in (each.attempt_id for each in (own, after) if each)
        ]
        await self._changes.bulk_write(writes, ordered=False)
        gone = (each.attempt_id for each in (own, after) if each)
        return ChangeNote((*changes.values(),), tuple(id_ for id_ in gone if id_ not in changes))

    async def _nearest(self, attempt: Attempt, *, newer: bool) -> SeenState | None:
        """The attempt of the same scenario next to this one, that saw a state."""
        at, nearer = attempt.started_at, "$gt" if newer else "$lt"
        query = {
            **await counting(self._db, attempt.scenario_id),
            "verdict": {"$in": [verdict.value for verdict in STATES]},
            "$or": [{"started_at": at, "_id": {nearer: attempt.id}}, {"started_at": {nearer: at}}],
        }
        way = ASCENDING if newer else DESCENDING
        found = await self._attempts.find_one(
            query,
            {"started_at": 1, "verdict": 1, "control": 1},
            sort=[("started_at", way), ("_id", way)],
            hint=BY_SCENARIO,
        )
        return _state(found) if found else None

    async def rebuild(self, scenario_id: str) -> int:
        """Make the changes of a scenario anew; how many there are."""
        found = await self._full_list(scenario_id)
        documents = [_document(change) for change in found]
        ids = [document["_id"] for document in documents]
        await self._changes.delete_many({"scenario_id": scenario_id, "_id": {"$nin": ids}})
        if documents:
            await self._changes.bulk_write(
                [ReplaceOne({"_id": each["_id"]}, each, upsert=True) for each in documents],
                ordered=False,
            )
        return len(documents)

    async def forget_others(self, scenario_ids: Sequence[str]) -> None:
        """Remove the changes of scenarios that have no attempt."""
        await self._changes.delete_many({"scenario_id": {"$nin": list(scenario_ids)}})

    async def _full_list(self, scenario_id: str) -> list[Change]:
        found = self._attempts.find(
            await counting(self._db, scenario_id), {"started_at": 1, "verdict": 1, "control": 1}
        )
        in_order = found.sort([("started_at", ASCENDING), ("_id", ASCENDING)]).hint(BY_SCENARIO)
        return changes_of(scenario_id, [_state(document) async for document in in_order])


def _state(document: Document) -> SeenState:
    verdict = Verdict(document["verdict"])
    return SeenState(document["_id"], document["started_at"], verdict, document["control"])


def _document(change: Change) -> Document:
    sides = {"before": change.before, "after": change.after}
    return {
        "_id": change.after.attempt_id,
        "scenario_id": change.scenario_id,
        **{
            name: {
                "attempt_id": seen.attempt_id,
                "at": seen.at,
                "verdict": seen.verdict.value,
                "control": seen.control,
            }
            for name, seen in sides.items()
        },
    }


def change_of(document: Document) -> Change:
    """The change that a document of `changes` holds."""
    before, after = (
        SeenState(**{**document[side], "verdict": Verdict(document[side]["verdict"])})
        for side in ("before", "after")
    )
    return Change(document["scenario_id"], before, after)
