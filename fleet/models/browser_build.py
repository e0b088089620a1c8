"""The Chromium that is installed, and how old it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.models.base import Frozen, Instant

if TYPE_CHECKING:
    from datetime import datetime

OLD_DAYS = 45
"""Chromium has a new version each month, and repairs between two."""


class BrowserBuild(Frozen):
    """A Chromium's file and the day of its build."""

    executable: str
    built_at: Instant

    def days(self, at: datetime) -> int:
        """Whole days since it was built."""
        return max(0, (at - self.built_at).days)

    def is_old(self, at: datetime) -> bool:
        """Whether it meets hostile pages without the latest repairs."""
        return self.days(at) > OLD_DAYS
