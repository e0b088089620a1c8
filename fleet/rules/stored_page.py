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

from fleet.errors import NotStored
from fleet.rules import weeks
from fleet.rules.signs import MAX_TEXT, MAX_VALUES, PageReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


FORMAT = 2
"""Of the outlines that are taken now. In format 1 an element counted as seen if it was drawn."""

FORMATS = (1, 2)

_UNSEEN = "data-fleet-unseen"
"""Marks an element that takes no room itself, though something in it can be seen."""

_BLOCKS = frozenset(
    (
        *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "fieldset"),
        *("figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr"),
        *("legend", "li", "main", "nav", "ol", "option", "p", "pre", "section", "table", "tbody"),
        *("td", "tfoot", "th", "thead", "tr", "ul"),
    )
)
"""Elements that a person sees apart from what stands beside them."""


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
        if kept.get("format") not in FORMATS:
            raise NotStored(
                f"the page was kept in format {kept.get('format')!r}, not one of {FORMATS}"
            )
        return cls(kept)

    @property
    def document(self) -> int:
        """Number of the document within the visit."""
        return int(self.kept["document"])

    def reading(self, selectors: Iterable[str]) -> PageReading:
        """What a living page would have answered."""
        found = {selector: self._seen(selector) for selector in dict.fromkeys(selectors)}
        central = {selector: sum(map(_central, seen)) for selector, seen in found.items()}
        texts = [self.kept["text"], *(frame["text"] for frame in self.kept["frames"])]
        return PageReading(
            url=self.kept["url"],
            title=self.kept["title"],
            text="\n".join(texts)[:MAX_TEXT],
            headings=tuple(self.kept["headings"]),
            counts={selector: len(seen) for selector, seen in found.items() if seen},
            central={selector: n for selector, n in central.items() if n},
            central_headings=tuple(self.kept.get("central_headings", self.kept["headings"])),
            loading=self.kept["loading"],
            dialogs=tuple(self.kept["dialogs"]),
            ended=tuple((url, n, status) for url, n, status in self.kept.get("failed", ())),
        )

    def attributes(self, selector: str, name: str) -> list[str]:
        """That attribute of the visible elements of the page itself that match."""
        found = self._seen(selector, frames=False)[:MAX_VALUES]
        return [element.get(name.lower(), "") for element in found]

    def texts(self, selector: str) -> list[str]:
        """The words of the visible elements of the page itself that match."""
        found = self._seen(selector, frames=False)[:MAX_VALUES]
        return ["".join(_words(element)).strip()[:500] for element in found]

    def leads_on(self) -> bool:
        """Whether it shows a control to a calendar's next week that could have been pressed."""
        named = [e for css in weeks.BY_MARKUP for e in self._seen(css)]
        return any(
            e in named or weeks.leads_on(_names(e))
            for e in self._seen(weeks.CANDIDATES)
            if not weeks.is_shut({str(name): str(value) for name, value in e.attrib.items()})
        )

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


_BESIDE = frozenset(("header", "footer", "nav", "aside", "dialog"))
_BESIDE_ROLES = frozenset(
    ("banner", "navigation", "contentinfo", "complementary", "dialog", "alertdialog")
)


def _central(element: etree._Element) -> bool:
    """Whether an element stands in no header, footer, menu, side column or dialog."""
    chain = [element, *element.iterancestors()]
    return not any(e.tag in _BESIDE or e.get("role") in _BESIDE_ROLES for e in chain)


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


def _names(element: etree._Element) -> list[str]:
    """What a control is called: its words, its label, its title."""
    named = (element.get(name, "") for name in ("value", "aria-label", "title", "alt"))
    return ["".join(_words(element)), *named]


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
