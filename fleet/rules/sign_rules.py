"""
What is wrong with signs before any page is looked at: those that prove nothing, or the opposite.

The same rules hold when a file is checked and when its visit decides.
"""

from __future__ import annotations

import fnmatch
import re
from itertools import permutations
from typing import TYPE_CHECKING

from fleet.rules.signs import Sign, independent, normalise

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

PROVEN = ("slots", "no_slots")
"""The answers that need two independent signs."""

SHORTEST = 4
"""Letters and digits of a sentence; fewer stand in other words of any page."""

_ANYWHERE = frozenset(
    (
        *("accueil", "menu", "contact", "préfecture", "rendez-vous", "rendez vous", "bonjour"),
        *("mentions légales", "république française", "sous-préfecture", "cookies", "page"),
        *("votre", "vous", "pour", "dans", "avec", "service", "services", "site", "gouv.fr"),
    )
)
"""Words that stand on every page of a prefecture, whatever it answers."""

_PATHS = ("/", "/qxj/7", "/qxj/wvk.html", "/QXJ/x-y_z/3.jsp", "/wvk/q/")


def sign_mistake(sign: Sign) -> str | None:
    """What no page could ever show of a sign, or why it is none; None if nothing is wrong."""
    if not sign.patterns:
        return f"{sign.kind}() needs words to look for"
    for pattern in sign.patterns:
        said = f"{sign.kind}({pattern!r})"
        if not pattern.strip():
            return f"{said} is empty"
        if sign.kind == "css":
            from fleet.rules import selectors  # a second of imports, for who has a selector

            if (why := selectors.mistake(pattern)) is not None:
                return f"{said} is no CSS selector that Chromium knows: {why}"
        elif sign.kind == "url" and re.search(r"#|\?\w+=", pattern):
            return f"{said} is never seen: addresses are compared without `?…` and `#…`"
    return None


def said_by_any_page(sign: Sign, site: str = "") -> str | None:
    """The pattern of a sign that any page shows, and why; `site` is the scenario's address."""
    for pattern in sign.patterns:
        said = f"{sign.kind}({pattern!r})"
        if sign.kind in ("text", "dialog"):
            plain = normalise(pattern)
            if sum(map(str.isalnum, plain)) < SHORTEST:
                return f"{said} is too short to be the words of one answer; copy a whole sentence"
            if plain.strip(" .,:;!?«»\"'…") in _ANYWHERE:
                return f"{said} stands on pages with any answer; copy a whole sentence"
        elif sign.kind == "css":
            from fleet.rules import selectors

            if selectors.on_any_page(pattern):
                return f"{said} is on any page; name the element by its class, id or link"
        elif any(
            all(fnmatch.fnmatchcase(origin + path, pattern) for path in _PATHS)
            for origin in _origins(site)
        ) or (_loose(pattern) and len(re.sub(r"[\W_]", "", pattern)) < 2):
            return f"{said} fits any address; name the part that only the answer's page has"
    return None


def _loose(pattern: str) -> bool:
    return pattern.startswith("*") and pattern.endswith("*")


def _origins(site: str) -> Iterator[str]:
    yield from ("https://www.qxj-wvk.example", "http://qxj.example", "https://rdv.qxj.gouv.fr")
    if found := re.match(r"https?://[^/?#]+", site):
        yield found[0]


def mistakes(
    answers: Mapping[str, Sequence[Sign]],
    *,
    final: bool,
    site: str = "",
    in_part: Container[str] = (),
) -> Iterator[str]:
    """
    What is wrong with the signs of these answers, each in words that name answer and sign.

    What any page shows counts for nothing; beside signs that are enough without it, it may stand.

    Args:
        final: they are the answers of a whole visit, which must be proofs.
        site: the scenario's address.
        in_part: the answers that have more signs than are known here.
    """
    for name, signs in answers.items():
        if isinstance(signs, Sign) or not all(isinstance(sign, Sign) for sign in signs):
            yield f"{name}=… takes a list of signs, such as [visit.text(…), visit.css(…)]"
            return
        bad = [words for sign in signs if (words := sign_mistake(sign))]
        yield from (f"{name}=…: {words}" for words in bad)
        if not final or bad:
            continue
        loose = {
            n: words for n, sign in enumerate(signs) if (words := said_by_any_page(sign, site))
        }
        firm = [sign for n, sign in enumerate(signs) if n not in loose]
        enough = independent(firm) if name in PROVEN else bool(firm)
        if enough or name in in_part:
            continue
        yield from (f"{name}=…: {words}" for words in loose.values())
        if not loose and signs:
            yield (
                f"decide({name}=…) needs two independent signs, such as a text and an address, or"
                " a text and an element"
            )
    for (one, its), (other, those) in permutations(answers.items(), 2):
        yield from _contained(one, its, other, those, final=final)


def _contained(
    one: str, its: Sequence[Sign], other: str, those: Sequence[Sign], *, final: bool
) -> Iterator[str]:
    """The sentences of `one` that a page shows whenever it shows a sentence of `other`."""
    for part in its:
        for whole in those:
            if part.kind != whole.kind or part.kind not in ("text", "dialog"):
                continue
            for short in part.patterns:
                for long in whole.patterns:
                    a, b = normalise(short), normalise(long)
                    # of two equal ones one is told, and on the way two pages may share words
                    if a and a in b and (a != b or (final and one < other)):
                        yield (
                            f"{one}=…: {part.kind}({short!r}) is also shown by a page that says"
                            f" {long!r} ({other}=…); copy words that only this answer has"
                        )
