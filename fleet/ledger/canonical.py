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

NO_PREVIOUS = "0" * 64
"""Stands where the hash of a predecessor would, for the first of a chain."""


def canonical(value: object) -> bytes:
    """
    The one JSON text of a value: RFC 8785, instants as `2026-11-25T03:00:00.123Z`.

    Raises:
        ValueError: it holds something that JSON has no word for (NaN, bytes, an instant without
            its zone), or that not every reader would read alike (an integer beyond 2**53 - 1, a
            name that is no text); the message says where in the value.
    """
    try:
        return rfc8785.dumps(_plain(value))
    except ValueError as exc:
        raise ValueError(_problem(value, exc)) from exc


def sha256(content: bytes) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {_name(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    raise ValueError(f"a {type(value).__name__}")


def _name(key: object) -> str:
    if isinstance(key, str):
        return key
    raise ValueError(f"a name that is no text, {key!r}")  # 1 and "1" would become one name


def _problem(value: object, exc: ValueError, where: str = "") -> str:
    """What is wrong and where: `evidence.0.size_bytes`, as MongoDB writes it."""
    parts: Any = ()
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = enumerate(value)
    for key, each in parts:
        try:
            rfc8785.dumps(_plain(each))
        except ValueError as inner:
            return _problem(each, inner, f"{where}.{key}" if where else str(key))
    return f"no canonical JSON (RFC 8785){f' at {where}' if where else ''}: {exc}"
