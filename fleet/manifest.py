"""
What the ledger hashes: stored documents as canonical JSON (RFC 8785), so that anyone can redo it.

The manifest of an attempt is its stored document, every field, with the hashes of all its files.
It is made from what is stored and not from our models: a field that a later version adds does
not change the manifest of an attempt that lacks it, and a field that somebody slips in does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import rfc8785

NOTHING = "0" * 64
"""Stands where the hash of a predecessor would, for the first of a chain."""


def canonical(value: object) -> bytes:
    """
    The one JSON text of a value: RFC 8785, instants as `2026-11-25T03:00:00.123Z`.

    Raises:
        ValueError: it holds something that JSON has no word for.
    """
    return rfc8785.dumps(_plain(value))


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    raise ValueError(f"no canonical JSON for a {type(value).__name__}")
