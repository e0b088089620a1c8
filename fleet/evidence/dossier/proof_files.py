"""The files that prove one attempt or one seal, for who checks by hand; named as in a dossier."""

from __future__ import annotations

import tempfile
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet.evidence.dossier.archive import DossierArchive
from fleet.evidence.dossier.proofs import public_pem
from fleet.ledger.canonical import canonical
from fleet.models import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.evidence.dossier.proofs import DossierSeal, TrustedRoots
    from fleet.ledger.chain import Link

NamedFiles = tuple[tuple[str, bytes], ...]


def attempt_files(
    document: dict[str, Any], link: Link, seals: Sequence[DossierSeal], trusted: TrustedRoots
) -> NamedFiles:
    """Manifest and link of an attempt, and what proves them, if a seal does (`seals_of`)."""
    own = [("manifest.json", canonical(document)), ("link.json", link.leaf)]
    for seal in seals:
        proof = seal.proofs[link.attempt_id]
        path = {"seal": proof.seal, "leaf": proof.leaf, "count": proof.count, "path": proof.path}
        own.append(("proof.json", canonical(path)))
    return (*own, *seal_files(seals, trusted))


def seal_files(seals: Sequence[DossierSeal], trusted: TrustedRoots) -> NamedFiles:
    """Statements, signatures, timestamps, the roots that these led to, keys, how to check them."""
    own = [
        (f"{seal.name.removeprefix('seals/')}.{ending}", content)
        for seal in seals
        for ending, content in (
            ("json", seal.statement.content),
            ("sig", seal.signature.encode()),
            *((stamp.ending, stamp.token) for stamp in seal.timestamps),
        )
    ]
    keys = sorted({seal.statement.key for seal in seals})
    if keys:
        own.append(("ledger-public-key.pem", b"".join(map(public_pem, keys))))
    if trusted.used:
        own.append(("roots.pem", trusted.pem()))
    folder = files("fleet.evidence.dossier").joinpath("by_hand")
    own += [(each.name, each.read_bytes()) for each in folder.iterdir() if each.is_file()]
    return tuple(own)


def zip_files(name: str, named: NamedFiles) -> bytes:
    """A ZIP of these files, with their SHA-256 in `SHA256SUMS`."""
    with tempfile.TemporaryDirectory(prefix="fleet-proof-") as folder:
        path = Path(folder) / name
        with DossierArchive(path, now()) as archive:
            for each, content in named:
                archive.add(each, content)
        return path.read_bytes()
