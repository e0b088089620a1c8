"""
The ledger's values: a link of a chain, a seal over links, a timestamp of a seal.

What is hashed, signed and timestamped is canonical JSON, which anyone can make anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from fleet.errors import LedgerAltered
from fleet.ledger import merkle
from fleet.ledger.canonical import canonical, sha256
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
        # with `previous` and `manifest` in it, a leaf fixes the attempt and all before it
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
        """
        The link that `to_document` wrote.

        Raises:
            LedgerAltered: it did not.
        """
        fields = dict(document)
        attempt_id = fields.pop("_id")
        try:
            link = cls.model_validate({"attempt_id": attempt_id, **fields}, strict=True)
            canonical(link.number)
        except ValidationError as exc:
            raise LedgerAltered(_first(exc), link=str(attempt_id)) from exc
        except ValueError as exc:
            raise LedgerAltered(f"number: {exc}", link=str(attempt_id)) from exc
        return link


FORMAT, FORMAT_WITH_PLANS = "prefecture-fleet/seal/1", "prefecture-fleet/seal/2"
FORMAT_WITH_MENTIONS = "prefecture-fleet/seal/3"


class Statement(Frozen):
    """
    What a seal says: so many links, under this root, at this instant, after that seal.

    `previous` is the SHA-256 of the statement before, as bytes; `key` the Ed25519 public key;
    `authorities` are asked for a timestamp, so that a token that is taken away is missed. `plans`
    are the sampling plans so far, without their seeds (`plan_commitment`);
    None in seals of the first format. `mentions` is how many there are under `mentions_root`
    (`fleet.ledger.mentions`), None in seals of the formats before the third.
    """

    format: str = FORMAT
    number: int
    sealed_at: Instant
    count: int
    root: str
    previous: str
    key: str
    authorities: tuple[str, ...]
    plans: tuple[str, ...] | None = None
    mentions: int | None = None
    mentions_root: str | None = None

    @property
    def content(self) -> bytes:
        """What is signed and timestamped: canonical JSON; of older seals as they were."""
        return canonical(self.model_dump(mode="python", exclude_none=True))


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

    def to_document(self) -> Document:
        """As MongoDB keeps it."""
        return {
            "_id": self.statement.number,
            "statement": self.statement.model_dump(mode="python", exclude_none=True),
            "signature": self.signature,
            "attempt_ids": list(self.attempt_ids),
            "tokens": [{"url": t.url, "at": t.at, "token": t.token} for t in self.tokens],
            "refusals": [{"url": url, "words": words} for url, words in self.refusals],
        }

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """
        The seal that `to_document` wrote.

        Raises:
            LedgerAltered: it did not.
        """
        try:
            statement = _statement(document["statement"])
            if document["_id"] != statement.number:
                raise ValueError(f"its statement has the number {statement.number}")
            return cls(
                statement=statement,
                signature=_text(document["signature"]),
                attempt_ids=tuple(map(_text, document["attempt_ids"])),
                tokens=tuple(
                    Token(_text(t["url"]), t["at"], b"".join([t["token"]]))
                    for t in document["tokens"]
                ),
                refusals=tuple((_text(r["url"]), str(r["words"])) for r in document["refusals"]),
            )
        except ValidationError as exc:
            raise LedgerAltered(_first(exc), seal=document["_id"]) from exc
        except (KeyError, TypeError, ValueError) as exc:
            # whoever altered it may have put anything in the place of a field
            raise LedgerAltered(f"{type(exc).__name__}: {exc}", seal=document["_id"]) from exc


def _statement(document: Document) -> Statement:
    """The statement, with canonical JSON of it."""
    authorities = tuple(map(_text, document["authorities"]))
    fields = {**document, "authorities": authorities}
    if document.get("plans") is not None:
        fields["plans"] = tuple(map(_text, document["plans"]))
    found = Statement.model_validate(fields, strict=True)
    canonical(found.model_dump(mode="python"))
    return found


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(f"{str(value)[:80]!r} is no text")


def root_of(links: Sequence[Link]) -> str:
    """The Merkle root over these links, in this order, as 64 hexadecimal digits."""
    return merkle.root([link.leaf for link in links]).hex()


def _first(exc: ValidationError) -> str:
    first = exc.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


@dataclass(frozen=True, slots=True)
class SealingResult:
    """What a sealing did: seals made, links and mentions under them, tokens got and refused."""

    seals: int
    links: int
    tokens: int
    refusals: int
    mentions: int = 0
