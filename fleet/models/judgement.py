"""What later rules or a later scenario say of a stored attempt."""

from __future__ import annotations

from datetime import date
from typing import Any, Self

from fleet.models.attempt import Attempt, plain_document
from fleet.models.base import Frozen, Instant
from fleet.models.outcome import Detail, Facts, Group, SignWords, Verdict, Words


class Judgement(Frozen):
    """
    What later rules or a later scenario say of a stored attempt, which itself stays as it is.

    There is one for each attempt, ruleset and version of the scenario.
    """

    attempt_id: str
    scenario_id: str
    scenario_version: str
    ruleset: str
    judged_at: Instant
    verdict: Verdict
    group: Group
    detail: Detail
    signs: tuple[SignWords, ...]
    first_dates: tuple[date, ...]
    slot_count: int | None
    facts: Facts
    missing_anchor: Words | None

    def differs_from(self, attempt: Attempt) -> bool:
        """Whether it says something else than the attempt: another verdict, other dates."""
        return (self.verdict, self.first_dates) != (attempt.verdict, attempt.first_dates)

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it: `_id` names attempt, ruleset and version."""
        document = plain_document(self)
        document["_id"] = f"{self.attempt_id}:{self.ruleset}:{self.scenario_version}"
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The judgement that `to_document` wrote."""
        return cls.model_validate({k: v for k, v in document.items() if k != "_id"})
