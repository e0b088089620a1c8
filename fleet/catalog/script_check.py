"""
What is wrong with the signs of a scenario file, as far as its text and its constants tell.

What a visit makes of values that only it knows is checked by the same rules when it decides
(`rules/sign_rules.py`).
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from fleet.models import Scenario
from fleet.rules import sign_rules
from fleet.rules.signs import Sign

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = ("text", "url", "css", "dialog")

SELECTORS = {"dismiss": None, "attributes": 1, "texts": 1}
"""The verbs that take selectors by place, and how many of their arguments are; None: all."""

ANSWERS = ("slots", "no_slots", "closed", "captcha", "login_required")

MAX_DEPTH = 8
"""Of helper functions that call each other."""


class _Unknown(Exception):
    """A value that only the visit knows."""


def problem_of(tree: ast.Module, module: ModuleType) -> str | None:
    """The first sign in a loaded scenario file that cannot stand, with its line; None: none."""
    found: list[tuple[int, str]] = []
    for function in _functions(tree):
        made = getattr(module, function.name, None)
        site = made.url if isinstance(made, Scenario) else ""
        found += _Script(function, tree, module).problems(site)
    line, words = min(found, key=lambda each: each[0], default=(0, None))
    return f"line {line}: {words}" if words else None


def _functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [each for each in ast.walk(tree) if isinstance(each, kinds)]


class _Script:
    """One function of a scenario file, and what its names stand for where that is known."""

    def __init__(
        self,
        function: ast.FunctionDef | ast.AsyncFunctionDef,
        tree: ast.Module,
        module: ModuleType,
        given: Mapping[str, Any] | None = None,
        depth: int = 0,
    ) -> None:
        self._function, self._tree, self._module = function, tree, module
        self._depth = depth
        arguments = function.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        self._unknown = {each.arg for each in parameters} - (given or {}).keys()
        self._known: dict[str, Any] = dict(given or {})
        self._assigned: dict[str, ast.expr | None] = {}
        for node in ast.walk(function):
            self._note(node)

    def _note(self, node: ast.AST) -> None:
        """Remember what a name stands for; nothing if it is given more than one value."""
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    twice = target.id in self._assigned
                    self._assigned[target.id] = None if twice else node.value
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            self._assigned.setdefault(node.id, None)
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            self._assigned[node.target.id] = None

    def problems(self, site: str) -> Iterator[tuple[int, str]]:
        """What is wrong, with its line."""
        for call in ast.walk(self._function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                if not isinstance(call.func.value, ast.Name):
                    continue
                for words in self._of_call(call, call.func.attr, site):
                    yield call.lineno, words

    def _of_call(self, call: ast.Call, verb: str, site: str) -> Iterator[str]:
        if verb in KINDS and self._is_visit(call.func):
            sign = self._value(call)
            words = sign_rules.sign_mistake(sign) if isinstance(sign, Sign) else None
            given = [self._value(each) for each in call.args if not isinstance(each, ast.Starred)]
            other = [each for each in given if each is not None and not isinstance(each, str)]
            if other or call.keywords:
                words = f"{verb}() takes one or more texts, such as {verb}('…', '…')"
            if words:
                yield words
        selectors = [each.value for each in call.keywords if each.arg == "css"]
        if verb in SELECTORS:
            selectors += call.args[: SELECTORS[verb]]
        for selector in selectors:
            pattern = self._value(selector)
            if isinstance(pattern, str):
                words = sign_rules.sign_mistake(Sign(kind="css", patterns=(pattern,)))
                if words:
                    yield words
        if verb in ("decide", "which") and self._is_visit(call.func):
            yield from self._of_answers(call, final=verb == "decide", site=site)

    def _of_answers(self, call: ast.Call, *, final: bool, site: str) -> Iterator[str]:
        answers: dict[str, Any] = {}
        for each in call.keywords:
            value = self._value(each.value)
            if each.arg is not None:
                answers[each.arg] = value
            elif isinstance(value, dict):
                answers.update(value)
        if final:
            for name in answers.keys() - set(ANSWERS):
                yield f"decide() has no answer {name!r}; it has {', '.join(ANSWERS)}"
        if call.args:
            yield f"{ast.unparse(call.func)}() takes its answers by name: slots=[…], no_slots=[…]"
        known = {name: value for name, value in answers.items() if value is not None}
        in_part = {
            name for name, value in known.items() if isinstance(value, list) and None in value
        }
        known |= {name: [each for each in known[name] if each is not None] for name in in_part}
        yield from sign_rules.mistakes(known, final=final, site=site, in_part=in_part)

    def _is_visit(self, node: ast.expr) -> bool:
        """Whether a verb is asked of something that is no name of the module."""
        return (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and not hasattr(self._module, node.value.id)
        )

    # Values ----------------------------------------------------------------------------------

    def _value(self, node: ast.expr) -> Any:
        """What an expression stands for; None if only the visit knows, or in part."""
        try:
            return self._known_value(node)
        except (_Unknown, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None

    def _known_value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return self._named(name)
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return self._parts(parts)
            case ast.Dict(keys=keys, values=values):
                pairs = zip(keys, values, strict=True)
                return {self._known_value(k): self._value(v) for k, v in pairs if k is not None}
            case ast.JoinedStr(values=values):
                return "".join(str(self._known_value(value)) for value in values)
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return self._known_value(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                one, two = self._known_value(left), self._known_value(right)
                return [*one, *two] if isinstance(one, list) else one + two
            case ast.Attribute(value=ast.Name(id=name), attr=attr):
                if isinstance(holder := self._named(name), ModuleType):
                    return getattr(holder, attr)
            case ast.Call():
                return self._called(node)
        raise _Unknown

    def _parts(self, nodes: Sequence[ast.expr]) -> list[Any]:
        parts: list[Any] = []
        for each in nodes:
            if isinstance(each, ast.Starred):
                parts += self._known_value(each.value)
            else:
                parts.append(self._value(each))
        return parts

    def _named(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        if name in self._unknown:
            raise _Unknown
        if name in self._assigned:
            node = self._assigned.pop(name)  # one that stands for itself is not known
            if node is None:
                self._assigned[name] = None
                raise _Unknown
            self._known[name] = self._value(node)
            return self._known[name]
        value = getattr(self._module, name)
        return list(value) if isinstance(value, tuple) else value

    def _called(self, node: ast.Call) -> Any:
        if isinstance(node.func, ast.Attribute) and node.func.attr in KINDS:
            if not self._is_visit(node.func):
                raise _Unknown
            patterns = self._parts(node.args)
            if not all(isinstance(each, str) for each in patterns):
                raise _Unknown
            return Sign.model_validate({"kind": node.func.attr, "patterns": tuple(patterns)})
        if isinstance(node.func, ast.Name) and self._depth < MAX_DEPTH:
            return self._helped(node.func.id, node)
        raise _Unknown

    def _helped(self, name: str, call: ast.Call) -> Any:
        """What a function of the file gives back, if it is one that only gives back."""
        code = getattr(getattr(self._module, name), "__code__", None)
        found = [f for f in _functions(self._tree) if code is not None and f.name == code.co_name]
        if len(found) != 1 or len(_returns(found[0])) != 1:
            raise _Unknown
        names = [each.arg for each in found[0].args.args]
        given = {
            each: value
            for each, node in zip(names, call.args, strict=False)
            if (value := self._value(node)) is not None
        }
        given |= {each.arg: self._value(each.value) for each in call.keywords if each.arg}
        inner = _Script(found[0], self._tree, self._module, given, self._depth + 1)
        return inner._known_value(_returns(found[0])[0])


def _returns(function: ast.AST) -> list[ast.expr]:
    found = [each for each in ast.walk(function) if isinstance(each, ast.Return)]
    return [each.value for each in found if each.value is not None]
