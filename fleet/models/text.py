"""
Texts that come from pages, as they are kept: well-formed, and no longer than their field.

A page may cut a character in half, and so may JavaScript's own `slice`: its strings are halves of
UTF-16. Neither that nor a length may cost what was seen, so a text is mended and cut where it is
stored, never refused. Where it is shown to a person, or written for another program, what cannot
be seen in it is written out: words of a page stay words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler


def well_formed(text: str) -> str:
    """`text` with U+FFFD in the place of each half of a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff\ud800-\udfff]"
)
"""Controls (a terminal obeys some), ends of lines, marks of direction, tags, halves."""


def visible(text: str, *, lines: bool = False) -> str:
    """
    `text` with every control, end of line and mark of direction as Python writes it: `\\x1b`.

    Args:
        lines: ends of lines stay what they are.
    """

    def spelled(found: re.Match[str]) -> str:
        return found[0] if lines and found[0] == "\n" else ascii(found[0])[1:-1]

    return _UNSEEN.sub(spelled, text)


def visible_json(text: str) -> str:
    """JSON that says the same, with what `visible` writes out escaped; ends of its lines stay."""

    def escaped(found: re.Match[str]) -> str:
        units = found[0].encode("utf-16-be", "surrogatepass")
        pairs = (units[n : n + 2].hex() for n in range(0, len(units), 2))
        return found[0] if found[0] == "\n" else "".join(f"\\u{pair}" for pair in pairs)

    return _UNSEEN.sub(escaped, text)


def legible(text: str) -> str:
    """`text` without what cannot be seen; where there was a control or an end of line, a space."""
    return " ".join(_UNSEEN.sub(" ", text).split()) if _UNSEEN.search(text) else text


def fit(text: Any, most: int | None) -> Any:
    """A text made well-formed and cut at `most` characters; anything else as it is."""
    return well_formed(text)[:most] if isinstance(text, str) else text


@dataclass(frozen=True, slots=True)
class Fitted:
    """Annotates a text that is mended, and cut at `most` characters (None: as long as it is)."""

    most: int | None = None

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """For pydantic: the text is fitted, then checked as any text."""
        checked = core_schema.str_schema(max_length=self.most)
        return core_schema.no_info_before_validator_function(partial(fit, most=self.most), checked)
