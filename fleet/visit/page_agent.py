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
    """Asks questions of the documents of one page. `silent` counts frames that never answered."""

    def __init__(self, opened: OpenPage) -> None:
        self._cdp = opened.cdp
        self._main = ""
        self._worlds: dict[str, int] = {}
        self._foreign: list[str] = []
        self._given_up: set[str] = set()

    async def install(self, main_frame: str) -> None:
        """Put the program into every document of the page from now on."""
        self._main = main_frame
        await self._cdp.send(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": _source(), "worldName": WORLD, "runImmediately": True},
        )

    def forget(self) -> None:
        """Another document came: what was known of the one before is over."""
        self._worlds.clear()
        self._foreign.clear()
        self._given_up.clear()

    @property
    def silent(self) -> int:
        """Visible frames that do not answer, in this document."""
        return len(self._given_up)

    async def ask(self, question: str, *arguments: object) -> Any:
        """What the main document answers; None while it changes or cannot say."""
        return await wait_at_most(ASK_S, self._ask(self._main, question, arguments))

    async def ask_foreign(self, count: int, question: str, *arguments: object) -> list[Any]:
        """
        What the visible frames of other sites answer, all asked together, under one budget.

        Args:
            count: how many the last answer of the main document counted.
        """
        if count == 0:
            self._foreign.clear()
            return []
        if len(self._foreign) != min(count, MAX_FRAMES):
            self._foreign = await wait_at_most(FRAMES_S, self._find_foreign()) or []
        asked = [each for each in self._foreign if each and each not in self._given_up]

        async def answer(frame: str) -> tuple[str, Any]:
            return frame, await self._ask(frame, question, arguments)

        got = await asyncio.gather(*(wait_at_most(FRAMES_S, answer(frame)) for frame in asked))
        answers = dict(each for each in got if each is not None)
        self._given_up |= set(asked) - set(answers)
        return [each for each in answers.values() if each is not None]

    async def ask_each_foreign(self, questions: list[tuple[Any, ...]]) -> list[Any]:
        """
        What the visible frames of other sites answer, each to a question of its own.

        The questions are in the order in which the main document has the frames, empty for one
        that is asked nothing; nothing is asked if it has others by now.
        """
        self._foreign = await self._find_foreign() if questions else []
        if len(self._foreign) != len(questions):
            return []
        calls = [
            wait_at_most(FRAME_S, self._ask(frame, asked[0], asked[1:]))
            for frame, asked in zip(self._foreign, questions, strict=True)
            if frame and asked and frame not in self._given_up
        ]
        return [each for each in await asyncio.gather(*calls) if each is not None]

    async def _ask(self, frame: str, question: str, arguments: Sequence[object]) -> Any:
        given = ",".join(json.dumps(argument) for argument in arguments)
        expression = f"typeof fleet === 'undefined' ? undefined : fleet.{question}({given})"
        for _ in range(2):
            try:
                world = self._worlds.get(frame) or await self._world(frame)
                got = await self._evaluate(world, expression)
            except PlaywrightError:  # its document is being replaced, or the page is gone
                self._worlds.pop(frame, None)
                continue
            if got.get("type") == "undefined":
                # a document that no script of ours could be put before
                await self._evaluate(world, f"{_source()}\n0")
                got = await self._evaluate(world, expression)
            return got.get("value")
        return None

    async def _world(self, frame: str) -> int:
        asked = {"frameId": frame, "worldName": WORLD}
        made = await self._cdp.send("Page.createIsolatedWorld", asked)
        self._worlds[frame] = int(made["executionContextId"])
        return self._worlds[frame]

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
