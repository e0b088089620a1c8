"""
What a reader may ask for: a period, a filter for attempts, a cursor in their list. No database.

What people type goes through `Period.of`, `Filter.of` and `Cursor.of`, which say in one line
what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from pydantic import Field, ValidationError, field_validator, model_validator

from fleet.errors import BadInput
from fleet.models.base import Frozen, Instant, now
from fleet.models.departments import DEPARTMENTS
from fleet.models.outcome import Group, Verdict
from fleet.models.paris import PARIS, day_start, paris_day
from fleet.models.scenario import FLOW_SLUG

FIRST_DAY = date(2016, 1, 1)
"""Nobody can have measured before; what is earlier was mistyped."""

MAX_ID = 64

Span = tuple[datetime | None, datetime | None]
"""From an instant on and before another; None: no limit on that side."""


def _bad_input(exc: ValidationError) -> BadInput:
    problems = [
        f"{'.'.join(map(str, error['loc'])) or 'it'}:"
        f" {error['msg'].removeprefix('Value error, ')}"
        + ("" if isinstance(error["input"], dict) else f", got {str(error['input'])[:80]!r}")
        for error in exc.errors()
    ]
    return BadInput(f"cannot look for that: {'; '.join(problems)}")


def _measured_day(value: date | None) -> date | None:
    """`value`, if it is a day on which something can have been measured."""
    today = paris_day(now())
    if value is not None and not FIRST_DAY <= value <= today:
        raise ValueError(f"expected a day from {FIRST_DAY} to today, {today}")
    return value


class Period(Frozen):
    """Paris days, from `first` to `last`, both included."""

    first: date
    last: date

    _days = field_validator("first", "last")(_measured_day)

    @classmethod
    def of(cls, first: object, last: object) -> Self:
        """
        The period from one day to another, as typed.

        Raises:
            BadInput: one is no day, or lies in the future, or they are in the wrong order.
        """
        try:
            return cls.model_validate({"first": first, "last": last})
        except ValidationError as exc:
            raise _bad_input(exc) from exc

    @classmethod
    def latest(cls, days: int) -> Self:
        """So many days, of which today is the last."""
        today = paris_day(now())
        return cls(first=today - timedelta(days=days - 1), last=today)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.first > self.last:
            raise ValueError(f"{self.first} is after {self.last}; expected the earlier day first")
        return self


class Filter(Frozen):
    """
    Which attempts; what is None does not matter.

    `first` and `last` are Paris days, both included; `hour` is of the Paris clock.
    """

    scenario_id: str | None = None
    department: str | None = None
    verdict: Verdict | None = None
    group: Group | None = None
    control: bool | None = None
    run_id: str | None = Field(default=None, min_length=1, max_length=MAX_ID)
    first: date | None = None
    last: date | None = None
    hour: int | None = Field(default=None, ge=0, le=23)

    _days = field_validator("first", "last")(_measured_day)

    @classmethod
    def of(cls, asked: Mapping[str, object]) -> Self:
        """
        The filter that a person typed; empty text is as if it were not there.

        `day` is short for the same `first` and `last`.

        Raises:
            BadInput: a name or value cannot be used; names each such.
        """
        fields = {name: value for name, value in asked.items() if value not in (None, "")}
        if (day := fields.pop("day", None)) is not None:
            fields = {"first": day, "last": day, **fields}
        try:
            return cls.model_validate(fields)
        except ValidationError as exc:
            raise _bad_input(exc) from exc

    @property
    def verdicts(self) -> list[str] | None:
        """The verdicts that fit, None if all do."""
        if self.verdict is not None:
            return [self.verdict.value]
        if self.group is not None:
            return [verdict.value for verdict in Verdict if verdict.group is self.group]
        return None

    def spans(self, earliest: datetime) -> list[Span]:
        """
        The stretches of time that fit, latest first, none of them empty.

        Args:
            earliest: when the first attempt began; only used to list the days if there is an
                `hour` and no `first`.
        """
        if self.hour is None:
            start = None if self.first is None else day_start(self.first)
            end = None if self.last is None else day_start(self.last + timedelta(days=1))
            return [(start, end)]
        day, last = self.first or paris_day(earliest), self.last or paris_day(now())
        hours = [_hour(day + timedelta(days=n), self.hour) for n in range((last - day).days + 1)]
        return [(start, end) for start, end in reversed(hours) if start < end]

    @field_validator("department")
    @classmethod
    def _known_department(cls, value: str | None) -> str | None:
        if value is not None and value not in DEPARTMENTS:
            raise ValueError("expected the code of a department, such as 63, 2A or 971")
        return value

    @field_validator("scenario_id")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        department, _, flow = (value or "").partition("/")
        if value is not None and not (department in DEPARTMENTS and FLOW_SLUG.fullmatch(flow)):
            raise ValueError("expected the id of a scenario, such as 63/titre-de-sejour")
        return value

    @model_validator(mode="after")
    def _together(self) -> Self:
        if self.first and self.last and self.first > self.last:
            raise ValueError(f"{self.first} is after {self.last}; expected the earlier day first")
        if self.verdict and self.group and self.verdict.group is not self.group:
            raise ValueError(f"{self.verdict} is of group {self.verdict.group}, not {self.group}")
        own = self.scenario_id and self.scenario_id.split("/")[0]
        if own and self.department and own != self.department:
            raise ValueError(f"{self.scenario_id} is not in department {self.department}")
        return self


def _hour(day: date, hour: int) -> tuple[datetime, datetime]:
    """When that hour began and ended: empty, or two hours long, on days when clocks change."""
    start = datetime.combine(day, time(hour), PARIS).astimezone(UTC)
    if hour == 23:
        return start, day_start(day + timedelta(days=1))
    return start, datetime.combine(day, time(hour + 1), PARIS).astimezone(UTC)


class Cursor(Frozen):
    """A place in the list of attempts, and which way to go on: `newer` or older."""

    at: Instant
    attempt_id: str = Field(min_length=1, max_length=MAX_ID)
    newer: bool = False

    @classmethod
    def of(cls, text: str) -> Self:
        """
        The cursor that was written as `text`.

        Raises:
            BadInput: nothing was.
        """
        found = re.fullmatch(r"(older|newer)-(\d{1,14})-([\w.:-]{1,64})", text, re.ASCII)
        if found is None:
            raise BadInput(f"no such page: {text[:80]!r}; begin at the first one")
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(found[2]))
        return cls(at=at, attempt_id=found[3], newer=found[1] == "newer")

    def __str__(self) -> str:
        since = self.at - datetime.fromtimestamp(0, UTC)
        way = "newer" if self.newer else "older"
        return f"{way}-{since // timedelta(milliseconds=1)}-{self.attempt_id}"
