"""
What is wrong with a scenario file that its text already says, before a line of it runs.

A scenario file is a program with the fleet's rights. What is refused here is what its author did
not mean, or need not; it is no wall against one who means harm (docs/conduct.md).
"""

from __future__ import annotations

import ast
import difflib
from typing import TYPE_CHECKING

import fleet as surface

if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILIES = "fleet.families"

LIBRARIES = frozenset(
    (
        *("__future__", "calendar", "collections", "collections.abc", "dataclasses", "datetime"),
        *("decimal", "enum", "fractions", "functools", "html", "itertools", "json", "math", "re"),
        *("statistics", "string", "textwrap", "typing", "unicodedata", "urllib.parse", "zoneinfo"),
    )
)
"""What a scenario may import beside the authoring surface: none of it does anything by itself."""

PARTLY = {"os": ("environ", "getenv"), "asyncio": ("sleep",)}
"""What a scenario may use of these: an address may be another one on each machine."""

REFUSED_NAMES = frozenset(
    (
        *("breakpoint", "compile", "delattr", "eval", "exec", "exit", "getattr", "globals"),
        *("help", "input", "locals", "open", "quit", "setattr", "vars"),
    )
)

WAITING_VERBS = frozenset(
    (
        *("attributes", "choose", "controls", "decide", "enter", "keep_picture", "open", "press"),
        *("select", "texts", "tick", "which"),
    )
)
"""Those that must be awaited."""

VERBS = WAITING_VERBS | {
    *("address", "css", "dialog", "dismiss", "scenario", "text", "today", "unrecognised", "url"),
}
"""All that a scenario may ask of its visit."""


def problem_of(tree: ast.Module) -> str | None:
    """The first thing in a scenario file that cannot stand, with its line; None: there is none."""
    line, words = min(_problems(tree), key=lambda each: each[0], default=(0, None))
    return f"line {line}: {words}" if words else None


def _problems(tree: ast.Module) -> Iterator[tuple[int, str]]:
    within = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Attribute)}
    for node in ast.walk(tree):
        for words in _of_node(node):
            yield _line(node), words
        if isinstance(node, ast.Name) and node.id in PARTLY and id(node) not in within:
            yield node.lineno, _partly(node.id, "more")
        if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef):
            yield from _of_function(node)
    yield from _twice(tree)


