"""
The catalogue of several folders in which files come, change and go: the settings' own, and those
of installed packages. One that is away or broken is told and leaves the others alone.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from fleet.catalog.loader import is_meant, merged, read_files
from fleet.catalog.packages import package_folders
from fleet.errors import BadInput, ScenarioFileError

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.catalog.loader import Catalog, FileRead


class CatalogFollower:
    """
    The catalogue of these folders, whatever becomes of them.

    `problem` says why some of them give nothing at the moment, None if all do: a folder is away,
    cannot be read, or holds no scenario file any more (so looks the place of a disk that is not
    mounted). What was read of it before then holds on.

    Args:
        packages: whether installed packages with scenarios (see `fleet.catalog.packages`)
            belong to it.
    """

    def __init__(self, *folders: Path, packages: bool = False) -> None:
        found, self._broken = package_folders() if packages else ([], [])
        self._folders = list(dict.fromkeys((*folders, *found)))
        self._seen: dict[Path, object] = {}
        self._read: dict[Path, list[FileRead]] = {}
        self._away: dict[Path, str] = {}
        self.problem: str | None = None

    def read(self) -> Catalog:
        """
        The catalogue as it is now, with what is wrong with folders among its problems.

        Raises:
            BadInput: no folder exists, or none can be read.
        """
        for folder in self._folders:
            self._look(folder)
        if not self._seen:
            raise BadInput("; ".join(self._away.values()) or "no folder of scenarios is named")
        self.problem = "; ".join(self._away.values()) or None
        never = [
            ScenarioFileError(folder, why.removeprefix(f"{folder}: "))
            for folder, why in self._away.items()
            if folder not in self._seen
        ]
        read = [each for folder in self._folders for each in self._read.get(folder, ())]
        return merged(read, (*self._broken, *never))

    def reload(self) -> Catalog | None:
        """
        The catalogue, read again; None if no file changed since the last time, or none is there.

        Raises:
            BadInput: the first time: no folder exists, or none can be read.
        """
        before = dict(self._seen)
        found = self.read()
        return found if self._seen != before else None

    def _look(self, folder: Path) -> None:
        """Read a folder's files if they have changed, or keep what was read and note why."""
        known = folder in self._seen
        try:
            files = _fingerprint(folder)
            if not files and self._seen.get(folder):
                raise BadInput(f"{folder}: no scenario file is there any more")
            if not known or files != self._seen[folder]:
                self._read[folder] = read_files(folder)
                self._seen[folder] = files
        except FileNotFoundError:
            why = (
                f"{folder}: no such file or folder; expected a folder of d<department>_<name>.py"
                " files (FLEET_SCENARIOS_DIR)"
            )
        except OSError as exc:
            why = f"{folder}: {exc.strerror or exc} (FLEET_SCENARIOS_DIR)"
        except BadInput as exc:
            why = str(exc)
        else:
            self._away.pop(folder, None)
            return
        self._away[folder] = f"{why}; what was read before holds on" if known else why


def _fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a scenario file of this folder does: names, times and sizes."""
    found = []
    # unlike `glob`, and `iterdir` before Python 3.13, it tells at once of what cannot be read
    for name in sorted(os.listdir(folder)):  # noqa: PTH208
        if is_meant(name):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                stat = (folder / name).stat()
                found.append((name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)
