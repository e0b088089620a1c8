"""
Reading a page: what a person can see on it, in one question to the browser.

Hidden elements, comments and templates say nothing; a visible frame's text belongs to the
page. Everything is bounded: the page may be hostile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from fleet.browser.page import ASK_S
from fleet.rules.signs import MAX_FRAMES, MAX_TEXT, MAX_VALUES, PageReading
from fleet.system.waiting import wait_at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.async_api import Frame

    from fleet.browser.page import OpenPage


VISIBLE = """
const visible = (e) => {
  if (!e.checkVisibility({ visibilityProperty: true })) return false;
  const box = e.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
};
"""

READ = (
    """([selectors, limit]) => {"""
    + VISIBLE
    + """
  const counts = {};
  for (const s of selectors) {
    let n = 0;
    for (const e of document.querySelectorAll(s)) if (visible(e)) n++;
    if (n) counts[s] = n;
  }
  const heads = [...document.querySelectorAll("h1, h2")].slice(0, 20).filter(visible);
  return {
    // asked together with the text: an address and a sentence of two documents prove nothing
    url: location.href.slice(0, 2000),
    title: document.title.slice(0, 500),
    text: document.body ? document.body.innerText.slice(0, limit) : "",
    headings: heads.map((e) => e.innerText.slice(0, 500)),
    counts,
    loading: document.readyState !== "complete",
  };
}"""
)

_ATTRIBUTES = (
    """([selector, name, limit]) => {"""
    + VISIBLE
    + """
  return [...document.querySelectorAll(selector)].filter(visible).slice(0, limit)
    .map((e) => (e.getAttribute(name) || "").slice(0, 2000));
}"""
)

_TEXTS = (
    """([selector, limit]) => {"""
    + VISIBLE
    + """
  return [...document.querySelectorAll(selector)].filter(visible).slice(0, limit)
    .map((e) => e.innerText.trim().slice(0, 500));
}"""
)


async def read(opened: OpenPage, selectors: Sequence[str] = ()) -> PageReading | None:
    """
    What the page and its visible frames say now; None while it changes or does not answer.

    Args:
        selectors: CSS selectors whose visible elements are counted.
    """
    main = await opened.ask(READ, [list(selectors), MAX_TEXT])
    if main is None:
        return None
    text, counts = main["text"], dict(main["counts"])
    for frame in opened.page.frames[1 : MAX_FRAMES + 1]:
        if not await shown(frame):
            continue
        part = await ask_frame(frame, READ, [list(selectors), MAX_TEXT])
        if part is not None:
            text = f"{text}\n{part['text']}"[:MAX_TEXT]
            for selector, count in part["counts"].items():
                counts[selector] = counts.get(selector, 0) + count
    return PageReading(
        url=main["url"],
        title=main["title"],
        text=text,
        headings=tuple(main["headings"]),
        counts=counts,
        loading=main["loading"],
    )


async def attributes(opened: OpenPage, selector: str, name: str) -> list[str]:
    """Attribute `name` of the visible elements that match, `MAX_VALUES` at most."""
    return await opened.ask(_ATTRIBUTES, [selector, name, MAX_VALUES]) or []


async def texts(opened: OpenPage, selector: str) -> list[str]:
    """What a person reads on each visible element that matches, `MAX_VALUES` at most."""
    return await opened.ask(_TEXTS, [selector, MAX_VALUES]) or []


async def ask_frame(frame: Frame, function: str, argument: object) -> Any:
    """What a JavaScript function says in a frame, None if the frame cannot say it now."""
    try:
        return await wait_at_most(ASK_S, frame.evaluate(function, argument))
    except PlaywrightError:
        return None  # the document is being replaced, or the page is gone: nothing to read now


async def shown(frame: Frame) -> bool:
    """Whether a person can see the frame."""

    async def ask() -> bool:
        element = await frame.frame_element()
        return await element.is_visible()

    try:
        return bool(await wait_at_most(ASK_S, ask()))
    except PlaywrightError:
        return False
