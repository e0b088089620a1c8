"""
The ledger: every attempt a link in its scenario's chain, all links under sealed Merkle roots.

A **link** (`links`) names an attempt, the hash of its manifest, and the link before it of the
same scenario: to change, insert, reorder or remove an attempt, every later link has to be made
anew. A **seal** (`seals`) is made every hour over all links that no seal covers: their Merkle
root (RFC 6962), the seal before it, an Ed25519 signature and the timestamps of the authorities
configured. Whoever can write to the database can make links anew, but not the signature (the key
is no part of the database) and not the timestamps (nobody but the authority can).

Links are made when an attempt is stored; one that a crash prevented is made before the next seal.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from fleet.errors import LedgerAltered, StoreNeverTakes
from fleet.ledger.canonical import NO_PREVIOUS, canonical, sha256
from fleet.ledger.chain import Document, Link, Seal, Token
from fleet.models import now
from fleet.storage.client import lenient, translated_errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from motor.motor_asyncio import AsyncIOMotorDatabase

MAX_LEAVES = 50_000
"""Links under one seal; more make more seals."""

BY_TIME = [("started_at", ASCENDING), ("_id", ASCENDING)]

LATEST_ARRIVAL = timedelta(days=7)
"""How long after its visit an attempt without a link is still given one (`link_rest`)."""

BATCH = 1_000


class Ledger:
    """The links and seals of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        db = lenient(db)  # what it reads may have been altered
        self._attempts, self._links, self._seals = db.attempts, db.links, db.seals
        self._marks = db.ledger

    async def prepare(self) -> None:
        """Make the indexes where they are missing."""
        await self._links.create_indexes(
            [
                IndexModel([("scenario_id", ASCENDING), ("number", ASCENDING)], unique=True),
                IndexModel([("seal", ASCENDING)]),
            ]
        )

    async def link(self, document: Document) -> None:
        """
        Put a stored attempt (its document) at the end of its chain; harmless if it is in it.

        Raises:
            StoreNeverTakes: there is no canonical JSON of it.
        """
        try:
            manifest = sha256(canonical(document))
        except ValueError as exc:
            raise StoreNeverTakes(f"attempt {document['_id']} cannot be linked: {exc}") from exc
        # the unique index on scenario and number lets one writer have a place; others try the next
        while True:
            last = await self._last(document["scenario_id"])
            link = Link(
                attempt_id=document["_id"],
                scenario_id=document["scenario_id"],
                number=last.number + 1 if last else 1,
                previous=last.hash if last else NO_PREVIOUS,
                manifest=manifest,
                linked_at=now(),
            )
            try:
                await self._links.insert_one({**link.to_document(), "seal": None})
            except DuplicateKeyError:
                if await self._links.find_one({"_id": link.attempt_id}, {"_id": 1}):
                    return
                # another writer took this place of the chain: take the next
            else:
                return

    async def link_missing(self) -> int:
        """
        Link the stored attempts that a crash, or an older version, left without a link.

        Returns how many there were. All attempts are looked at the first time, later those
        that may have come since.
        """
        mark = await self._marks.find_one({"_id": "linked"})
        begin, found = now(), 0  # what is stored from here on is looked at the next time
        query: Document = {"started_at": {"$gte": mark["until"] - LATEST_ARRIVAL}} if mark else {}
        # a week of attempts is looked at every hour: only their ids, which the index holds
        ids = self._attempts.find(query, {"_id": 1}).sort(BY_TIME)
        while batch := await ids.to_list(BATCH):
            found += await self._link_unlinked([each["_id"] for each in batch])
        await self._marks.replace_one({"_id": "linked"}, {"until": begin}, upsert=True)
        return found

    async def _link_unlinked(self, ids: Sequence[str]) -> int:
        there = await self._links.find({"_id": {"$in": list(ids)}}, {"_id": 1}).to_list(None)
        linked = {each["_id"] for each in there}
        rest = [each for each in ids if each not in linked]
        if rest:
            found = self._attempts.find({"_id": {"$in": rest}})
            for document in await found.sort("started_at", ASCENDING).to_list(None):
                await self.link(document)
        return len(rest)

    async def _last(self, scenario_id: str) -> Link | None:
        found = await self._links.find_one(
            {"scenario_id": scenario_id}, {"seal": 0}, sort=[("number", DESCENDING)]
        )
        return Link.from_document(found) if found else None

    async def unsealed(self) -> list[Link]:
        """The links that no seal covers, at most `MAX_LEAVES`, in the order of their leaves."""
        with translated_errors("read links"):
            found = self._links.find({"seal": None}, {"seal": 0})
            in_order = found.sort([("scenario_id", ASCENDING), ("number", ASCENDING)])
            return [Link.from_document(each) async for each in in_order.limit(MAX_LEAVES)]

    async def add_seal(self, seal: Seal) -> None:
        """
        Keep a seal, then say of its links that it covers them.

        Raises:
            DuplicateKeyError: there is a seal of that number.
        """
        number = seal.statement.number
        # the seal names its links, so what a crash leaves undone here can be done from it later
        await self._seals.insert_one(seal.to_document())
        await self._cover(number, seal.attempt_ids)

    async def _cover(self, number: int, attempt_ids: Sequence[str]) -> None:
        for begin in range(0, len(attempt_ids), BATCH):
            part = list(attempt_ids[begin : begin + BATCH])
            await self._links.update_many({"_id": {"$in": part}}, {"$set": {"seal": number}})

    async def finish_covering(self) -> None:
        """Do what a crash in the middle of `add_seal` left undone."""
        last = await self.last_seal()
        if last is not None:
            await self._cover(last.statement.number, last.attempt_ids)

    async def last_seal(self) -> Seal | None:
        """The latest seal; None if there is none."""
        with translated_errors("read the last seal"):
            found = await self._seals.find_one(sort=[("_id", DESCENDING)])
        return Seal.from_document(found) if found else None

    async def seal(self, number: int) -> Seal | None:
        """The seal of that number; None if there is none."""
        with translated_errors(f"read seal {number}"):
            found = await self._seals.find_one({"_id": number})
        return Seal.from_document(found) if found else None

    async def has_seal(self, number: int) -> bool:
        """Whether there is a seal of that number, whatever is in it."""
        with translated_errors(f"look for seal {number}"):
            return await self._seals.find_one({"_id": number}, {"_id": 1}) is not None

    async def seals(self, after: int = 0) -> AsyncIterator[Seal]:
        """The seals after that number, oldest first."""
        with translated_errors("read seals"):
            query: Document = {"_id": {"$gt": after}} if after else {}  # `$gt`: of numbers only
            async for document in self._seals.find(query).sort("_id", ASCENDING):
                yield Seal.from_document(document)

    async def seals_over(
        self, scenario_id: str, since: datetime, until: datetime, limit: int
    ) -> dict[str, int | None]:
        """
        By attempt of a flow and a period, the number of the seal over it, None if there is none.

        At most `limit` attempts, the oldest; with one more there are more.
        """
        query = {"scenario_id": scenario_id, "started_at": {"$gte": since, "$lt": until}}
        with translated_errors("read attempts and their seals"):
            cursor = self._attempts.find(query, {"_id": 1}).sort(BY_TIME).limit(limit + 1)
            ids = [each["_id"] for each in await cursor.to_list(None)]
            links = await self._links.find({"_id": {"$in": ids}}, {"seal": 1}).to_list(None)
        return {**dict.fromkeys(ids), **{each["_id"]: each["seal"] for each in links}}

    async def token_counts(self, numbers: Sequence[int]) -> dict[int, int]:
        """By number, how many timestamps these seals have."""
        with translated_errors("read seals"):
            found = self._seals.find({"_id": {"$in": list(numbers)}}, {"tokens.url": 1})
            return {each["_id"]: len(each["tokens"]) async for each in found}

    async def statements(self, before: int | None = None, limit: int = 50) -> list[Seal]:
        """Seals without their leaves, latest first; only those before that number, if given."""
        query = {} if before is None else {"_id": {"$lt": before}}
        with translated_errors("read seals"):
            found = self._seals.find(query, {"attempt_ids": 0}).sort("_id", DESCENDING)
            documents = await found.limit(limit).to_list(limit)
        return [Seal.from_document({**document, "attempt_ids": ()}) for document in documents]

    async def count_unsealed(self) -> int:
        """How many links no seal covers yet."""
        with translated_errors("count links"):
            return await self._links.count_documents({"seal": None})

    async def lacking_tokens(self, urls: Sequence[str]) -> list[Seal]:
        """The seals that lack the token of one of these authorities, oldest first."""
        lacking = [{"tokens.url": {"$ne": url}} for url in urls]
        if not lacking:
            return []
        with translated_errors("read seals without a timestamp"):
            found = self._seals.find({"$or": lacking}).sort("_id", ASCENDING).limit(BATCH)
            return [Seal.from_document(document) async for document in found]

    async def add_token(self, number: int, token: Token) -> None:
        """Add an authority's token to a seal that lacks it."""
        added = {"url": token.url, "at": token.at, "token": token.token}
        with translated_errors(f"keep a timestamp of seal {number}"):
            # not a second one of this authority, if another process was quicker
            await self._seals.update_one(
                {"_id": number, "tokens.url": {"$ne": token.url}},
                {"$push": {"tokens": added}, "$pull": {"refusals": {"url": token.url}}},
            )

    async def add_refusal(self, number: int, url: str, words: str) -> None:
        """Write down that an authority gave no token, and why."""
        with translated_errors(f"keep a refusal of seal {number}"):
            await self._seals.update_one({"_id": number}, {"$pull": {"refusals": {"url": url}}})
            await self._seals.update_one(
                {"_id": number}, {"$push": {"refusals": {"url": url, "words": words[:500]}}}
            )

    async def chains(
        self, scenario_id: str | None = None
    ) -> AsyncIterator[tuple[Link, int | None]]:
        """Every link with the number of its seal, scenario by scenario, each in its order."""
        query = {} if scenario_id is None else {"scenario_id": scenario_id}
        with translated_errors("read links"):
            found = self._links.find(query).sort(
                [("scenario_id", ASCENDING), ("number", ASCENDING)]
            )
            async for each in found.batch_size(BATCH):
                yield _with_seal(each)

    async def link_at(self, scenario_id: str, number: int) -> Link | None:
        """The link of that number in that chain; None if it is not there."""
        with translated_errors("read a link"):
            found = await self._links.find_one(
                {"scenario_id": scenario_id, "number": number}, {"seal": 0}
            )
        return Link.from_document(found) if found else None

    async def first_number_since(self, scenario_id: str, since: datetime) -> int | None:
        """The lowest number of that chain's links that were made from then on; None if none was."""
        query = {"scenario_id": scenario_id, "linked_at": {"$gte": since}}
        with translated_errors("read a link"):
            found = await self._links.find_one(query, {"number": 1}, sort=[("number", ASCENDING)])
        return int(found["number"]) if found else None

    async def documents(self, query: Document) -> AsyncIterator[Document]:
        """Attempts as they are stored."""
        with translated_errors("read attempts"):
            async for document in self._attempts.find(query).batch_size(BATCH):
                yield document

    async def links_of(self, attempt_ids: Sequence[str]) -> dict[str, tuple[Link, int | None]]:
        """By attempt, its link and the number of the seal that covers it (None: none yet)."""
        with translated_errors("read links"):
            found = self._links.find({"_id": {"$in": list(attempt_ids)}})
            return {each["_id"]: _with_seal(each) async for each in found}

    async def orphans(self, since: datetime, scenario_id: str | None) -> dict[str, Link]:
        """
        By attempt, the links made from `since` on without their attempts.

        An attempt that began since then has one of these links, or none. There is no end: a spool
        keeps an attempt for as long as it cannot be stored, and a link does not tell when its
        attempt began, only that it was before. So each link since then costs the look-up of an
        id; of attempts only the index of their ids is read.
        """
        query: Document = {"linked_at": {"$gte": since}}
        if scenario_id is not None:
            query["scenario_id"] = scenario_id
        found: dict[str, Link] = {}
        with translated_errors("read links"):
            links = self._links.find(query, {"_id": 1}).batch_size(BATCH)
            while batch := [_id_of(each) for each in await links.to_list(BATCH)]:
                there = self._attempts.find({"_id": {"$in": batch}}, {"_id": 1})
                gone = set(batch) - {each["_id"] for each in await there.to_list(None)}
                if gone:
                    named = await self.links_of(list(gone))
                    found |= {each: link for each, (link, _) in named.items()}
        return found

    async def attempts_claiming(self, number: int) -> set[str]:
        """The attempts whose links say that this seal covers them; nothing proves it but that."""
        with translated_errors("read links"):
            found = self._links.find({"seal": number}, {"_id": 1})
            return {_id_of(each) for each in await found.to_list(None)}

    async def named_seals(self, after: int = 0) -> list[int]:
        """The numbers, above that one, of the seals that links name."""
        with translated_errors("read links"):
            found: list[int] = await self._links.distinct("seal", {"seal": {"$gt": after}})
            return sorted(found)


def _id_of(document: Document) -> str:
    if isinstance(document["_id"], str):
        return document["_id"]
    raise LedgerAltered("_id: no text", link=str(document["_id"]))


def _with_seal(document: Document) -> tuple[Link, int | None]:
    seal = document.pop("seal", None)
    if seal is not None and not isinstance(seal, int):
        raise LedgerAltered("seal: no number", link=str(document["_id"]))
    return Link.from_document(document), seal
