"""
The catalogue: every scenario of a folder, and what is wrong with the files that give none.

Files are named `d<department>_<prefecture>.py` and are imported one by one: a mistake in one
is told and leaves the others alone.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.catalog import scenario_file
from fleet.catalog.choice import chosen
from fleet.errors import BadInput, ScenarioFileError
from fleet.models import Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FILE_NAME = re.compile(r"d(?P<department>\d{2,3}|2[abAB])_[a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Catalog:
    """
    Scenarios sorted by department and flow, and the files that could not be used.

    `files` are those of the scenarios, by their ids.
    """

    scenarios: tuple[Scenario, ...]
    problems: tuple[ScenarioFileError, ...]
    files: Mapping[str, Path]

    def select(self, patterns: Sequence[str]) -> list[Scenario]:
        """
        The scenarios that are meant by ids, departments and globs; all if none given.

        Raises:
            BadInput: a pattern matches nothing; names the nearest ids.
        """
        return chosen(self.scenarios, patterns, broken=len(self.problems))


def load(*places: Path) -> Catalog:
    """
    Import the scenario files in these folders (or these files).

    Raises:
        BadInput: a folder or file does not exist.
    """
    scenarios: dict[str, tuple[Scenario, Path]] = {}
    problems: list[ScenarioFileError] = []
    for path in _files(places):
        try:
            found = _scenarios_of(path)
        except ScenarioFileError as exc:
            problems.append(exc)
            continue
        for scenario in found:
            if scenario.id in scenarios:
                problems.append(
                    ScenarioFileError(
                        path,
                        f"scenario {scenario.id} is already in {scenarios[scenario.id][1]};"
                        " give one of the two another `flow`",
                    )
                )
            else:
                scenarios[scenario.id] = (scenario, path)
    in_order = sorted((s for s, _ in scenarios.values()), key=lambda s: (s.department, s.flow))
    files = {id_: path.absolute() for id_, (_, path) in scenarios.items()}
    return Catalog(tuple(in_order), tuple(problems), files)


class CatalogFollower:
    """
    The catalogue of a folder in which files come, change and go.

    `problem` says why the folder gives nothing at the moment, None if it does: it is away, cannot
    be read, or holds no scenario file (so looks the place of a disk that is not mounted). What was
    read before then holds on.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: object = None
        self.problem: str | None = None

    def reload(self) -> Catalog | None:
        """
        The catalogue, read again; None if no file changed since the last time, or none is there.

        Raises:
            BadInput: the first time: the folder does not exist, or cannot be read.
        """
        first = self._files is None
        try:
            files = _fingerprint(self._folder)
            if not files and not first:
                raise BadInput(f"{self._folder}: no scenario file is there any more")
            found = None if files == self._files else load(self._folder)
        except OSError as exc:
            self._stay(BadInput(f"{self._folder}: {exc.strerror} (FLEET_SCENARIOS_DIR)"))
            return None
        except BadInput as exc:
            self._stay(exc)
            return None
        self._files, self.problem = files, None
        return found

    def _stay(self, exc: BadInput) -> None:
        if self._files is None:
            raise exc
        self.problem = f"{exc}; what was read before holds on"


def _fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """What changes when a scenario file of this folder does: names, times and sizes."""
    found = []
    # unlike `glob`, and `iterdir` before Python 3.13, it tells at once of what cannot be read
    for name in sorted(os.listdir(folder)):  # noqa: PTH208
        if _is_meant(name):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                stat = (folder / name).stat()
                found.append((name, stat.st_mtime_ns, stat.st_size))
    return tuple(found)


def _is_meant(name: str) -> bool:
    """Whether a file of a folder is meant as a scenario file, though its name may be wrong."""
    if name.startswith(".") or name == "__init__.py":
        return False
    stem, dot, ending = name.partition(".")
    named = FILE_NAME.fullmatch(stem.lower().replace("-", "_")) is not None
    return name.lower().endswith((".py", ".py.txt")) or (
        named and ending.lower() in ("", "txt", "pyw", "pyi", "py3") and not (dot and not ending)
    )


def _files(places: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for place in places:
        if place.is_dir():
            files += sorted(each for each in place.iterdir() if _is_meant(each.name))
        elif place.exists():
            files.append(place)
        else:
            raise BadInput(
                f"{place}: no such file or folder; expected a folder of d<department>_<name>.py"
                " files (FLEET_SCENARIOS_DIR)"
            )
    return list({file.resolve(): file for file in files}.values())


def _scenarios_of(path: Path) -> list[Scenario]:
    named = FILE_NAME.fullmatch(path.stem)
    if named is None or path.suffix != ".py":
        raise ScenarioFileError(
            path, "expected a name like d63_puy_de_dome.py: d, department, _, prefecture"
        )
    found = scenario_file.scenarios_of(path)
    if not found:
        raise ScenarioFileError(path, "holds no scenario; see docs/scenarios.md for one to copy")
    department = named["department"].upper()
    for scenario in found:
        if scenario.department != department:
            raise ScenarioFileError(
                path,
                f"scenario {scenario.id} says department {scenario.department!r} but the file's"
                f" name says {department!r}; correct one of them",
            )
    return found
