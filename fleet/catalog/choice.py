"""Which scenarios somebody means by ids, departments and globs."""

from __future__ import annotations

import difflib
import fnmatch
from typing import TYPE_CHECKING

from fleet.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Scenario


def chosen(
    scenarios: Sequence[Scenario], patterns: Sequence[str], *, broken: int = 0
) -> list[Scenario]:
    """
    The scenarios whose id or department (`93`) is one of `patterns`, or whose id matches one
    (`*/naturalisation*`), in their order; all if none given.

    Args:
        broken: how many files could not be used, for the message.

    Raises:
        BadInput: a pattern matches nothing; names the nearest ids.
    """
    if not patterns:
        return list(scenarios)
    meant: set[str] = set()
    for pattern in patterns:
        found = {
            each.id
            for each in scenarios
            if each.department == pattern or fnmatch.fnmatchcase(each.id, pattern)
        }
        if not found:
            raise BadInput(_unknown(scenarios, pattern, broken))
        meant |= found
    return [each for each in scenarios if each.id in meant]


def _unknown(scenarios: Sequence[Scenario], pattern: str, broken: int) -> str:
    ids = [each.id for each in scenarios]
    near = difflib.get_close_matches(pattern, ids, n=3, cutoff=0)
    hint = f"; the nearest: {', '.join(near)}" if near else ""
    files = f" ({broken} file(s) could not be used)" if broken else ""
    return f"no scenario {pattern!r} among {len(ids)}{files}{hint}. See: fleet list"
