"""The arrows of the design: who may import whom, and how long a module may be."""

from __future__ import annotations

import ast
import itertools
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FLEET = sorted((ROOT / "fleet").rglob("*.py"))
SCENARIOS = [p for p in FLEET if p.match("practice/scenarios/*")] + [
    *(ROOT / "scenarios").glob("*.py")
]
LINES = 350

OTHERS = "aiohttp asyncio_pool bson gridfs jinja2 motor playwright psutil pydantic pymongo rich"
ONLY_IN = {
    "motor pymongo gridfs bson": (
        r"(store|bucket|mongo|rollup|changes|figures|browse|accounts|observations|missed|watched|ledger|lease|events)\.py"
        r"|(removals|naming|verifications|dumps|schema)\.py"
    ),
    "apprise": r"channel\.py",
    "argon2": r"passwords\.py",
    "asyncio_pool": r"(run|pressure)\.py",
    "tenacity": r"run\.py",
    "fleet.settings": r"(cli|commands/.*|equipment|storage|doctor)\.py",
    "fleet.log": r"(cli|commands/.*|equipment|storage|doctor)\.py",
}
NEVER = {
    r"(store|bucket|mongo|rollup|recount|changes|figures|browse|filter|paging|pipelines)\.py"
    r"|(samples|stats|value|circumstances|models|rules|catalog|questions|rejudge|accounts|observations|missed|watched|ledger|lease|events)\.py"
    r"|(removal|removals|naming|retention|verifications|dumps|schema)\.py": (
        "playwright fleet.browser fleet.visit fleet.attempt"
    ),
    r"families/.*": "fleet.browser fleet.store fleet.run fleet.cli fleet.commands fleet.settings",
    r"(practice/)?scenarios/.*": f"{OTHERS} structlog tenacity typer",
}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix().removeprefix("fleet/")


def imports(path: Path) -> set[str]:
    """Every module that `path` imports when it runs, `from a import b` as `a` and `a.b`."""
    found: set[str] = set()
    pending: list[ast.AST] = [ast.parse(path.read_text())]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            pending += node.orelse
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}: relative import"
            found |= {str(node.module)} | {f"{node.module}.{alias.name}" for alias in node.names}
        pending += ast.iter_child_nodes(node)
    return found


def reaches(path: Path, packages: str) -> set[str]:
    return {i for i in imports(path) if any(f"{i}.".startswith(f"{p}.") for p in packages.split())}


@pytest.mark.parametrize("packages", ONLY_IN)
def test_only_its_own_modules_import_it(packages: str) -> None:
    users = {name(path) for path in FLEET if reaches(path, packages)}
    assert users
    assert {user for user in users if not re.fullmatch(ONLY_IN[packages], user)} == set()


@pytest.mark.parametrize("modules", NEVER)
def test_these_modules_never_import_those(modules: str) -> None:
    those = [p for p in {*FLEET, *SCENARIOS} if re.fullmatch(modules, name(p))]
    assert those
    assert {name(p): r for p in those if (r := reaches(p, NEVER[modules]))} == {}


def test_every_package_that_is_imported_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    lines = itertools.chain(project["dependencies"], *extras)
    declared = {re.split(r"[<>=\[ ;]", line)[0].replace("_", "-").lower() for line in lines}
    given_by = packages_distributions()
    theirs = {i.partition(".")[0] for p in FLEET for i in imports(p)} - sys.stdlib_module_names
    undeclared = {
        package
        for package in theirs - {"fleet"}
        if not {each.replace("_", "-").lower() for each in given_by.get(package, [])} & declared
    }
    assert undeclared == set()


@pytest.mark.parametrize("path", SCENARIOS, ids=name)
def test_a_scenario_imports_only_the_authoring_surface(path: Path) -> None:
    allowed = r"fleet(\.(scenario|Visit|Outcome|Verdict))?|fleet\.families(\..+)?"
    assert {i for i in reaches(path, "fleet") if not re.fullmatch(allowed, i)} == set()


# the verifier is one file by nature: it is copied into every dossier and imports nothing of ours
@pytest.mark.parametrize("path", [p for p in FLEET if name(p) != "dossier/verify.py"], ids=name)
def test_a_module_stays_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= LINES


@pytest.mark.parametrize("path", FLEET, ids=name)
def test_whoever_catches_everything_says_why_it_is_safe(path: Path) -> None:
    lines = ["", *path.read_text().splitlines()]
    everything = re.compile(r"\s*except\s*:|\s*except\b.*\bException\b|.*suppress\(.*\bException\b")
    silent = [
        f"{name(path)}:{n}"
        for n, line in enumerate(lines)
        if everything.match(line) and "#" not in line and not lines[n - 1].lstrip().startswith("#")
    ]
    assert silent == [] or name(path) == "attempt.py"
