"""
The ledger's values: a link of a chain, a seal over links, a timestamp of a seal.

What is hashed, signed and timestamped is canonical JSON, which anyone can make anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from fleet import merkle
from fleet.manifest import canonical, sha256
from fleet.models import Frozen, Instant

if TYPE_CHECKING:
    from collections.abc import Sequence

Document = dict[str, Any]


class Link(Frozen):
    """One attempt's place in the chain of its scenario; `number` counts from 1."""

    attempt_id: str
    scenario_id: str
    number: int
    previous: str
    manifest: str
    linked_at: Instant

    @property
    def leaf(self) -> bytes:
        """What is hashed, and what stands in the Merkle tree."""
        return canonical(self.model_dump(mode="python"))

    @property
    def hash(self) -> str:
        """What the next link of the scenario names as `previous`."""
        return sha256(self.leaf)

    def to_document(self) -> Document:
        """As MongoDB keeps it."""
        fields = self.model_dump(mode="python")
        return {"_id": fields.pop("attempt_id"), **fields}

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """The link that `to_document` wrote."""
        fields = dict(document)
        return cls.model_validate({"attempt_id": fields.pop("_id"), **fields})


class Statement(Frozen):
    """
    What a seal says: so many links, under this root, at this instant, after that seal.

    `previous` is the SHA-256 of the statement before, as bytes; `key` the Ed25519 public key;
    `authorities` are asked for a timestamp, so that a token that is taken away is missed.
    """

    format: str = "prefecture-fleet/seal/1"
    number: int
    sealed_at: Instant
    count: int
    root: str
    previous: str
    key: str
    authorities: tuple[str, ...]

    @property
    def content(self) -> bytes:
        """What is signed and timestamped: canonical JSON."""
        return canonical(self.model_dump(mode="python"))


@dataclass(frozen=True, slots=True)
class Token:
    """An RFC 3161 answer of the authority at `url` about a statement, as DER."""

    url: str
    at: datetime
    token: bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """
    A statement with its signature (128 hexadecimal digits), leaves and timestamps.

    `attempt_ids` are the leaves in their order. `refusals` are what authorities answered instead
    of a token, by address.
    """

    statement: Statement
    signature: str
    attempt_ids: tuple[str, ...]
    tokens: tuple[Token, ...] = ()
    refusals: tuple[tuple[str, str], ...] = ()


def root_of(links: Sequence[Link]) -> str:
    """The Merkle root over these links, in this order, as 64 hexadecimal digits."""
    return merkle.root([link.leaf for link in links]).hex()
