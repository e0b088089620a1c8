"""
The recorder: keeps what one visit is served, and disturbs nothing.

It only listens (`Network.enable` on a session of ours): no request or answer is held back for
it, so a visit ends as it would have ended without. Bodies are asked for when they have come
whole; Chromium keeps them meanwhile outside the page (`enableDurableMessages`), so that a page
that leaves at once takes none with it. Of a body that never ends there is what had come.

Covered are the page and the frames that Chromium runs with it; not what a worker or a frame in
a process of its own (another site's captcha) asks for. What the guard refused, what never was
on a network (data:, blob:) and answers from the page's memory are not on the tape.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from fleet.system.waiting import wait_at_most
from fleet.visit.recording import redaction
from fleet.visit.recording.tape import MAX_BODY_BYTES, MAX_TAPE_BYTES, Headers, Tape, TapeEntry

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from playwright.async_api import CDPSession

    from fleet.browser.page import OpenPage
    from fleet.models import Attempt

END_S = 5.0
"""How long the bodies that are still on their way are waited for at the end."""

MAX_ENTRIES = 5_000

_OURS = "net::ERR_BLOCKED_BY_CLIENT"
_TOO_MANY = "net::ERR_TOO_MANY_REDIRECTS"


@dataclass(slots=True)
class _Open:
    """A request under way: its entry so far, and when it began by Chromium's own clock."""

    entry: TapeEntry
    number: int
    began: float


