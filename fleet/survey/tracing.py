"""
Which signs and controls a scenario asks its pages for, and which of them the pages show.

The scenario is run over the pages that a visit left, as when a stored attempt is judged again;
what it asks is written down. For what is not there, the nearest thing that is.
"""

from __future__ import annotations

import difflib
import re
from collections import defaultdict, deque
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from fleet.errors import FleetError, NotStored
from fleet.rules import weeks
from fleet.rules.classifier import Judged
from fleet.rules.signs import Sign, normalise
from fleet.rules.stored_visit import StoredVisit
from fleet.survey.records import AskedSign

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from fleet.models import Attempt, Scenario
    from fleet.rules.stored_page import StoredPage
    from fleet.survey.records import SignKind

MAX_SENTENCES = 500
MAX_ELEMENTS = 3_000
MOST_ASKED = 400
"""Signs of one visit that are written down; a scenario that goes round in circles asks more."""

CONTROLS = f"{weeks.CANDIDATES}, label, option"
_NAMES = ("value", "aria-label", "title", "alt")
_TOLD = ("type", "name", "href", "role")
_TAG = re.compile(r"^[a-z][a-z0-9-]*")


async def asked_of(
    scenario: Scenario, attempt: Attempt, pages: Sequence[StoredPage]
) -> tuple[AskedSign, ...]:
    """What the scenario asks of these pages, in order, until it ends or stops."""
    if not pages:
        return ()
    visit = _TracedVisit(scenario, attempt, pages)
    try:
        await scenario.script(visit)
    except (FleetError, Judged):
        pass  # where the visit stopped; what it asked until there is what is wanted
    except Exception as exc:  # noqa: BLE001 (a scenario is a stranger's program; the visit told)
        del exc
    return tuple(visit.asked.values())


def is_own(asked: Sequence[AskedSign], verdict: str) -> bool:
    """Whether some page shows every sign that the scenario asked of it for this verdict."""
    steps: defaultdict[int, list[bool]] = defaultdict(list)
    for sign in asked:
        if sign.answer == verdict:
            steps[sign.step].append(sign.seen)
    return any(all(seen) for seen in steps.values())


class _TracedVisit(StoredVisit):
    """A stored visit that writes down what it is asked."""

    def __init__(self, scenario: Scenario, attempt: Attempt, pages: Sequence[StoredPage]) -> None:
        super().__init__(scenario, attempt, pages)
        self.asked: dict[tuple[object, ...], AskedSign] = {}
        self._said: dict[int, list[str]] = {}

    async def _watch(
        self, answers: Mapping[str, Sequence[Sign]], *, final: bool
    ) -> tuple[str, tuple[str, ...]]:
        for name, signs in answers.items():
            shown = {sign: self._shows(sign) for sign in signs}
            sentences = [p for sign in signs if sign.kind == "text" for p in sign.patterns]
            for sign in signs:
                self._note(name, sign.kind, sign.patterns, shown[sign], sentences)
        return await super()._watch(answers, final=final)

    async def tick(self, words: str | None = None, *, css: str | None = None) -> None:
        self._control((words,) if words else (), css)

    async def choose(self, words: str | None = None, *, css: str | None = None) -> None:
        self._control((words,) if words else (), css)

    async def press(self, *words: str, css: str | None = None) -> bool:
        self._control(words, css)
        return await super().press(*words, css=css)

    async def select(self, words: str | None, option: str, *, css: str | None = None) -> bool:
        self._control((option,), css)
        return await super().select(words, option, css=css)

    async def enter(self, words: str, value: str | date, *, css: str | None = None) -> None:
        self._control((words,), css)

    @property
    def _new(self) -> list[str]:
        """What this page says that none before it said: not its banner and its menus."""
        if self._step not in self._said:
            self._said[self._step] = new_sentences(self._pages[: self._step], self._page)
        return self._said[self._step]

    def _shows(self, sign: Sign) -> bool:
        selectors = sign.patterns if sign.kind == "css" else ()
        try:
            return sign.seen(self._page.reading(selectors)) is not None
        except NotStored:
            return False

    def _control(self, words: Sequence[str], css: str | None) -> None:
        if css is not None:
            self._note("", "css", (css,), self._shows(Sign(kind="css", patterns=(css,))))
        elif words:
            names = [normalise(name) for name in controls_of(self._page)]
            named = any(normalise(each) in name for each in words for name in names)
            self._note("", "control", tuple(words), named)

    def _note(
        self,
        answer: str,
        kind: SignKind,
        patterns: tuple[str, ...],
        seen: bool,
        sentences: Sequence[str] = (),
    ) -> None:
        key = (self._step, answer, kind, patterns)
        if key in self.asked or len(self.asked) >= MOST_ASKED:
            return
        near: tuple[str, ...] = ()
        if not seen:
            found = _nearest(self._page, kind, patterns, self._new)
            if kind == "css":  # where the words of the same answer stand says most
                found = chain(_holders(self._page, sentences), found)
            near = tuple(islice(dict.fromkeys(found), 3))
        self.asked[key] = AskedSign(
            step=self._step, answer=answer, kind=kind, patterns=patterns, seen=seen, nearest=near
        )


