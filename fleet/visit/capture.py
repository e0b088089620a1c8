"""
Evidence: pictures and HTML of a page, with their hashes.

Pictures are PNG, lossless and without a clock or counter of ours in them: the same page gives
the same bytes, and the store keeps them once. They are taken through Chromium's own
`Page.captureScreenshot`, which waits for neither fonts nor idle network.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from playwright.async_api import Error

from fleet.models import Evidence, EvidenceFile, now
from fleet.models.attempt import MAX_HEIGHT_PX, MAX_PIXELS, MAX_WIDTH_PX
from fleet.visit import places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.async_api import CDPSession

    from fleet.visit.page_agent import PageAgent


MAX_HTML_CHARACTERS = 5_000_000

NOT_DRAWN = "Unable to capture screenshot"
"""What Chromium says of a page that has not been drawn yet, on a busy machine (seen there)."""

DRAWN_S = 0.3

DRAWN_TRIES = 4
"""How long to wait for such a page, and how often to ask in all."""


@dataclass(frozen=True, slots=True)
class CapturePlace:
    """Where a file was taken: the page of the visit (from 0), its address and its title."""

    step: int
    url: str
    title: str


def file_of(
    kind: Literal["picture", "html", "outline"],
    content: bytes,
    place: CapturePlace,
    *,
    truncated: bool,
) -> EvidenceFile:
    """`content` with its hash, its place and the present time."""
    return EvidenceFile(
        evidence=Evidence(
            kind=kind,
            step=place.step,
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            taken_at=now(),
            url=place.url[:2000],
            title=place.title[:500],
            truncated=truncated,
        ),
        content=content,
    )


async def take_picture(cdp: CDPSession, place: CapturePlace, *, whole: bool) -> EvidenceFile:
    """
    A PNG of the page: the window as a person sees it, or the whole page cut at
    `MAX_HEIGHT_PX` and at `MAX_PIXELS`.

    A picture beyond the window makes Chromium lay the page out again, which costs more than the
    rest of a page's visit and which the page can notice; so it is not for pages that fit.

    Raises:
        playwright.async_api.Error: the page is gone. It has no limit of its own in time: a page
            that still loads may hold it for ever, stop its loading first.
    """
    metrics = await cdp.send("Page.getLayoutMetrics")
    size, window = metrics["cssContentSize"], metrics["cssLayoutViewport"]
    width, height = window["clientWidth"], window["clientHeight"]
    options: dict[str, Any] = {"format": "png", "optimizeForSpeed": True}
    if whole and (size["width"] > width or size["height"] > height):
        width = min(size["width"], MAX_WIDTH_PX)
        height = min(size["height"], MAX_HEIGHT_PX, MAX_PIXELS // width)
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        options |= {"captureBeyondViewport": True, "clip": clip}
    shot = await _capture(cdp, options)
    cut = whole and (size["height"] > height or size["width"] > width)
    return file_of("picture", base64.b64decode(shot["data"]), place, truncated=cut)


async def take_whole_picture(
    cdp: CDPSession, agent: PageAgent, place: CapturePlace, signs: Sequence[str] = ()
) -> EvidenceFile:
    """
    A PNG of the whole page, boxes that scroll included; marked as cut if they hide something.

    Where a box inside the page scrolls (many web applications), the window is made as high and
    wide as would show all of it, for the moment of the picture.

    Args:
        signs: what decided, in words; where it stands on the picture is noted with it.

    Raises:
        playwright.async_api.Error: as for `take_picture`.
    """
    down, right = await agent.ask("hiddenInside") or (0, 0)
    if not (down or right):
        return await _marked(await take_picture(cdp, place, whole=True), agent, signs)
    window = (await cdp.send("Page.getLayoutMetrics"))["cssLayoutViewport"]
    size = {
        "width": min(window["clientWidth"] + right, MAX_WIDTH_PX),
        "height": min(window["clientHeight"] + down, MAX_HEIGHT_PX),
    }
    larger = {**size, "deviceScaleFactor": 0, "mobile": False}
    await cdp.send("Emulation.setDeviceMetricsOverride", larger)
    try:
        left = await agent.ask("hiddenInside") or (0, 0)
        picture = await take_picture(cdp, place, whole=True)
        picture = await _marked(picture, agent, signs)
    finally:
        await cdp.send("Emulation.setDeviceMetricsOverride", _usual(window))
    if not any(left):
        return picture
    cut = picture.evidence.model_copy(update={"truncated": True})
    return EvidenceFile(evidence=cut, content=picture.content)


async def _marked(picture: EvidenceFile, agent: PageAgent, signs: Sequence[str]) -> EvidenceFile:
    """The picture with where these signs stand on it; the page still lies as it was pictured."""
    marks = await places.marks_of(agent, signs, picture.content)
    noted = picture.evidence.model_copy(update={"marks": marks})
    return EvidenceFile(evidence=noted, content=picture.content)


def _usual(window: dict[str, Any]) -> dict[str, Any]:
    """The window as it was: clearing the override would undo that of the context as well."""
    return {
        "width": window["clientWidth"],
        "height": window["clientHeight"],
        "deviceScaleFactor": 0,
        "mobile": False,
    }


async def _capture(cdp: CDPSession, options: dict[str, Any]) -> dict[str, Any]:
    for _ in range(DRAWN_TRIES - 1):
        try:
            return await cdp.send("Page.captureScreenshot", options)
        except Error as exc:
            if NOT_DRAWN not in exc.message:
                raise
            await asyncio.sleep(DRAWN_S)
    return await cdp.send("Page.captureScreenshot", options)


async def take_html(agent: PageAgent, place: CapturePlace) -> EvidenceFile | None:
    """
    The document as it stands now, scripts' changes included, cut at `MAX_HTML_CHARACTERS`.

    None if the page cannot say it.
    """
    got = await agent.ask("html", MAX_HTML_CHARACTERS)
    if got is None:
        return None
    text, cut = got
    return file_of("html", text.encode("utf-8", "replace"), place, truncated=cut)
