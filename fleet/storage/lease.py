"""
Leases: one fleet at a time does a work, such as watching; known to all through MongoDB.

A lease is a document with a holder, an end by the server's clock, and a fence: a number that
grows with every new holder. Whoever holds it renews it long before its end. One that was frozen
finds that out by its own clock before it asks the server again. Who died is not waited for by
whoever proves its death: it has the seat that only one living process can have.
"""

from __future__ import annotations

import contextlib
import os
import socket
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from fleet.errors import LeaseLost, LeaseTaken
from fleet.storage.client import translated_errors
from fleet.system.clock import clock

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
TTL_S = 30.0
"""A holder that does not renew for so long has lost it to whoever comes first."""
CERTAIN_SHARE = 0.9
"""The part of that for which a holder is sure; the rest is for clocks that do not agree."""


class Lease:
    """
    The lease called `name`; taken, renewed and released by one process.

    `fence` is the holder's number, 0 before it was taken.

    Args:
        seat: names what this process has and no other that lives (a lock of the kernel's). A
            holder of the same seat is dead, for it had the seat until then: its lease is taken
            without waiting for its end. None: nothing of the kind.
    """

    def __init__(
        self,
        db: AsyncIOMotorDatabase[dict[str, Any]],
        name: str,
        *,
        ttl_s: float = TTL_S,
        seat: str | None = None,
    ) -> None:
        self._leases, self._name, self._ttl_s = db.leases, name, ttl_s
        self._seat = seat
        self._holder = uuid.uuid4().hex
        self._certain_until = 0.0
        self._seen: tuple[object, float] | None = None
        self.fence = 0

    async def take(self) -> None:
        """
        Become the holder; harmless if this one is (it may not have heard the server's answer).

        Raises:
            LeaseTaken: another holds it.
            StoreUnreachable, StoreRefused: MongoDB does not answer, or not with what was asked.
        """
        asked_at = clock()  # before the answer, which may take long: the lease runs meanwhile
        holder = {
            "holder": self._holder,
            "machine": socket.gethostname(),
            "pid": os.getpid(),
            "seat": self._seat,
            "since": "$$NOW",
            "expires_at": self._end(),
            "fence": {"$add": ["$fence", 1]},
        }
        over = {"$expr": {"$lte": ["$expires_at", "$$NOW"]}}
        with translated_errors(f"take the lease {self._name!r}"):
            # one that is over, if there is none yet: to take a lease is then always an update
            with contextlib.suppress(DuplicateKeyError):
                await self._leases.insert_one(
                    {"_id": self._name, "expires_at": LONG_AGO, "fence": 0}
                )
            # one step on the server, by its clock: of two fleets at the same moment, one is matched
            found = await self._leases.find_one_and_update(
                {
                    "_id": self._name,
                    "$or": [over, {"holder": self._holder}, *self._dead(), *self._silent()],
                },
                [{"$set": holder}],
                return_document=ReturnDocument.AFTER,
            )
        if found is None:
            await self._look_at_holder()
            raise LeaseTaken(
                f"another fleet does this work already ({self._name}):"
                f" {await self._describe_holder()}."
                " Stop it first, or wait until its lease has ended"
            )
        self.fence = int(found["fence"])
        self._certain_until = asked_at + CERTAIN_SHARE * self._ttl_s

    async def renew(self) -> None:
        """
        Stay the holder; also after the lease had ended, if nobody took it.

        Raises:
            LeaseLost: another has taken it meanwhile.
            StoreUnreachable, StoreRefused: MongoDB does not answer; it may still be ours.
        """
        asked_at = clock()
        with translated_errors(f"renew the lease {self._name!r}"):
            # whoever takes it becomes its holder, so it is enough to ask for that
            done = await self._leases.update_one(
                {"_id": self._name, "holder": self._holder},
                [{"$set": {"expires_at": self._end()}}],
            )
        if not done.matched_count:
            self._certain_until = 0.0
            raise LeaseLost(
                f"another fleet took this work over ({self._name}):"
                f" {await self._describe_holder()}."
                " This one had not renewed its lease in time; it stops"
            )
        self._certain_until = asked_at + CERTAIN_SHARE * self._ttl_s

    async def release(self) -> None:
        """
        Let it go, if it is still ours.

        Raises:
            StoreUnreachable, StoreRefused: it stays ours for the others, until its end.
        """
        self._certain_until = 0.0
        with translated_errors(f"release the lease {self._name!r}"):
            await self._leases.update_one(
                {"_id": self._name, "holder": self._holder},
                [{"$set": {"expires_at": "$$NOW", "holder": None}}],
            )

    def doubt(self) -> None:
        """Be sure of nothing until it is renewed: the server's clock may have been set."""
        self._certain_until = 0.0

    def is_certain(self) -> bool:
        """Whether it was renewed so lately that nobody else can hold it."""
        return clock() < self._certain_until

    def _dead(self) -> list[dict[str, Any]]:
        """The lease of whoever had this process's seat before."""
        return [] if self._seat is None else [{"seat": self._seat}]

    def _silent(self) -> list[dict[str, Any]]:
        """The lease as it stood here for a whole time-to-live: its holder does not renew it."""
        if self._seen is None or clock() - self._seen[1] < self._ttl_s:
            return []
        return [{"expires_at": self._seen[0]}]

    async def _look_at_holder(self) -> None:
        """Its end says nothing once the server's clock was set back; that nobody moves it, does."""
        with translated_errors(f"read the lease {self._name!r}"):
            found = await self._leases.find_one({"_id": self._name}) or {}
        if self._seen is None or self._seen[0] != found.get("expires_at"):
            self._seen = found.get("expires_at"), clock()

    def _end(self) -> dict[str, Any]:
        return {"$add": ["$$NOW", int(self._ttl_s * 1000)]}

    async def _describe_holder(self) -> str:
        with translated_errors(f"read the lease {self._name!r}"):
            found = await self._leases.find_one({"_id": self._name}) or {}
        if "pid" not in found:
            return "its lease is no more in this database (was it dropped or restored?)"
        since, until = (
            f"{found[name].replace(tzinfo=UTC):%Y-%m-%d %H:%M:%S} UTC"
            for name in ("since", "expires_at")
        )
        return (
            f"process {found['pid']} on {found['machine']}, since {since}, its lease until {until}"
        )
