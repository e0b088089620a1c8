"""
What goes on around a page while it is visited: documents asked for and served, dialogs, popups.

Every document request is paused twice by Chromium (`Fetch.enable` on a session of ours): before
it leaves, so that the guard can refuse it, and when its answer comes, so that its status is
known before anything is read from it. Every other request that can act (calls, beacons, reports)
is paused once, for the guard and so that it is known what a page waits for. Pictures, scripts and
styles pass untouched, except those at an address that the guard watches. Playwright's own request
events would tell the same for every image of every page, at a tenth of the cost of a visit.

Only notes are taken here. `visit.py` decides what they mean.
"""

from __future__ import annotations

import asyncio
import contextlib
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from fleet.models import Dialog, Served, now
from fleet.models.address import host_of
from fleet.rules.forbidden import forbidden
from fleet.rules.guard import PageRequest
from fleet.rules.net_errors import NAMED_ERRORS
from fleet.rules.requests import is_quiet
from fleet.visit.gate import NO_DOCUMENT, PageGate
from fleet.visit.headers import AskedWait, BadStatus, date_of, served_with
from fleet.visit.open_requests import KIND, OpenRequests
from fleet.visit.servers import ServerLog

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from playwright.async_api import Dialog as PageDialog
    from playwright.async_api import Download

    from fleet.browser.page import OpenPage
    from fleet.rules.guard import Guard, GuardRefusal
    from fleet.visit.recording.player import Player

MAX_NOTES = 50
"""Of each kind, for one visit: a hostile page must not fill the memory."""

TOO_MUCH = (429, 503)
"""Statuses by which a host says that it is asked for too much."""

MAX_REDIRECTS = 20
"""After as many Chromium gives up, and says so to nobody but `goto`."""


class Stage(IntEnum):
    """How far the present document has come."""

    BEGUN = 0
    PARSED = 1
    LOADED = 2


