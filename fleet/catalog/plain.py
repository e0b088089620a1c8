"""Whether a scenario file only declares: then to import it takes no time, and can do no harm."""

from __future__ import annotations

import ast

ENVIRONMENT = ("os.getenv", "os.environ.get")

MAX_TURNS = 2
"""Of the loops in one comprehension: each goes through what is written out in the file."""

MAX_DEPTH = 4
"""Of functions of the file that call each other while it is imported."""


def is_plain(tree: ast.Module) -> bool:
    """
    Whether nothing in the file can run for long while it is imported.

    Its functions may be called by it, and families' and `scenario`; what its scripts do is theirs.
    """
    return _Plain(tree).body(tree.body, 0)


class _Plain:
    def __init__(self, tree: ast.Module) -> None:
        functions = (each for each in tree.body if isinstance(each, ast.FunctionDef))
        self._functions = {each.name: each for each in functions}
        self._imported = {
            alias.asname or alias.name
            for each in tree.body
            if isinstance(each, ast.ImportFrom) and (each.module or "").startswith("fleet")
            for alias in each.names
        }

    def body(self, statements: list[ast.stmt], depth: int) -> bool:
        return all(self._statement(each, depth) for each in statements)

    def _statement(self, node: ast.stmt, depth: int) -> bool:
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                return True
            case ast.Assign(value=value) | ast.Expr(value=value):
                return self._value(value, depth)
            case ast.AnnAssign(value=value) | ast.Return(value=value) | ast.Raise(exc=value):
                return value is None or self._value(value, depth)
            case ast.If(test=test, body=body, orelse=other):
                return (
                    self._value(test, depth) and self.body(body, depth) and self.body(other, depth)
                )
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                arguments = [*node.args.defaults, *node.args.kw_defaults, *node.decorator_list]
                return all(each is None or self._value(each, depth) for each in arguments)
        return False

    def _value(self, value: ast.expr, depth: int) -> bool:
        return all(self._part(node, depth) for node in ast.walk(value))

    def _part(self, node: ast.AST, depth: int) -> bool:
        match node:
            case ast.Call(func=ast.Name(id=name)):
                own = self._functions.get(name)
                if own is not None:
                    return depth < MAX_DEPTH and self.body(own.body, depth + 1)
                return name in self._imported or name.endswith("Error")
            case ast.Call(func=ast.Call(func=ast.Name(id=name))):  # scenario(…)(script)
                return name in self._imported
            case ast.Call(func=ast.Attribute() as read) if ast.unparse(read) in ENVIRONMENT:
                return True
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)):
                return name in self._imported or attr in ("items", "keys", "values")
            case ast.Call():
                return isinstance(node.func, ast.Attribute) and node.func.attr == "items"
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return len(node.generators) <= MAX_TURNS
            case ast.BinOp(op=op):
                return isinstance(op, ast.Add | ast.BitOr)
            case ast.Lambda() | ast.Await() | ast.Yield() | ast.YieldFrom():
                return False
        return True
