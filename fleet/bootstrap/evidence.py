"""From settings: the signing key, and the authorities that give timestamps."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography import x509

from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities, roots_of

if TYPE_CHECKING:
    from pathlib import Path

    from fleet.settings import Settings


def key_of(settings: Settings) -> SigningKey:
    """The key that signs this database's seals."""
    return SigningKey.of(key_path(settings))


def key_if_there(settings: Settings) -> SigningKey | None:
    """That key if it lies on this machine and may be read; none is made."""
    return key_of(settings) if os.access(key_path(settings), os.R_OK) else None


def key_path(settings: Settings) -> Path:
    """Where that key is kept."""
    return settings.data_dir / "ledger" / f"{settings.database}.pem"


def authorities_of(settings: Settings) -> Authorities:
    """Who is asked for timestamps, and who is believed; for made-up data the practice authority."""
    roots, own = roots_of(settings.timestamp_roots), practice_authority(settings) / "root.pem"
    if settings.database.endswith("_practice") and own.exists():
        roots += x509.load_pem_x509_certificates(own.read_bytes())
    return Authorities(tuple(settings.timestamp_urls), tuple(roots))


def practice_authority(settings: Settings) -> Path:
    """The folder of the practice authority's keys and certificates."""
    return settings.data_dir / "practice-authority"
