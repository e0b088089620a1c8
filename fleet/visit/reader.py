"""
Reading a page: what a person can see on it, in one question to the browser.

What no person can see says nothing; a visible frame's text belongs to the page. Everything is
bounded and checked: the page may be hostile.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fleet.rules.signs import MAX_FRAMES, MAX_TEXT, MAX_VALUES, PageReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.visit.page_agent import PageAgent


class _Answer(BaseModel):
    """What `read` in page_agent.js gives, for one document and the frames that it may look into."""

    model_config = ConfigDict(extra="forbid")

    url: Annotated[str, Field(max_length=2000)]
    title: Annotated[str, Field(max_length=500)]
    text: Annotated[str, Field(max_length=MAX_TEXT)]
    headings: list[str]
    central_headings: list[str]
    counts: dict[str, int]
    central: dict[str, int]
    loading: str
    busy: bool
    later: bool
    late: int
    foreign: Annotated[list[str], Field(max_length=MAX_FRAMES)]
    cut: bool
    awaited: list[tuple[str, str]]
    ended: list[tuple[str, int, int]]
    invalid: list[str]


async def read(agent: PageAgent, selectors: Sequence[str] = ()) -> PageReading | None:
    """
    What the page and its visible frames say now; None while it changes or does not answer.

    Args:
        selectors: CSS selectors whose seen elements are counted.

    Raises:
        ValueError: one of `selectors` is none.
    """
    question = ("read", list(selectors), MAX_TEXT, MAX_FRAMES)
    try:
        main = _Answer.model_validate(await agent.ask(*question))
        foreign = await agent.ask_foreign(main.foreign, *question)
        parts = [_Answer.model_validate(part) for part in foreign if part is not None]
    except ValidationError:  # None, or nothing that our program would say
        return None
    refuse_invalid(main.invalid)
    said = zip(main.foreign, foreign, strict=True)
    answers = [main, *parts]
    return PageReading(
        url=main.url,
        title=main.title,
        text="\n".join(answer.text for answer in answers)[:MAX_TEXT],
        headings=tuple(main.headings),
        counts=_sums(answer.counts for answer in answers),
        loading=any(answer.loading != "complete" for answer in answers),
        central=_sums(answer.central for answer in answers),
        central_headings=tuple(main.central_headings),
        parsing=any(answer.loading == "loading" for answer in answers),
        busy=any(answer.busy for answer in answers),
        later=any(answer.later for answer in answers),
        late=sum(answer.late for answer in answers),
        awaited=tuple(each for answer in answers for each in answer.awaited),
        ended=tuple(each for answer in answers for each in answer.ended),
        silent=tuple(url for url, answer in said if answer is None),
        cut=any(answer.cut for answer in answers),
    )


def _sums(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    found: Counter[str] = Counter()
    for each in counts:
        found.update(each)
    return dict(found)


async def attributes(agent: PageAgent, selector: str, name: str) -> list[str]:
    """Attribute `name` of the seen elements that match, `MAX_VALUES` at most."""
    return _values(await agent.ask("attributes", selector, name, MAX_VALUES))


async def texts(agent: PageAgent, selector: str) -> list[str]:
    """What a person reads on each seen element that matches, `MAX_VALUES` at most."""
    return _values(await agent.ask("texts", selector, MAX_VALUES))


def refuse_invalid(selectors: Sequence[str]) -> None:
    """
    Raises:
        ValueError: there is one: what the browser took for no selector, and so looked for nowhere.
    """
    if selectors:
        raise ValueError(
            f"css {selectors[0]!r} is no CSS selector that Chromium knows; correct it in the"
            " scenario (docs/scenarios.md), then: fleet check"
        )


def _values(got: list[str] | dict[str, list[str]] | None) -> list[str]:
    if isinstance(got, dict):
        refuse_invalid(got["invalid"])
        return []
    return got or []
