"""
What a person does with the mouse: find a control by its words, point at it, press.

The control is found and judged by one question to the page, then a real mouse press is sent to
its middle. Playwright's locators would do the same with more care for exotic pages; they put a
script of theirs into every document first, a sixth of a visit's processor time
(docs/decisions/0006-mouse.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fleet.rules import weeks
from fleet.rules.fields import FormField
from fleet.visit.reader import refuse_invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.page import OpenPage
    from fleet.visit.page_agent import PageAgent

Kind = Literal["button", "checkbox", "radio", "list", "field"]


MOST_OTHERS = 12
"""Words of controls that a message names."""


@dataclass(frozen=True, slots=True)
class Control:
    """
    A control that a person can see.

    `x`, `y` are its middle, in CSS pixels of the window. `words` is what it is called, `names`
    every name that a button has for anybody. `address` is where a press leads, if the control
    itself says so. `obstacle` says why it cannot be pressed now, or is None. `framed`: it stands
    in a frame; `frame` is the number of that frame if it is another site's.
    """

    x: float
    y: float
    words: str
    names: tuple[str, ...]
    address: str | None
    windows: bool
    checked: bool
    obstacle: str | None
    framed: bool
    frame: int | None = None


@dataclass(frozen=True, slots=True)
class Others:
    """There is no such control; these are the words of those that there are."""

    words: tuple[str, ...]


async def find(
    agent: PageAgent, kind: Kind, words: Sequence[str], selector: str | None
) -> Control | Others | None:
    """
    The first visible control with one of these words (or this selector), brought into view.

    It is looked for in the page, in its open shadow roots, in its frames, and then in the visible
    frames of other sites. A button or link must say exactly the words; beside a box they may be
    part of a sentence. Case, white space and the kind of apostrophe do not matter.

    Returns:
        None while the page changes and cannot say.

    Raises:
        ValueError: Chromium does not understand the selector.
    """
    question = ("find", kind, list(words), selector)
    got = await agent.ask(*question)
    if got is None:
        return None
    if "invalid" in got:
        refuse_invalid([selector or ""])
    if "others" not in got:
        return _control(got)
    others = list(got["others"])
    if not got["foreign"]:
        return Others(tuple(others))
    found = await agent.ask_each_foreign([question] * got["foreign"])
    for n, answer in enumerate(found):
        if answer is not None and "others" not in answer:
            return await _placed(agent, answer, n)
        others += answer["others"] if answer is not None else ()
    return Others(tuple(others[:MOST_OTHERS]))


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a list: `taken` if it is the one that the list shows, `address` if it is one."""

    words: str
    names: tuple[str, ...]
    address: str | None
    taken: bool


@dataclass(frozen=True, slots=True)
class FilledControl:
    """
    The list or field just found: as it describes itself, and what keeps it from being filled.

    `option` is the one of a list that was asked for; None: it has `others`.
    """

    field: FormField
    obstacle: str | None
    option: Option | None = None
    others: tuple[str, ...] = ()


async def about(
    agent: PageAgent, control: Control, option: str | None = None
) -> FilledControl | None:
    """What the control just found says of itself, and of its option; None while it changes."""
    got = await agent.ask_in(control.frame, "aboutHeld", option)
    if not got:
        return None
    beside = tuple(_field(each, ()) for each in got["field"]["beside"])
    field = _field(got["field"], beside)
    found = None
    if "words" in got:
        found = Option(got["words"], tuple(got["names"]), got["address"], got["taken"])
    return FilledControl(field, got["obstacle"], found, tuple(got.get("others", ())))


def _field(said: dict[str, Any], beside: tuple[FormField, ...]) -> FormField:
    return FormField(**{**said, "labels": tuple(said["labels"]), "beside": beside})


async def _placed(agent: PageAgent, answer: dict[str, Any], frame: int) -> Control | None:
    """A control that a frame of another site has found, where it is in the window."""
    at = await agent.ask("through", frame, answer["x"], answer["y"])
    if at is None:
        return None
    at["obstacle"] = answer["obstacle"] or at["obstacle"]
    return _control({**answer, **at, "framed": True, "frame": frame})


def _control(answer: dict[str, Any]) -> Control:
    return Control(**{**answer, "names": tuple(answer["names"])})


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
    question = ("onward", weeks.CANDIDATES, markup, weeks.BY_WORDS, weeks.SHUT)
    got = await agent.ask(*question, False)
    if not got:
        return None
    if got.get("foreign") is not None:
        theirs = await agent.ask_each_foreign([(*question, True)] * got["foreign"])
        return WayOn(None) if any(each and "framed" in each for each in theirs) else None
    if "x" not in got:  # it stands in a frame
        return WayOn(None)
    shut, posts = got.pop("shut"), got.pop("posts")
    return WayOn(_control(got), shut=shut, posts=posts)


async def press(opened: OpenPage, control: Control) -> None:
    """Press the mouse in the middle of a control just found."""
    await opened.page.mouse.click(control.x, control.y)
