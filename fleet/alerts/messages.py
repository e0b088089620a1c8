"""The words of a notice: what happened, to which flow, in one French sentence with a link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.models.departments import DEPARTMENTS
from fleet.models.event import LABELS
from fleet.models.text import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet.models.event import Event


@dataclass(frozen=True, slots=True)
class MessageWriter:
    """
    How a notice names things.

    Args:
        title_of: the title of a flow, by its scenario's id; None if it is not known.
        public_url: where the web pages are, without a slash at its end; None: no links.
        made_up: whether the events are those of practice prefectures.
    """

    title_of: Callable[[str], str | None]
    public_url: str | None = None
    made_up: bool = False

    def title(self, events: Sequence[Event]) -> str:
        """The title of a notice that tells these events."""
        place = events[0].host or self._department(events[0])
        label = f"{LABELS[events[0].kind]} – {place}" if place else LABELS[events[0].kind]
        words = label if len(events) == 1 else f"{len(events)} nouvelles"
        return visible(f"EXERCICE – {words}" if self.made_up else words)

    def line(self, newest: Event, others: int) -> str:
        """One sentence about an event; `others` is how many more there were since the last one."""
        words = newest.words
        if newest.scenario_id is not None and newest.host is None:
            flow = self.title_of(newest.scenario_id) or newest.scenario_id
            words = f"{self._department(newest)}, {flow} : {words}"
        if others:
            plural = "s" if others > 1 else ""
            words += f" ({others} autre{plural} événement{plural} depuis le dernier avis.)"
        if self.made_up:
            words = f"[exercice] {words}"
        if self.public_url and newest.attempt_ids:
            words += f" {self.public_url}/tentative/{newest.attempt_ids[-1]}"
        return visible(words)

    def _department(self, event: Event) -> str:
        code = (event.scenario_id or "").partition("/")[0]
        return f"{DEPARTMENTS[code]} ({code})" if code in DEPARTMENTS else code
