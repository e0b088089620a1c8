"""
Passwords of accounts: Argon2id, as RFC 9106 recommends it where memory is scarce.

Working one out takes about a tenth of a second and 64 MiB on purpose; `matches` takes as long
when there is no such account. Both are to be called in a thread, a few at a time.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from functools import cached_property

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fleet.errors import BadInput

MIN_LENGTH = 12
"""Characters at least; NIST SP 800-63B asks for 8, and for length rather than odd characters."""

MAX_LENGTH = 200


def check_password(password: str) -> None:
    """
    Raises:
        BadInput: too short or too long to be the password of an account; does not repeat it.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise BadInput(
            f"the password has {len(password)} characters; expected {MIN_LENGTH} to {MAX_LENGTH},"
            " such as four words that do not belong together"
        )


@dataclass(frozen=True)
class Passwords:
    """Hashes passwords and compares them. The parameters are in each hash."""

    hasher: PasswordHasher = field(
        # RFC 9106, section 4, second recommended option, with the lanes of a small machine
        default_factory=lambda: PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=2)
    )

    @cached_property
    def _dummy_hash(self) -> str:
        return self.hasher.hash("nobody has this password")

    def hash(self, password: str) -> str:
        """What is kept in the place of a password."""
        return self.hasher.hash(_normalise(password))

    def matches(self, stored_hash: str | None, password: str) -> bool:
        """
        Whether this is the password of which `stored_hash` is the hash.

        None stands for an account that does not exist: never, after the same work, so that nobody
        can find out by the clock who has an account.
        """
        dummy_hash = (
            self._dummy_hash
        )  # made before it is known who asks: the first one waits longer
        try:
            return (
                self.hasher.verify(stored_hash or dummy_hash, _normalise(password))
                and stored_hash is not None
            )
        except (VerificationError, InvalidHashError):
            return False


def _normalise(password: str) -> str:
    """The same on every keyboard: some send é as one character, others as two."""
    return unicodedata.normalize("NFC", password)
