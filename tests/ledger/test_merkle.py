"""The Merkle tree against the published vectors of RFC 6962's reference implementations."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.evidence.dossier.verifier import root as root_in_dossier
from fleet.ledger.merkle import node_hash, proofs, root

LEAVES = [
    bytes.fromhex(leaf)
    for leaf in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
"""Of the first 1 to 8 leaves (certificate-transparency, merkle tree tests)."""

PATHS = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 3): ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",),
    (1, 5): (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
"""Audit paths of the same tests, by leaf (from 0) and size. The rest of them, consistency proofs,
has no counterpart here: each seal is a tree of its own, and names the hash of the one before."""

Leaves = st.lists(st.binary(max_size=40), min_size=1, max_size=70)


def test_the_roots_are_the_published_ones() -> None:
    assert tuple(root(LEAVES[:count]).hex() for count in range(1, 9)) == ROOTS
    assert root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(("number", "count"), PATHS)
def test_the_audit_paths_are_the_published_ones(number: int, count: int) -> None:
    path = PATHS[number, count]

    assert tuple(each.hex() for each in proofs(LEAVES[:count])[number]) == path
    proof = {"leaf": number, "count": count, "path": path}
    assert root_in_dossier(LEAVES[number], proof) == ROOTS[count - 1]


def defined(leaves: list[bytes]) -> bytes:
    """The tree hash exactly as RFC 6962, 2.1 writes it down."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return node_hash(defined(leaves[:left]), defined(leaves[left:]))


@settings(deadline=None)
@given(Leaves)
def test_the_root_is_that_of_the_definition(leaves: list[bytes]) -> None:
    assert root(leaves) == defined(leaves)


@settings(deadline=None)
@given(Leaves)
def test_every_leaf_is_proved_and_only_in_its_place(leaves: list[bytes]) -> None:
    """By what checks a dossier: nothing else reads these proofs."""
    whole, count = root(leaves).hex(), len(leaves)

    def found(leaf: bytes, number: int, path: list[bytes]) -> str | None:
        hashes = [each.hex() for each in path]
        return root_in_dossier(leaf, {"leaf": number, "count": count, "path": hashes})

    for number, (leaf, path) in enumerate(zip(leaves, proofs(leaves), strict=True)):
        assert found(leaf, number, path) == whole
        assert found(leaf + b"!", number, path) != whole
        assert found(leaf, number, [*path, b"\0" * 32]) is None
        if path:
            assert found(leaf, number, path[:-1]) is None
    assert found(leaves[0], count, []) is None
