"""What the headers of a document's answer say: when, whereto, and when to come again."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fleet.models import Served, now


def seconds_asked(retry_after: str, at: datetime) -> int | None:
    """
    How long a `Retry-After` asks to wait from `at`; None if it is neither seconds nor a date.

    A date that has passed asks for 0 seconds.
    """
    words = retry_after.strip()
    if words.isascii() and words.isdigit():
        return int(words[:12])
    try:
        until = parsedate_to_datetime(words)
    except (ValueError, OverflowError):
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0, math.ceil((until - at).total_seconds()))


def served_now(url: str, status: int, headers: dict[str, str]) -> Served:
    """A document that comes now, with what its headers (names in small letters) say of it."""
    age, location = headers.get("age", "").strip(), headers.get("location")
    return Served(
        url=url[:2000],
        status=status,
        at=now(),
        server_date=_date(headers.get("date", "")),
        age_s=int(age[:9]) if age.isascii() and age.isdigit() else None,
        location=location[:2000] if location and 300 <= status < 400 else None,
    )


def _date(words: str) -> datetime | None:
    """The instant of a `Date` header; None if it is none."""
    try:
        said = parsedate_to_datetime(words)
        return said.replace(tzinfo=said.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
