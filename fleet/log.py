"""Logs: one structlog line for each event, on stderr; JSON where nobody watches."""

from __future__ import annotations

import codecs
import logging
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import EventDict, Processor


def configure(*, quiet: bool = False, shown: Callable[[str], str] = str) -> None:
    """
    Send logs to stderr: readable on a terminal, JSON otherwise, one line for each record.

    Records of other libraries and Python's warnings look the same. The JSON is whole whatever the
    locale: what stderr cannot show is escaped. `NO_COLOR` is obeyed.

    Args:
        quiet: only warnings and worse (a progress bar or a table says the rest).
        shown: how a text looks on a terminal, which obeys the controls that are in it.
    """

    def as_shown(_: Any, __: str, event: EventDict) -> EventDict:
        said = {name: shown(it) if isinstance(it, str) else it for name, it in event.items()}
        if "exception" in event:
            said["exception"] = "\n".join(map(shown, event["exception"].splitlines()))
        return said

    level = logging.WARNING if quiet else logging.INFO
    shows: list[Processor] = [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=not _utf8(sys.stderr)),
    ]
    if sys.stderr.isatty():
        colours = not os.environ.get("NO_COLOR")
        # a traceback without the values of variables: a password may be among them
        shows[1:] = [as_shown, structlog.dev.ConsoleRenderer(colors=colours)]
    tells: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, *tells, *shows],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    others = _OtherRecords()
    others.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*tells, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shows],
        )
    )
    root = logging.getLogger()
    root.handlers = [each for each in root.handlers if not isinstance(each, _OtherRecords)]
    root.addHandler(others)
    # its words may name addresses of notices, which are secrets; `alerts` says what failed
    logging.getLogger("apprise").propagate = False
    logging.captureWarnings(True)


class _OtherRecords(logging.Handler):
    """Records of other libraries, warnings and worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record), file=sys.stderr)


def _utf8(out: TextIO) -> bool:
    """Whether every character can be written to it as it is."""
    return codecs.lookup(out.encoding or "ascii").name == "utf-8"
