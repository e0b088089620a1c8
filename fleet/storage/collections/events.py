"""
The collection `events`: what happened, and what of it was told to whom.

Events of flows and hosts are written when the attempt that shows them is stored, before anybody
is told that it is; so whoever stores an attempt again after a crash writes them again, and none
is lost. An attempt that comes late may show that a change happened earlier: the event that is no
change any more is marked `void_at`, not removed, because it may have been told.

Each address that notices are sent to (a channel) has its own marks in an event, `told.<channel>`:
the collection is the outbox, and what was sent is known after a restart.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne, WriteConcern

from fleet.analysis import events
from fleet.analysis.care import IN_A_ROW, care_list
from fleet.analysis.changes import STATES
from fleet.models import Attempt, Group
from fleet.models import now as real_now
from fleet.models.address import host_of
from fleet.models.event import Event, EventKind
from fleet.models.outcome import UNREACHED
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.analysis.changes import ChangeNote

Document = dict[str, Any]

WINDOW = timedelta(hours=48)
"""Events noted longer ago are not looked at any more; longer than they are news."""

CLAIM = timedelta(minutes=3)
"""For so long, what one process sends is no other's. Longer than any sending takes."""


class DeliveryState(StrEnum):
    """What became of an event for one channel."""

    SENDING = "sending"
    FAILED = "failed"
    SENT = "sent"
    JOINED = "joined"
    """Told together with a later event of the same subject."""
    SAME = "same"
    """What was told last holds again."""
    PASSED = "passed"
    """A later event of the same subject was told before this one was noted."""
    OLD = "old"
    UNASKED = "unasked"
    GIVEN_UP = "given_up"


_NOT_KNOWN = (DeliveryState.FAILED, DeliveryState.GIVEN_UP, DeliveryState.PASSED)
"""After these a channel knows nothing of the event."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an event for one channel, and when."""

    how: DeliveryState
    at: datetime


