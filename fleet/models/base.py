"""What every value of the fleet is made of: frozen, unknown fields refused, instants in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


def _to_utc_ms(value: datetime) -> datetime:
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc_ms)]
"""An aware instant, kept in UTC and cut to milliseconds."""


def now() -> datetime:
    """The present instant as the models keep it: UTC, milliseconds."""
    return _to_utc_ms(datetime.now(UTC))


class Frozen(BaseModel):
    """A value: it is not changed, and a field that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)