class Recorder:
    """
    Records one attempt. `begin` and `end` are called by `attempt.py`.

    Args:
        max_body_bytes, max_tape_bytes: a body that is longer, or one too many, is left out and
            its entry marked, so that playing it fails and never goes wrong in silence.
    """

    def __init__(
        self, *, max_body_bytes: int = MAX_BODY_BYTES, max_tape_bytes: int = MAX_TAPE_BYTES
    ) -> None:
        self.max_body_bytes = max_body_bytes
        self.max_tape_bytes = max_tape_bytes
        self._entries: dict[int, TapeEntry] = {}
        self._open: dict[str, _Open] = {}
        self._bodies: set[asyncio.Task[None]] = set()
        self._cookies: dict[str, str] = {}
        self._hops: dict[str, tuple[int, Headers]] = {}
        self._size_bytes = 0
        self._number = 0
        self._cdp: CDPSession | None = None

    async def begin(self, opened: OpenPage) -> None:
        """Listen from now on, and forget what was before. Before the page asks for anything."""
        for before in (self._entries, self._open, self._cookies, self._hops):
            before.clear()
        self._size_bytes = self._number = 0
        cdp = self._cdp = opened.cdp
        cdp.on("Network.requestWillBeSent", self._on_request)
        cdp.on("Network.requestWillBeSentExtraInfo", self._on_cookies_sent)
        cdp.on("Network.responseReceivedExtraInfo", self._on_raw_answer)
        cdp.on("Network.requestServedFromCache", self._on_memory)
        cdp.on("Network.responseReceived", self._on_answer)
        cdp.on("Network.loadingFinished", self._on_whole)
        cdp.on("Network.loadingFailed", self._on_failure)
        listen = {
            "maxTotalBufferSize": self.max_tape_bytes,
            "maxResourceBufferSize": self.max_body_bytes,
            "maxPostDataSize": self.max_body_bytes,
            "enableDurableMessages": True,
        }
        await cdp.send("Network.enable", listen)

    async def end(self) -> None:
        """Take what is still on its way. While the page is open."""
        for request_id, unfinished in list(self._open.items()):
            if unfinished.entry.status:
                self._take(self._take_part(request_id, unfinished))
        if self._bodies:
            await asyncio.wait(self._bodies, timeout=END_S)
        for left in list(self._open.values()):
            self._keep(left, replace(left.entry, unanswered=not left.entry.status))
        self._open.clear()

    def tape(self, attempt: Attempt, *, practice: bool) -> Tape:
        """What was recorded of `attempt`, without secrets. After `end`."""
        return self.scrubber(attempt, practice=practice).tape()

    def scrubber(self, attempt: Attempt, *, practice: bool) -> redaction.Scrubber:
        """What takes the secrets of `attempt` out of its tape and its pages. After `end`."""
        return redaction.Scrubber(
            Tape(
                scenario_id=attempt.scenario_id,
                url=attempt.url,
                practice=practice,
                clock=attempt.started_at,
                verdict=attempt.verdict,
                fleet_version=attempt.fleet_version,
                chromium_version=attempt.chromium_version,
                entries=tuple(entry for _, entry in sorted(self._entries.items())),
            ),
            self._cookies,
        )

    # What Chromium tells ---------------------------------------------------------------------

    def _on_request(self, event: dict[str, Any]) -> None:
        request_id, request = event["requestId"], event["request"]
        before = self._open.pop(request_id, None)
        if before is not None and (redirect := event.get("redirectResponse")) is not None:
            self._keep(before, _answered(before, redirect, event["timestamp"]))
        asked_by_browser = event.get("type") == "Preflight"  # which never asks so in a replay
        if not request["url"].startswith("http") or asked_by_browser:
            return
        if self._number >= MAX_ENTRIES:
            return
        posted, problem = posted_text(request), None
        if posted is None and request.get("hasPostData"):
            problem = "what was posted is not known, so the request cannot be told from others"
        entry = TapeEntry(
            method=request["method"],
            url=request["url"],
            kind=event.get("type", "Other"),
            at=datetime.fromtimestamp(event["wallTime"], UTC),
            sent=_pairs(request["headers"]),
            posted=posted,
            problem=problem,
        )
        self._open[request_id] = _Open(entry, self._number, event["timestamp"])
        self._number += 1

    def _on_cookies_sent(self, event: dict[str, Any]) -> None:
        for sent in event.get("associatedCookies", ()):
            self._cookies[sent["cookie"]["value"]] = sent["cookie"]["name"]

    def _on_raw_answer(self, event: dict[str, Any]) -> None:
        headers = _pairs(event["headers"])
        for name, value in headers:
            if name.lower() == "set-cookie":
                cookie, _, secret = value.partition(";")[0].partition("=")
                self._cookies[secret.strip()] = cookie.strip()
        if event["requestId"] in self._open and 300 <= event["statusCode"] < 400:
            self._hops[event["requestId"]] = (event["statusCode"], headers)

    def _on_memory(self, event: dict[str, Any]) -> None:
        self._open.pop(event["requestId"], None)

    def _on_answer(self, event: dict[str, Any]) -> None:
        if (request := self._open.get(event["requestId"])) is not None:
            request.entry = _answered(request, event["response"], event["timestamp"])

    def _on_whole(self, event: dict[str, Any]) -> None:
        if (request := self._open.pop(event["requestId"], None)) is not None:
            self._keep(request, request.entry)
            self._take(self._take_whole(event["requestId"], request))

    def _on_failure(self, event: dict[str, Any]) -> None:
        request, error = self._open.pop(event["requestId"], None), event["errorText"]
        if request is None or error == _OURS:
            return
        entry = request.entry
        if error == _TOO_MANY and event["requestId"] in self._hops:
            # the redirect that was one too many: whoever plays it counts for itself
            status, headers = self._hops[event["requestId"]]
            entry = replace(entry, status=status, headers=headers)
        elif entry.status:  # a file, an answer without a page, or one that was left or broke off
            entry = replace(entry, unfinished=True)
            self._take(self._take_whole(event["requestId"], request))
        elif event.get("canceled"):
            entry = replace(entry, unanswered=True)
        else:
            entry = replace(entry, error=error)
        self._keep(request, entry)

    # Bodies ----------------------------------------------------------------------------------

    def _take(self, taking: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(taking)
        self._bodies.add(task)
        task.add_done_callback(self._bodies.discard)

    async def _take_whole(self, request_id: str, request: _Open) -> None:
        got = await self._ask("Network.getResponseBody", {"requestId": request_id})
        if got is None and request.entry.unfinished:
            return  # a file, or an answer without a page, has no body for us
        if got is None:
            problem = f"no body of it, or more than {self.max_body_bytes} bytes"
            self._keep(request, replace(request.entry, problem=problem))
            return
        body = got["body"].encode() if not got["base64Encoded"] else base64.b64decode(got["body"])
        self._keep_body(request, body)

    async def _take_part(self, request_id: str, request: _Open) -> None:
        request.entry = replace(request.entry, unfinished=True)
        got = await self._ask("Network.streamResourceContent", {"requestId": request_id})
        self._keep_body(request, base64.b64decode(got["bufferedData"]) if got else b"")

    async def _ask(self, method: str, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
        assert self._cdp is not None
        try:
            return await wait_at_most(END_S, self._cdp.send(method, dict(parameters)))
        except PlaywrightError:
            return None  # Chromium has not kept it, or the page is gone

    def _keep_body(self, request: _Open, body: bytes) -> None:
        entry = request.entry
        if len(body) > self.max_body_bytes:
            problem = f"a body of {len(body)} bytes; {self.max_body_bytes} at most are kept"
            entry = replace(entry, problem=problem)
        elif self._size_bytes + len(body) > self.max_tape_bytes:
            problem = f"the tape is full: {self.max_tape_bytes} bytes of bodies at most are kept"
            entry = replace(entry, problem=problem)
        else:
            self._size_bytes += len(body)
            entry = replace(entry, body=body)
        self._keep(request, entry)

    def _keep(self, request: _Open, entry: TapeEntry) -> None:
        request.entry = entry
        self._entries[request.number] = entry


def posted_text(request: Mapping[str, Any]) -> str | None:
    """What a request of Chromium's protocol posts, as text; None if nothing, or not known."""
    if parts := request.get("postDataEntries"):
        content = b"".join(base64.b64decode(part.get("bytes", "")) for part in parts)
        return content.decode("utf-8", "backslashreplace")
    text: str | None = request.get("postData")
    return text


def _answered(request: _Open, response: Mapping[str, Any], at: float) -> TapeEntry:
    return replace(
        request.entry,
        status=int(response["status"]),
        headers=_pairs(response["headers"]),
        seconds=round(max(0.0, at - request.began), 3),
    )


def _pairs(headers: Mapping[str, str]) -> Headers:
    """Chromium joins headers of one name by line feeds."""
    return tuple((name, each) for name, value in headers.items() for each in value.split("\n"))
