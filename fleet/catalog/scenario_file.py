"""The scenarios of one file, and all that is asked of it before they count."""

from __future__ import annotations

from types import GeneratorType
from typing import TYPE_CHECKING

from fleet.catalog import plain, script_check, source_check, trial
from fleet.catalog.importing import advice, import_file, parse_file
from fleet.errors import ScenarioFileError
from fleet.models import Scenario

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


def scenarios_of(path: Path) -> list[Scenario]:
    """
    The scenarios of a file, in its order.

    A file that does more than declare is first imported in a process of its own, under a limit
    of time.

    Raises:
        ScenarioFileError: it cannot be used.
    """
    tree = parse_file(path)
    problem = source_check.problem_of(tree)
    if problem is None and not plain.is_plain(tree):
        problem = trial.problem_of(path)
    if problem is not None:
        raise ScenarioFileError(path, f"{problem}{advice(path)}")
    module = import_file(path)
    found = list(_found(path, module))
    problem = script_check.problem_of(tree, module)
    if problem is not None:
        raise ScenarioFileError(path, f"{problem}{advice(path)}")
    return found


def _found(path: Path, module: ModuleType) -> list[Scenario]:
    found: list[Scenario] = []
    for name, value in vars(module).items():
        several = list(value) if isinstance(value, list | tuple) else [value]
        found += [item for item in several if isinstance(item, Scenario)]
        hidden = [each for each in several if _hides(each)]
        if hidden:
            raise ScenarioFileError(
                path,
                f"{name} holds scenarios in a {type(hidden[0]).__name__}, where nothing finds"
                f" them; make it a list of scenarios{advice(path)}",
            )
    return found


def _hides(value: object) -> bool:
    """Whether scenarios lie deeper in it than where they are looked for, or may."""
    if isinstance(value, GeneratorType):
        return True
    if isinstance(value, dict):
        return _hides(list(value.values()))
    if not isinstance(value, list | tuple | set | frozenset):
        return False
    return any(isinstance(each, Scenario) or _hides(each) for each in value)
