"""A scenario file read and imported as Python, or why it cannot be, with the line."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import sys
import traceback
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from fleet.errors import ScenarioFileError

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from pydantic_core import ErrorDetails


MODULE = "fleet_scenario_"
"""What the name of a scenario file's module begins with."""


def parse_file(path: Path) -> ast.Module:
    """
    What is written in a scenario file.

    Raises:
        ScenarioFileError: it is no Python, or cannot be read.
    """
    try:
        return ast.parse(path.read_bytes(), str(path))
    except SyntaxError as exc:
        line = f"line {exc.lineno}: " if exc.lineno else ""
        raise ScenarioFileError(path, f"{line}{exc.msg}{advice(path)}") from exc
    except (ValueError, RecursionError, MemoryError) as exc:
        raise ScenarioFileError(path, f"{exc or 'too deeply nested'}{advice(path)}") from exc
    except OSError as exc:
        raise ScenarioFileError(path, f"cannot be read: {exc.strerror}") from exc


def import_file(path: Path) -> ModuleType:
    """
    The module of a scenario file. What it prints goes to stderr, now and whenever it runs.

    Raises:
        ScenarioFileError: it cannot be imported.
    """
    spec = importlib.util.spec_from_file_location(f"{MODULE}{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ScenarioFileError(path, "cannot be imported as Python")
    module = importlib.util.module_from_spec(spec)
    module.__dict__["print"] = _print
    writes = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # the folder may be read-only, and is the user's own
    try:
        with contextlib.redirect_stdout(sys.stderr):  # ours is for what others read
            spec.loader.exec_module(module)
    except SyntaxError as exc:
        line = f"line {exc.lineno}: " if exc.lineno and exc.filename == module.__file__ else ""
        raise ScenarioFileError(path, f"{line}{exc.msg}{advice(path)}") from exc
    except ValidationError as exc:
        reason = "; ".join(map(_field, exc.errors()))
        raise ScenarioFileError(path, f"{_line(path, exc)}{reason}") from exc
    except SystemExit as exc:
        reason = "calls sys.exit(); a scenario file only describes, it ends nothing"
        raise ScenarioFileError(path, f"{_line(path, exc)}{reason}{advice(path)}") from exc
    # a scenario file is a stranger's program: whatever it raises is told, the others still run
    except Exception as exc:
        reason = " ".join(str(exc).split())[:500]
        if not isinstance(exc, ValueError) or not reason:
            reason = f"{type(exc).__name__}: {reason}{advice(path)}"
        raise ScenarioFileError(path, f"{_line(path, exc)}{reason}") from exc
    finally:
        sys.dont_write_bytecode = writes
    return module


def _print(*values: object, **options: Any) -> None:
    print(*values, **{**options, "file": sys.stderr})


def _field(error: ErrorDetails) -> str:
    """What is wrong with one parameter, named."""
    words = error["msg"]
    if error["type"] == "value_error":
        return words.removeprefix("Value error, ")
    name = ".".join(map(str, error["loc"]))
    return f"{name}: {words[0].lower()}{words[1:]}, not {error['input']!r:.80}"


def _line(path: Path, exc: BaseException) -> str:
    own = str(path.absolute())  # as importlib names it
    lines = [f.lineno for f in traceback.extract_tb(exc.__traceback__) if f.filename == own]
    return f"line {lines[-1]}: " if lines else ""


def advice(path: Path) -> str:
    """What to do about a mistake in this file, as the end of a message."""
    return f"; correct it (docs/scenarios.md), then: fleet check {path}"
