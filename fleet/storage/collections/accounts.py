"""
Who may sign in, in MongoDB: `users`, `sessions` and `sign_in_tries`.

A password is kept as its Argon2 hash (`fleet.storage.collections.passwords`), a session's token as
its SHA-256: neither can be used to sign in by somebody who reads the database. MongoDB removes
sessions and counted tries some time after they have expired; until then they are ignored.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING
from pymongo.errors import DuplicateKeyError

from fleet.errors import BadInput
from fleet.models import Frozen, Instant, now
from fleet.storage.client import translated_errors

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorCollection, AsyncIOMotorDatabase

Document = dict[str, Any]

SESSION = timedelta(days=7)
"""How long one signing-in lasts, used or not."""

FREE_TRIES_ACCOUNT = 5
"""Tries at one account from one place, or from one browser that is known to it, without waiting.
After these, 2 s before the next, then twice as long each time."""

FREE_TRIES_ADDRESS = 20
"""The same from one address at whatever accounts: it may be that of a whole office."""

FREE_TRIES_EVERYWHERE = 100
"""The same at one account from everywhere, known browsers aside."""

MAX_WAIT_S = 300
MAX_WAIT_PLACE_S = 3600
"""Of one place at one account: so long that no single place uses up what all places have."""

TRIES_EXPIRE_AFTER = timedelta(days=1)
"""After the last one."""

_NAME = re.compile(r"[^\W_](?:[\w .'’-]{0,38}[\w.])?")


class User(Frozen):
    """
    A person with an account. `name` is shown with what they add.

    An `administrator` invites and removes others; `second_factor`: signing in asks for a code too.
    """

    name: str
    added_at: Instant
    administrator: bool = False
    second_factor: bool = False


def check_name(name: str) -> str:
    """
    The name as it is kept.

    Raises:
        BadInput: it cannot be the name of an account.
    """
    normalised = unicodedata.normalize("NFC", name).strip()
    if not _NAME.fullmatch(normalised):
        raise BadInput(
            f"account name {name[:60]!r}: expected 1 to 40 letters, digits, spaces and . ' -,"
            " beginning with a letter or a digit"
        )
    return normalised


def account_key(name: str) -> str:
    """The same for names that a person takes for the same."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().casefold())


