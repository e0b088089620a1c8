"""Which host an address names, however a page has written it."""

from __future__ import annotations

import contextlib
import re

ORIGIN = re.compile(r"(?:blob:)?[a-z][a-z0-9+.-]*:[/\\]{2,}(?P<authority>[^/\\?#]*)", re.IGNORECASE)
"""Scheme and authority, as browsers read them; the fragment and the rest follow."""


def host_of(url: str) -> str:
    """The host that an address names, without port and brackets; empty if it names none."""
    origin = ORIGIN.match(url)
    if origin is None:
        return ""
    host = origin["authority"].rpartition("@")[2].lower()
    if host.startswith("["):
        return host.partition("]")[0].removeprefix("[")
    host = re.sub(r":\d*$", "", host).rstrip(".")
    with contextlib.suppress(UnicodeError):  # a name that is none stays as it is written
        host = host if host.isascii() else host.encode("idna").decode()
    return host
