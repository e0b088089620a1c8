"""Attempts as CSV or JSON Lines: one row each, the same columns everywhere."""

from __future__ import annotations

import csv
import json
import sys
from typing import IO

from fleet.models import Attempt
from fleet.models.text import visible, visible_json
from fleet.system.terminal import for_programs

CSV_COLUMNS = (
    *("id", "run_id", "scenario_id", "scenario_version", "department", "flow", "control", "url"),
    *("ruleset", "number", "verdict", "group", "detail", "first_dates", "slot_count", "facts"),
    *("started_at", "seconds", "last_status", "last_url", "last_picture"),
    *("chromium_version", "fleet_version"),
)


def csv_row(attempt: Attempt) -> dict[str, object]:
    """An attempt as one flat row; lists are joined with `;`."""
    fields = json.loads(attempt.model_dump_json())
    pictures = [file.sha256 for file in attempt.evidence if file.kind == "picture"]
    last = attempt.served[-1] if attempt.served else None
    return {
        **{name: fields.get(name) for name in CSV_COLUMNS},
        "first_dates": ";".join(fields["first_dates"]),
        "facts": ";".join(f"{name}={value}" for name, value in fields["facts"].items()),
        "last_status": last.status if last else None,
        "last_url": last.url if last else None,
        "last_picture": pictures[-1] if pictures else None,
    }


_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cells_of(attempt: Attempt) -> dict[str, object]:
    """
    An attempt as one row for people and spreadsheets: each text in one line, and none is run.

    What cannot be seen is written out (`\\x1b`); before a text that would be a formula stands an
    apostrophe.
    """
    return {name: _cell(value) for name, value in csv_row(attempt).items()}


def _cell(value: object) -> object:
    if not isinstance(value, str):
        return value
    return f"'{visible(value)}" if value.startswith(_FORMULA) else visible(value)


class AttemptWriter:
    """Writes attempts to `out` as JSON Lines or CSV."""

    def __init__(self, form: str, out: IO[str] = sys.stdout) -> None:
        self._out = for_programs(out)
        self._csv = csv.DictWriter(out, CSV_COLUMNS) if form == "csv" else None
        if self._csv:
            self._csv.writeheader()

    def write(self, attempt: Attempt) -> None:
        """One more line."""
        if self._csv:
            self._csv.writerow(cells_of(attempt))
        else:
            self._out.write(visible_json(attempt.model_dump_json()) + "\n")
        self._out.flush()
