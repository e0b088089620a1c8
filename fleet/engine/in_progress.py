"""
Visits under way, as small files: what a killed fleet had begun is known to the next one.

No file is synced: a mark survives the death of the fleet, not that of the machine. After a
power failure an unfinished visit is still found as a due time that nothing accounts for.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import structlog

from fleet.models import now

if TYPE_CHECKING:
    from pathlib import Path


class UnfinishedVisit(NamedTuple):
    """A visit that had begun at `began_at` and did not end."""

    scenario_id: str
    due_at: datetime
    began_at: datetime


class VisitMarks:
    """One file in `folder` for each visit under way."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def unfinished(self) -> list[UnfinishedVisit]:
        """The visits that a fleet before this one had begun and not ended."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                fields = json.loads(path.read_bytes())
                due_at, began_at = (
                    datetime.fromisoformat(fields[name]) for name in ("due_at", "began_at")
                )
                found.append(UnfinishedVisit(str(fields["scenario_id"]), due_at, began_at))
            except (ValueError, KeyError, TypeError):
                # cut off by the kill itself; its due time is found as one that is open
                structlog.get_logger().warning("a mark cannot be read", path=str(path))
        return found

    def clear(self) -> None:
        """Forget those that were left: they are accounted for."""
        for path in self._folder.glob("*.json"):
            path.unlink(missing_ok=True)

    def begin(self, scenario_id: str, due_at: datetime) -> None:
        """Mark a visit that begins now."""
        fields = {
            "scenario_id": scenario_id,
            "due_at": due_at.isoformat(),
            "began_at": now().isoformat(),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path(scenario_id, due_at).write_text(json.dumps(fields))

    def end(self, scenario_id: str, due_at: datetime) -> None:
        """Take its mark away: it has ended, and its attempt is safe."""
        self._path(scenario_id, due_at).unlink(missing_ok=True)

    def _path(self, scenario_id: str, due_at: datetime) -> Path:
        text = f"{scenario_id}@{due_at.isoformat()}"
        return self._folder / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
