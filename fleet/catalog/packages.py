"""
Scenario folders in installed packages: those that name one in an entry point of this group.

    [project.entry-points."fleet.scenarios"]
    mine = "my_package.scenarios"

A package is only looked up here, never imported: it may be broken, and its scenario files are read
as all others are.
"""

from __future__ import annotations

import importlib.util
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.errors import ScenarioFileError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "fleet.scenarios"


def package_folders() -> tuple[list[Path], list[ScenarioFileError]]:
    """The folders that installed packages name, and what is wrong with the packages without one."""
    folders: list[Path] = []
    problems: list[ScenarioFileError] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda each: (each.name, each.value)):
        try:
            folders.append(_folder_of(entry))
        # what a search for a package may raise, and what a line of metadata that is none leads to
        except (ImportError, OSError, AttributeError, TypeError, ValueError) as exc:
            package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else GROUP
            problems.append(
                ScenarioFileError(
                    Path(package),
                    f"its entry point {entry.name} = {entry.value!r} ({GROUP}) cannot be used:"
                    f" {exc or type(exc).__name__}. Reinstall the package, or remove it",
                )
            )
    return folders, problems


def _folder_of(entry: EntryPoint) -> Path:
    top, *inner = entry.value.strip().split(".")
    # of a name without a dot nothing is imported, of one with dots its parents would be
    spec = importlib.util.find_spec(top)
    places = (spec.submodule_search_locations if spec else None) or []
    found = [Path(place, *inner) for place in places if Path(place, *inner).is_dir()]
    if not found:
        raise ValueError("expected the dotted name of a package that is a folder of scenario files")
    return found[0]