def _of_node(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            for each in names:
                known = each.name in PARTLY and each.asname is None
                if not known and each.name not in LIBRARIES:
                    yield _import(each.name)
        case ast.ImportFrom():
            yield from _import_from(node)
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in PARTLY:
            if attr not in PARTLY[name]:
                yield _partly(name, attr)
        case ast.Attribute(attr=attr) if attr.startswith("_"):
            yield _private(attr)
        case ast.MatchClass(kwd_attrs=names):
            yield from (_private(name) for name in names if name.startswith("_"))
        case ast.Constant(value=str(text)) if "._" in text and "{" in text:
            yield f"reaches for something private in {text!r}; {_INSTEAD}"
        case ast.Name(id=name) if name in REFUSED_NAMES or name.startswith("__"):
            if name not in ("__name__", "__doc__", "__file__"):
                yield f"uses {name}; {_INSTEAD}"
        case ast.While(test=ast.Constant(value=value)) if value and not _may_end(node):
            yield "this loop never ends; a visit waits by itself (docs/scenarios.md)"
        case ast.ExceptHandler(type=kind) if kind is None or _names(kind) & _EVERYTHING:
            yield (
                "catches every error, those that end a visit too; leave the `try` out: the fleet"
                " turns every error into a verdict"
            )


_INSTEAD = "a scenario uses the verbs of its visit and nothing below them (docs/scenarios.md)"

_EVERYTHING = {"Exception", "BaseException"}


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _private(name: str) -> str:
    return f"reaches for {name}, which is private; {_INSTEAD}"


def _partly(module: str, name: str) -> str:
    return f"uses {name} of {module}, of which a scenario needs {' and '.join(PARTLY[module])} only"


def _import(name: str) -> str:
    return (
        f"imports {name}; a scenario may import fleet, fleet.families and what only computes"
        " (datetime, re, …: docs/scenarios.md)"
    )


def _import_from(node: ast.ImportFrom) -> Iterator[str]:
    module = "." * node.level + (node.module or "")
    for name in (each.name for each in node.names):
        if module == "fleet":
            if name not in surface.__all__ and name != "families":
                yield f"imports {name} from fleet, which has {', '.join(surface.__all__)} for it"
        elif module in PARTLY:
            if name not in PARTLY[module]:
                yield _partly(module, name)
        elif name == "*" or (name.startswith("_") and module != "__future__"):
            yield f"imports {name} from {module}; name what is needed"
        elif module not in LIBRARIES and module != FAMILIES and not _of_family(module):
            yield _import(module)


def _of_family(module: str) -> bool:
    return module.startswith(f"{FAMILIES}.") and module.count(".") == FAMILIES.count(".") + 1


def _may_end(loop: ast.While) -> bool:
    """Whether something in this loop can end it, or lets others go on."""
    ends = ast.Break | ast.Return | ast.Raise | ast.Await | ast.Yield
    return any(isinstance(each, ends) for each in ast.walk(loop))


# Functions of a visit ------------------------------------------------------------------------


def _of_function(function: ast.AsyncFunctionDef | ast.FunctionDef) -> Iterator[tuple[int, str]]:
    decorated = any(_called(each) == "scenario" for each in function.decorator_list)
    visit = _visit_of(function, decorated)
    if visit is None:
        return
    yield from _verbs(function, visit)
    if not decorated:
        return
    if isinstance(function, ast.FunctionDef):
        yield function.lineno, f"{function.name} must be `async def`: its verbs wait"
    inside = [each for part in function.body for each in _own(part)]
    if any(isinstance(each, ast.Yield | ast.YieldFrom) for each in inside):
        yield function.lineno, f"{function.name} yields; it must return one Outcome"
    returns = [each for each in inside if isinstance(each, ast.Return)]
    ends = any(isinstance(each, ast.Attribute) and each.attr == "unrecognised" for each in inside)
    if not any(each.value for each in returns) and not ends:
        yield (
            function.lineno,
            f"{function.name} returns nothing; end it with `return await {visit}.decide(…)`",
        )


def _called(node: ast.expr) -> str:
    target = node.func if isinstance(node, ast.Call) else node
    return target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "")


def _visit_of(function: ast.AsyncFunctionDef | ast.FunctionDef, decorated: bool) -> str | None:
    """The name of the visit in a function that is given one."""
    given = [*function.args.posonlyargs, *function.args.args]
    for each in given:
        words = ast.unparse(each.annotation) if each.annotation else ""
        if words.strip("'\"").rsplit(".", 1)[-1] == "Visit":
            return each.arg
    return given[0].arg if decorated and given else None


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """A statement and what is in it, but for functions within."""
    yield node
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        for each in ast.iter_child_nodes(node):
            yield from _own(each)


def _verbs(function: ast.AST, visit: str) -> Iterator[tuple[int, str]]:
    awaited = {id(each.value) for each in ast.walk(function) if isinstance(each, ast.Await)}
    for node in ast.walk(function):
        verb = _verb(node, visit)
        if verb is not None and verb not in VERBS and not verb.startswith("_"):
            near = difflib.get_close_matches(verb, VERBS, n=1, cutoff=0.5)
            hint = f"; {near[0]}?" if near else ""
            yield _line(node), f"a visit has no verb {verb!r}{hint} (docs/scenarios.md)"
        elif verb is not None and not isinstance(getattr(node, "ctx", None), ast.Load):
            yield _line(node), f"changes {visit}.{verb}; a visit's verbs are only used"
        if isinstance(node, ast.Call) and id(node) not in awaited:
            called = _verb(node.func, visit)
            if called in WAITING_VERBS:
                yield _line(node), f"{called}(…) does nothing without `await` before it"


def _verb(node: ast.AST, visit: str) -> str | None:
    """The verb that is asked of the visit here, if one is."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.value, ast.Name):
        return None
    return node.attr if node.value.id == visit else None


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 1))


def _twice(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Names that a file gives twice: what the first stood for is silently lost."""
    given: dict[str, int] = {}
    for node in tree.body:
        names: list[str] = []
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                names = [name]
            case ast.Assign(targets=targets):
                names = [each.id for each in targets if isinstance(each, ast.Name)]
            case ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
        for name in names:
            if name in given:
                yield (
                    node.lineno,
                    f"{name} is given a second time, so that of line {given[name]} is lost;"
                    " give it another name",
                )
            given[name] = node.lineno
