"""
Every error the fleet raises on purpose, and what its catcher may do about it.

    FleetError
    ├── BadInput               a file, flag, setting or id is wrong: tell its author, go on
    │   ├── ScenarioFileError  one scenario file: the other files still count
    │   └── EvidenceRemoved    the file's bytes were removed on purpose: say so, show its hash
    ├── StoreUnreachable       no MongoDB answers: nothing can be kept, stop
    ├── StoreRefused           MongoDB answered and would not keep it (disk full, not allowed)
    │   ├── StoreNeverTakes    it will not keep this one whatever happens (invalid, too large)
    │   └── LedgerAltered      a link or a seal in it is none: verify, restore a backup
    ├── SpoolFull              this disk takes nothing more: no new visit may begin
    ├── DamagedItem            a file of the spool is not what was written: set it aside
    ├── LeaseTaken             another fleet does this work already: leave it to that
    ├── LeaseLost              another fleet took the work over meanwhile: stop at once
    ├── NotStored              a stored attempt cannot be judged again: say why, leave it
    ├── NoChromium             no usable Chromium: nothing can be visited, stop
    ├── TurnedAway             a visit was led to a host that it may not ask now: no attempt
    └── VisitEnded             a visit cannot go on; `visit/attempt.py` makes each a verdict
        ├── Judged             the pages already say how the visit ended
        ├── SiteUnreachable    the browser got no page at all
        ├── NotOnPage          a control that the scenario needs is not on the page
        ├── GuardRefused       the visit was about to take a slot; nothing was sent
        └── DeadlinePassed     the visit's time is over

Errors become verdicts in `visit/attempt.py` and exit codes in `cli/app.py`, nowhere else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path


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


class EvidenceRemoved(BadInput):
    """A file that was stored and whose bytes were removed on purpose: on which day, how, why."""

    def __init__(self, *, sha256: str, day: date, kind: str, reason: str) -> None:
        super().__init__(
            f"evidence {sha256} was removed on {day:%Y-%m-%d} ({kind}):"
            f" {reason}. Its hash stays in the attempts that name it"
        )
        self.sha256, self.day, self.kind, self.reason = sha256, day, kind, reason


class StoreUnreachable(FleetError):
    """No MongoDB answers at the address given, or the embedded one does not start."""


class StoreRefused(FleetError):
    """MongoDB answered but did not keep what it was given; nothing half-written is visible."""


class StoreNeverTakes(StoreRefused):
    """MongoDB refuses this document for what it is: trying again cannot help."""


class LedgerAltered(StoreRefused):
    """
    A stored link or seal is not of the form in which the ledger writes them.

    `link` is the attempt whose link it is, `seal` the number of the seal; one of them is None.
    """

    def __init__(self, why: str, *, link: str | None = None, seal: object = None) -> None:
        who = f"seal {seal}" if link is None else f"the link of attempt {link}"
        super().__init__(f"{who} was altered: {why}; see: fleet verify, and restore a backup")
        self.why, self.link, self.seal = why, link, seal


class SpoolFull(FleetError):
    """The disk of the spool takes nothing more; nothing half-written is left on it."""


class DamagedItem(FleetError):
    """A file of the spool does not hold what was written to it; the message says what is wrong."""


class LeaseTaken(FleetError):
    """Another fleet holds the lease; the message says which and until when."""


class LeaseLost(FleetError):
    """The lease that this fleet had is not its own any more; the message says whose it is."""


class NotStored(FleetError):
    """What is asked of a stored page was not kept with it; the message says what."""


class NoChromium(FleetError):
    """No Chromium was found, or the one found does not start."""


class TurnedAway(FleetError):
    """
    A visit was led to a host that must be left alone now, and ended before that was asked.

    It says nothing about the site and is no attempt. Whoever wanted the visit notes that it was
    not made, and why.
    """


class VisitEnded(FleetError):
    """A visit cannot go on. Raised by the verbs of a visit, never caught by a scenario."""


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