def digest(text: str) -> str:
    """What is kept of a token or code that is told once."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class SignInTry:
    """
    A try to sign in as `name`: from an address, in a place (all addresses of a subscriber).

    `browser` names one that this account has signed in from before; the tries of others do not
    count against it.
    """

    name: str
    address: str
    place: str
    browser: str | None = None

    @property
    def own_counter(self) -> str:
        """What counts the tries at this account from here alone."""
        if self.browser is not None:
            return f"account {account_key(self.name)} in browser {self.browser}"
        return f"account {account_key(self.name)} from {self.place}"

    def counters(self) -> list[tuple[str, int, int]]:
        """What counts it: each with its tries without waiting, and the longest wait in seconds."""
        if self.browser is not None:
            return [(self.own_counter, FREE_TRIES_ACCOUNT, MAX_WAIT_S)]
        return [
            (f"address {self.address}", FREE_TRIES_ADDRESS, MAX_WAIT_S),
            (self.own_counter, FREE_TRIES_ACCOUNT, MAX_WAIT_PLACE_S),
            # last: who must wait for one of the others does not use up this one
            (f"account {account_key(self.name)}", FREE_TRIES_EVERYWHERE, MAX_WAIT_S),
        ]


class Accounts:
    """The accounts of one database, their sessions, and tries to sign in."""

    def __init__(self, db: AsyncIOMotorDatabase[Document]) -> None:
        self._users, self._sessions, self._tries = db.users, db.sessions, db.sign_in_tries

    async def add(self, name: str, password_hash: str, *, administrator: bool = False) -> User:
        """
        Make an account.

        Raises:
            BadInput: the name cannot be one, or somebody has it.
        """
        user = User(name=check_name(name), added_at=now(), administrator=administrator)
        own = user.model_dump(exclude={"second_factor"})
        document = {"_id": account_key(name), "password": password_hash, **own}
        with translated_errors(f"add the account {user.name}"):
            try:
                await self._users.insert_one(document)
            except DuplicateKeyError:
                raise BadInput(
                    f"account {user.name!r}: there is one of this name; choose another, or to give"
                    f" it a new password: fleet user remove {user.name!r}, then add it again"
                ) from None
        return user

    async def remove(self, name: str) -> User:
        """
        Take an account away and end its sessions; what it added stays.

        Raises:
            BadInput: there is none of this name.
        """
        with translated_errors(f"remove the account {name[:60]}"):
            found = await self._users.find_one_and_delete({"_id": account_key(name)})
            await self._sessions.delete_many({"user": account_key(name)})
        if found is None:
            raise BadInput(f"account {name[:60]!r}: there is none; fleet user list names them all")
        return _user(found)

    async def has_administrator(self) -> bool:
        """Whether somebody may invite others."""
        with translated_errors("read the accounts"):
            return await self._users.find_one({"administrator": True}, {"_id": 1}) is not None

    async def list(self) -> list[User]:
        """Everybody who has an account, by name."""
        with translated_errors("read the accounts"):
            return [_user(found) async for found in self._users.find().sort("_id", ASCENDING)]

    async def find(self, name: str) -> tuple[User | None, str | None]:
        """Who has this name, and the hash of their password; None and None for nobody."""
        with translated_errors("read an account"):
            found = await self._users.find_one({"_id": account_key(name)})
        return (_user(found), str(found["password"])) if found else (None, None)

    async def begin_session(self, user: User, *, at: datetime | None = None) -> str:
        """The token of a new session; it is told this once and kept nowhere."""
        token = secrets.token_urlsafe(32)
        document = {
            "_id": digest(token),
            "user": account_key(user.name),
            "expires_at": (at or now()) + SESSION,
        }
        with translated_errors("begin a session"):
            await ensure_expiry(self._sessions)
            await self._sessions.insert_one(document)
        return token

    async def end_session(self, token: str) -> None:
        """End a session, if there is one with this token."""
        with translated_errors("end a session"):
            await self._sessions.delete_one({"_id": digest(token)})

    async def user_of(self, token: str, *, at: datetime | None = None) -> User | None:
        """Whose session this is; None if it is nobody's, over, or the account is gone."""
        with translated_errors("read a session"):
            session = await self._sessions.find_one(
                {"_id": digest(token), "expires_at": {"$gt": at or now()}}
            )
            found = await self._users.find_one({"_id": session["user"]}) if session else None
        return _user(found) if found else None

    async def count_try(self, who: SignInTry, *, at: datetime | None = None) -> float:
        """
        Count a try to sign in, before the password is looked at.

        0 if it may go on, else the seconds to wait. Counting first is what keeps a hundred tries
        at the same moment from all being the first.
        """
        at = at or now()
        counted = list[str]()
        with translated_errors("count a try to sign in"):
            await ensure_expiry(self._tries)
            for whose, free, longest_s in who.counters():
                if wait_s := await self._count(whose, free, longest_s, at):
                    # it was no try: who waits for others' must not use up their own
                    for each in counted:
                        await self._take_back(each, at)
                    return wait_s
                counted.append(whose)
        return 0

    async def _count(self, whose: str, free: int, longest_s: int, at: datetime) -> float:
        # hashed: some people type their password where the name goes
        id_ = digest(whose)
        further = {"$subtract": ["$count", free - 1]}
        wait_ms = {"$multiply": [1000, {"$pow": [2, {"$min": [further, 30]}]}]}
        longest_ms = longest_s * 1000
        update: list[Document] = [
            {"$set": {"count": {"$add": [{"$ifNull": ["$count", 0]}, 1]}}},
            {
                "$set": {
                    "until": {
                        "$cond": [
                            {"$lt": ["$count", free]},
                            at,
                            {"$add": [at, {"$min": [wait_ms, longest_ms]}]},
                        ]
                    },
                    "expires_at": at + TRIES_EXPIRE_AFTER,
                }
            },
        ]
        while True:
            # one step: who is still to wait is not matched, cannot be inserted either, and so
            # ends in the error
            with contextlib.suppress(DuplicateKeyError):
                await self._tries.update_one({"_id": id_, "until": {"$lte": at}}, update, True)
                return 0
            found = await self._tries.find_one({"_id": id_})
            if found and found["until"] > at:
                return float((found["until"] - at).total_seconds())

    async def forget_tries(self, who: SignInTry, *, at: datetime | None = None) -> None:
        """
        The last try was right: forget those at the account from there, and else only this one.

        Not all of the address: one account of one's own must not pay for tries at others'.
        """
        with translated_errors("forget tries to sign in"):
            await self._tries.delete_one({"_id": digest(who.own_counter)})
            for whose, _, _ in who.counters():
                await self._take_back(whose, at or now())

    async def _take_back(self, whose: str, at: datetime) -> None:
        taken_back = {"$inc": {"count": -1}, "$set": {"until": at}}
        await self._tries.update_one({"_id": digest(whose)}, taken_back)


async def ensure_expiry(collection: AsyncIOMotorCollection[Document]) -> None:
    """Have MongoDB remove what is over; asking again for an index that is there is nothing."""
    await collection.create_index("expires_at", expireAfterSeconds=0)


def _user(document: Document) -> User:
    return User(
        name=document["name"],
        added_at=document["added_at"],
        administrator=document.get("administrator", False),  # older accounts have none
        second_factor=document.get("second_factor") is not None,
    )
