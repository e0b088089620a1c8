"""
One address that notices are sent to: e-mail, ntfy, a webhook, … whatever Apprise knows.

Such an address is a secret as a whole: an ntfy topic or the path of a webhook lets anybody write
there. So nothing of it is ever said but its place in the setting and its kind, and what Apprise
says of a failure is freed of every part of it.
"""

from __future__ import annotations

import hashlib
import re
from urllib.parse import unquote

import apprise

from fleet.errors import BadInput

SETTING = "FLEET_NOTIFY_URLS"

ANSWER_S = 20.0
"""How long a service may take to answer, unless its address says `rto=`. Too short is worse than
too long: what came but was not confirmed in time is sent again."""

SENDING_S = 40.0
"""The most that one sending takes, connections and waits of Apprise's own included."""


class Channel:
    """
    The address at `place` (from 1) of the setting.

    `id` names it in the database, and tells nothing of it; `name` names it for people.

    Raises:
        BadInput: Apprise knows no such address.
    """

    def __init__(self, url: str, place: int) -> None:
        scheme = url.partition("://")[0] if "://" in url else ""
        service = apprise.Apprise.instantiate(url, asset=_asset())
        if service is None:
            raise BadInput(
                f"{SETTING}: the address at place {place} is none that Apprise can use. Expected"
                " such as ntfys://host/topic, mailtos://user:password@host, jsons://host/path;"
                " see docs/alerts.md"
            )
        if "rto=" not in url:
            service.socket_read_timeout = max(service.socket_read_timeout, ANSWER_S)
        self.id = hashlib.sha256(url.encode()).hexdigest()[:16]
        self.name = f"{place} ({scheme})"
        self.max_length = int(service.body_maxlen)
        self._secrets = re.compile(
            "|".join(
                re.escape(part) for part in sorted(set(_parts(url, scheme)), key=len, reverse=True)
            )
            or "(?!)"
        )
        self._apprise = apprise.Apprise(asset=_asset())
        self._apprise.add(service)

    async def send(self, title: str, body: str) -> str | None:
        """Send a notice; None if the service took it, else one sentence why not. Never raises."""
        try:
            result = await self._apprise.async_notify(
                title=title, body=body, body_format=apprise.NotifyFormat.TEXT
            )
        except Exception as exc:  # noqa: BLE001
            # a plug-in of Apprise's has a bug: no visit may end because of that
            return self._redact(f"{type(exc).__name__}: {exc}")
        if result:
            return None
        messages = " ".join(entry.message for entry in result.logs())
        timeout = "no answer in time" if result.timeout_count else ""
        return self._redact(messages or timeout or "the service did not take it")

    def _redact(self, words: str) -> str:
        return self._secrets.sub("****", " ".join(words.split()))[:300]


def _parts(url: str, scheme: str) -> list[str]:
    """Whatever in an address could be secret: as it is written, and as it is meant."""
    rest = url[len(scheme) :]
    return [
        part
        for each in (rest, unquote(rest))
        for part in re.split(r"[^\w.-]+", each)
        if len(part) > 3
    ]


def _asset() -> apprise.AppriseAsset:
    return apprise.AppriseAsset(
        app_id="prefecture-fleet",
        app_desc="Préfectures : des rendez-vous en ligne ?",
        image_path_mask=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
        service_timeout=SENDING_S,
        secure_logging=True,
    )
