"""
Texts that come from pages, as they are kept: well-formed, and no longer than their field.

A page may cut a character in half, and so may JavaScript's own `slice`: its strings are halves of
UTF-16. Neither that nor a length may cost what was seen, so a text is mended and cut where it is
stored, never refused.
"""

from __future__ import annotations

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
