"""
One file for one attempt or one missed visit: a zip without compression that anyone can open.

An attempt's holds `attempt.json` and its evidence files, named by their SHA-256; a missed
visit's holds `missed.json`. The JSON is that of the models: text, numbers, instants as ISO 8601.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from datetime import datetime
from typing import IO, TYPE_CHECKING

from fleet.errors import DamagedItem
from fleet.models import Attempt, Evidence, EvidenceFile
from fleet.models.attempt import Capture
from fleet.models.missed import MissedVisit, due_mark

if TYPE_CHECKING:
    from pathlib import Path


def pack(item: Capture | MissedVisit) -> bytes:
    """The file of an item."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        if isinstance(item, MissedVisit):
            archive.writestr("missed.json", item.model_dump_json())
        else:
            archive.writestr("attempt.json", item.attempt.model_dump_json())
            for file in {file.evidence.sha256: file for file in item.files}.values():
                archive.writestr(file.evidence.sha256, file.content)
    return content.getvalue()


def read_item(path: Path) -> Capture | MissedVisit:
    """
    The item of a file, proved by its hashes.

    Raises:
        DamagedItem: it is not what was written.
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        try:
            return _unpack(file)
        # safe: a damaged zip raises nearly anything (BadZipFile, KeyError, RuntimeError, zlib's and
        # the disk's own errors), and its file is kept whatever it was
        except Exception as exc:
            words = (str(exc).splitlines() or [""])[0][:300]
            raise DamagedItem(f"{type(exc).__name__}: {words}") from exc


def mark_in(path: Path) -> str | None:
    """The due time (`due_mark`) that a damaged file still tells of itself; None if it does not."""
    # safe: see `read_item`
    with contextlib.suppress(Exception), zipfile.ZipFile(path) as archive:
        (name,) = {"attempt.json", "missed.json"} & {*archive.namelist()}
        fields = json.loads(archive.read(name))
        return due_mark(str(fields["scenario_id"]), datetime.fromisoformat(fields["due_at"]))
    return None


def _unpack(file: IO[bytes]) -> Capture | MissedVisit:
    with zipfile.ZipFile(file) as archive:
        if "missed.json" in archive.namelist():
            return MissedVisit.model_validate_json(archive.read("missed.json"))
        attempt = Attempt.model_validate_json(archive.read("attempt.json"))
        files = [EvidenceFile(evidence=e, content=_content(archive, e)) for e in attempt.evidence]
        return Capture(attempt, files)


def _content(archive: zipfile.ZipFile, evidence: Evidence) -> bytes:
    content = archive.read(evidence.sha256)
    if hashlib.sha256(content).hexdigest() != evidence.sha256:
        raise ValueError(f"its file {evidence.sha256} has other bytes")
    return content
