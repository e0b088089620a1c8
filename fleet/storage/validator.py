"""The schema by which MongoDB itself refuses an attempt that is not of the right form."""

from __future__ import annotations

from typing import Any

from fleet.models import Attempt, Group, Verdict

ATTEMPT_SCHEMA: dict[str, Any] = {
    "bsonType": "object",
    "required": sorted(
        {"_id", *(n for n, field in Attempt.model_fields.items() if field.is_required())} - {"id"}
    ),
    "additionalProperties": False,
    "properties": {
        **{name: {} for name in Attempt.model_fields if name != "id"},
        "_id": {"bsonType": "string"},
        "scenario_id": {"bsonType": "string", "pattern": "^[0-9AB]{2,3}/[a-z0-9-]+$"},
        "number": {"bsonType": "int", "minimum": 1},
        "verdict": {"enum": [verdict.value for verdict in Verdict]},
        "group": {"enum": [group.value for group in Group]},
        "started_at": {"bsonType": "date"},
        "seconds": {"bsonType": ["double", "int"], "minimum": 0},
        "served": {"bsonType": "array"},
        "evidence": {
            "bsonType": "array",
            "items": {
                "bsonType": "object",
                "required": ["kind", "step", "sha256", "size_bytes", "taken_at"],
                "properties": {"sha256": {"bsonType": "string", "pattern": "^[0-9a-f]{64}$"}},
            },
        },
    },
}
