"""
No text from outside can hold the fleet up: every regular expression is tried against 200 kB of
what is worst for it.

All of them are found in the code, compiled or not, so a new one is tried too. What is worst is
derived from the pattern: whatever it repeats, repeated without an end that fits. Only processor
time counts, so a busy machine changes nothing: what grows with the length takes milliseconds,
what grows with its square a minute.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import fleet
from fleet.engine.politeness.robots import PRODUCT, Robots, RobotsAnswer, names_somebody
from fleet.families import rdv_prefecture
from fleet.rules import classifier
from fleet.rules.wall_rules import WALLS
from tests.engine.politeness.test_robots import AT

# how Python reads a pattern; no other tells what is in it
op: Any = importlib.import_module("re._constants")
parser: Any = importlib.import_module("re._parser")

LENGTH = 200_000
MOST_S = 1.0
"""Of processor time. The slowest takes a tenth of it here."""

FUNCTIONS = {"compile", "match", "search", "fullmatch", "sub", "subn", "findall", "split"}
FUNCTIONS |= {"finditer"}

MADE_WHEN_ASKED = {
    "fleet.alerts.channel": "literal parts of the operator's own addresses, one after the other",
    "fleet.catalog.scaffold": "an address that a person types, and patterns of its platforms",
    "fleet.families.rdv_prefecture": [
        words + rdv_prefecture._INSTANT + rdv_prefecture._ITS_WEEK
        for words in rdv_prefecture._PUBLICATIONS.values()
    ],
    "fleet.rules.classifier": [f"(?<!si ){each}" for each in classifier.SESSION_SENTENCES],
    "fleet.rules.wall_rules": [rule._begins.pattern for rule in WALLS[::20]],
    "fleet.visit.recording.redaction": "literal parts: secrets that were found, a host and a port",
    "fleet.web.api.docs": "patterns of our own paths, against our own paths",
}
"""Patterns that are no constants: what stands for them, or why nothing has to."""


class TooLong(Exception):
    pass


@dataclass(frozen=True)
class Expression:
    """A pattern as the code uses it, and where it stands."""

    place: str
    how: frozenset[str]
    pattern: re.Pattern[Any]

    def __str__(self) -> str:
        return self.place


def modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(fleet.__path__, "fleet."):
        # practice sites hear nobody but tests and the person who practises
        if not found.name.startswith("fleet.practice") and not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


@cache
def expressions() -> tuple[tuple[Expression, ...], frozenset[str]]:
    """All that can be had as they stand, and the modules of those that cannot."""
    trees = {m: ast.parse(Path(m.__file__ or "").read_text()) for m in modules()}
    calls = [n for t in trees.values() for n in ast.walk(t) if isinstance(n, ast.Call)]
    used: dict[str, set[str]] = {}
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in FUNCTIONS - {"compile"}:
            of = call.func.value
            name = of.id if isinstance(of, ast.Name) else getattr(of, "attr", "")
            used.setdefault(name, set()).add(call.func.attr)
    found, left = [], set()
    for module, tree in trees.items():
        named = {
            id(node.value): node.targets[0].id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        }
        for node in filter(is_call_of_re, ast.walk(tree)):
            assert isinstance(node, ast.Call)
            assert isinstance(node.func, ast.Attribute)
            how = {node.func.attr}
            if how == {"compile"}:
                how = used.get(named.get(id(node), ""), set()) or {"search"}
            try:
                pattern = value_of(node.args[0], module)
                last = [*node.args[1:], *(each.value for each in node.keywords)][-1:]
                flags = [value_of(each, module) for each in last if "re." in ast.unparse(each)]
            except NameError:
                left.add(module.__name__)
                continue
            wanted = re.RegexFlag(0)
            for flag in flags:
                wanted |= flag if isinstance(flag, re.RegexFlag) else re.RegexFlag(0)
            place = f"{module.__name__}:{node.lineno}"
            found.append(Expression(place, frozenset(how), re.compile(pattern, wanted)))
    return tuple(found), frozenset(left)


def is_call_of_re(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "re"
        and node.func.attr in FUNCTIONS
    )


def value_of(node: ast.expr, module: ModuleType) -> Any:
    """
    What a constant expression of a module is.

    Raises:
        NameError: it is none.
    """
    return eval(compile(ast.Expression(node), "", "eval"), vars(module))


# What is worst -----------------------------------------------------------------------------------

CATEGORIES = {op.CATEGORY_DIGIT: "1", op.CATEGORY_SPACE: " ", op.CATEGORY_WORD: "a"}
CATEGORIES |= {op.CATEGORY_NOT_WORD: "-", op.CATEGORY_NOT_SPACE: "a", op.CATEGORY_NOT_DIGIT: "a"}


def members(items: Any) -> list[str]:
    """Some characters of a class."""
    found = [
        chr(what) if kind is op.LITERAL else chr(what[0]) if kind is op.RANGE else CATEGORIES[what]
        for kind, what in items
        if kind is not op.NEGATE
    ]
    if items[0][0] is op.NEGATE:
        return [next(each for each in 'a 1-.\n<"é' if each not in found)]
    return found


def text_of(tree: Any, before: str, repeated: list[tuple[str, str]]) -> str:
    """A text that the tree takes; what it takes without end goes to `repeated`."""
    text = ""
    for kind, what in tree:
        if kind is op.LITERAL:
            text += chr(what)
        elif kind in (op.NOT_LITERAL, op.ANY):
            text += "b" if kind is op.NOT_LITERAL and chr(what) == "a" else "a"
        elif kind is op.IN:
            text += members(what)[0]
        elif kind is op.BRANCH:
            branches = [text_of(each, before + text, repeated) for each in what[1]]
            text += branches[0]
        elif kind is op.SUBPATTERN:
            text += text_of(what[3], before + text, repeated)
        elif kind is op.ATOMIC_GROUP:
            text += text_of(what, before + text, repeated)
        elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, inner = what
            unit = text_of(inner, before + text, repeated)
            single = len(inner) == 1 and inner[0][0] is op.IN
            if most > 20:
                each = members(inner[0][1])[:3] if single else [unit]
                repeated += [(before + text, one) for one in each if one]
            text += unit * least
    return text


def worst(pattern: re.Pattern[Any]) -> set[tuple[str, str]]:
    """Beginnings, each with what is repeated after it."""
    words = pattern.pattern
    plain = words if isinstance(words, str) else words.decode("latin-1")
    repeated: list[tuple[str, str]] = []
    flags = pattern.flags if isinstance(words, str) else pattern.flags & ~re.UNICODE
    whole = text_of(parser.parse(plain, flags & ~re.DEBUG), "", repeated)
    found = {
        ("", each) for each in ("\n", " ", "a", "<", whole, whole[:-1], whole[: len(whole) // 2])
    }
    for before, unit in repeated:
        found |= {(before, unit), ("", before + unit), ("", before), ("", unit + before)}
    return {(before, unit) for before, unit in found if unit}


def takes_too_long(how: str, pattern: re.Pattern[Any], before: str, unit: str) -> bool:
    text: Any = before + (unit * (LENGTH // len(unit) + 1))[:LENGTH] + "\x01"
    nothing: Any = ""
    if isinstance(pattern.pattern, bytes):
        text, nothing = text.encode("latin-1", "replace"), b""
    try:
        with limited():
            if how == "finditer":
                list(pattern.finditer(text))
            elif how in ("sub", "subn"):
                pattern.sub(nothing, text)
            else:
                getattr(pattern, how)(text)
    except TooLong:
        return True
    return False


class limited:
    """Ends what is inside after `MOST_S` of processor time, also in the middle of a match."""

    def __enter__(self) -> None:
        def stop(*_: object) -> None:
            raise TooLong

        self._before = signal.signal(signal.SIGVTALRM, stop)
        signal.setitimer(signal.ITIMER_VIRTUAL, MOST_S)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, self._before)


@pytest.mark.timeout(240)
def test_no_regular_expression_is_held_up_by_a_long_text() -> None:
    found, _ = expressions()
    assert len(found) > 100
    slow = {
        f"{each.place} {each.pattern.pattern!r}: {before[:40]!r} and {unit[:40]!r} again and again"
        for each in found
        for how in sorted(each.how)
        for before, unit in worst(each.pattern)
        if takes_too_long(how, each.pattern, before, unit)
    }
    assert slow == set()


def test_a_pattern_that_is_made_when_it_is_asked_for_has_one_that_stands_for_it() -> None:
    _, left = expressions()
    assert left == set(MADE_WHEN_ASKED)
    slow = {
        pattern
        for module, own in MADE_WHEN_ASKED.items()
        for pattern in map(re.compile, own if isinstance(own, list) else ())
        for before, unit in worst(pattern)
        if takes_too_long(
            "match" if module == "fleet.rules.wall_rules" else "search", pattern, before, unit
        )
    }
    assert slow == set()


def test_these_tests_know_a_pattern_that_is_held_up() -> None:
    for pattern in (r"^\s*user-?agent\s*:", r"<title[^>]*>(.*?)</title>"):
        compiled = re.compile(pattern, re.MULTILINE | re.DOTALL)
        assert any(takes_too_long("search", compiled, *each) for each in worst(compiled)), pattern


HALF_A_MEGABYTE: dict[str, Callable[[], str]] = {
    "line feeds": lambda: "\n" * 512_000,
    "carriage returns": lambda: "\r" * 512_000,
    "spaces": lambda: " " * 512_000,
    "one name again and again": lambda: "User-agent: a\n" * 36_000,
    "names of others, then rules": lambda: (
        "".join(f"User-agent: x{n}\n" for n in range(14_000))
        + "".join(f"Disallow: /x{n}\n" for n in range(14_000))
    ),
    "our names in many spellings, then rules": lambda: (
        "".join(f"User-agent: {'*' * n}p{'*' * n}\n" for n in range(500))
        + "".join(f"Disallow: /*{n}\n" for n in range(14_000))
    ),
    "rules with a pattern each": lambda: (
        "User-agent: *\n" + "".join(f"Disallow: *{n}\n" for n in range(30_000))
    ),
    "one rule of patterns": lambda: "User-agent: *\nDisallow: " + "*a" * 250_000,
    "ends of lines that are none": lambda: "User-agent: *\nDisallow: /$a\n" * 18_000,
}


@pytest.mark.parametrize("what", HALF_A_MEGABYTE)
def test_a_robots_txt_of_half_a_megabyte_is_read_at_once_whatever_it_holds(what: str) -> None:
    text = HALF_A_MEGABYTE[what]()
    with limited():
        names_somebody(text)
        robots = Robots(url="", tried_at=AT, read_at=AT, text=text)
        says = robots.says(f"https://x.localhost/{'a' * 1900}")
    assert says in (RobotsAnswer.ALLOWED, RobotsAnswer.DISALLOWED)
    assert PRODUCT
