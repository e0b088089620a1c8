"""
Who answered for the documents of a visit: addresses, protocols, certificates.

Chromium tells this only in its `Network` events, and it tells them for every image too, which
would cost more than all the rest of the notes. So they are switched on while a document is on its
way and off when it stands. No request is held back for it, and nobody else is asked anything.

The bytes of a certificate are asked for once for each origin. Chromium's page process knows them
only for a document that was asked for while the events were on from before; therefore they are
on from the start, and stay on until the certificate of the present origin is known.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError

from fleet.models.circumstances import Certificate, Server

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from playwright.async_api import CDPSession

MAX_SERVERS = 10
"""Of one visit: a hostile page must not fill the memory."""

_NOTHING_KEPT = {"maxTotalBufferSize": 0, "maxResourceBufferSize": 0}
"""No body is kept for us: only who answered is wanted."""


class ServerLog:
    """
    Notes of who answered, for one page.

    `shared`: somebody else (the recorder) has the events switched on for the whole visit; they
    are only listened to.

    Args:
        answered: is told each document's address (URL) and who answered (IP address and port).
    """

    def __init__(self, cdp: CDPSession, answered: Callable[[str, str], None]) -> None:
        self._cdp, self._answered = cdp, answered
        self._main_frame = ""
        self._found: dict[Server, str | None] = {}
        self._last: Server | None = None
        self._on = False
        self._asked: str | None = None
        self.space: str | None = None
        """On what network the address is that answers the document asked for, as Chromium says."""
        self._calls: set[asyncio.Task[None]] = set()
        self.shared = False

    def watch(self, main_frame: str) -> None:
        """Begin, for the documents of this frame. Before it asks for any."""
        self._main_frame = main_frame
        self._cdp.on("Network.requestWillBeSent", self._on_request)
        self._cdp.on("Network.responseReceived", self._on_answer)
        self._cdp.on("Network.responseReceivedExtraInfo", self._on_connected)
        self.asked()

    def asked(self, request: str | None = None) -> None:
        """A document is asked for, by the request that Chromium calls so."""
        self._asked, self.space = request, None
        if not self._on and not self.shared:
            self._on = True
            self._call(self._tell("Network.enable", _NOTHING_KEPT))

    def stands(self) -> None:
        """A document has come, and the page shows it."""
        server = self._last
        if server is not None and self._lacks_certificate(server):
            self._call(self._certificate(server))  # which switches off, when it has it
        else:
            self._off()

    def _lacks_certificate(self, server: Server) -> bool:
        return server.certificate is not None and self._found.get(server, "") is None

    @property
    def servers(self) -> tuple[Server, ...]:
        """Who answered, in the order of the visit."""
        return tuple(_with(server, sha256) for server, sha256 in self._found.items())

    def _off(self) -> None:
        if self._on:
            self._on = False
            self._call(self._tell("Network.disable", {}))

    def _on_request(self, event: dict[str, Any]) -> None:
        if "redirectResponse" in event and self._mine(event):
            self._note(event["redirectResponse"])

    def _on_connected(self, event: dict[str, Any]) -> None:
        # told when the answer's head is there, so before the answer is paused
        if event["requestId"] == self._asked:
            self.space = event.get("resourceIPAddressSpace")

    def _on_answer(self, event: dict[str, Any]) -> None:
        if self._mine(event):
            self._note(event["response"])
            if self._last is None or not self._lacks_certificate(self._last):
                self._off()  # at once: of the document's pictures and scripts nothing is wanted

    def _mine(self, event: Mapping[str, Any]) -> bool:
        return event.get("type") == "Document" and event.get("frameId") == self._main_frame

    def _note(self, response: Mapping[str, Any]) -> None:
        self._last = server = server_of(response)
        if server is None:
            return
        if server in self._found or len(self._found) < MAX_SERVERS:
            self._found.setdefault(server, None)
        self._answered(response["url"], server.address)

    async def _certificate(self, server: Server) -> None:
        """Ask for the bytes of the certificate of the document that stands."""
        got = await self._ask("Network.getCertificate", {"origin": server.origin})
        chain = got.get("tableNames") if got else None
        if chain and server in self._found:
            self._found[server] = hashlib.sha256(base64.b64decode(chain[0])).hexdigest()
            if server == self._last:
                self._off()

    async def _tell(self, method: str, parameters: Mapping[str, Any]) -> None:
        await self._ask(method, parameters)

    async def _ask(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return await self._cdp.send(method, dict(parameters))
        except PlaywrightError:
            return None  # the page is gone

    def _call(self, call: Coroutine[Any, Any, None]) -> None:
        # not waited for: while a document is on its way, Chromium answers only when it stands
        task = asyncio.ensure_future(call)
        self._calls.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        if not task.cancelled():
            task.exception()  # taken, so that asyncio prints nothing when the driver has ended


def server_of(response: Mapping[str, Any]) -> Server | None:
    """Who gave this answer, in Chromium's protocol; None if it came from no network."""
    ip, port = response.get("remoteIPAddress"), response.get("remotePort")
    if not ip or port is None:
        return None
    parts = urlsplit(response["url"])
    said = response.get("securityDetails")
    return Server(
        origin=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"[:300],
        address=f"{f'[{ip}]' if ':' in ip and not ip.startswith('[') else ip}:{port}",
        protocol=str(response.get("protocol", "")),
        tls=said["protocol"] if said else None,
        certificate=Certificate(
            issuer=said["issuer"][:300],
            subject=said["subjectName"][:300],
            valid_from=datetime.fromtimestamp(said["validFrom"], UTC),
            valid_until=datetime.fromtimestamp(said["validTo"], UTC),
        )
        if said
        else None,
    )


def _with(server: Server, sha256: str | None) -> Server:
    if server.certificate is None or sha256 is None:
        return server
    certificate = server.certificate.model_copy(update={"sha256": sha256})
    return server.model_copy(update={"certificate": certificate})
