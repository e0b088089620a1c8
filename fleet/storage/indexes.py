"""The indexes of the collection of attempts, each with the question that it answers."""

from __future__ import annotations

from pymongo import ASCENDING, DESCENDING

BY_SCENARIO = [
    ("scenario_id", ASCENDING),
    ("started_at", DESCENDING),
    ("_id", DESCENDING),
    ("verdict", ASCENDING),
    ("control", ASCENDING),
]
"""For one scenario: its attempts page by page, its neighbours, its changes of state."""

Keys = list[tuple[str, int]]

_NEWEST_FIRST: Keys = [("started_at", -1), ("_id", -1)]

BY_TIME = _NEWEST_FIRST

BY_RUN: Keys = [("run_id", 1), *_NEWEST_FIRST]

BY_DEPARTMENT: Keys = [("department", 1), *_NEWEST_FIRST]

BY_DEPARTMENT_AND_VERDICT: Keys = [("department", 1), ("verdict", 1), *_NEWEST_FIRST]

BY_VERDICT: Keys = [("verdict", 1), *_NEWEST_FIRST, ("control", 1)]

ATTEMPT_INDEXES = (
    BY_TIME,
    BY_SCENARIO,
    BY_DEPARTMENT,
    BY_DEPARTMENT_AND_VERDICT,
    BY_VERDICT,
    BY_RUN,
)
"""
Each has the order of the pages, and behind it what can be decided without the attempt itself.

A flow has some thousand attempts a year, so one index serves whatever is asked of one; a
department may have a hundred times as many, of which one verdict may be rare.
"""

BY_FILE = [("evidence.sha256", ASCENDING), ("started_at", DESCENDING), ("_id", DESCENDING)]
"""The index on attempts that tells who names a file, newest first."""

BY_DUE_TIME = [("scenario_id", ASCENDING), ("due_at", ASCENDING), ("number", ASCENDING)]
"""One attempt for each number of each due time, however many fleets believed it was theirs."""
