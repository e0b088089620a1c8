"""
What a scenario file needs: `scenario`, `Visit`, `Outcome`, `Verdict`.

See docs/scenarios.md. Known booking platforms are in `fleet.families`.
"""

from typing import TYPE_CHECKING, Any

from fleet.catalog.decorator import scenario
from fleet.models import Outcome, Verdict

if TYPE_CHECKING:
    from fleet.visit.visit import Visit

__all__ = ["Outcome", "Verdict", "Visit", "scenario"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`Visit`, imported when it is asked for: to list or check scenarios needs no browser."""
    if name == "Visit":
        from fleet.visit.visit import Visit

        return Visit
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
