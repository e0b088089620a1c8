"""
Every error the fleet raises on purpose, and what its catcher may do about it.

    FleetError
    ├── BadInput               a file, flag, setting or id is wrong: tell its author, go on
    │   └── ScenarioFileError  one scenario file: the other files still count
    ├── StoreUnreachable       no MongoDB answers: nothing can be kept, stop
    ├── StoreRefused           MongoDB answered and would not keep it (disk full, invalid document)
    ├── NotStored              a stored attempt cannot be judged again: say why, leave it
    ├── NoChromium             no usable Chromium: nothing can be visited, stop
    └── VisitEnded             a visit cannot go on; `attempt.py` turns each into a verdict
        ├── Judged             the pages already say how the visit ended
        ├── SiteUnreachable    the browser got no page at all
        ├── NotOnPage          a control that the scenario needs is not on the page
        ├── GuardRefused       the visit was about to take a slot; nothing was sent
        └── DeadlinePassed     the visit's time is over

Errors become verdicts in `attempt.py` and exit codes in `cli.py`, nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.models import Outcome


class FleetError(Exception):
    """Anything the fleet raises on purpose; the message is one line for a person."""


class BadInput(FleetError):
    """Something a person wrote is wrong; the message names it and says what was expected."""


class ScenarioFileError(BadInput):
    """One scenario file cannot be used. `path` names it."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class StoreUnreachable(FleetError):
    """No MongoDB answers at the address given, or the embedded one does not start."""


class StoreRefused(FleetError):
    """MongoDB answered but did not keep what it was given; nothing half-written is visible."""


class NotStored(FleetError):
    """What is asked of a stored page was not kept with it; the message says what."""


class NoChromium(FleetError):
    """No Chromium was found, or the one found does not start."""


class VisitEnded(FleetError):
    """A visit cannot go on. Raised by the verbs of a visit, never caught by a scenario."""


class Judged(VisitEnded):
    """What was served already decides the outcome (a 502, a maintenance page, …)."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class SiteUnreachable(VisitEnded):
    """The browser got no document; the message holds Chromium's `net::ERR_…` name."""


class NotOnPage(VisitEnded):
    """
    A control or an answer that the scenario waited for did not show in time.

    `missing_anchor` are the words of the scenario's anchor, if it is they that are missing.
    """

    def __init__(self, words: str, *, missing_anchor: str | None = None) -> None:
        super().__init__(words)
        self.missing_anchor = missing_anchor


class GuardRefused(VisitEnded):
    """The read-only guard stopped a request or a press that would take or hold a slot."""


class DeadlinePassed(VisitEnded):
    """The visit's deadline passed while a verb was at work."""