def controls_of(page: StoredPage) -> list[str]:
    """What the controls of a page are called, each once."""
    try:
        found = page.texts(CONTROLS)
        for name in _NAMES:
            found += page.attributes(weeks.CANDIDATES, name)
    except NotStored:
        return []
    return list(dict.fromkeys(" ".join(each.split())[:120] for each in found if each.strip()))


def sentences_of(page: StoredPage) -> list[str]:
    """What a person reads on a page, piece by piece."""
    texts = [page.kept["text"], *(frame["text"] for frame in page.kept["frames"])]
    pieces = (
        piece.strip() for text in texts for piece in re.split(r"\n+|(?<=[.!?])\s+", str(text))
    )
    return list(islice(dict.fromkeys(each[:300] for each in pieces if each), MAX_SENTENCES))


def new_sentences(before: Sequence[StoredPage], page: StoredPage) -> list[str]:
    """What a page says that the pages before it did not say; all of it if that is nothing."""
    said = {sentence for each in before for sentence in sentences_of(each)}
    own = sentences_of(page)
    return [each for each in own if each not in said] or own


def _nearest(
    page: StoredPage, kind: SignKind, patterns: Sequence[str], sentences: Sequence[str]
) -> Iterator[str]:
    match kind:
        case "url":
            yield str(page.kept["url"])
        case "dialog":
            yield from map(str, page.kept["dialogs"])
        case "text":
            yield from _like(patterns, sentences, 0.3)
        case "control":
            yield from _like(patterns, controls_of(page), 0.3)
        case "css":
            lasts = [re.split(r"[\s>+~]+", pattern)[-1] for pattern in patterns]
            tags = {tag for last in lasts for tag in _TAG.findall(last)}
            there = (each for each in _elements(page) if each[0] in tags or not tags)
            told = (_told(tag, named) for tag, named in there if named)
            yield from _like(patterns, list(dict.fromkeys(told)), 0.2)


def _like(patterns: Sequence[str], there: Sequence[str], cutoff: float) -> Iterator[str]:
    """Those of `there` that are most like one of the patterns, the most alike first."""
    plain = {normalise(each): each for each in reversed(there)}
    best: dict[str, float] = {}
    for pattern in patterns:
        wanted = normalise(pattern)
        for near in difflib.get_close_matches(wanted, plain, n=3, cutoff=cutoff):
            score = difflib.SequenceMatcher(None, wanted, near).ratio()
            best[near] = max(score, best.get(near, 0.0))
    yield from (plain[each] for each in sorted(best, key=lambda each: -best[each]))


def _elements(page: StoredPage) -> Iterable[tuple[str, Mapping[str, str]]]:
    bodies: list[Any] = [page.kept["body"], *(frame["body"] for frame in page.kept["frames"])]
    pending = deque(body for body in bodies if body is not None)
    number = 0
    while pending and number < MAX_ELEMENTS:
        tag, attributes, _, inside = pending.popleft()
        number += 1
        yield tag, attributes
        pending += [item for item in inside if isinstance(item, list)]


def _holders(page: StoredPage, sentences: Sequence[str]) -> Iterator[str]:
    """The innermost elements that hold one of these sentences, each with what it stands in."""
    wanted = [normalise(each) for each in sentences]
    bodies: list[Any] = [page.kept["body"], *(frame["body"] for frame in page.kept["frames"])]
    pending = deque(("", body) for body in bodies if body is not None)
    for _ in range(MAX_ELEMENTS):
        if not pending:
            return
        parent, (tag, attributes, _, inside) = pending.popleft()
        own = _told(tag, attributes)
        words = normalise(" ".join(item for item in inside if isinstance(item, str)))
        if words and any(each in words for each in wanted):
            yield f"{parent} > {own}" if parent else own
        pending += [(own, item) for item in inside if isinstance(item, list)]


def _told(tag: str, attributes: Mapping[str, str]) -> str:
    """An element as a css selector would name it."""
    identity = f"#{attributes['id']}" if attributes.get("id") else ""
    classes = "".join(f".{each}" for each in attributes.get("class", "").split()[:4])
    others = "".join(f"[{n}={attributes[n][:300]}]" for n in _TOLD if attributes.get(n))
    return f"{tag}{identity}{classes}{others}"
