"""
What a scenario file needs: `scenario`, `Visit`, `Outcome`, `Verdict`.

See docs/scenarios.md. Known booking platforms are in `fleet.families`.
"""

from fleet.authoring import scenario
from fleet.models import Outcome, Verdict
from fleet.visit import Visit

__all__ = ["Outcome", "Verdict", "Visit", "scenario"]
__version__ = "0.1.0"
