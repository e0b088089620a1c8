"""
Merkle trees as RFC 6962 defines them (section 2.1): one hash over many leaves, short proofs.

A leaf is hashed with a zero byte before it and a node with a one byte, so that no leaf can pass
for a node. Hashes are SHA-256, 32 bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256 of a leaf behind a zero byte."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of two hashes behind a one byte: of the node above them."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The Merkle tree hash over these leaves, in this order; of none, the hash of nothing."""
    return _Levels(leaves).root


def proofs(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """For each leaf, its audit path (RFC 6962, 2.1.1): what to hash it with, from below."""
    levels = _Levels(leaves)
    return [levels.path(number) for number in range(len(leaves))]


class _Levels:
    """
    All nodes of a tree, level by level; the last of an odd level goes up as it is.

    This gives RFC 6962's tree: its left subtree is the largest power of two below the number of
    leaves, and so is that of pairing from the left.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        level = [leaf_hash(leaf) for leaf in leaves]
        self._levels = [level]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            level = [*(node_hash(*pair) for pair in pairs), *(level[-1:] if len(level) % 2 else [])]
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        # RFC 6962: the hash of an empty tree is that of the empty string
        top = self._levels[-1]
        return top[0] if top else hashlib.sha256(b"").digest()

    def path(self, number: int) -> list[bytes]:
        found = []
        for level in self._levels[:-1]:
            beside = number ^ 1  # the other of the pair: its number differs in the last bit
            if beside < len(level):  # else the last of an odd level, which goes up without a hash
                found.append(level[beside])
            number //= 2
        return found
