"""
Scenarios that stand still because they held the whole fleet: until their file changes.

A script that never comes back to the event loop cannot be ended alone: the process ends, and is
started again. What it leaves here names the file, so that the next one goes on without it.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import re
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

import structlog

import fleet
from fleet.catalog.importing import MODULE
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import FrameType

OURS = Path(fleet.__file__).parent

HELD_S = 10
"""After so many seconds without a turn of the loop, who holds it is written down."""

HELD_FILE = "held.txt"

_FRAME = re.compile(r'^  File "(.*)", line (\d+) in (.*)$', re.MULTILINE)


class Quarantined(NamedTuple):
    """What stands still: one scenario of a file, or all of it, and why."""

    path: Path
    scenario_id: str | None
    why: str


class Quarantine:
    """
    One file in `folder` for each scenario file that held the fleet.

    Args:
        folder: None: nothing is kept; who holds the loop is only named.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._held: IO[str] | None = None

    def blame(self, frame: FrameType | None, task: str) -> str | None:
        """
        Who holds the loop, in words, kept for the next start; None: no scenario's own code.

        Args:
            frame: the innermost of the loop's thread.
            task: the name of its task: for a visit, its scenario's id.
        """
        while frame is not None:
            name = str(frame.f_globals.get("__name__", ""))
            if name.startswith(MODULE):
                path, line = Path(frame.f_code.co_filename), frame.f_lineno
                known = re.fullmatch(r"visit (\d\w+/[\w-]+)", task)
                return self._keep(path, line, known[1] if known else None)
            if name.partition(".")[0] == "fleet":
                return None
            frame = frame.f_back
        return None

    def _keep(self, path: Path, line: int | str, scenario_id: str | None) -> str:
        who = f"scenario {scenario_id}" if scenario_id else "a scenario"
        why = f"{who} held the whole fleet at {path.name}:{line}"
        if self._folder is not None:
            kept = {
                "path": str(path),
                "scenario_id": scenario_id,
                "sha256": _digest(path),
                "at": now().isoformat(),
                "why": why,
            }
            self._folder.mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256(f"{path}\n{scenario_id}".encode()).hexdigest()[:32]
            (self._folder / f"{name}.json").write_text(json.dumps(kept), encoding="utf-8")
        return f"{why} ({path})"

    def quarantined(self) -> list[Quarantined]:
        """What stands still now; what is kept of a file that has changed since is forgotten."""
        found: list[Quarantined] = []
        if self._folder is None:
            return found
        for kept in sorted(self._folder.glob("*.json")):
            try:
                fields = json.loads(kept.read_text(encoding="utf-8"))
                path, digest = Path(fields["path"]), fields["sha256"]
                one = Quarantined(path, fields["scenario_id"], str(fields["why"]))
            except (ValueError, KeyError, TypeError):
                structlog.get_logger().warning("a quarantine cannot be read", path=str(kept))
                kept.unlink(missing_ok=True)
                continue
            if _digest(path) in (digest, None):
                found.append(one)
            else:
                kept.unlink(missing_ok=True)
        return found

    def over(self, files: Mapping[str, Path]) -> dict[str, str]:
        """Why scenarios stand still now, by their ids; `files` are those of all scenarios."""
        return {
            id_: one.why
            for one in self.quarantined()
            for id_, path in files.items()
            if path == one.path and one.scenario_id in (None, id_)
        }

    # What holds Python itself lets no thread of ours run: Python's own writes where it stands

    def watch_held(self) -> None:
        """Have it written down if the loop does not turn until this is called again."""
        if self._folder is None:
            return
        if self._held is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._held = (self._folder / HELD_FILE).open("w")
        if os.fstat(self._held.fileno()).st_size:  # it went on after all
            os.ftruncate(self._held.fileno(), 0)
            os.lseek(self._held.fileno(), 0, os.SEEK_SET)
        faulthandler.dump_traceback_later(HELD_S, file=self._held)

    def end(self) -> None:
        """The loop ends by itself: nobody holds it."""
        if self._held is not None:
            faulthandler.cancel_dump_traceback_later()
            os.ftruncate(self._held.fileno(), 0)
            self._held.close()
            self._held = None

    def begin(self, files: Iterable[Path]) -> None:
        """
        Take what a fleet before this one has left that could not even say who held it.

        Args:
            files: the scenario files.
        """
        left = self._folder / HELD_FILE if self._folder else None
        if left is None or not left.exists():
            return
        known = {str(path.absolute()): path for path in files}
        for thread in left.read_text(encoding="utf-8", errors="replace").split("\n\n"):
            for name, line, _ in _FRAME.findall(thread):
                if name in known:
                    self._keep(Path(name), line, None)
                    break
                if Path(name).is_relative_to(OURS):
                    break
        left.unlink()


def _digest(path: Path) -> str | None:
    """The hash of a file's bytes; None if it cannot be read now."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
