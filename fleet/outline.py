"""
What a page showed, kept so that it can be asked again without a browser.

Stored HTML alone cannot say what a person saw: style sheets and scripts hide and show. So with
every page goes an outline, made in the page at that moment: its visible elements with their
attributes and words, and the whole visible text. From it a `StoredPage` answers what `reader`
asks of a living page: which words, how many visible elements for a selector, their attributes.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from cssselect import HTMLTranslator, SelectorError
from lxml import etree

from fleet import reader
from fleet.errors import NotStored
from fleet.reader import MAX_FRAMES, MAX_TEXT, MAX_VALUES, READ, VISIBLE
from fleet.rules import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fleet.page import OpenPage

FORMAT = 1
MAX_ELEMENTS = 20_000
_UNSEEN = "data-fleet-unseen"
"""Marks an element that takes no room itself, though something in it can be seen."""

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

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *("legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "table", "tbody"),
        *("td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
"""Elements that a person sees apart from what stands beside them."""


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


@dataclass(frozen=True)
class StoredPage:
    """One page of an attempt, as it stood when the visit left it or ended."""

    kept: dict[str, Any]

    @classmethod
    def of(cls, content: bytes) -> StoredPage:
        """
        The page of stored bytes.

        Raises:
            NotStored: they are of a format that this version does not know.
        """
        kept = json.loads(content)
        if kept.get("format") != FORMAT:
            raise NotStored(f"the page was kept in format {kept.get('format')!r}, not {FORMAT}")
        return cls(kept)

    @property
    def document(self) -> int:
        """Number of the document within the visit."""
        return int(self.kept["document"])

    def reading(self, selectors: Iterable[str]) -> Reading:
        """What a living page would have answered."""
        counts = {selector: len(self._seen(selector)) for selector in dict.fromkeys(selectors)}
        texts = [self.kept["text"], *(frame["text"] for frame in self.kept["frames"])]
        return Reading(
            url=self.kept["url"],
            title=self.kept["title"],
            text="\n".join(texts)[:MAX_TEXT],
            headings=tuple(self.kept["headings"]),
            counts={selector: n for selector, n in counts.items() if n},
            loading=self.kept["loading"],
            dialogs=tuple(self.kept["dialogs"]),
        )

    def attributes(self, selector: str, name: str) -> list[str]:
        """That attribute of the visible elements of the page itself that match."""
        found = self._seen(selector, frames=False)[:MAX_VALUES]
        return [element.get(name.lower(), "") for element in found]

    def texts(self, selector: str) -> list[str]:
        """The words of the visible elements of the page itself that match."""
        found = self._seen(selector, frames=False)[:MAX_VALUES]
        return ["".join(_words(element)).strip()[:500] for element in found]

    @cached_property
    def _trees(self) -> list[etree._Element]:
        bodies = [self.kept["body"], *(frame["body"] for frame in self.kept["frames"])]
        return [_tree(body) for body in bodies if body is not None]

    def _seen(self, selector: str, *, frames: bool = True) -> list[etree._Element]:
        if self.kept["cut"]:
            raise NotStored("the page has too many elements; only a part of it was kept")
        find = _xpath(selector)
        trees = self._trees if frames else self._trees[:1]
        return [e for tree in trees for e in find(tree) if e.get(_UNSEEN) is None]


@lru_cache(maxsize=500)
def _xpath(selector: str) -> etree.XPath:
    try:
        return etree.XPath(HTMLTranslator(xhtml=False).css_to_xpath(selector))
    except (SelectorError, etree.XPathError) as exc:
        raise NotStored(f"the selector {selector!r} cannot be asked of a stored page") from exc


_TAG = re.compile(r"[a-z][a-z0-9-]*")
_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that an element tree cannot hold."""


def _tree(outline: list[Any]) -> etree._Element:
    """An element tree as the page had it; no parser that would put its elements elsewhere."""
    root = etree.Element("html")
    pending = [(_element(root, outline), outline[3])]
    while pending:
        element, inside = pending.pop()
        for item in inside:
            if isinstance(item, list):
                pending.append((_element(element, item), item[3]))
            elif len(element):
                element[-1].tail = (element[-1].tail or "") + _ILLEGAL.sub("", item)
            else:
                element.text = (element.text or "") + _ILLEGAL.sub("", item)
    return root


def _element(parent: etree._Element, outline: list[Any]) -> etree._Element:
    tag, attributes, seen, _ = outline
    legal = {name: _ILLEGAL.sub("", value) for name, value in attributes.items()}
    element = etree.SubElement(parent, tag if _TAG.fullmatch(tag) else "x-other", legal)
    if not seen:
        element.set(_UNSEEN, "")
    return element


def _words(element: etree._Element) -> Iterator[str]:
    """The words in an element, those of its blocks apart."""
    if element.text:
        yield element.text
    for child in element:
        apart = " " if child.tag in _BLOCKS else ""
        yield apart
        yield from _words(child)
        yield apart
        if child.tail:
            yield child.tail
