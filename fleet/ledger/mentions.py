"""
Mentions: what a seal covers beside links, so that it cannot be made up, changed or lost later.

A visit that was missed, a file that was removed, an attempt that was withdrawn from figures, what a
person saw, since when a flow is watched and when it was out of the catalogue. A mention is
canonical JSON of what is stored, without the names of people: it may be handed out.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.ledger import merkle
from fleet.ledger.canonical import canonical, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.ledger.chain import Document


class MentionKind(StrEnum):
    """What a mention tells of. The strings are in sealed data."""

    MISSED = "missed"
    REMOVAL = "removal"
    WITHDRAWAL = "withdrawal"
    OBSERVATION = "observation"
    WATCHED = "watched"


NOT_TOLD = {
    MentionKind.MISSED: (),
    MentionKind.REMOVAL: ("by", "unfinished"),
    MentionKind.WITHDRAWAL: ("by",),
    # the words of a person, too: both go when they take the observation back
    MentionKind.OBSERVATION: ("author", "note", "flow_words", "withdrawn"),
    MentionKind.WATCHED: ("until", "gaps"),
}
"""Fields that are no part of a mention: who did it, and what changes rightly afterwards."""


def mentions_of(kind: MentionKind, document: Document) -> Iterator[bytes]:
    """
    The mentions of a stored document: one, and of a watched flow one more for each gap.

    Raises:
        ValueError: there is no canonical JSON of it.
    """
    told = {key: value for key, value in document.items() if key not in NOT_TOLD[kind]}
    about = told.pop("_id")
    own = told.pop("kind", None)  # a removal says of which kind it is
    if own is not None:
        told["why"] = own
    yield canonical({**told, "kind": kind.value, "about": about})
    for gap in document.get("gaps", ()) if kind is MentionKind.WATCHED else ():
        yield canonical({**gap, "kind": "gap", "about": about})


def mentions_root(leaves: Sequence[bytes]) -> str:
    """The Merkle root (RFC 6962) over mentions in the order of their SHA-256, 64 digits."""
    return merkle.root(sorted(leaves, key=sha256)).hex()
