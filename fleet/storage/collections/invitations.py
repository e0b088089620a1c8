"""
Invitations, in MongoDB: a link, told once, by which one person makes an account of their own.

A link's token is kept as its SHA-256, so who reads the database cannot follow it. It is good once,
for a day.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from fleet.models import Frozen, Instant, now
from fleet.storage.client import translated_errors
from fleet.storage.collections.accounts import digest, ensure_expiry

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase

    from fleet.storage.collections.accounts import Accounts, User

VALID = timedelta(days=1)
"""How long an invitation is good."""


class Invitation(Frozen):
    """What a link is good for. `first`: made at a start of the pages, for who keeps the server."""

    administrator: bool
    first: bool
    expires_at: Instant


class Invitations:
    """The open invitations of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]], accounts: Accounts) -> None:
        self._open, self._accounts = db.invitations, accounts

    async def make(
        self, *, administrator: bool, first: bool = False, at: datetime | None = None
    ) -> tuple[str, Invitation]:
        """The token of a new one, told this once, and what it is good for; ends older `first`."""
        token = secrets.token_urlsafe(32)
        made = Invitation(
            administrator=administrator, first=first, expires_at=(at or now()) + VALID
        )
        with translated_errors("make an invitation"):
            await ensure_expiry(self._open)
            if first:
                await self._open.delete_many({"first": True})
            await self._open.insert_one({"_id": digest(token), **made.model_dump()})
        return token, made

    async def find(self, token: str, *, at: datetime | None = None) -> Invitation | None:
        """What this token is good for now; None if for nothing."""
        with translated_errors("read an invitation"):
            found = await self._open.find_one(_open_now(token, at))
        return _invitation(found) if found else None

    async def accept(
        self, token: str, name: str, password_hash: str, *, at: datetime | None = None
    ) -> User | None:
        """
        The account that is made by it; None if it is good for nothing, as after the first time.

        Raises:
            BadInput: the name cannot be one, or somebody has it; the invitation stays open.
        """
        with translated_errors("accept an invitation"):
            # taken first: of two who follow one link at the same moment one makes an account
            found = await self._open.find_one_and_delete(_open_now(token, at))
        if found is None:
            return None
        try:
            return await self._accounts.add(
                name, password_hash, administrator=_invitation(found).administrator
            )
        except BaseException:
            with translated_errors("keep an invitation open"):
                await self._open.insert_one(found)
            raise


def _open_now(token: str, at: datetime | None) -> dict[str, Any]:
    return {"_id": digest(token), "expires_at": {"$gt": at or now()}}


def _invitation(document: dict[str, Any]) -> Invitation:
    return Invitation.model_validate({k: v for k, v in document.items() if k != "_id"})
