"""
How an index of a web archive names a request, so that a replay finds its answer.

After https://specs.webrecorder.net/cdxj/0.1.0/ and, for what was posted, Webrecorder's request
body canonicalization, as its player (wabac.js) applies it.
"""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from fleet.visit.recording.tape import TapeEntry


def searchable(url: str) -> str:
    """An address as CDXJ sorts it: `https://www.example.org/A` is `org,example,www)/a`."""
    parts = urlsplit(url.lower())
    host = ",".join(reversed((parts.hostname or "").split(".")))
    port = f":{parts.port}" if parts.port else ""
    query = f"?{parts.query}" if parts.query else ""
    return re.sub(r"\s", "%20", f"{host}{port}){parts.path or '/'}{query}")


def posted_query(entry: TapeEntry) -> str:
    """
    What was posted, as the query by which a replay finds its answer.

    A form as it is, JSON as its names and values, anything else in base64 (Webrecorder's
    request body canonicalization).
    """
    posted = entry.posted or ""
    sent = {name.lower(): value for name, value in entry.sent}
    kind = sent.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "application/x-www-form-urlencoded":
        return posted
    if kind in ("application/json", "text/plain"):
        try:
            return urlencode(_named(json.loads(posted)))
        except (ValueError, RecursionError):
            pass  # text that only says that it is JSON
    return "__wb_post_data=" + base64.b64encode(posted.encode()).decode()


def _named(value: Any) -> dict[str, str]:
    """Each value of JSON under its name, the second of a name `name.2_`, and so on."""
    found: dict[str, str] = {}
    count: dict[str, int] = {}

    def walk(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                walk(each, key)
        elif isinstance(value, list):
            for each in value:
                walk(each, name)
        else:
            words = value if isinstance(value, str) else json.dumps(value)
            if not words:
                return
            if name in found:
                count[name] = count.get(name, 1) + 1
                name = f"{name}.{count[name]}_"
            found[name] = words

    walk(value, "")
    return found
