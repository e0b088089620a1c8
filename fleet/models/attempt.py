"""
An attempt: what a visit was served, what it saw, and the files that prove it.

Unknown fields are refused, so that what is stored can be trusted to be what was seen. Instants
are aware UTC with milliseconds, which is what MongoDB keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import Field

from fleet.models.base import Frozen, Instant
from fleet.models.circumstances import Circumstances
from fleet.models.outcome import (
    UNREACHED,
    WAITING_ROOM,
    Blame,
    Detail,
    Facts,
    Group,
    SignWords,
    Verdict,
    Words,
)
from fleet.models.text import Fitted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Address = Annotated[str, Fitted(2000)]

Name = Annotated[str, Fitted(200)]


class Served(Frozen):
    """
    One document that the site served to the page itself (redirects are documents too).

    `server_date` is the server's own (its `Date` header, whole seconds), `age_s` how long a cache
    on the way had kept the answer by then; `location` is where a redirect led, as written;
    `address` is the IP address and port that answered. None: not said, or not seen.
    """

    url: Address
    status: int
    at: Instant
    server_date: Instant | None = None
    age_s: int | None = Field(default=None, ge=0)
    location: Address | None = None
    address: Name | None = None

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

    kind: Name
    message: Words
    at: Instant


MAX_BOXES = 20

MAX_MARKS = 20

Pixels = Annotated[int, Field(ge=0, le=100_000)]

Box = tuple[Pixels, Pixels, Pixels, Pixels]
"""Left, top, width and height."""


class Mark(Frozen):
    """
    Where a sign that decided stands on a picture: its words, and its boxes in pixels.

    `outside`: some of it, or all, is beyond what the picture shows. No box, and not `outside`: it
    was not found on the page when the picture was taken.
    """

    sign: SignWords
    boxes: tuple[Box, ...] = Field(default=(), max_length=MAX_BOXES)
    outside: bool = False


class Evidence(Frozen):
    """
    A stored file: what kind, of which page of the visit, and the hash that names its bytes.

    An `outline` is what a person could see of the page, as data (`fleet.rules.stored_page`).
    `marks` are those of the last page's picture, for the signs that can stand on one; None for
    other files, and for attempts from before they were noted.
    """

    kind: Literal["picture", "html", "outline"]
    step: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)
    taken_at: Instant
    url: Address
    title: Words
    truncated: bool = False
    marks: tuple[Mark, ...] | None = Field(default=None, max_length=MAX_MARKS)


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
    detail: Detail
    signs: tuple[SignWords, ...]
    first_dates: tuple[date, ...]
    slot_count: int | None
    facts: Facts = Field(default_factory=dict)
    missing_anchor: Words | None = None
    due_at: Instant | None = None
    started_at: Instant
    seconds: float = Field(ge=0)
    served: tuple[Served, ...]
    dialogs: tuple[Dialog, ...]
    notes: tuple[Words, ...]
    evidence: tuple[Evidence, ...]
    chromium_version: str
    fleet_version: str
    circumstances: Circumstances | None = None

    @property
    def unreached(self) -> Blame | None:
        """Why no site was reached, where that is not known to be the site's doing; else None."""
        said = self.facts.get(UNREACHED)
        return Blame(said) if said in list(Blame) else None

    @property
    def waited(self) -> bool:
        """Whether a virtual waiting room kept it out: another attempt at once would queue anew."""
        return WAITING_ROOM in self.facts

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


def plain_document(value: Frozen) -> dict[str, Any]:
    """What MongoDB keeps of an attempt or a judgement: verdict and group as text, days as ISO."""
    document = value.model_dump(mode="python")
    document["verdict"], document["group"] = document["verdict"].value, document["group"].value
    document["first_dates"] = [day.isoformat() for day in document["first_dates"]]
    return document


@dataclass(frozen=True, slots=True)
class Capture:
    """An attempt with the files it names, on the way to the store."""

    attempt: Attempt
    files: Sequence[EvidenceFile]

    def stating(self, facts: Mapping[str, str]) -> Capture:
        """The same with these facts added."""
        told = {**self.attempt.facts, **facts}
        return Capture(self.attempt.model_copy(update={"facts": told}), self.files)

    def crashed(self, why: str) -> Capture:
        """The same attempt as `crashed`, without a word of what was seen: it cannot be kept."""
        fields: dict[str, Any] = {name: getattr(self.attempt, name) for name in _NOT_SEEN}
        for name in ("signs", "first_dates", "served", "dialogs", "notes", "evidence"):
            fields[name] = ()
        verdict = Verdict.CRASHED
        fields |= {"verdict": verdict, "group": verdict.group, "slot_count": None, "detail": why}
        return Capture(Attempt(**fields), ())


_NOT_SEEN = (
    *("id", "run_id", "scenario_id", "scenario_version", "department", "flow", "control", "url"),
    *("ruleset", "number", "due_at", "started_at", "seconds", "chromium_version", "fleet_version"),
)
"""Fields of an attempt that no page has a part in."""


MAX_HEIGHT_PX = 8_000
"""Taller pages are cut there: Chromium tiles and blanks very tall pictures."""

MAX_WIDTH_PX = 2_560

MAX_PIXELS = 12_000_000
"""Wide pages are cut earlier: the worst picture (noise) then has 36 MB and not 61 MB."""
