"""The docs speak of this code: files, modules, classes and links that they name are there."""

from __future__ import annotations

import ast
import importlib
import io
import re
import subprocess
import tokenize
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.test_docs import table

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
"""Not the changelog: what it names of older versions may be gone."""

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
ENDINGS = "cff|css|csv|html|js|json|lock|md|po|png|py|sh|toml|txt|yml"

EXAMPLES = {
    # scenario files that a reader writes, or that an output shows
    "bad/d63-puy.py",
    "bad/d93_seine_saint_denis.py",
    "d33_gironde.py",
    "newsc/d91_essonne.py",
    "scenarios/d63_essai.py",
    "/tmp/exs/d63_puy_de_dome.py",
    # what the example of docs/scenarios.md records
    "tests/pages/93/vie-privee/no_slots.har",
    # where a failed test leaves its pictures
    "tests/failed/",
}

ELSEWHERE = {
    # what pages, browsers and MongoDB call things
    *(
        "Emulation.setDataSaverOverride",
        "PrefetchSchedulerTesting",
        "PreloadingConfig",
        "WebTransport",
    ),
    "SHA256SUMS.sig",  # a file of a dossier
    "evidence.chunks",
    "evidence.sha256",
    "navigator.webdriver",
    "window.open",
    # objects and classes of libraries by the name that a variable or the text has
    "Counter.update",
    "page.locator",
    "page.mouse.click",
    "pool.exec",
    "task.cancel",
    # values of Python, names in an example
    "False",
    "None",
    "True",
    "some_scenario.at",
    "evry.localhost",
    # domains and methods of Chromium's protocol, fields of HTTP, what a User-Agent says
    "Age",
    "Origin",
    "Date",
    "Fetch",
    "HeadlessChrome",
    "Location",
    "Network",
    "PrefectureFleet",
    "AsyncIOMotorClient",
    "AsyncIOMotorGridFSBucket",
    "AsyncMongoClient",
    "InvalidStateError",
    "TargetClosedError",
}
"""Names in the docs that are no file, module or class of ours, and rightly so."""


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    return [each for each in listed.stdout.splitlines() if (ROOT / each).exists()]


def is_there(file: str, beside: Path) -> bool:
    """Whether the docs may name this: a path (or its end) of a file, a folder, or a pattern."""
    pattern = file.rstrip("/")
    return (
        (beside / pattern).exists()
        or any(ROOT.glob(pattern.lstrip("/")))
        or any(each.endswith("/" + pattern) for each in tracked())
    )


def files_in(text: str) -> Iterator[str]:
    """Python files wherever they are, and everything in a folder of the repository."""
    yield from re.findall(r"(?<![\w<])[\w./*-]*\w\.py\b(?!\w)", text)
    folders = "bench|docker|docs|fleet|scenarios|tests"
    yield from re.findall(rf"(?<![\w./:-])(?:{folders})/[\w./*-]*[\w/*]", text)


def spans(text: str) -> list[str]:
    """What stands between backticks, blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_file_that_the_docs_name_is_there(path: Path) -> None:
    named = set(files_in(path.read_text())) - EXAMPLES
    assert {file for file in named if not is_there(file, path.parent)} == set()


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_link_of_the_docs_leads_somewhere(path: Path) -> None:
    text = re.sub(r"\s*\n\s*", " ", path.read_text())
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        if re.match(r"https?:|mailto:", link):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


@cache
def sources() -> dict[str, str]:
    """Every Python file of the repository."""
    return {each: (ROOT / each).read_text() for each in tracked() if each.endswith(".py")}


@cache
def classes() -> dict[str, str]:
    """Class → the text of its file, base classes' files included."""
    found: dict[str, str] = {}
    bases: dict[str, list[str]] = {}
    for text in sources().values():
        for each, listed in re.findall(r"^ *class (\w+)(?:\((.*)\))?:", text, flags=re.MULTILINE):
            found[each] = found.get(each, "") + text
            bases[each] = re.findall(r"\w+", listed)
    return {
        each: text + "".join(found.get(base, "") for base in bases[each])
        for each, text in found.items()
    }


def defines(text: str, word: str) -> bool:
    pattern = rf"\b(def|class) {word}\b|(?<!\w){word}\s*(:|=)[^=]"
    return word in text and re.search(pattern, text) is not None


def of_ours(dotted: str) -> bool:
    """Whether a name with dots is a module of `fleet`, or something in a module or a class."""
    *before, last = dotted.removeprefix("fleet.").split(".")
    path = "/".join(before)
    for file, text in sources().items():
        inside = file.startswith("fleet/")
        if inside and f"/{file}".endswith((f"/{path}/{last}.py", f"/{path}/{last}/__init__.py")):
            return True
        if inside and f"/{file}".endswith(f"/{path}.py") and defines(text, last):
            return True
    owner = before[-1] if before else ""
    return any(defines(classes()[c], last) for c in (owner, owner.title()) if c in classes())


