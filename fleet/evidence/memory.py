"""
What a verification knows of the ones before: the last seal that was found sound, on this disk.

A ledger without its end, or sealed anew with the same key, holds together: only who saw the longer
one knows. So it is not forgotten because of what is found, but only if somebody says so.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError

from fleet.errors import BadInput
from fleet.ledger.canonical import sha256
from fleet.models import Frozen
from fleet.system.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.ledger.chain import Seal


class VerifiedSeal(Frozen):
    """A seal that was found sound with all below it: its number, the SHA-256 of its statement."""

    seal: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @classmethod
    def of(cls, seal: Seal) -> VerifiedSeal:
        """What is kept of it."""
        return cls(seal=seal.statement.number, sha256=sha256(seal.statement.content))

    def is_still(self, seal: Seal | None) -> bool:
        """Whether this, which is stored under its number now, is that seal."""
        return seal is not None and VerifiedSeal.of(seal) == self


class VerificationMemory:
    """The file that remembers the last seal that was found sound."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self) -> VerifiedSeal | None:
        """
        The last seal that was found sound; None if nothing was verified yet, or it was forgotten.

        Raises:
            BadInput: the file is there and says something else.
        """
        try:
            return VerifiedSeal.model_validate_json(self._path.read_bytes(), strict=True)
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as exc:
            raise BadInput(
                f"{self._path}: what was verified before cannot be read; to verify everything as if"
                " for the first time: fleet verify --forget"
            ) from exc

    def remember(self, seal: Seal) -> None:
        """From now on this one."""
        content = json.dumps(VerifiedSeal.of(seal).model_dump()).encode()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, content, overwrite=True)

    def forget(self) -> None:
        """Know nothing any more."""
        self._path.unlink(missing_ok=True)
