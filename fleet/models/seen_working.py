"""That a flow was seen working: on which day, with which version of its scenario."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from fleet.models.base import Frozen
from fleet.models.outcome import Verdict


class SeenWorking(Frozen):
    """
    A visit of a real site that its scenario understood by its own signs.

    `day` is that of Paris. `verdict` is what it came to: a captcha or a login counts where the
    scenario itself says that the way ends there.
    """

    flow: Annotated[str, Field(pattern=r"^\w{2,3}/[a-z0-9-]+$", max_length=200)]
    day: date
    version: Annotated[str, Field(min_length=1, max_length=100)]
    verdict: Verdict


class SeenWorkingFile(Frozen):
    """All that is known so, by flow; the content of `seen_working.json`."""

    flows: tuple[SeenWorking, ...] = Field(default=(), max_length=20_000)

    def of(self, flow: str, version: str) -> SeenWorking | None:
        """When this flow was last seen working with this version of its scenario; None: never."""
        found = [each for each in self.flows if (each.flow, each.version) == (flow, version)]
        return max(found, key=lambda each: each.day, default=None)

    def with_all(self, others: tuple[SeenWorking, ...]) -> SeenWorkingFile:
        """These and others: of each flow the latest only, in the order of their ids."""
        latest: dict[str, SeenWorking] = {}
        for each in (*self.flows, *others):
            if each.flow not in latest or each.day >= latest[each.flow].day:
                latest[each.flow] = each
        return SeenWorkingFile(flows=tuple(latest[flow] for flow in sorted(latest)))