class Events:
    """The events of one database, written as attempts are stored, and an outbox of them."""

    def __init__(
        self,
        db: AsyncIOMotorDatabase[Document],
        *,
        now: Callable[[], datetime] = real_now,
    ) -> None:
        self._attempts, self._events, self._channels = db.attempts, db.events, db.channels
        self._unjournaled = db.with_options(write_concern=WriteConcern(w=1, j=False)).events
        self._now = now

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        await self._events.create_indexes(
            [
                IndexModel([("noted_at", ASCENDING)]),
                IndexModel([("subject", ASCENDING), ("at", DESCENDING), ("_id", DESCENDING)]),
                IndexModel([("at", DESCENDING), ("_id", DESCENDING)]),
            ]
        )

    async def keep(self, attempt: Attempt, changes: ChangeNote) -> None:
        """Write down the events that a stored attempt shows. To do it again is harmless."""
        at = self._now()
        care, host, network, _ = await asyncio.gather(
            self._care(attempt, at),
            self._host(attempt, at),
            self._network(attempt, at),
            self._void(changes.no_change, at),
        )
        found = [*(events.of_change(each, at) for each in changes.changes), *care, *host, *network]
        await self._write(found)

    async def add(
        self,
        events: Iterable[Event],
        deliveries: Mapping[str, Mapping[str, Delivery]] | None = None,
    ) -> None:
        """
        Write events down; one that is there already stays as it was noted first.

        Args:
            deliveries: by the id of an event, what became of it so far, by channel.

        Raises:
            StoreUnreachable, StoreRefused: some may not have been written.
        """
        with translated_errors("keep events"):
            await self._write(events, deliveries or {})

    async def latest(self, limit: int, *, scenario_id: str | None = None) -> list[Event]:
        """The latest events, newest first; those that a late attempt made void are left out."""
        query: Document = {"void_at": None}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        with translated_errors("read events"):
            found = self._events.find(query).sort([("at", DESCENDING), ("_id", DESCENDING)])
            return [Event.from_document(document) async for document in found.limit(limit)]

    async def outbox(self, channel: str) -> Outbox:
        """What is to be told to this channel, from the first time that it was asked for."""
        with translated_errors("open a channel of notices"):
            await self._channels.update_one(
                {"_id": channel}, {"$setOnInsert": {"since": self._now()}}, upsert=True
            )
            found = await self._channels.find_one({"_id": channel}) or {}
        return Outbox(self._events, channel, found["since"])

    async def _write(
        self,
        events: Iterable[Event],
        deliveries: Mapping[str, Mapping[str, Delivery]] | None = None,
    ) -> None:
        writes = []
        for each in events:
            document = each.to_document()
            id_, noted_at = document.pop("_id"), document.pop("noted_at")
            marks = {
                f"told.{channel}": {"how": mark.how.value, "at": mark.at}
                for channel, mark in (deliveries or {}).get(each.id, {}).items()
            }
            now_so = {**document, **marks, "void_at": None}
            change = {"$set": now_so, "$setOnInsert": {"noted_at": noted_at}}
            writes.append(UpdateOne({"_id": id_}, change, upsert=True))
        if writes:
            await self._events.bulk_write(writes, ordered=False)

    async def _void(self, attempt_ids: Sequence[str], at: datetime) -> None:
        """Mark the events of changes that these attempts do not show any more."""
        if attempt_ids:
            gone = {"_id": {"$in": [*map(events.change_id, attempt_ids)]}, "void_at": None}
            # nearly always there is none; and what there is need not wait for the disk
            await self._unjournaled.update_many(gone, {"$set": {"void_at": at}})

    async def _network(self, attempt: Attempt, at: datetime) -> list[Event]:
        says = events.says_of_network(attempt)
        if says is None:
            return []
        last = await self._last(events.NETWORK)
        if says is (last.kind if last else EventKind.NETWORK_BACK):
            return []
        found = events.of_network(attempt, last, at)
        return [] if last is not None and found.at <= last.at else [found]

    async def _care(self, attempt: Attempt, at: datetime) -> list[Event]:
        if attempt.unreached is not None:
            return []  # it says nothing of the scenario, neither way
        last = await self._last(events.care_subject(attempt.scenario_id))
        cared = last is not None and last.kind is EventKind.CARE
        if attempt.group is not Group.OURS:
            ends = cared and last is not None and attempt.started_at > last.at
            return [events.of_care_ended(attempt, at)] if ends else []
        if cared:
            return []
        told = {"scenario_id": attempt.scenario_id, f"facts.{UNREACHED}": None}
        found = self._attempts.find(told)
        newest = found.sort([("started_at", DESCENDING), ("_id", DESCENDING)]).limit(IN_A_ROW)
        row = [Attempt.from_document(document) async for document in newest]
        return [events.of_care(each, at) for each in care_list({attempt.scenario_id: row})]

    async def _host(self, attempt: Attempt, at: datetime) -> list[Event]:
        blocks = attempt.verdict in events.BLOCKING
        if not blocks and attempt.verdict not in STATES:
            return []
        last = await self._last(events.host_subject(host_of(attempt.url)))
        blocked = last is not None and last.kind is EventKind.HOST_BLOCKS
        late = last is not None and attempt.started_at <= last.at
        return [] if late or blocks == blocked else [events.of_host(attempt, at)]

    async def _last(self, subject: str) -> Event | None:
        found = await self._events.find_one(
            {"subject": subject, "void_at": None}, sort=[("at", DESCENDING), ("_id", DESCENDING)]
        )
        return Event.from_document(found) if found else None


