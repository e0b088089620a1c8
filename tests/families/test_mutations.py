"""
Stored pages, changed in ways that sites and chance change them: never a wrong answer.

Each example plays a recorded visit in real Chromium with one of its pages changed. A sentence
that is gone, hidden or cut must not be answered from; one in other case, spaces or apostrophes
is the same sentence; a page of another platform says nothing here.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fleet.browser.chromium import Chromium
from fleet.models import Attempt, Verdict
from fleet.visit.limits import AttemptLimits, VisitLimits
from fleet.visit.recording import har
from fleet.visit.recording.tape import Tape
from tests.families.replay import PAGES, expected, fixtures, replay

ABOUT_SLOTS = (Verdict.SLOTS, Verdict.NO_SLOTS)

HASTY = AttemptLimits(
    visit=VisitLimits(deadline_s=10, answer_timeout_s=1.2, settle_s=0.5), last_look_s=3, close_s=3
)


@dataclass(frozen=True)
class Stored:
    """
    A recorded visit and where its answer stands.

    `answer` is a part of the address whose body holds the sign, `sign` finds each of its places
    there. `words` tells a sentence, which may be written differently, from elements.
    """

    name: str
    answer: str
    sign: str
    words: bool
    family: str = "rdv_service_public"

    @property
    def tape(self) -> Tape:
        return har.load(PAGES / f"{self.name}.har")

    @property
    def verdict(self) -> Verdict:
        return Verdict(self.name.rsplit("/", 1)[1])

    def url(self, tape: Tape) -> str:
        """The address of the answer."""
        return next(e.url for e in tape.entries if self.answer in e.url and e.text is not None)


NO_SLOT = r"Il n'existe plus de plage horaire libre pour votre demande de rendez-vous"
FREE = r"<td[^>]*free.*?</td>"
STORED = [
    Stored("91/titre-de-sejour/no_slots", "/99101/2", NO_SLOT, True, "bookingserver"),
    Stored("63/permis-de-conduire/slots", "planning::assign", FREE, False, "bookingserver"),
    Stored("29/recepisses-echus/no_slots", "/prendre_rdv", r"Malheureusement, aucun[^<]*", True),
    Stored("87/remise-de-titre/slots", "/prendre_rdv", r"<a [^>]*date=.*?</a>", words=False),
    Stored("80/renouvellement/slots", "/prendre_rdv", r"Prochaine disponibilité le", words=True),
]
IDS = [stored.name for stored in STORED]

Change = Callable[[str], str]


def plain(html: str) -> str:
    """Without tags and quotes."""
    return re.sub(r"<[^>]*>|\"", " ", html)


def marked(html: str, attribute: str) -> str:
    """The elements of `html` with one more attribute each; words in an element that has it."""
    found, n = re.subn(r"<(td|a) ", rf"<\1 {attribute} ", html)
    return found if n else f"<span {attribute}>{html}</span>"


GONE: dict[str, Change] = {
    "deleted": lambda s: "",
    "commented out": lambda s: f"<!-- {s} -->",
    "not displayed": lambda s: marked(s, 'style="display:none"'),
    "invisible": lambda s: marked(s, 'style="visibility:hidden"'),
    "without room": lambda s: marked(s, 'style="display:block;width:0;height:0;overflow:hidden"'),
    "in a template": lambda s: f"<template>{s}</template>",
    "in a script": lambda s: f"<script type='text/plain'>{s}</script>",
    "an attribute only": lambda s: f'<i title="{plain(s)}"></i>',
}
"""What a person can no longer read."""

SAME: dict[str, Change] = {
    "as it was": lambda s: s,
    "upper case": str.upper,
    "no-break spaces": lambda s: s.replace(" ", "&nbsp;"),
    "narrow spaces": lambda s: s.replace(" ", "\u202f"),
    "many spaces": lambda s: s.replace(" ", " \n\t  "),
    "typographic apostrophes": lambda s: s.replace("'", "\u2019"),
    "entities": lambda s: s.replace("'", "&rsquo;").replace("é", "&eacute;"),
    "split across tags": lambda s: s.replace(" ", " <b></b><i>", 1) + "</i>",
    "soft hyphens": lambda s: re.sub(r"(\w{4})(\w)", "\\1\u00ad\\2", s),
    "letters made of two": lambda s: s.replace("é", "e\u0301"),
}
"""What a person still reads."""


@pytest.fixture(scope="session")
async def loop() -> asyncio.AbstractEventLoop:
    """The loop that Chromium lives on: hypothesis runs its examples outside any coroutine."""
    return asyncio.get_running_loop()


def dealt(over: Sequence[object], changes: Mapping[str, Change], each: int) -> list[Any]:
    """Every change at least once, and each thing with some: what one does, it does to all."""
    names = itertools.cycle(changes)
    assert len(over) * each >= len(changes)
    return [
        pytest.param(one, name, id=f"{called(one)}-{name}")
        for one in over
        for name in itertools.islice(names, each)
    ]


def called(one: object) -> str:
    return one.relative_to(PAGES).as_posix() if isinstance(one, Path) else str(vars(one)["name"])


def changed(stored: Stored, tape: Tape, change: Change) -> Tape:
    url = stored.url(tape)
    before = tape.text_of(url)
    after = re.sub(stored.sign, lambda match: change(match.group()), before, flags=re.DOTALL)
    assert re.search(stored.sign, before, re.DOTALL)
    return tape.with_body(url, after)


def played(loop: asyncio.AbstractEventLoop, chromium: Chromium, tape: Tape) -> Attempt:
    attempt, _ = loop.run_until_complete(replay(tape, chromium, limits=HASTY))
    return attempt


few = settings(
    max_examples=3,
    deadline=None,
    derandomize=True,  # the same examples on every machine: a failure can be had again
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize(("stored", "how"), dealt(STORED, GONE, 3))
def test_a_sign_that_no_person_can_see_is_no_answer(
    loop: asyncio.AbstractEventLoop, chromium: Chromium, stored: Stored, how: str
) -> None:
    got = played(loop, chromium, changed(stored, stored.tape, GONE[how]))

    assert got.verdict not in ABOUT_SLOTS, (how, got.detail)
    assert got.verdict != Verdict.CRASHED, (how, got.detail)


@pytest.mark.parametrize(("stored", "how"), dealt([s for s in STORED if s.words], SAME, 4))
def test_a_sentence_is_the_same_however_it_is_written(
    loop: asyncio.AbstractEventLoop, chromium: Chromium, stored: Stored, how: str
) -> None:
    got = played(loop, chromium, changed(stored, stored.tape, SAME[how]))

    assert got.verdict == stored.verdict, (how, got.detail)


@pytest.mark.parametrize("stored", [s for s in STORED if s.words], ids=lambda s: s.name)
def test_a_sentence_said_twice_is_no_other_answer(
    loop: asyncio.AbstractEventLoop, chromium: Chromium, stored: Stored
) -> None:
    got = played(loop, chromium, changed(stored, stored.tape, lambda s: f"{s} {s}"))

    assert got.verdict in (stored.verdict, Verdict.UNRECOGNISED), got.detail


@pytest.mark.slow
@pytest.mark.parametrize("stored", STORED, ids=IDS)
@few
@given(share=st.floats(0, 1))
def test_a_page_cut_anywhere_says_what_it_said_or_nothing(
    loop: asyncio.AbstractEventLoop, chromium: Chromium, stored: Stored, share: float
) -> None:
    tape = stored.tape
    url = stored.url(tape)
    whole = tape.text_of(url)
    cut = whole[: int(len(whole) * share)]

    got = played(loop, chromium, tape.with_body(url, cut))

    if got.verdict in ABOUT_SLOTS:
        assert got.verdict == stored.verdict
        assert re.search(stored.sign, cut + "</td></a>", re.DOTALL), (share, got.detail)
    assert got.verdict != Verdict.CRASHED, (share, got.detail)


@pytest.mark.slow
@pytest.mark.parametrize("stored", STORED, ids=IDS)
@few
@given(other=st.sampled_from(STORED), inside=st.booleans())
def test_another_platforms_page_in_the_answers_place_says_nothing(
    loop: asyncio.AbstractEventLoop,
    chromium: Chromium,
    stored: Stored,
    other: Stored,
    inside: bool,
) -> None:
    """Whole, or as the text of an error page that quotes it without its elements."""
    if other.name.partition("/")[0] == stored.name.partition("/")[0]:
        return
    tape, theirs = stored.tape, other.tape
    page = theirs.text_of(theirs.pages[-1])
    if inside:
        page = f"<html><body><h1>Information</h1><p>{plain(page)}</p>"

    got = played(loop, chromium, tape.with_body(stored.url(tape), page))

    if stored.family != other.family or inside:
        assert got.verdict not in ABOUT_SLOTS, (other.name, got.detail)
    assert got.verdict != Verdict.CRASHED, (other.name, got.detail)


OTHERS = [p for p in fixtures() if expected(p) not in ABOUT_SLOTS]

MANGLED: dict[str, Change] = {
    "cut in the middle": lambda s: s[: len(s) // 2],
    "cut near its end": lambda s: s[: len(s) * 9 // 10],
    "twice": lambda s: s + s,
    "in capitals": lambda s: re.sub(r">[^<]+<", lambda m: m.group().upper(), s),
    "without its headings": lambda s: re.sub(r"<h[12].*?</h[12]>", "", s, flags=re.DOTALL),
    "without its forms": lambda s: re.sub(r"</?(form|input|button)[^>]*>", "", s),
    "beside the words of an answer": lambda s: f"{s}<p hidden>{NO_SLOT}</p><!-- {NO_SLOT} -->",
    "empty": lambda s: "",
}


@pytest.mark.parametrize(("path", "how"), dealt(OTHERS, MANGLED, 2))
def test_a_page_that_is_no_answer_about_slots_never_becomes_one(
    loop: asyncio.AbstractEventLoop, chromium: Chromium, path: Path, how: str
) -> None:
    """Captchas, logins, closed forms, errors: whatever happens to their last page."""
    tape = har.load(path)
    url = tape.pages[-1]

    got = played(loop, chromium, tape.with_body(url, MANGLED[how](tape.text_of(url))))

    assert got.verdict not in ABOUT_SLOTS, (how, got.detail)
    assert got.verdict != Verdict.CRASHED, (how, got.detail)
