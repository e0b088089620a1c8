"""How a table is sorted: by links in its head, without a script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from fleet.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class TableOrder:
    """By which column (`?tri=`), and whether the greatest comes first (`?sens=desc`)."""

    column: str
    backwards: bool

    @classmethod
    def of(cls, query: Mapping[str, str], columns: Iterable[str]) -> Self:
        """
        The order that was asked for; by the first of `columns` if none.

        Raises:
            BadInput: there is no such column or direction.
        """
        names = list(columns)
        column, way = query.get("tri") or names[0], query.get("sens") or "asc"
        if column not in names:
            raise BadInput(f"tri={column[:40]!r} is none of {', '.join(names)}")
        if way not in ("asc", "desc"):
            raise BadInput(f"sens={way[:40]!r} is neither asc nor desc")
        return cls(column, way == "desc")

    def next_way(self, column: str) -> str:
        """What pressing on a column asks for: the other way if it is the present one."""
        return "desc" if column == self.column and not self.backwards else "asc"

    def aria(self, column: str) -> str | None:
        """The value of `aria-sort` for a column."""
        if column != self.column:
            return None
        return "descending" if self.backwards else "ascending"
