"""An attempt that counts in no figure any more, and why."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field

from fleet.models.base import Frozen, Instant
from fleet.models.removal import MAX_REASON


class AttemptWithdrawal(Frozen):
    """
    An attempt withdrawn from figures. It stays stored, linked and sealed as it was.

    `reason` is what readers see; `by` an account's name or a user of the machine, not for readers.
    """

    attempt_id: str
    scenario_id: str
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    at: Instant
    by: str

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it."""
        document = self.model_dump(mode="python")
        return {"_id": document.pop("attempt_id"), **document}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote."""
        fields = dict(document)
        return cls.model_validate({"attempt_id": fields.pop("_id"), **fields})
