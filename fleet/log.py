"""Logs: one structlog line for each event, on stderr; JSON where nobody watches."""

from __future__ import annotations

import codecs
import logging
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor


def configure(*, quiet: bool = False, shown: Callable[[str], str] = str) -> None:
    """
    Send logs to stderr: readable on a terminal, JSON otherwise.

    The JSON is whole whatever the locale: what stderr cannot show is escaped.

    Args:
        quiet: only warnings and worse (a progress bar or a table says the rest).
        shown: how a text looks on a terminal, which obeys the controls that are in it.
    """

    def as_shown(_: Any, __: str, event: EventDict) -> EventDict:
        return {name: shown(it) if isinstance(it, str) else it for name, it in event.items()}

    level = logging.WARNING if quiet else logging.INFO
    pretty = sys.stderr.isatty()
    shows: list[Processor] = [as_shown, structlog.dev.ConsoleRenderer()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(
                shows
                if pretty
                else [
                    structlog.processors.format_exc_info,
                    structlog.processors.JSONRenderer(ensure_ascii=not _utf8(sys.stderr)),
                ]
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _utf8(out: TextIO) -> bool:
    """Whether every character can be written to it as it is."""
    return codecs.lookup(out.encoding or "ascii").name == "utf-8"
