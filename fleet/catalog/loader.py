"""
The catalogue: every scenario of some folders, and what is wrong with the files that give none.

Files are named `d<department>_<prefecture>.py` and are imported one by one: a mistake in one
is told and leaves the others alone.
"""

from __future__ import annotations

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


FileRead = tuple["Path", "list[Scenario] | ScenarioFileError"]
"""A scenario file, and what it gives or why it gives nothing."""


def load(*places: Path) -> Catalog:
    """
    Import the scenario files in these folders (or these files).

    Raises:
        BadInput: a folder or file does not exist.
    """
    return merged(read_files(*places))


def read_files(*places: Path) -> list[FileRead]:
    """
    What each scenario file of these folders (or each of these files) gives.

    Raises:
        BadInput: a folder or file does not exist.
    """
    read: list[FileRead] = []
    for path in _files(places):
        try:
            read.append((path, _scenarios_of(path)))
        except ScenarioFileError as exc:
            read.append((path, exc))
    return read


def merged(read: Sequence[FileRead], problems: Sequence[ScenarioFileError] = ()) -> Catalog:
    """
    The catalogue of these files. Of two scenarios with one id the first counts.

    Args:
        problems: what is wrong besides.
    """
    scenarios: dict[str, tuple[Scenario, Path]] = {}
    wrong = [*problems]
    for path, found in read:
        if isinstance(found, ScenarioFileError):
            wrong.append(found)
            continue
        for scenario in found:
            if scenario.id in scenarios:
                wrong.append(
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
    return Catalog(tuple(in_order), tuple(wrong), files)


def is_meant(name: str) -> bool:
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
            files += sorted(each for each in place.iterdir() if is_meant(each.name))
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
