"""
What a verification finds, as values: which case it is, and the names it is about.

A terminal shows the English sentence; the web pages say the same in their reader's language
(`fleet.web.pages.proof_labels`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from datetime import datetime, timedelta


class Case(Enum):
    """Every sentence of a report; its value is the English one, with the names of its values."""

    # altered
    SIGNATURE = "seal {seal} was altered: its signature does not hold"
    SEAL_MISSING = "seal {wanted} is missing: seal {seal} comes instead"
    SEAL_ORDER = "seal {seal} does not follow the seal before it: one of the two was made anew"
    SEAL_DELETED = "seal {seal} was deleted: links name it"
    SEAL_CHANGED = (
        "seal {seal} is not the one that was verified before, or is gone: the end was taken away,"
        " or all was sealed anew"
    )
    SEAL_ODD = "seal {seal} was altered: {why}; what rests on it was not checked"
    NOT_COVERED = (
        "attempt {attempt} of {flow} is not under seal {seal}, though its link says so: it was"
        " inserted, or its link altered"
    )
    LINK_ODD = "the link of attempt {attempt} was altered: {why}; what rests on it was not checked"
    LINK_MISSING = "the link of attempt {attempt} is missing, which seal {seal} covers"
    ROOT = "seal {seal}: its root is not that of its {links} links"
    TOKEN_ALTERED = "seal {seal}: the timestamp of {url} was altered: {why}"
    TOKEN_UNTRUSTED = (
        "seal {seal}: the timestamp of {url} was altered, or leads to no root that is believed"
        " here (FLEET_TIMESTAMP_ROOTS)"
    )
    CHAIN_BROKEN = (
        "the chain of {flow} is broken at link {link} (attempt {attempt}): the link before it is"
        " not the one that it names"
    )
    CHAIN_GAP = (
        "the chain of {flow} is broken: after link {before} comes {link}; what was between was"
        " deleted or moved"
    )
    ATTEMPT_DELETED = (
        "attempt {attempt} of {flow} was deleted: its link is there, number {link} of its chain"
    )
    ATTEMPT_INSERTED = (
        "attempt {attempt} of {flow} is in no chain: it was inserted, or its link deleted"
    )
    ATTEMPT_ODD = "attempt {attempt} of {flow} was altered: {why}"
    ATTEMPT_ALTERED = (
        "attempt {attempt} of {flow} was altered: its manifest is not the one that was linked"
    )
    FILE_MISSING = "file {file} of attempt {attempt} is missing"
    FILE_ALTERED = "file {file} of attempt {attempt} was altered: its bytes give another hash"

    # what was due
    PLAN_CHANGED = (
        "the sampling plan {plan}, which seal {seal} names, is not there as it was: its seed, its"
        " gaps or when it holds were changed, or it was deleted"
    )
    PLAN_ODD = "the sampling plans, or since when they are followed, were altered: {why}"
    DUE_OPEN = (
        "{flow} was due at {due}, and neither an attempt nor a missed visit accounts for it: it was"
        " deleted"
    )
    DUE_MORE = "{flow} was due {count} times more that nothing accounts for"
    MENTIONS_ROOT = (
        "seal {seal} covers {said} missed visits, removals, withdrawals and the like, and of them"
        " {count} are there, or others: they were altered or deleted"
    )
    MENTION_CHANGED = (
        "what seal {seal} says of {kind} {about} is not what is stored: it was altered or deleted"
    )

    # its times cannot be true
    LINK_EARLY = (
        "attempt {attempt} of {flow} ended at {ended} and was linked before, at {linked}: one of"
        " the two is not true"
    )
    SEAL_EARLY = (
        "seal {seal} was made at {sealed}, before attempt {attempt} under it was linked, {linked}"
    )
    TOKEN_EARLY = "seal {seal} was made at {sealed}, after {url} had timestamped it, {stamped}"
    SITE_CLOCK = (
        "attempt {attempt} of {flow}: our clock stood {seconds} s after that of every site that"
        " answered; it was wrong, or the attempt is of another time"
    )

    # told, and no alteration
    OTHER_KEY = (
        "signed with the public key {key}, which is not the one in this fleet's data folder: the"
        " key was replaced, or everything was sealed anew; compare it with the published one"
    )
    FILE_REMOVED = "file {file} was removed on {day}: {reason}"
    NOT_STAMPED = "seal {seal}: no timestamp of {url}: {why}"
    NO_AUTHORITY = "seal {seal} has no timestamp: no authority was configured"
    NOT_MENTIONED = "{count} of kind {kind} are under no seal; seal: fleet seal"
    NOT_SEALED = "{count} attempts of {flow} are under no seal; seal: fleet seal"


class Finding(str):
    """An English sentence that knows its `case` and the `values` in it."""

    case: Case
    values: dict[str, object]

    def __new__(cls, case: Case, **values: object) -> Self:
        """The sentence of that case about these."""
        found = super().__new__(cls, case.value.format(**values))
        found.case, found.values = case, values
        return found


@dataclass(slots=True)
class Report:
    """
    What was checked, and what is wrong.

    `findings` name what was altered, inserted or is missing: with none, what was checked is as
    it was sealed. `notices` are what a reader must know and is no alteration: files removed on
    purpose, seals without a timestamp, authorities whose root is not known. `keys` are the
    public keys that signed, `stamped` the instants of the first and the last trusted timestamp,
    `longest` what it took at most from a visit's end to its `link`, from a link to its `seal`, from
    a seal to a trusted `timestamp`.
    """

    attempts: int = 0
    files: int = 0
    links: int = 0
    seals: int = 0
    tokens: int = 0
    unsealed: int = 0
    findings: list[Finding] = field(default_factory=list)
    notices: list[Finding] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    stamped: tuple[datetime, datetime] | None = None
    longest: dict[str, timedelta] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing was altered."""
        return not self.findings

    def took(self, step: str, span: timedelta) -> None:
        """A step took so long; the longest is told."""
        self.longest[step] = max(span, self.longest.get(step, span))

    def add_finding(self, case: Case, **values: object) -> None:
        """Something was altered."""
        self.findings.append(Finding(case, **values))

    def add_notice(self, case: Case, **values: object) -> None:
        """Something a reader must know."""
        self.notices.append(Finding(case, **values))