class RequestInterceptor:
    """
    Notes of one page.

    `leaving` is true from the moment the page asks for another document until that document
    has come or failed; `asked` counts the requests for one, `loads` those that came, `documents`
    with them the addresses that one has given itself; `stage` is how far the present one has come.
    """

    def __init__(self, opened: OpenPage, watch: Guard) -> None:
        self._opened, self._guard = opened, watch
        self._page, self._cdp = opened.page, opened.cdp
        self.main_frame = ""
        self.requests = OpenRequests()
        self.gate = PageGate(watch, opened.public)
        self._pending: str | None = None
        self._changed = asyncio.Event()
        self._redirects = 0
        self.asked = 0
        self.documents = 0
        self.loads = 0
        self.stage = Stage.BEGUN
        self.served: list[Served] = []
        self.bad_status: BadStatus | None = None
        self.asked_wait: AskedWait | None = None
        self.failure: str | None = None
        self.dialogs: list[Dialog] = []
        self._dialogs_before = 0
        self.popups: list[str] = []
        self.notes: list[str] = []
        self.page_crashed = False
        self.user_agent: str | None = None
        self.connections = ServerLog(opened.cdp, self._answered_by)
        self._listeners: dict[Any, Any] = {
            "dialog": self._on_dialog,
            "download": self._on_download,
            "crash": self._on_crash,
            "websocket": lambda socket: self.requests.sockets.append(socket.url[:2000]),
        }
        self.player: Player | None = None
        """Answers in the network's place, if one is put here before `watch`."""

    async def watch(self) -> None:
        """Begin. After this no request leaves the page that the guard would refuse."""
        page, cdp = self._page, self._cdp
        for event, listener in self._listeners.items():
            page.on(event, listener)
        cdp.on("Page.windowOpen", self._on_window_open)
        cdp.on("Fetch.requestPaused", self._on_pause)
        cdp.on("Page.frameNavigated", self._on_frame)
        cdp.on("Page.navigatedWithinDocument", self._on_fragment)
        cdp.on("Page.domContentEventFired", lambda _: self._reaches(Stage.PARSED))
        cdp.on("Page.loadEventFired", lambda _: self._reaches(Stage.LOADED))
        cdp.on("Page.frameScheduledNavigation", self._on_scheduled)
        cdp.on("Page.frameClearedScheduledNavigation", lambda _: self.requests.leaves(None))
        self.requests.watch(cdp)
        tree = await cdp.send("Page.getFrameTree")
        self.main_frame = tree["frameTree"]["frame"]["id"]
        self.gate.watch(cdp, tree["frameTree"])
        await self.gate.hold_others(cdp, self.note)
        if self.player is None:
            self.connections.watch(self.main_frame)
        # an answer that is played is not paused a second time (`_play` notes it)
        patterns = [{"urlPattern": "*"}] if self.player else self.gate.patterns()
        await cdp.send("Fetch.enable", {"patterns": patterns})

    async def leave(self) -> None:
        """End, on a page that stays open for another visit. From here on nothing is guarded."""
        for event, listener in self._listeners.items():
            self._page.remove_listener(event, listener)
        await self._cdp.detach()

    @property
    def refused(self) -> list[str]:
        """What the guard has stopped, for a person."""
        return self._guard.refused

    @property
    def leaving(self) -> bool:
        """Whether the page has asked for another document that has not come yet."""
        return self._pending is not None

    @property
    def document_dialogs(self) -> tuple[str, ...]:
        """What boxes have said since the present document came."""
        return tuple(dialog.message for dialog in self.dialogs[self._dialogs_before :])

    async def reach(self, stage: Stage, seconds: float) -> bool:
        """Wait until the present document has come so far; False if it has not in `seconds`."""
        clock = asyncio.get_running_loop().time
        end = clock() + seconds
        while self.stage < stage and (left := end - clock()) > 0:
            await self.news(left)
        return self.stage >= stage

    async def news(self, seconds: float) -> None:
        """Wait until something was noted, at most `seconds`."""
        self._changed.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), max(0.0, seconds))

    def note(self, words: str) -> None:
        """Write down something worth keeping with the attempt."""
        if len(self.notes) < MAX_NOTES:
            self.notes.append(words[:500])

    def _on_pause(self, event: dict[str, Any]) -> Coroutine[Any, Any, None] | None:
        """Begin to answer a pause; nothing is begun for what is left as it is, of a flood most."""
        if self.page_crashed or self.gate.flooded(self._opened):
            self._changed.set()
            return None
        return self._on_paused(event)

    async def _on_paused(self, event: dict[str, Any]) -> None:
        request, paused = event["request"], {"requestId": event["requestId"]}
        answered = "responseStatusCode" in event or "responseErrorReason" in event
        mine = event["resourceType"] == "Document" and event["frameId"] == self.main_frame
        refusal = self._refusal(event, mine=mine, answered=answered)
        if answered and refusal is None:
            self.gate.answered(event, event.get("responseStatusCode"))
            self._note_wait(event)
        if refusal is not None:
            self._note_refusal(request, refusal)
        elif mine and answered:
            self._note_answer(request["url"], event)
        elif mine:
            self._pending, self.failure = event["requestId"], None
            self.asked += 1
            self._note_request(request["headers"], event.get("networkId"))
        elif event["resourceType"] == "Document" and not answered:
            self.requests.begin_frame(event)
        elif event["resourceType"] == "Document":
            status = event.get("responseStatusCode", 0)
            if not 300 <= status < 400:
                comes = status not in (0, *NO_DOCUMENT)
                self.requests.answer_frame(event, comes=comes)
        elif event["resourceType"] == KIND and not answered:
            self.requests.begin(event)
        elif event["resourceType"] == KIND and not 300 <= event.get("responseStatusCode", 0) < 400:
            # a redirect goes on
            self.requests.answer(event, whole="responseErrorReason" in event)
        self._changed.set()
        with contextlib.suppress(PlaywrightError):  # the page was closed, its requests with it
            if refusal is not None:
                # a page whose request takes no slot stays what it was, also if it asked to leave
                reason = "BlockedByClient" if refusal.grave else "Aborted"
                blocked = {**paused, "errorReason": reason}
                await self._cdp.send("Fetch.failRequest", blocked)
            elif not answered and not await self.gate.may_ask(event, main=mine):
                if mine:
                    self._fail(f"net::ERR_ABORTED at {request['url'][:300]}: not asked")
                self._changed.set()
                aborted = {**paused, "errorReason": "Aborted"}  # the page stays what it was
                await self._cdp.send("Fetch.failRequest", aborted)
            elif self.player is not None and request["url"].startswith("http"):
                await self._play(self.player, event, mine)
            else:
                await self._cdp.send("Fetch.continueRequest", paused)

    def _refusal(self, event: dict[str, Any], *, mine: bool, answered: bool) -> GuardRefusal | None:
        if not answered:
            return self.gate.judge(event, main=mine)
        url, space = event["request"]["url"], self.connections.space
        return self.gate.judge_answer(url, space) if mine and self.player is None else None

    def _note_wait(self, event: dict[str, Any]) -> None:
        url, status = event["request"]["url"], event.get("responseStatusCode")
        if status in TOO_MUCH and host_of(url) == host_of(self._page.url) and not is_quiet(url):
            self._keep_wait({h["name"].lower(): h["value"] for h in event["responseHeaders"]})

    def _keep_wait(self, headers: Mapping[str, str]) -> None:
        """Keep the first `Retry-After`; `headers` have their names in small letters."""
        if self.asked_wait is None and (words := headers.get("retry-after")) is not None:
            self.asked_wait = AskedWait(words, date_of(headers.get("date", "")) or now())

    def _note_refusal(self, request: dict[str, Any], refusal: GuardRefusal) -> None:
        if not refusal.grave:  # else the guard has noted it, and the visit ends
            self.note(f"not sent: {request['method']} {request['url'][:200]}: {refusal.why}")

    async def _play(self, player: Player, event: dict[str, Any], mine: bool) -> None:
        """Answer a request in the network's place; what the tape leaves open stays open."""
        answer = player.answer(event["request"], event["resourceType"])
        if answer is None:
            return
        if answer.note is not None:
            self.note(answer.note)
        self.gate.answered(event, answer.status or None)
        self.requests.answer(event, whole=True)
        if mine:
            self._note_answer(event["request"]["url"], answer.noted())
        await self._cdp.send(*answer.command(event["requestId"]))

    def _note_request(self, headers: dict[str, str], request: str | None) -> None:
        if self.user_agent is None:
            sent = {name.lower(): value for name, value in headers.items()}
            self.user_agent = sent.get("user-agent", "")[:500] or None
        if self.player is None:
            self.connections.asked(request)

    def _answered_by(self, url: str, address: str) -> None:
        """Complete the latest note of this document."""
        self.gate.connected(url, address)
        for number in range(len(self.served) - 1, -1, -1):
            if self.served[number].url == url[:2000] and self.served[number].address is None:
                self.served[number] = self.served[number].model_copy(update={"address": address})
                return

    def _note_answer(self, url: str, event: dict[str, Any]) -> None:
        if (reason := event.get("responseErrorReason")) is not None:
            self._fail(f"{NAMED_ERRORS.get(reason, f'net::ERR_{reason}')} at {url[:300]}")
            return
        status = int(event["responseStatusCode"])
        headers = {h["name"].lower(): h["value"] for h in event.get("responseHeaders", [])}
        if len(self.served) < MAX_NOTES:
            self.served.append(served_with(url, status, headers))
        if status >= 400 and self.bad_status is None:
            self.bad_status = BadStatus(status, url, headers.get("retry-after"))
            self._keep_wait(headers)
        self._redirects = self._redirects + 1 if 300 <= status < 400 else 0
        if self._redirects >= MAX_REDIRECTS:
            self._fail(f"net::ERR_TOO_MANY_REDIRECTS at {url[:300]}")
        if status in NO_DOCUMENT:
            self._fail(f"net::ERR_ABORTED at {url[:300]}: status {status} brings no page")

    def _fail(self, words: str) -> None:
        self._pending = None
        self.failure = words
        self._changed.set()

    def _on_frame(self, event: dict[str, Any]) -> None:
        """Another document stands in a frame: what the one before asked for is over."""
        frame = event["frame"]
        self.requests.stand(frame["id"] if "parentId" in frame else None)
        if frame["id"] == self.main_frame and "unreachableUrl" not in frame:
            self.stage = Stage.BEGUN
            self.loads += 1
            self._stands()

    def _on_fragment(self, event: dict[str, Any]) -> None:
        """The page has another address now, and is the same document to Chromium."""
        if event["frameId"] == self.main_frame:
            self._stands()

    def _stands(self) -> None:
        self._pending = None
        self.documents += 1
        self._dialogs_before = len(self.dialogs)
        if self.player is None:
            self.connections.stands()
        self._changed.set()

    def _reaches(self, stage: Stage) -> None:
        self.stage = max(self.stage, stage)
        self._changed.set()

    def _on_scheduled(self, event: dict[str, Any]) -> None:
        """A refresh, by a header or an element of the page, is on its way."""
        if event["frameId"] == self.main_frame:
            self.requests.leaves(float(event["delay"]))

    def _on_download(self, download: Download) -> None:
        self._fail(f"net::ERR_ABORTED at {download.url[:300]}: a file, refused")

    async def _on_dialog(self, dialog: PageDialog) -> None:
        if len(self.dialogs) < MAX_NOTES:
            self.dialogs.append(Dialog(kind=dialog.type, message=dialog.message[:500], at=now()))
        self._changed.set()
        with contextlib.suppress(PlaywrightError):  # the page may be gone already
            # dismissing `beforeunload` would mean "stay", and no visit could leave the page
            await (dialog.accept() if dialog.type == "beforeunload" else dialog.dismiss())

    def _on_crash(self, _: Any) -> None:
        self.page_crashed = True
        self._changed.set()
        self._closing = asyncio.ensure_future(self._close())

    async def _close(self) -> None:
        with contextlib.suppress(PlaywrightError):
            await self._page.close()

    def _on_window_open(self, event: dict[str, Any]) -> None:
        url = str(event.get("url", ""))
        if why := forbidden(url):
            self._guard.note(PageRequest(url, "window.open"), why)
        elif event.get("userGesture") and len(self.popups) < MAX_NOTES:
            self.popups.append(url)
        else:
            self.note(f"the page tried to open {url[:300]} by itself; not followed")
        self._changed.set()
