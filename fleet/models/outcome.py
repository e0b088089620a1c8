"""Verdicts in their four groups, and the outcome of a visit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from itertools import islice
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field

from fleet.models.base import Frozen
from fleet.models.text import Fitted


class Group(StrEnum):
    """The four kinds of verdict. Only `answered` says anything about slots."""

    ANSWERED = "answered"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    OURS = "ours"


class Verdict(StrEnum):
    """How an attempt ended. The strings are in exported data and do not change."""

    SLOTS = "slots"
    NO_SLOTS = "no_slots"
    CLOSED = "closed"
    CAPTCHA = "captcha"
    LOGIN_REQUIRED = "login_required"
    BLOCKED = "blocked"
    RATE_LIMITED = "rate_limited"
    OVERLOAD = "overload"
    MAINTENANCE = "maintenance"
    SESSION_EXPIRED = "session_expired"
    SITE_DOWN = "site_down"
    TIMEOUT = "timeout"
    UNRECOGNISED = "unrecognised"
    CRASHED = "crashed"

    @property
    def group(self) -> Group:
        """The kind of verdict that this one is."""
        return _GROUPS[self]


_GROUPS = {
    Verdict.SLOTS: Group.ANSWERED,
    Verdict.NO_SLOTS: Group.ANSWERED,
    Verdict.CLOSED: Group.ANSWERED,
    Verdict.CAPTCHA: Group.REFUSED,
    Verdict.LOGIN_REQUIRED: Group.REFUSED,
    Verdict.BLOCKED: Group.REFUSED,
    Verdict.RATE_LIMITED: Group.REFUSED,
    Verdict.OVERLOAD: Group.UNAVAILABLE,
    Verdict.MAINTENANCE: Group.UNAVAILABLE,
    Verdict.SESSION_EXPIRED: Group.UNAVAILABLE,
    Verdict.SITE_DOWN: Group.UNAVAILABLE,
    Verdict.TIMEOUT: Group.UNAVAILABLE,
    Verdict.UNRECOGNISED: Group.OURS,
    Verdict.CRASHED: Group.OURS,
}


class Blame(StrEnum):
    """
    Why nothing is known of a site that no visit reached. The strings are in exported data.

    They are values of the fact `unreached`.
    """

    NETWORK = "network"
    CLOCK = "clock"
    UNKNOWN = "unknown"


UNREACHED = "unreached"
"""The fact of a visit that reached no site, where that is not known to be the site's doing."""

WAITING_ROOM = "waiting_room"
"""The fact of a visit that a virtual waiting room kept out; whose room it is is its value."""

MOST_FACTS = 20

Detail = Annotated[str, Fitted(2000)]

SignWords = Annotated[str, Fitted(3000)]
"""A sign may quote an address and more."""

Words = Annotated[str, Fitted(500)]


def _first_facts(facts: Any) -> Any:
    if isinstance(facts, Mapping) and len(facts) > MOST_FACTS:
        return dict(islice(facts.items(), MOST_FACTS))
    return facts


Facts = Annotated[Mapping[str, Words], Field(max_length=MOST_FACTS), BeforeValidator(_first_facts)]
"""What else a page said, as data: `next_publication`, `closed_since`, … (docs/verdicts.md)."""


class Outcome(Frozen):
    """
    What a visit found.

    `detail` is one sentence for a person; `signs` are what was seen on the page that proves
    the verdict; `first_dates` are the first two distinct days offered (Paris calendar), empty
    when the page names none; `slot_count` is the number of slots shown, None when not counted;
    `facts` are what else the page said, instants as ISO 8601 with their zone, days as ISO.
    `missing_anchor` holds the scenario's anchor when no page of the visit showed it.
    """

    verdict: Verdict
    detail: Detail
    signs: tuple[SignWords, ...] = ()
    first_dates: tuple[date, ...] = Field(default=(), max_length=2)
    slot_count: int | None = Field(default=None, ge=0)
    facts: Facts = Field(default_factory=dict)
    missing_anchor: Words | None = None

    def stating(self, **facts: str) -> Self:
        """The same outcome with these facts added."""
        return self.model_validate({**dict(self), "facts": {**self.facts, **facts}})

    def offering(self, days: list[date], *, slot_count: int | None) -> Self:
        """The same outcome with the slots seen: how many, and their days, in any order."""
        first = tuple(sorted(set(days))[:2])
        return self.model_copy(update={"first_dates": first, "slot_count": slot_count})
