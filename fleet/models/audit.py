"""A blind check of verdicts: what was drawn for it, and what people saw on the pictures."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from fleet.models.base import Frozen, Instant
from fleet.models.outcome import Group, Verdict

MOST_EACH = 1000
"""More than so many of one class nobody reads."""


class VerdictClass(StrEnum):
    """What is drawn from apart: the three answers, and all that is none."""

    SLOTS = "slots"
    NO_SLOTS = "no_slots"
    CLOSED = "closed"
    UNANSWERED = "unanswered"

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The verdicts of this class."""
        if self is VerdictClass.UNANSWERED:
            return tuple(each for each in Verdict if each.group is not Group.ANSWERED)
        return (Verdict(self.value),)


class PersonSaw(StrEnum):
    """What a person says that a picture shows, without having been told the verdict."""

    SLOTS = "slots"
    NO_SLOTS = "no_slots"
    CLOSED = "closed"
    OTHER = "other"
    UNSURE = "unsure"


class DrawnClass(Frozen):
    """The attempts of one class that were drawn, of how many there were."""

    of: int = Field(ge=0)
    attempt_ids: tuple[str, ...] = Field(max_length=MOST_EACH)


class AuditDraw(Frozen):
    """
    A random sample of attempts that began from `since` to before `until`, for people to read.

    Of each class those are drawn for which SHA-256 of `seed`, a space and the attempt's id is
    smallest: anybody who has the ids can draw it again. `seed_of` says where the seed is from.
    """

    id: str = Field(pattern="^[0-9a-f]{32}$")
    at: Instant
    by: str
    since: Instant
    until: Instant
    seed: str = Field(min_length=1, max_length=200)
    seed_of: str = Field(max_length=200)
    classes: dict[VerdictClass, DrawnClass]

    @property
    def attempt_ids(self) -> tuple[str, ...]:
        """All that were drawn."""
        return tuple(each for drawn in self.classes.values() for each in drawn.attempt_ids)

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it."""
        document = self.model_dump(mode="python")
        document["classes"] = {
            str(name): {"of": drawn.of, "attempt_ids": list(drawn.attempt_ids)}
            for name, drawn in self.classes.items()
        }
        return {"_id": document.pop("id"), **document}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote."""
        fields = dict(document)
        return cls.model_validate({"id": fields.pop("_id"), **fields})


class AuditReading(Frozen):
    """What one person saw on the pictures of one attempt. One for each person; never changed."""

    draw_id: str
    attempt_id: str
    by: str
    seen: PersonSaw
    at: Instant

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it: `_id` names draw, attempt and person."""
        document = self.model_dump(mode="python")
        document["seen"] = self.seen.value
        return {"_id": f"{self.draw_id}:{self.attempt_id}:{self.by}", **document}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """What `to_document` wrote."""
        return cls.model_validate({k: v for k, v in document.items() if k != "_id"})
