"""Canonical JSON, Merkle trees, links and seals, signatures, timestamps: pure, no network."""
