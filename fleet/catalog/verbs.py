"""What a scenario of a site of its own gets of its visit: the verbs, and nothing below them."""

from __future__ import annotations

from typing import Any

from fleet.catalog.source_check import VERBS


def only_verbs(visit: Any) -> Any:
    """`visit` with its verbs only: nothing else of it is there, and none can be changed."""

    def reach(_: object, name: str) -> Any:
        if name in VERBS:
            return getattr(visit, name)
        raise AttributeError(
            f"a visit has no verb {name!r}; it has {', '.join(sorted(VERBS))} (docs/scenarios.md)"
        )

    return type("Visit", (), {"__slots__": (), "__getattr__": reach})()
