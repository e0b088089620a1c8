"""What the headers of an answer say: when, for how long to stay away, where to go on."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fleet.models import Served, now

_SECONDS = re.compile(r"\+?(\d+)(\.\d*)?\s*(?:s|sec|secs|seconds?|secondes?)?", re.ASCII | re.I)


@dataclass(frozen=True, slots=True)
class BadStatus:
    """A document that came with an error status, and its `Retry-After`."""

    status: int
    url: str
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class AskedWait:
    """The header as it came, and when that was by the site's own clock (ours, if it told none)."""

    words: str
    at: datetime

    @property
    def seconds(self) -> int | None:
        """As `seconds_asked`."""
        return seconds_asked(self.words, self.at)


def seconds_asked(retry_after: str, at: datetime) -> int | None:
    """
    How long a `Retry-After` asks to wait from `at`; None if it is neither seconds nor a date.

    A date that has passed asks for 0 seconds. A unit behind the seconds, a date as ISO 8601 writes
    it, and several numbers (the header came twice: the longest) are no standard, and understood.
    """
    words = retry_after.strip()
    found = [_SECONDS.fullmatch(each.strip()) for each in re.split(r"[,\n]", words)]
    if numbers := [each for each in found if each]:
        longest = max(int(each[1][:12]) + bool(each[2]) for each in numbers)
        return longest if len(numbers) == len(found) else None
    until = _until(words)
    return None if until is None else max(0, math.ceil((until - at).total_seconds()))


def _until(words: str) -> datetime | None:
    until: datetime | None
    try:
        until = parsedate_to_datetime(words)
    except (ValueError, OverflowError):
        try:
            until = datetime.fromisoformat(words) if len(words) > len("2026-11-30") else None
        except ValueError:
            return None
    return until.replace(tzinfo=until.tzinfo or UTC) if until else None


def served_with(url: str, status: int, headers: dict[str, str]) -> Served:
    """A document that comes now, with what its headers (names in small letters) say of it."""
    age, location = headers.get("age", "").strip(), headers.get("location")
    return Served(
        url=url[:2000],
        status=status,
        at=now(),
        server_date=date_of(headers.get("date", "")),
        age_s=int(age[:9]) if age.isascii() and age.isdigit() else None,
        location=location[:2000] if location and 300 <= status < 400 else None,
    )


def date_of(words: str) -> datetime | None:
    """The instant of a `Date` header; None if it is none."""
    try:
        said = parsedate_to_datetime(words)
        return said.replace(tzinfo=said.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