def of_a_library(dotted: str) -> bool:
    """Whether a name with dots can be had by importing."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:split]))
        except ImportError:
            continue
        for part in parts[split:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


def unknown(span: str) -> bool:
    """Whether a span names a test, a class or something with dots that is not there."""
    named = re.sub(r"\(.*\)$", "", span)
    if named in ELSEWHERE or re.search(rf"\.({ENDINGS}|fr|har|lock|pdf|pem|zip)$", named):
        return False
    if re.fullmatch(r"test_\w+", named):
        return not any(Path(f).stem == named or defines(t, named) for f, t in sources().items())
    if re.fullmatch(r"[A-Z][a-z]+\w*", named):
        return named not in classes()
    if re.fullmatch(r"[A-Za-z_]\w*(\.\w+)+", named):
        domain = re.fullmatch(r"[A-Z][A-Za-z]+\.[a-z]\w+", named) and named.split(".")[0]
        if domain in ("Fetch", "Network", "Page", "Runtime"):  # Chromium's protocol
            return False
        return not of_ours(named) and not of_a_library(named)
    return False


@pytest.mark.parametrize("path", DOCS, ids=name)
def test_every_class_module_and_test_that_the_docs_name_is_there(path: Path) -> None:
    assert [span for span in spans(path.read_text()) if unknown(span)] == []


SAID_IN_CODE = {
    # fields of HTTP, names of fonts, classes of libraries
    *("Origin", "Range", "Referer", "Sans", "SansMono", "Counter", "Figure"),
    # fields and variables that the text explains; names in the formats of others
    *("evidence.0.size_bytes", "kept.attempt", "page.day", "page.href", "page.t"),
    *("appointment.do", "log._fleet", "name.2_"),
}
"""Names in docstrings and comments that are no file, module or class of ours, and rightly so."""


def comments(text: str) -> Iterator[str]:
    """The docstrings and comments of a Python file."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.string


def test_what_docstrings_and_comments_name_is_there() -> None:
    gone = {}
    for path in sorted((ROOT / "fleet").rglob("*.py")):
        words = "\n".join(comments(path.read_text()))
        named = [
            s for s in re.findall(r"`([^`\n]+)`", words) if re.fullmatch(r"[\w.]+(\(.*\))?", s)
        ]
        missing = {span for span in named if span not in SAID_IN_CODE and unknown(span)}
        missing |= {file for file in files_in(words) if not is_there(file, path.parent)}
        if missing:
            gone[name(path)] = missing
    assert gone == {}


def section(title: str) -> str:
    return ARCHITECTURE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def packages() -> dict[str, str]:
    """Package below `fleet/` → the first line of its docstring."""
    found = {}
    for init in sorted((ROOT / "fleet").rglob("__init__.py")):
        charter = ast.get_docstring(ast.parse(init.read_text())) or ""
        found[init.parent.relative_to(ROOT / "fleet").as_posix()] = charter.split("\n")[0]
    del found["."]
    return found


def test_the_architecture_gives_each_package_the_charter_that_the_code_gives_it() -> None:
    rows = [row for row in table(section("Packages")) if row[0].startswith("`")]
    assert rows == [[f"`{package}/`", charter] for package, charter in packages().items()]


def test_the_architecture_draws_the_layers_that_the_contract_has() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [c["layers"] for c in contracts["contracts"] if c["type"] == "layers"]
    rows = [set(layer.split(" | ")) for layer in layers if layer != "__main__"]
    known = set().union(*rows)
    drawing = re.findall(r"^ {4}.*$", section("Packages"), flags=re.MULTILINE)
    drawn = [words for line in drawing if (words := known & set(line[12:].split()))]

    assert drawn == rows
    assert {package for package in packages() if "/" not in package} <= known


def test_the_path_of_an_attempt_names_modules() -> None:
    tops = "|".join(package for package in packages() if "/" not in package)
    named = set(
        re.findall(rf"(?<![\w./])(?:{tops})(?:\.[a-z_]+)+", section("The path of an attempt"))
    )

    modules = {
        each.removeprefix("fleet/").removesuffix(".py").replace("/", ".") for each in tracked()
    }
    assert {each for each in named if each not in modules} == set()
    assert {"engine.scheduler", "engine.run", "visit.attempt", "storage.store"} <= named


def test_a_newcomer_finds_20_things_where_the_architecture_says() -> None:
    rows = table(section("Where a newcomer looks"))[1:]

    assert len(rows) == 20
    assert [file for _, file in rows if not (ROOT / file.strip("`")).is_file()] == []
    assert len({file for _, file in rows}) == 20
