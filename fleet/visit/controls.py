"""
What a person does with the mouse: find a control by its words, point at it, press.

The control is found and judged by one question to the page, then a real mouse press is sent to
its middle. Playwright's locators would do the same with more care for exotic pages; they put a
script of theirs into every document first, a sixth of a visit's processor time
(docs/decisions/0006-mouse.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet.rules import weeks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.page import OpenPage
    from fleet.visit.page_agent import PageAgent

Kind = Literal["button", "checkbox", "radio"]


@dataclass(frozen=True, slots=True)
class Control:
    """
    A control that a person can see.

    `x`, `y` are its middle, in CSS pixels of the window. `address` is where a press leads, if the
    control itself says so. `obstacle` says why it cannot be pressed now, or is None.
    """

    x: float
    y: float
    words: str
    address: str | None
    windows: bool
    checked: bool
    obstacle: str | None


@dataclass(frozen=True, slots=True)
class Others:
    """There is no such control; these are the words of those that there are."""

    words: tuple[str, ...]


async def find(
    agent: PageAgent, kind: Kind, words: Sequence[str], selector: str | None
) -> Control | Others | None:
    """
    The first visible control with one of these words (or this selector), brought into view.

    A button or link must say exactly the words; beside a box they may be part of a sentence.
    Case, white space and the kind of apostrophe do not matter.

    Returns:
        None while the page changes and cannot say.
    """
    got = await agent.ask("find", kind, list(words), selector)
    if got is None:
        return None
    if "others" in got:
        return Others(tuple(got["others"]))
    return Control(**got)


@dataclass(frozen=True, slots=True)
class WayOn:
    """
    The control to the next week of a calendar.

    `control` is None for one that cannot be pressed here, in a frame; `shut`: it is shown and
    cannot be pressed; `posts`: it sends a form that is not only read.
    """

    control: Control | None
    shut: bool = False
    posts: bool = False


async def find_way_on(agent: PageAgent) -> WayOn | None:
    """The way to the next week, brought into view; None if the page shows none, or cannot say."""
    markup = ", ".join(weeks.BY_MARKUP)
    got = await agent.ask("onward", weeks.CANDIDATES, markup, weeks.BY_WORDS, weeks.SHUT)
    if not got:
        return None
    if "framed" in got:
        return WayOn(None)
    shut, posts = got.pop("shut"), got.pop("posts")
    return WayOn(Control(**got), shut=shut, posts=posts)


async def press(opened: OpenPage, control: Control) -> None:
    """Press the mouse in the middle of a control just found."""
    await opened.page.mouse.click(control.x, control.y)
