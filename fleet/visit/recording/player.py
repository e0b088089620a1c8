"""
The player: answers every request of one visit from a tape. Nothing leaves the machine.

An answer is found by method, address and what is posted. Of several answers to the same request
each is given once, in the order of the recording; the last one again and again. Instants in
milliseconds that a script puts into an address (against caches), and the borders that Chromium
makes up for forms with files, do not count when a request is compared. A request that is not on
the tape, or whose answer could not be kept, fails as if our own network were down: a visit that
needed it ends as `crashed`, never with a verdict about the site.

The page is offline for Chromium too, so that what no tape covers (a frame or worker in another
process, a socket) does not leave either, and its clock shows the time of the recording. A body
that never ended ends here with what had come.
"""

from __future__ import annotations

import base64
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.models import PARIS, now
from fleet.visit.recording.recorder import posted_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from fleet.browser.page import OpenPage
    from fleet.visit.recording.tape import Headers, Tape, TapeEntry

MISSING = "InternetDisconnected"
"""Why a request fails that the tape cannot answer: a fault of ours, not of the site."""

REASONS = {
    "net::ERR_ABORTED": "Aborted",
    "net::ERR_TIMED_OUT": "TimedOut",
    "net::ERR_CONNECTION_TIMED_OUT": "TimedOut",
    "net::ERR_ACCESS_DENIED": "AccessDenied",
    "net::ERR_CONNECTION_CLOSED": "ConnectionClosed",
    "net::ERR_CONNECTION_RESET": "ConnectionReset",
    "net::ERR_CONNECTION_REFUSED": "ConnectionRefused",
    "net::ERR_CONNECTION_ABORTED": "ConnectionAborted",
    "net::ERR_CONNECTION_FAILED": "ConnectionFailed",
    "net::ERR_NAME_NOT_RESOLVED": "NameNotResolved",
    "net::ERR_INTERNET_DISCONNECTED": "InternetDisconnected",
    "net::ERR_ADDRESS_UNREACHABLE": "AddressUnreachable",
}
"""Errors that Chromium's protocol can play; any other is played as `net::ERR_FAILED`."""

_BORDER = re.compile(r"-{4}WebKitFormBoundary\w+")
_MILLISECONDS = re.compile(r"(?<!\d)1[5-9]\d{11}(?!\d)")

_AS_THEN = """
((shift) => {
  const Real = Date, now = () => Real.now() + shift;
  globalThis.Date = new Proxy(Real, {
    construct: (date, given, as) => Reflect.construct(date, given.length ? given : [now()], as),
    apply: () => new Real(now()).toString(),
    get: (date, name) => (name === "now" ? now : Reflect.get(date, name)),
  });
  Object.defineProperty(Navigator.prototype, "onLine", { get: () => true });
})(%d)
"""

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RecordedAnswer:
    """
    What a request gets: a status with headers and body, or the reason why it fails.

    `note` is for the attempt: why the tape could not answer.
    """

    status: int = 0
    headers: Headers = ()
    body: bytes = b""
    reason: str | None = None
    note: str | None = None

    def noted(self) -> dict[str, Any]:
        """As Chromium's protocol tells of an answer that comes from a site."""
        if self.reason is not None:
            return {"responseErrorReason": self.reason}
        return {"responseStatusCode": self.status, "responseHeaders": self._pairs()}

    def command(self, request_id: str) -> tuple[str, dict[str, Any]]:
        """The call of Chromium's protocol that gives it."""
        if self.reason is not None:
            return "Fetch.failRequest", {"requestId": request_id, "errorReason": self.reason}
        return "Fetch.fulfillRequest", {
            "requestId": request_id,
            "responseCode": self.status,
            "responseHeaders": self._pairs(),
            "body": base64.b64encode(self.body).decode(),
        }

    def _pairs(self) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in self.headers]


class Player:
    """
    Plays a tape to one attempt: `attempt(scenario.at(tape.url), …, tape=Player(tape))`.

    `missing` says what was asked for and is not on the tape (pictures, too); `missing_pages` only
    documents, without which a replay proves nothing.
    """

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.missing: list[str] = []
        self.missing_pages: list[str] = []
        self._waiting: defaultdict[_Key, list[tuple[_Key, TapeEntry]]] = defaultdict(list)
        self._given: dict[_Key, TapeEntry] = {}
        for entry in tape.entries:
            key = (entry.method, entry.url, _without_border(entry.posted))
            self._waiting[_without_instants(key)].append((key, entry))

    @property
    def today(self) -> date:
        """The day of the recording in Paris."""
        return self.tape.clock.astimezone(PARIS).date()

    async def begin(self, opened: OpenPage) -> None:
        """Cut the page off, and set its clock. Before it asks for anything."""
        await opened.context.set_offline(True)
        shift = round((self.tape.clock - now()).total_seconds() * 1000)
        script = {"source": _AS_THEN % shift}
        await opened.cdp.send("Page.addScriptToEvaluateOnNewDocument", script)

    async def end(self) -> None:
        """Nothing is left to do: what was not answered ends with its page."""

    def answer(self, request: Mapping[str, Any], kind: str) -> RecordedAnswer | None:
        """
        The answer to a request of Chromium's protocol; None if none had come when the visit ended.

        Args:
            kind: what the page wants it for, as Chromium names it: Document, Image, …
        """
        key = (request["method"], request["url"], _without_border(posted_text(request)))
        entry = self._next(key)
        if entry is None or entry.problem is not None:
            why = f" ({entry.problem})" if entry else ""
            words = f"not on the tape: {request['method']} {request['url'][:300]}{why}"
            self.missing.append(words)
            if kind == "Document":
                self.missing_pages.append(words)
            return RecordedAnswer(reason=MISSING, note=words)
        if entry.status:
            return RecordedAnswer(entry.status, entry.headers, entry.body)
        if entry.error is not None:
            return RecordedAnswer(reason=REASONS.get(entry.error, "Failed"))
        return None

    def holds(self, url: str) -> bool:
        """Whether a page at this address is on the tape, or was given already."""
        alike = _without_instants(("GET", url.partition("#")[0], ""))
        return bool(self._waiting.get(alike)) or alike in self._given

    def _next(self, key: _Key) -> TapeEntry | None:
        alike = _without_instants(key)
        waiting = self._waiting[alike]
        exact = next((n for n, (known, _) in enumerate(waiting) if known == key), None)
        if exact is not None:
            _, entry = waiting.pop(exact)
        elif key in self._given:
            entry = self._given[key]
        elif waiting:
            _, entry = waiting.pop(0)
        elif alike in self._given:
            entry = self._given[alike]
        else:
            return None
        self._given[key] = self._given[alike] = entry
        return entry


def _without_border(posted: str | None) -> str:
    return _BORDER.sub("----border", posted or "")


def _without_instants(key: _Key) -> _Key:
    method, url, posted = key
    address, mark, query = url.partition("?")
    return method, f"{address}{mark}{_MILLISECONDS.sub('T', query)}", _MILLISECONDS.sub("T", posted)
