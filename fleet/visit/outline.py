"""What a person could see of a page, taken as data that the rules can be asked again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from fleet.rules.signs import MAX_FRAMES, MAX_TEXT
from fleet.rules.stored_page import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.visit.page_agent import PageAgent


MAX_ELEMENTS = 20_000

MAX_CHARACTERS = 5_000_000
FRAME_CHARACTERS = 1_000_000
"""Of the page itself, and of each frame of another site: more would end the browser, not help."""


class _Body(BaseModel):
    text: str
    body: list[Any] | None
    cut: bool


class _Outline(BaseModel):
    """What `outline` in page_agent.js gives, for one document and the frames it may look into."""

    url: str
    title: str
    headings: list[str]
    central_headings: list[str]
    loading: bool
    foreign: list[str]
    bodies: list[_Body]


async def take(
    agent: PageAgent,
    *,
    document: int,
    dialogs: Sequence[str],
    failed: Sequence[tuple[str, int, int]] = (),
    unsettled: str | None = None,
    went_on: str | None = None,
) -> bytes | None:
    """
    What the page shows now, for `StoredPage`; None if it cannot say.

    Args:
        document: number of the document within the visit; two pages with the same number are
            one document that changed.
        dialogs: what boxes have said since it came.
        failed: what the page asked for and did not get (address, how often, status).
        unsettled: why it may still change, if the visit ended for that.
        went_on: the words of the control that was pressed to leave this week for the next.
    """
    question = ("outline", MAX_TEXT, MAX_ELEMENTS, MAX_FRAMES)
    try:
        main = _Outline.model_validate(await agent.ask(*question, MAX_CHARACTERS))
        others = await agent.ask_foreign(main.foreign, *question, FRAME_CHARACTERS)
        parts = [_Outline.model_validate(other) for other in others if other is not None]
        own, *frames = (body for part in (main, *parts) for body in part.bodies)
    except ValueError:  # nothing, or nothing that our program would say
        return None
    kept = {
        "format": FORMAT,
        **main.model_dump(exclude={"foreign", "bodies"}),
        "text": own.text,
        "dialogs": list(dialogs),
        "document": document,
        "failed": [list(each) for each in failed],
        "unsettled": unsettled,
        "went_on": went_on,
        "cut": own.cut,
        "body": own.body,
        "frames": [{"text": frame.text, "body": frame.body} for frame in frames],
    }
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
