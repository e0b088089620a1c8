"""
What the contracts of import-linter (pyproject.toml, run by `make lint`) do not say.

They hold who may import whom. Here: what is loaded when a program runs, what a scenario file may
import, and how long files and functions may grow.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import itertools
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLEET = sorted((ROOT / "fleet").rglob("*.py"))
SCENARIOS = [p for p in FLEET if p.match("practice/scenarios/*")] + [
    *(ROOT / "scenarios").glob("*.py")
]
LINES = 350
FUNCTION_LINES = 60
MODULES = 30

VERIFIER = "evidence/dossier/verifier.py"
"""One file by nature: it is copied into every dossier and imports nothing of ours."""

LONG_FUNCTIONS = {
    ("visit/attempt.py", "attempt"),  # half of it is what an attempt keeps, field by field
    ("rendering/framed_picture.py", "caption_of"),  # one line for each row of the band
}
"""Longer than `FUNCTION_LINES`, each with its reason (docs/decisions/0024-packages.md)."""


OURS = re.compile(
    r"(?:^|;)\s*from ((?:fleet|tests|bench)[.\w]*) import (\w+(?:, \w+)*)", re.MULTILINE
)
"""An import of something of ours, in a text that is a program."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().removeprefix("fleet/")


def imports(path: Path) -> set[str]:
    """Every module that `path` imports, `from a import b` as `a` and `a.b`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: relative import"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.process
@pytest.mark.parametrize(
    ("module", "without"),
    [
        ("fleet.web.app", "playwright"),
        ("fleet.evidence.rejudge", "playwright motor"),
        ("fleet.engine.spool", "playwright motor"),
        ("fleet.catalog.loader", "playwright motor aiohttp"),
        ("fleet.models", "playwright motor aiohttp"),
    ],
)
def test_what_a_program_does_not_need_is_not_loaded(module: str, without: str) -> None:
    """In a fresh interpreter: here Playwright and Motor are loaded already."""
    code = f"import sys, {module}; print([m for m in {without.split()} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (said.stdout.strip(), said.stderr) == ("[]", "")


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    lines = itertools.chain(project["dependencies"], *extras)
    declared = {re.split(r"[<>=\[ ;]", line)[0].replace("_", "-").lower() for line in lines}
    given_by = packages_distributions()
    theirs = {i.partition(".")[0] for p in FLEET for i in imports(p)} - sys.stdlib_module_names
    undeclared = {
        package
        for package in theirs - {"fleet", "pydantic_core"}  # the other half of pydantic
        if not {each.replace("_", "-").lower() for each in given_by.get(package, [])} & declared
    }
    assert undeclared == set()


def test_a_scenario_imports_only_the_authoring_surface() -> None:
    allowed = re.compile(r"fleet(\.(scenario|Visit|Outcome|Verdict))?|fleet\.families(\..+)?")
    others = {name(p): {i for i in imports(p) if not allowed.fullmatch(i)} for p in SCENARIOS}
    assert {path: found for path, found in others.items() if found} == {}


def test_no_folder_holds_more_modules_than_a_person_reads() -> None:
    folders = {folder for path in FLEET for folder in [path.parent]}
    crowded = {name(f): n for f in folders if (n := len(list(f.glob("*.py")))) > MODULES}
    assert {folder: n for folder, n in crowded.items() if "scenarios" not in folder} == {}


def test_a_module_stays_short_enough_to_read() -> None:
    long = {name(p): n for p in FLEET if (n := len(p.read_text().splitlines())) > LINES}
    assert set(long) == {VERIFIER}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_a_function_stays_short_enough_to_read() -> None:
    long = {
        (name(path), each.name)
        for path in FLEET
        for each in functions(path)
        if (each.end_lineno or 0) - each.lineno >= FUNCTION_LINES
    }
    assert long == LONG_FUNCTIONS


def test_one_name_of_a_class_means_one_class() -> None:
    """A reader who searches for a name finds one thing."""
    found = defaultdict(list)
    for path in FLEET:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                found[node.name].append(name(path))
    assert {each: places for each, places in found.items() if len(places) > 1} == {}


def test_whoever_catches_everything_says_why_it_is_safe() -> None:
    everything = re.compile(r"\s*except\s*:|\s*except\b.*\bException\b|.*suppress\(.*\bException\b")
    silent = []
    for path in FLEET:
        lines = ["", *path.read_text().splitlines()]
        silent += [
            f"{name(path)}:{n}"
            for n, line in enumerate(lines)
            if everything.match(line)
            and "#" not in line
            and not lines[n - 1].lstrip().startswith("#")
        ]
    assert [each for each in silent if not each.startswith("visit/attempt.py")] == []


def programs(path: Path) -> Iterator[str]:
    """The texts in `path` that import something of ours: programs for an interpreter."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and OURS.search(str(node.value)):
            yield str(node.value)


def there_is(module: str, each: str) -> bool:
    with contextlib.suppress(ImportError):
        found = importlib.import_module(module)
        return hasattr(found, each) or bool(importlib.import_module(f"{module}.{each}"))
    return False


def test_a_program_in_a_text_imports_what_there_is() -> None:
    """No tool looks there when something is moved or gets another name."""
    ours = [p for folder in ("fleet", "tests", "bench") for p in (ROOT / folder).rglob("*.py")]
    wanted = {
        (name(path), module, each)
        for path in ours
        for text in programs(path)
        for module, names in OURS.findall(text)
        for each in names.split(", ")
    }
    assert len(wanted) > 10
    assert {place for place in wanted if not there_is(*place[1:])} == set()
