"""The terminal as commands write to it: words of a page stay words there."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import rich.console
from rich.segment import Segment

from fleet.models.text import visible, visible_json
from fleet.system.terminal import for_programs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType


PIPED = 1000
"""Columns of what is no terminal: nothing that stands in a table is broken there."""


class Console(rich.console.Console):
    """
    As rich's, but no control that stands in a text reaches the terminal: it is written out.

    A page could move the cursor, set a title or turn a line around otherwise. An end of line is
    no control here: what a page may have given goes through `say`. A file or a pipe has `PIPED`
    columns, unless `COLUMNS` says otherwise.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        if not (self.file.isatty() or "width" in options or os.environ.get("COLUMNS")):
            self.width = PIPED

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """As rich's."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(visible(segment.text, lines=True), segment.style)

    def say(self, words: str, style: str | None = None) -> None:
        """One line, whatever is in it: no markup, no end of line, not wrapped."""
        self.print(visible(words), style=style, markup=False, highlight=False, soft_wrap=True)


def print_json(value: object) -> None:
    """One line of JSON on standard output, in UTF-8 whatever the locale."""
    print(visible_json(json.dumps(value, ensure_ascii=False)), file=for_programs(sys.stdout))
