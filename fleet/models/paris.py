"""Days as they are counted: those of Paris."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def paris_day(at: datetime) -> date:
    """The day of the Paris calendar in which the instant lies."""
    return at.astimezone(PARIS).date()


def monday_of(day: date) -> date:
    """The Monday of the week in which the day lies."""
    return day - timedelta(days=day.weekday())


def day_start(day: date) -> datetime:
    """The instant at which a Paris day begins; the next begins 23, 24 or 25 hours later."""
    return datetime.combine(day, time(), PARIS).astimezone(UTC)