class Outbox:
    """What is to be told to one channel; made by `Events.outbox`."""

    durable = True

    def __init__(self, events: Any, channel: str, since: datetime) -> None:
        self._events, self._since = events, since
        self._mark = f"told.{channel}"

    async def pending(self, now: datetime) -> list[Event]:
        """What was not told yet, in order of time."""
        since = max(self._since, now - WINDOW)
        query = {"noted_at": {"$gte": since}, "void_at": None, "$or": self._unsettled(now)}
        with translated_errors("read what is to be told"):
            found = self._events.find(query).sort([("at", ASCENDING), ("_id", ASCENDING)])
            return [Event.from_document(document) async for document in found]

    async def last(self, subject: str, now: datetime) -> Event | None:
        """The latest event of this subject that was told, or passed over because it need not be."""
        known = {"$exists": True, "$nin": [how.value for how in _NOT_KNOWN]}
        found = await self._newest(
            {"subject": subject, f"{self._mark}.how": known, "$nor": [self._abandoned(now)]}
        )
        return Event.from_document(found) if found else None

    async def sent_at(self, subject: str, kind: EventKind | None) -> datetime | None:
        """When something of this subject (and kind, if one is given) was sent last."""
        query: Document = {"subject": subject, f"{self._mark}.how": DeliveryState.SENT.value}
        if kind is not None:
            query["kind"] = kind.value
        found = await self._newest(query)
        return self._delivery(found).at if found else None

    async def count_noted(self, subject: str, kind: EventKind | None, since: datetime) -> int:
        """How many events of this subject (and kind) were noted after `since`."""
        query: Document = {"subject": subject, "noted_at": {"$gt": since}, "void_at": None}
        if kind is not None:
            query["kind"] = kind.value
        with translated_errors("count events"):
            return int(await self._events.count_documents(query))

    async def claim(self, event_id: str, now: datetime) -> bool:
        """Take it on oneself to send this event; false if another process does or did."""
        how = {f"{self._mark}.how": DeliveryState.SENDING.value, f"{self._mark}.at": now}
        with translated_errors("claim an event to be told"):
            done = await self._events.update_one(
                {"_id": event_id, "$or": self._unsettled(now)}, {"$set": how}
            )
        return bool(done.matched_count)

    async def settle(self, event_ids: Sequence[str], how: DeliveryState, now: datetime) -> None:
        """Write down what became of these events."""
        if event_ids:
            with translated_errors("keep what was told"):
                await self._events.update_many(
                    {"_id": {"$in": [*event_ids]}},
                    {"$set": {f"{self._mark}.how": how.value, f"{self._mark}.at": now}},
                )

    async def fail(self, event_ids: Sequence[str], tries: int, now: datetime) -> list[str]:
        """They could not be sent; which are given up now, after so many `tries`."""
        own = {"_id": {"$in": [*event_ids]}}
        failed = {f"{self._mark}.how": DeliveryState.FAILED.value, f"{self._mark}.at": now}
        with translated_errors("keep what could not be told"):
            await self._events.update_many(
                own, {"$inc": {f"{self._mark}.tries": 1}, "$set": failed}
            )
            found = self._events.find({**own, f"{self._mark}.tries": {"$gte": tries}}, {"_id": 1})
            return [document["_id"] async for document in found]

    def _unsettled(self, now: datetime) -> list[Document]:
        return [
            {self._mark: {"$exists": False}},
            {f"{self._mark}.how": DeliveryState.FAILED.value},
            self._abandoned(now),
        ]

    def _abandoned(self, now: datetime) -> Document:
        """Claimed by a process that was killed before it could say what became of it."""
        return {
            f"{self._mark}.how": DeliveryState.SENDING.value,
            f"{self._mark}.at": {"$lt": now - CLAIM},
        }

    async def _newest(self, query: Document) -> Document | None:
        with translated_errors("read what was told"):
            found: Document | None = await self._events.find_one(
                query, sort=[("at", DESCENDING), ("_id", DESCENDING)]
            )
        return found

    def _delivery(self, document: Document) -> Delivery:
        mark = document["told"][self._mark.removeprefix("told.")]
        return Delivery(DeliveryState(mark["how"]), mark["at"])
