"""What a person could see of a page, taken as data that the rules can be asked again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleet.rules.signs import MAX_FRAMES, MAX_TEXT
from fleet.rules.stored_page import FORMAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.visit.page_agent import PageAgent


MAX_ELEMENTS = 20_000


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
    main = await agent.ask(*question)
    if main is None:
        return None
    others = await agent.ask_foreign(main["foreign"], *question)
    bodies: list[dict[str, Any]] = list(main["bodies"])
    for other in others:
        bodies += other["bodies"]
    own, *frames = bodies
    kept = {
        "format": FORMAT,
        **{
            name: main[name] for name in ("url", "title", "headings", "central_headings", "loading")
        },
        "text": own["text"],
        "dialogs": list(dialogs),
        "document": document,
        "failed": [list(each) for each in failed],
        "unsettled": unsettled,
        "went_on": went_on,
        "cut": own["cut"],
        "body": own["body"],
        "frames": [{"text": frame["text"], "body": frame["body"]} for frame in frames],
    }
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
