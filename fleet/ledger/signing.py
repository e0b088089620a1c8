"""
The key that signs seals: Ed25519, made at the first start, in a file that is not in the database.

Who can write to the database must not be able to sign. The public key is in every seal and on the
web page; whoever wrote it down once notices another.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from fleet.errors import BadInput
from fleet.system.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path


class SigningKey:
    """The private key of this fleet; `public` is its public half, 64 hexadecimal digits."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        self.public = key.public_key().public_bytes(*raw).hex()

    @classmethod
    def of(cls, path: Path) -> Self:
        """
        The key of this file, which is made if it is missing, readable by its owner only.

        Raises:
            BadInput: it cannot be read or made, or holds no Ed25519 key.
        """
        try:
            if not path.exists():
                _make(path)
            content = path.read_bytes()
        except OSError as exc:
            raise BadInput(
                f"{path}: the key that signs seals cannot be used: {exc.strerror or exc}. Expected"
                " a file that this user may read, in a folder that this user may write"
            ) from exc
        try:
            key = serialization.load_pem_private_key(content, password=None)
        except (ValueError, TypeError) as exc:
            raise _no_key(path) from exc
        if not isinstance(key, Ed25519PrivateKey):
            raise _no_key(path)
        return cls(key)

    def sign(self, content: bytes) -> str:
        """Its signature of these bytes, 128 hexadecimal digits."""
        return self._key.sign(content).hex()


def is_signed(public: str, signature: str, content: bytes) -> bool:
    """Whether the owner of this public key signed these bytes."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), content
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(path: Path) -> None:
    # whole and never over another: a fleet that starts at the same moment must read this key
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with contextlib.suppress(FileExistsError):
        write_whole(path, pem, overwrite=False, mode=0o600)


def _no_key(path: Path) -> BadInput:
    return BadInput(
        f"{path}: no Ed25519 key in PEM; restore it from a backup. If it is lost, move the file"
        " away: a new key is made, and seals from then on carry another public key"
    )
