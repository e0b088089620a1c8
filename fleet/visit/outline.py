"""What a person could see of a page, taken as data that the rules can be asked again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet.rules.signs import MAX_FRAMES, MAX_TEXT
from fleet.rules.stored_page import FORMAT
from fleet.visit import reader
from fleet.visit.reader import READ, VISIBLE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.browser.page import OpenPage


MAX_ELEMENTS = 20_000

_OUTLINE = (
    """(limit) => {"""
    + VISIBLE
    + """
  const skipped = new Set(["SCRIPT", "STYLE", "TEMPLATE", "NOSCRIPT", "HEAD"]);
  let left = limit;
  const walk = (e) => {
    if (left-- <= 0 || skipped.has(e.tagName) || !e.checkVisibility()) return null;
    const attributes = {};
    for (const { name, value } of [...e.attributes].slice(0, 40))
      if (/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name) && !/^(style$|on)/i.test(name)
          && !value.startsWith("data:")) attributes[name.toLowerCase()] = value.slice(0, 2000);
    const legible = e.checkVisibility({ visibilityProperty: true });
    const inside = [];
    for (const node of e.childNodes) {
      if (node.nodeType === 3 && legible && node.data.trim()) inside.push(node.data.slice(0, 5000));
      else if (node.nodeType === 1) { const got = walk(node); if (got) inside.push(got); }
    }
    return [e.tagName.toLowerCase(), attributes, visible(e) ? 1 : 0, inside];
  };
  return { body: document.body ? walk(document.body) : null, cut: left < 0 };
}"""
)

# one question: words and elements of two successive documents prove nothing together
_BOTH = f"(limits) => [({READ})([[], limits[0]]), ({_OUTLINE})(limits[1])]"


async def take(opened: OpenPage, *, document: int, dialogs: Sequence[str]) -> bytes | None:
    """
    What the page shows now, for `StoredPage`; None if it cannot say.

    Args:
        document: number of the document within the visit; two pages with the same number are
            one document that changed.
        dialogs: what boxes have said since it came.
    """
    both = await opened.ask(_BOTH, [MAX_TEXT, MAX_ELEMENTS])
    if both is None:
        return None
    reading, outline = both
    frames = []
    for frame in opened.page.frames[1 : MAX_FRAMES + 1]:
        if await reader.shown(frame):
            part = await reader.ask_frame(frame, _BOTH, [MAX_TEXT, MAX_ELEMENTS])
            if part is not None:
                frames.append({"text": part[0]["text"], "body": part[1]["body"]})
    kept = {
        "format": FORMAT,
        **{name: reading[name] for name in ("url", "title", "text", "headings", "loading")},
        "dialogs": list(dialogs),
        "document": document,
        "cut": outline["cut"],
        "body": outline["body"],
        "frames": frames,
    }
    return json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
