"""
The second factor of accounts, in `users`: codes of an authenticator (TOTP, RFC 6238).

A code is good once, in its half minute and the ones beside it: clocks differ. Recovery codes, each
good once, are kept as their SHA-256. The secret itself must be kept as it is: who reads the
database can work codes out, but still needs the password.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from fleet.models import now
from fleet.storage.client import translated_errors
from fleet.storage.collections.accounts import account_key, digest

if TYPE_CHECKING:
    from motor.motor_asyncio import AsyncIOMotorDatabase

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
"""As long as SHA-1's output, which RFC 4226 recommends."""

BESIDE = (0, -1, 1)
"""Half minutes whose codes are taken, from the present one."""

RECOVERY_CODES = 10


def new_secret() -> str:
    """A secret for an authenticator, in the Base32 that it takes."""
    return base64.b32encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether this can be such a secret."""
    try:
        return len(base64.b32decode(text)) == SECRET_BYTES
    except ValueError:
        return False


def code_at(secret: str, step: int) -> str:
    """The code of the half minute of this number."""
    return HOTP(base64.b32decode(secret), DIGITS, SHA1()).generate(step).decode()


def step_of(secret: str, code: str, at: datetime) -> int | None:
    """The number of the half minute whose code this is, if it is one of those taken now."""
    present = int(at.timestamp()) // STEP_S
    right = [
        present + n
        for n in BESIDE
        if hmac.compare_digest(code_at(secret, present + n).encode(), plain(code).encode())
    ]
    return right[0] if right else None


def plain(code: str) -> str:
    """A code as it is compared: people write spaces, hyphens and capitals into it."""
    return "".join(code.split()).replace("-", "").casefold()


class SecondFactors:
    """The second factors of the accounts of one database."""

    def __init__(self, db: AsyncIOMotorDatabase[dict[str, Any]]) -> None:
        self._users = db.users

    async def begin(
        self, name: str, secret: str, code: str, *, at: datetime | None = None
    ) -> list[str]:
        """
        Have an account ask for codes from now on; its recovery codes, told this once.

        Empty if `code` is not one of this secret's, or the account asks for codes already.
        """
        step = step_of(secret, code, at or now())
        if step is None:
            return []
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        kept = {"secret": secret, "last": step, "recovery": [digest(plain(each)) for each in codes]}
        with translated_errors("keep a second factor"):
            done = await self._users.update_one(
                {"_id": account_key(name), "second_factor": None}, {"$set": {"second_factor": kept}}
            )
        return codes if done.modified_count else []

    async def accepts(self, name: str, code: str, *, at: datetime | None = None) -> bool:
        """Whether this code is right, of an authenticator or for recovery; then it is used up."""
        key = account_key(name)
        with translated_errors("read a second factor"):
            found = await self._users.find_one({"_id": key}, {"second_factor": 1})
            factor = (found or {}).get("second_factor")
            if factor is None:
                return False
            step = step_of(factor["secret"], code, at or now())
            # in one step each: of two who send the same code at the same moment one is let in
            if step is not None:
                used = await self._users.update_one(
                    {"_id": key, "second_factor.last": {"$lt": step}},
                    {"$set": {"second_factor.last": step}},
                )
            else:
                kept = digest(plain(code))
                used = await self._users.update_one(
                    {"_id": key, "second_factor.recovery": kept},
                    {"$pull": {"second_factor.recovery": kept}},
                )
        return bool(used.modified_count)

    async def end(self, name: str) -> None:
        """Have an account ask for no codes any more."""
        with translated_errors("end a second factor"):
            await self._users.update_one(
                {"_id": account_key(name)}, {"$unset": {"second_factor": ""}}
            )


def _recovery_code() -> str:
    """Eighty bits, in four parts that can be copied by hand."""
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))
