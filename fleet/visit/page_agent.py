"""
The fleet's own program in a page: it answers questions in a world of its own.

`page_agent.js` runs in every document of the page before the page's scripts, in an isolated
JavaScript world: nothing that a page redefines changes what it says. What comes back is bounded
and well-formed text.
"""

from __future__ import annotations

import asyncio
import json
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from fleet.browser.page import ASK_S
from fleet.rules.signs import MAX_FRAMES
from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.page import OpenPage

WORLD = "fleet"

FRAMES_S = 2.0
"""How long all frames of other sites together may take to answer, once for each document."""

FRAME_S = 1.0
"""How long each of them may take to answer a question of its own."""


@cache
def _source() -> str:
    return files("fleet.visit").joinpath("page_agent.js").read_text(encoding="utf-8")


class PageAgent:
    """Asks questions of the documents of one page."""

    def __init__(self, opened: OpenPage) -> None:
        self._cdp = opened.cdp
        self._main = ""
        self._worlds: dict[str, int] = {}
        self._foreign: list[str] = []
        self._addresses: list[str] = []
        self._slow: set[str] = set()
        self._standing = 0

    async def install(self, main_frame: str) -> None:
        """Put the program into every document of the page from now on."""
        self._main = main_frame
        self._cdp.on("Page.frameNavigated", lambda event: self._goes(event["frame"]["id"]))
        self._cdp.on("Page.frameDetached", lambda event: self._goes(event["frameId"]))
        await self._cdp.send(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": _source(), "worldName": WORLD, "runImmediately": True},
        )

    def _goes(self, frame: str) -> None:
        """
        The document of a frame is another one now, or none.

        Another process may have it, where the number of the old document's world can be that of
        the page's own: whatever was asked until now counts for nothing.
        """
        if frame == self._main:
            self._worlds.clear()
            self._slow.clear()
            self._standing += 1
        if frame == self._main or frame in self._foreign:
            self._foreign.clear()
        self._worlds.pop(frame, None)
        self._slow.discard(frame)

    async def ask(self, question: str, *arguments: object) -> Any:
        """What the main document answers; None while it changes or cannot say."""
        return await wait_at_most(ASK_S, self._ask(self._main, question, arguments))

    async def ask_foreign(
        self, addresses: list[str], question: str, *arguments: object
    ) -> list[Any]:
        """
        What the visible frames of other sites answer, all asked together, under one budget.

        One that was slow is asked again only once it has answered after all.

        Args:
            addresses: where they come from, as the main document's last answer has it.

        Returns:
            One answer for each; None for a frame that does not answer.
        """
        if not addresses:
            self._foreign.clear()
            return []
        if len(self._foreign) != len(addresses) or self._addresses != addresses:
            self._foreign = await wait_at_most(FRAMES_S, self._find_foreign()) or []
            self._addresses = addresses
        frames = [each for each, _ in zip_longest(self._foreign, addresses, fillvalue="")]
        frames = frames[: len(addresses)]

        async def answer(frame: str) -> Any:
            got = await self._ask(frame, question, arguments)
            self._slow.discard(frame)
            return got

        async def answer_in_time(frame: str) -> Any:
            if not frame or frame in self._slow:
                return None
            self._slow.add(frame)
            return await wait_at_most(FRAMES_S, answer(frame))

        return await asyncio.gather(*map(answer_in_time, frames))

    async def ask_in(self, frame: int | None, question: str, *arguments: object) -> Any:
        """
        What a document answers; None while it changes or cannot say.

        Args:
            frame: the number that a frame of another site had when all were asked last; None: the
                main document.
        """
        if frame is None:
            return await self.ask(question, *arguments)
        if frame >= len(self._foreign) or not self._foreign[frame]:
            return None
        return await wait_at_most(FRAME_S, self._ask(self._foreign[frame], question, arguments))

    async def ask_each_foreign(self, questions: list[tuple[Any, ...]]) -> list[Any]:
        """
        What the visible frames of other sites answer, each to a question of its own.

        The questions are in the order in which the main document has the frames, empty for one
        that is asked nothing; nothing is asked if it has others by now.

        Returns:
            One answer for each, None for a frame that gives none; empty if nothing was asked.
        """
        self._foreign = await self._find_foreign() if questions else []
        if len(self._foreign) != len(questions):
            return []

        async def answer(frame: str, asked: tuple[Any, ...]) -> Any:
            if not (frame and asked) or frame in self._slow:
                return None
            return await wait_at_most(FRAME_S, self._ask(frame, asked[0], asked[1:]))

        return await asyncio.gather(*map(answer, self._foreign, questions))

    async def _ask(self, frame: str, question: str, arguments: Sequence[object]) -> Any:
        given = ",".join(json.dumps(argument) for argument in arguments)
        # its own property: an element of that name is none
        expression = f"Object.hasOwn(globalThis, 'fleet') ? fleet.{question}({given}) : undefined"
        for _ in range(2):
            standing = self._standing
            try:
                world = self._worlds.get(frame) or await self._world(frame)
                got = await self._evaluate(world, expression)
                if got.get("type") == "undefined" and standing == self._standing:
                    # a document that no script of ours could be put before
                    await self._evaluate(world, f"{_source()}\n0")
                    got = await self._evaluate(world, expression)
            except PlaywrightError:  # its document is being replaced, or the page is gone
                self._worlds.pop(frame, None)
                continue
            if standing == self._standing:
                return got.get("value")
        return None

    async def _world(self, frame: str) -> int:
        asked = {"frameId": frame, "worldName": WORLD}
        standing = self._standing
        world = int((await self._cdp.send("Page.createIsolatedWorld", asked))["executionContextId"])
        if standing == self._standing:
            self._worlds[frame] = world
        return world

    async def _evaluate(self, world: int, expression: str) -> dict[str, Any]:
        call = {"contextId": world, "expression": expression, "returnByValue": True}
        got = await self._cdp.send("Runtime.evaluate", call)
        result: dict[str, Any] = got["result"] if "exceptionDetails" not in got else {}
        return result

    async def _find_foreign(self) -> list[str]:
        """The ids of the visible frames of other sites; empty for one that has none."""
        try:
            world = self._worlds.get(self._main) or await self._world(self._main)
            call = {"contextId": world, "expression": f"fleet.foreign({MAX_FRAMES})"}
            array = (await self._cdp.send("Runtime.evaluate", call))["result"]["objectId"]
            own = {"objectId": array, "ownProperties": True}
            listed = (await self._cdp.send("Runtime.getProperties", own))["result"]
            elements = [each["value"] for each in listed if each["name"].isdigit()]
            described = await asyncio.gather(
                *(
                    self._cdp.send("DOM.describeNode", {"objectId": each["objectId"]})
                    for each in elements
                )
            )
            await self._cdp.send("Runtime.releaseObject", {"objectId": array})
        except (PlaywrightError, KeyError):
            return []
        return [str(each["node"].get("frameId", "")) for each in described]
