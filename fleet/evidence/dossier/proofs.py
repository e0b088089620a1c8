"""What proves the attempts of a dossier: audit paths, seals, timestamps, and who is believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from rfc3161_client import decode_timestamp_response

from fleet.errors import BadInput
from fleet.evidence.seal_check import BATCH
from fleet.ledger import merkle, timestamps
from fleet.ledger.signing import is_signed
from fleet.ledger.timestamps import NoTimestamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from cryptography.x509 import Certificate

    from fleet.ledger.chain import Link, Seal, Statement
    from fleet.ledger.timestamps import TimestampInfo
    from fleet.storage.collections.ledger import Ledger


@dataclass(frozen=True, slots=True)
class AuditPath:
    """An attempt's audit path (RFC 6962) to the root of its seal; hashes in hexadecimal digits."""

    seal: int
    leaf: int
    count: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A token that is believed, the authority's address, what it says."""

    url: str
    token: bytes
    info: TimestampInfo

    @property
    def ending(self) -> str:
        """Tells authorities apart in the names of files; the verifier makes it from the address."""
        host = urlsplit(self.url).hostname or "authority"
        return f"{host}-{sha256(self.url.encode()).hexdigest()[:8]}.tsr"


@dataclass(frozen=True, slots=True)
class DossierSeal:
    """A seal over attempts of the dossier. `lacking`: authorities without a token, and why."""

    statement: Statement
    signature: str
    proofs: dict[str, AuditPath]
    timestamps: tuple[Timestamp, ...]
    lacking: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Its files begin so."""
        return f"seals/seal-{self.statement.number:06d}"


@dataclass(frozen=True, slots=True)
class DossierProofs:
    """What proves a dossier: its seals, and the public key that signs its list of files, if any."""

    seals: Sequence[DossierSeal]
    signer: str | None


class TrustedRoots:
    """The roots that are believed; `used` are those to which tokens of this dossier led."""

    def __init__(self, roots: Sequence[Certificate]) -> None:
        self._roots = roots
        self.used: list[Certificate] = []

    def read(self, token: bytes, content: bytes) -> TimestampInfo:
        """
        What a token says; `trusted` if it leads to a root that is believed.

        Raises:
            NoTimestamp: it is no timestamp of these bytes.
        """
        info = timestamps.read_token(token, content, self.used)
        if info.trusted:
            return info
        certificates = decode_timestamp_response(token).signed_data.certificates
        issuers = {x509.load_der_x509_certificate(each).issuer for each in certificates}
        for root in self._roots:
            if root.subject in issuers:
                info = timestamps.read_token(token, content, [root])
                if info.trusted:
                    self.used.append(root)
                    break
        return info

    def pem(self) -> bytes:
        """The roots that were used."""
        return b"".join(root.public_bytes(serialization.Encoding.PEM) for root in self.used)


async def seals_of(
    ledger: Ledger, covered: Mapping[str, int | None], trusted: TrustedRoots
) -> AsyncIterator[DossierSeal]:
    """
    The seals over these attempts (each with the number of its seal, if any), oldest first.

    Raises:
        BadInput: one does not hold: it was altered.
    """
    own: dict[int, set[str]] = {}
    for attempt_id, number in covered.items():
        if number is not None:
            own.setdefault(number, set()).add(attempt_id)
    for number in sorted(own):
        seal = await ledger.seal(number)
        if seal is None:
            raise _alteration(number, "it is missing")
        alone = seal_alone(seal, trusted)
        yield replace(alone, proofs=await _proofs(ledger, seal, own[number]))


def seal_alone(seal: Seal, trusted: TrustedRoots) -> DossierSeal:
    """
    A seal with its timestamps, without what is under it.

    Raises:
        BadInput: its signature or a timestamp does not hold: it was altered.
    """
    if not is_signed(seal.statement.key, seal.signature, seal.statement.content):
        raise _alteration(seal.statement.number, "its signature does not hold")
    return DossierSeal(seal.statement, seal.signature, {}, *_timestamps(seal, trusted))


async def _proofs(ledger: Ledger, seal: Seal, own: set[str]) -> dict[str, AuditPath]:
    links: dict[str, Link] = {}
    for begin in range(0, len(seal.attempt_ids), BATCH):
        part = seal.attempt_ids[begin : begin + BATCH]
        links |= {name: link for name, (link, _) in (await ledger.links_of(part)).items()}
    number, count = seal.statement.number, seal.statement.count
    if len(links) != count or not own <= links.keys():
        raise _alteration(number, f"it has {len(links)} links of {count}")
    leaves = [links[each].leaf for each in seal.attempt_ids]
    if merkle.root(leaves).hex() != seal.statement.root:
        raise _alteration(number, "its root is not that of its links")
    paths = merkle.proofs(leaves)
    return {
        each: AuditPath(number, leaf, count, tuple(node.hex() for node in paths[leaf]))
        for leaf, each in enumerate(seal.attempt_ids)
        if each in own
    }


def _timestamps(
    seal: Seal, trusted: TrustedRoots
) -> tuple[tuple[Timestamp, ...], tuple[tuple[str, str], ...]]:
    lacking = dict.fromkeys(seal.statement.authorities, "it gave none")
    lacking.update(seal.refusals)
    stamped = []
    for token in seal.tokens:
        try:
            info = trusted.read(token.token, seal.statement.content)
        except NoTimestamp as exc:
            raise _alteration(seal.statement.number, f"timestamp of {token.url}: {exc}") from exc
        if info.trusted:
            stamped.append(Timestamp(token.url, token.token, info))
            lacking.pop(token.url, None)
        else:
            lacking[token.url] = "it leads to no root that is believed (FLEET_TIMESTAMP_ROOTS)"
    return tuple(stamped), tuple(lacking.items())


def public_pem(key: str) -> bytes:
    """An Ed25519 public key of 64 hexadecimal digits as PEM."""
    public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return public.public_bytes(serialization.Encoding.PEM, form)


def _alteration(number: int, why: str) -> BadInput:
    return BadInput(
        f"seal {number} does not hold: {why}. Only what holds goes into a dossier; see: fleet"
        " verify, and restore a backup"
    )
