"""
The things the fleet talks about: verdicts, outcomes, scenarios, attempts, evidence, runs.

All are frozen and refuse unknown fields, so that what is stored can be trusted to be what
was seen. Instants are aware UTC with milliseconds, which is what MongoDB keeps.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, computed_field, field_validator

from fleet.circumstances import Circumstances
from fleet.departments import DEPARTMENTS
from fleet.value import Frozen as Frozen
from fleet.value import Instant as Instant
from fleet.value import now as now

PARIS = ZoneInfo("Europe/Paris")

FLOW_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


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


Facts = Annotated[Mapping[str, Annotated[str, Field(max_length=500)]], Field(max_length=20)]
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
    detail: str = Field(max_length=2000)
    signs: tuple[str, ...] = ()
    first_dates: tuple[date, ...] = Field(default=(), max_length=2)
    slot_count: int | None = Field(default=None, ge=0)
    facts: Facts = Field(default_factory=dict)
    missing_anchor: str | None = None

    def stating(self, **facts: str) -> Self:
        """The same outcome with these facts added."""
        cut = {name: value[:500] for name, value in facts.items()}
        return self.model_copy(update={"facts": {**self.facts, **cut}})

    def offering(self, days: list[date], *, slot_count: int | None) -> Self:
        """The same outcome with the slots seen: how many, and their days, in any order."""
        first = tuple(sorted(set(days))[:2])
        return self.model_copy(update={"first_dates": first, "slot_count": slot_count})


class Scenario(Frozen):
    """
    The script of one flow.

    `version` changes when what the script does changes: it is a hash of the definition, so
    that a series of attempts can be cut where the way of measuring changed. `anchor` are words
    that at least one page of a visit must show before its answer counts: a page that was
    replaced by another flow's does not show them.
    """

    department: str
    flow: str
    title: str = Field(min_length=1, max_length=300)
    url: str
    family: str
    version: str = Field(min_length=1)
    control: bool = False
    anchor: str | None = Field(default=None, min_length=3, max_length=200)
    # a function of a Visit (fleet.authoring.Script); this module knows no browser
    script: Callable[[Any], Awaitable[Outcome]] = Field(exclude=True, repr=False)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def id(self) -> str:
        """`63/titre-de-sejour`."""
        return f"{self.department}/{self.flow}"

    def at(self, url: str) -> Self:
        """The same scenario aimed at another address (a practice prefecture, a test)."""
        return self.model_copy(update={"url": check_url(url)})

    @field_validator("department")
    @classmethod
    def _known_department(cls, value: str) -> str:
        if value not in DEPARTMENTS:
            raise ValueError(
                f"department {value!r} is none of 01…95, 2A, 2B, 971…988; write it as text,"
                " with two digits at least"
            )
        return value

    @field_validator("flow")
    @classmethod
    def _slug(cls, value: str) -> str:
        if not FLOW_SLUG.fullmatch(value):
            raise ValueError(
                f"flow {value!r} is not a slug; use small letters, digits and single hyphens,"
                " such as 'titre-de-sejour'"
            )
        return value

    @field_validator("url")
    @classmethod
    def _http(cls, value: str) -> str:
        return check_url(value)


def check_url(value: str) -> str:
    """`value`, if it is an http(s) address with a host; ValueError otherwise."""
    if not re.match(r"https?://[^/\s]+(/\S*)?$", value):
        raise ValueError(f"url {value!r} is not an http:// or https:// address")
    return value


def definition_version(**definition: object) -> str:
    """A scenario version: 12 hexadecimal digits that change with any part of the definition."""
    text = json.dumps(definition, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class Served(Frozen):
    """
    One document that the site served to the page itself (redirects are documents too).

    `server_date` is the server's own (its `Date` header, whole seconds), `age_s` how long a cache
    on the way had kept the answer by then; `location` is where a redirect led, as written;
    `address` is the IP address and port that answered. None: not said, or not seen.
    """

    url: str
    status: int
    at: Instant
    server_date: Instant | None = None
    age_s: int | None = Field(default=None, ge=0)
    location: str | None = None
    address: str | None = None

    @property
    def site_clock_s(self) -> float | None:
        """
        Seconds by which our clock stood after the site's when the answer came; None if not told.

        The site's clock is no trusted one, and the answer's way is in it: a plausibility, to
        about a second.
        """
        if self.server_date is None:
            return None
        return (self.at - self.server_date).total_seconds() - (self.age_s or 0)


class Dialog(Frozen):
    """A box that the page opened with `alert`, `confirm` or `prompt`; always dismissed."""

    kind: str
    message: str
    at: Instant


class Evidence(Frozen):
    """
    A stored file: what kind, of which page of the visit, and the hash that names its bytes.

    An `outline` is what a person could see of the page, as data (`fleet.outline`).
    """

    kind: Literal["picture", "html", "outline"]
    step: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)
    taken_at: Instant
    url: str
    title: str
    truncated: bool = False


class EvidenceFile(Frozen):
    """An `Evidence` together with its bytes, on the way from the page to the store."""

    evidence: Evidence
    content: bytes = Field(repr=False)


class Attempt(Frozen):
    """
    One visit of one scenario. Stored once, never changed; a retry is another attempt.

    `due_at` is when it was due (`fleet watch`); None if it was asked for by hand.
    `circumstances` is None for attempts from before they were noted.
    """

    id: str
    run_id: str
    scenario_id: str
    scenario_version: str
    department: str
    flow: str
    control: bool
    url: str
    ruleset: str
    number: int = Field(ge=1)
    verdict: Verdict
    group: Group
    detail: str
    signs: tuple[str, ...]
    first_dates: tuple[date, ...]
    slot_count: int | None
    facts: Facts = Field(default_factory=dict)
    missing_anchor: str | None = None
    due_at: Instant | None = None
    started_at: Instant
    seconds: float = Field(ge=0)
    served: tuple[Served, ...]
    dialogs: tuple[Dialog, ...]
    notes: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    chromium_version: str
    fleet_version: str
    circumstances: Circumstances | None = None

    def to_document(self) -> dict[str, Any]:
        """As MongoDB keeps it: `_id` is the attempt's id, dates as ISO text, instants as dates."""
        document = plain_document(self)
        document["_id"] = document.pop("id")
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The attempt that `to_document` wrote."""
        fields = dict(document)
        fields["id"] = fields.pop("_id")
        return cls.model_validate(fields)


def plain_document(judged: Frozen) -> dict[str, Any]:
    """What MongoDB keeps of an attempt or a judgement: verdict and group as text, days as ISO."""
    document = judged.model_dump(mode="python")
    document["verdict"], document["group"] = document["verdict"].value, document["group"].value
    document["first_dates"] = [day.isoformat() for day in document["first_dates"]]
    return document


class Run(Frozen):
    """
    One pass over some scenarios; `ended_at` is None while it goes on or if it was killed.

    The run of a fleet that watches lasts from its start to its end; its scenarios are those of
    the start.
    """

    id: str
    started_at: Instant
    ended_at: Instant | None = None
    scenario_ids: tuple[str, ...]
    times: int = Field(ge=1)
    watch: bool = False
    attempts: int = Field(default=0, ge=0)
    fleet_version: str
    chromium_version: str
