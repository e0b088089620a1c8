"""CSS selectors without a browser: whether Chromium will know one, and what it asks for."""

from __future__ import annotations

import re
import warnings
from functools import cache

import soupsieve
from bs4 import BeautifulSoup

_CHROMIUM_KNOWS_TOO = (
    *("active-view-transition", "autofill", "fullscreen", "interest-source", "invalid", "modal"),
    *("picture-in-picture", "popover-open", "state", "target-current", "user-invalid"),
    *("user-valid", "valid", "xr-overlay"),
)
"""Pseudo-classes that the parser has not, none of which a scenario often needs."""

_KNOWS_TOO = re.compile(
    rf":(?:-webkit-autofill|{'|'.join(_CHROMIUM_KNOWS_TOO)})(?:\([^()]*\))?(?![\w-])"
)

_CHROMIUM_KNOWS_NOT = (
    (re.compile(r":(?:-soup-)?contains(?:-own)?\("), "`:contains()` is no CSS"),
    (re.compile(r"!="), "`!=` is no CSS; write `:not([name=value])`"),
    (re.compile(r"\w\|(?![|=])"), "`|` names a namespace, and a page declares none"),
    (re.compile(r"\|\|"), "`||` is no CSS"),
    (re.compile(r"::"), "`::` names a part of an element, and none is one"),
)
"""What the parser takes and Chromium does not, or finds nowhere."""

_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'""", re.DOTALL)

_ANY_PAGE = """<!DOCTYPE html><html lang="fr" class="a1"><head><title>T</title></head>
<body class="b1" id="b2"><div id="d1" class="d2"><header role="banner" class="h1"><h1
class="h2">T</h1>
<nav role="navigation" class="n1"><ul class="u1"><li class="l1"><a class="a2" href="/a3">T</a></li>
<li><a href="https://q.example/a4" title="T">T</a></li></ul></nav></header>
<main role="main" id="m1" class="m2"><section class="s1"><article><h2 class="h3">T</h2><h3>T</h3>
<p class="p1">T <span class="s2">T</span> <strong>T</strong> <b>T</b> <em>T</em> <i class="i1"></i>
<br><a href="#a5">T</a></p><div class="d3"><p>T</p><p>T</p></div><img class="i2" src="/i3" alt="T">
<svg class="s3"><path d="M0"></path></svg><form class="f1" action="/f2" method="post"><label
for="i4">T</label><input id="i4" name="i5" type="text"><input type="hidden" name="i6" value="i7">
<button class="b3" type="submit">T</button></form></article></section></main>
<footer role="contentinfo" class="f3"><p><small>T</small></p><a href="/a6">T</a></footer></div>
</body></html>"""
"""What every page may have, with names that no site gives."""


@cache
def mistake(selector: str) -> str | None:
    """Why Chromium would take this selector for none, or could never find it; None: it is one."""
    bare = _STRING.sub('""', selector)
    for pattern, words in _CHROMIUM_KNOWS_NOT:
        if pattern.search(bare):
            return words
    try:
        _compiled(selector)
    except (soupsieve.SelectorSyntaxError, NotImplementedError, ValueError, TypeError) as exc:
        return str(exc).splitlines()[0].split(". If the syntax")[0].rstrip(".")
    return None


@cache
def on_any_page(selector: str) -> bool:
    """Whether an element that every page may have is one of those that it asks for."""
    return bool(_compiled(selector).select(_any_page(), limit=1))


@cache
def _any_page() -> BeautifulSoup:
    return BeautifulSoup(_ANY_PAGE, "lxml")


@cache
def _compiled(selector: str) -> soupsieve.SoupSieve:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return soupsieve.compile(_KNOWS_TOO.sub(":hover", selector))
