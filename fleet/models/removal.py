"""What is written down of an evidence file whose bytes were removed on purpose."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from fleet.errors import BadInput
from fleet.models.base import Frozen, Instant

Document = dict[str, Any]

MAX_REASON = 500

MAX_NAMED = 100
"""Attempts whose ids a removal holds; how many named the file is always exact."""


class RemovalKind(StrEnum):
    """Why a file was removed. The strings are in exported data."""

    RETENTION = "retention"
    TAKEDOWN = "takedown"


class Removal(Frozen):
    """
    A file whose bytes were removed.

    `file` and `size_bytes` are what it was, None if no attempt names it; `by` an account's name or
    a user of the machine, not for readers; `attempts` how many named it then, `attempt_ids` the
    newest `MAX_NAMED` of them.
    """

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    kind: RemovalKind
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    at: Instant
    by: str
    file: str | None
    size_bytes: int | None
    attempts: int = Field(ge=0)
    attempt_ids: tuple[str, ...]

    def to_document(self) -> Document:
        """As MongoDB keeps it."""
        document = self.model_dump(mode="python")
        return {"_id": document.pop("sha256"), **document, "kind": self.kind.value}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """What `to_document` wrote, and `unfinished` no more."""
        fields = {name: value for name, value in document.items() if name != "unfinished"}
        return cls.model_validate({"sha256": fields.pop("_id"), **fields})


def checked_reason(text: str) -> str:
    """
    The reason as it is kept: on one line.

    Raises:
        BadInput: it says nothing, or is too long.
    """
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= MAX_REASON or not reason.isprintable():
        raise BadInput(
            f"--reason: {len(reason)} characters; expected one sentence of 1 to {MAX_REASON},"
            " which readers will see in the place of the picture"
        )
    return reason
