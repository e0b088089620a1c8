"""
What standard output and standard error can show: no character of ours may end a command.

A terminal, cron, ssh or a pipe may have a locale that is not UTF-8; what people read there is
replaced where it cannot be shown. What programs read (CSV, JSON, Markdown) is UTF-8 all the same.
"""

from __future__ import annotations

import io
import os
import sys
from typing import IO, TYPE_CHECKING

from fleet.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable


def bear_any_terminal() -> None:
    """
    From here on, characters that standard output or error cannot show are replaced by `?`.

    A stream that is closed (`2>&-`, some supervisors) swallows what is said; else the next file
    that is opened would get its number, and be written into.
    """
    for handle in (0, 1, 2):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free: this one
    if sys.stdout is None:  # type: ignore[unreachable, unused-ignore]
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (for good)
    if sys.stderr is None:  # type: ignore[unreachable, unused-ignore]
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 (for good)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def says_nothing_more() -> None:
    """Standard output takes nothing any more (a full disk): what is left of it is dropped."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def for_programs(out: IO[str]) -> IO[str]:
    """`out`, from here on in UTF-8 whatever the locale; a terminal keeps what it can show."""
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(encoding=None if out.isatty() else "utf-8", errors="replace")
    return out


def check_text(words: str, what: str) -> str:
    """
    `words`, if they are text.

    Raises:
        BadInput: they hold bytes that this locale knows no character for.
    """
    try:
        words.encode()
    except UnicodeEncodeError as exc:
        raise BadInput(
            f"{what} holds bytes that are no text in this locale ({sys.getfilesystemencoding()});"
            " type it on a UTF-8 terminal, or without accents"
        ) from exc
    return words


def check_arguments(arguments: Iterable[str]) -> None:
    """
    Raises:
        BadInput: one is neither text nor the name of a file that is there.
    """
    for argument in arguments:
        if not os.path.lexists(argument):
            check_text(argument, f"argument {argument!a}")
