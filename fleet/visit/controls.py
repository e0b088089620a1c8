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

from fleet.visit.reader import VISIBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.page import OpenPage

Kind = Literal["button", "checkbox", "radio"]

_FIND = (
    """([kind, words, selector]) => {"""
    + VISIBLE
    + r"""
  const plain = (s) => (s || "").normalize("NFC").replace(/[\u2018\u2019\u02bc`\u00b4]/g, "'")
    .replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, "").toLowerCase().split(/\s+/).filter(Boolean)
    .join(" ");
  const kinds = {
    button: "button, input[type=submit], input[type=button], input[type=image],"
      + " a[href], area[href], [role=button], [role=link], summary",
    checkbox: "input[type=checkbox], [role=checkbox]",
    radio: "input[type=radio], [role=radio]",
  };
  const label = (e) => (e.labels && e.labels[0]) || e.closest("label");
  const said = (e) => kind === "button"
    ? e.innerText || e.value || e.getAttribute("aria-label") || e.title || e.alt || ""
    : (label(e) && label(e).innerText) || e.getAttribute("aria-label")
      || (e.parentElement && e.parentElement.innerText) || "";
  const wanted = words.map(plain);
  const fits = (e) => selector !== null || wanted.some((w) => kind === "button"
    ? plain(said(e)) === w : plain(said(e)).includes(w));
  // a styled box may be invisible itself; a person then clicks on its label
  const point = (e) => visible(e) ? e : label(e) && visible(label(e)) ? label(e) : null;
  const all = [...document.querySelectorAll(selector === null ? kinds[kind] : selector)]
    .slice(0, 2000).filter(point);
  const found = all.find(fits);
  if (!found) return { others: all.slice(0, 12).map((e) => said(e).trim().slice(0, 60)) };
  const aim = point(found);
  aim.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
  const box = aim.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const top = document.elementFromPoint(x, y);
  const hit = top && (top === aim || aim.contains(top) || top === label(found)
    || (top.closest("label") && top.closest("label") === label(found)));
  const link = found.closest("a, area"), form = found.form || found.closest("form");
  const base = document.querySelector("base[target]");
  const away = (target) => Boolean(target) && !/^_(self|top|parent)$/i.test(target);
  const windows = [link && link.target, form && form.target, base && base.target,
    found.getAttribute("formtarget")].some(away);
  // a press leads on in the same window, as a person may choose: a popup could not be guarded
  if (link) link.target = "_self";
  if (form) form.target = "_self";
  found.removeAttribute("formtarget");
  return {
    x, y, windows,
    words: said(found).slice(0, 500),
    address: link ? link.href : found.hasAttribute("formaction") ? found.formAction : null,
    checked: Boolean(found.checked) || found.getAttribute("aria-checked") === "true",
    obstacle: found.disabled ? "it is disabled" : hit ? null
      : `it is covered by <${top ? top.tagName.toLowerCase() : "nothing"}>`,
  };
}"""
)


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
    opened: OpenPage, kind: Kind, words: Sequence[str], selector: str | None
) -> Control | Others | None:
    """
    The first visible control with one of these words (or this selector), brought into view.

    A button or link must say exactly the words; beside a box they may be part of a sentence.
    Case, white space and the kind of apostrophe do not matter.

    Returns:
        None while the page changes and cannot say.
    """
    got = await opened.ask(_FIND, [kind, list(words), selector])
    if got is None:
        return None
    if "others" in got:
        return Others(tuple(got["others"]))
    return Control(**got)


async def press(opened: OpenPage, control: Control) -> None:
    """Press the mouse in the middle of a control just found."""
    await opened.page.mouse.click(control.x, control.y)
