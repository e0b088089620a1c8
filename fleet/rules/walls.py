"""
Walls and waiting rooms: pages that stand where a site should be.

A wall refuses: `blocked`. A virtual waiting room lets nobody in for now: `overload`, with the fact
`waiting_room`. Both come with any status, and are known by their wording (`wall_rules`,
`waiting_rules`). How far a page must be nothing else is `Reach`.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from fleet.models import Outcome, Verdict
from fleet.models.address import host_of
from fleet.models.outcome import WAITING_ROOM
from fleet.rules.signs import normalise
from fleet.rules.waiting_rules import FULL, WAITING_HOSTS, WAITING_ROOMS
from fleet.rules.wall_rules import WALLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.rules.signs import PageReading
    from fleet.rules.wall_rules import WallRule

WALL_CHARACTERS = 1_500
"""A page with more visible text than this is no wall; it may *quote* one."""

RULES = (*WAITING_ROOMS, *WALLS, *FULL)

SHORT_CHARACTERS = 600
"""On a page with less text any sentence of a line may be the message, not only its first."""

_SENTENCES = re.compile(r"(?<=[.!?])\s+")
_QUOTES = re.compile('[«»“”"]')


class Reach(Enum):
    """Where on a page a rule looks."""

    OPENING = "opening"
    """
    The title, and the first heading or, where there is none, the first line: the page is this
    message, whatever a scenario asks for.
    """
    ANYWHERE = "anywhere"
    """Every heading and line, of a page that shows nothing that the scenario knows."""


def judge_wall(reading: PageReading, reach: Reach) -> Outcome | None:
    """The outcome of a page that is a wall or a waiting room; None if it is neither."""
    if reach is Reach.ANYWHERE and (room := _host_of_room(reading.url)):
        return _waiting(room, f"url {host_of(reading.url)!r}", reading)
    found = _find(reading, reach)
    if found is None:
        return None
    rule, where = found
    sign = f"{where} {rule.sentence!r}"
    if rule.room is not None:
        return _waiting(rule.room, sign, reading)
    return Outcome(
        verdict=rule.verdict,
        detail=f"{rule.sentence!r} ({where}) at {reading.url}",
        signs=(sign,),
    )


def checks_browser(reading: PageReading) -> bool:
    """Whether the page is a check of the browser, which may end by itself and lead to the site."""
    found = _find(reading, Reach.ANYWHERE)
    return found is not None and found[0].passes


def _find(reading: PageReading, reach: Reach) -> tuple[WallRule, str] | None:
    """The first rule that holds for a page, and where its sentence stands."""
    if len(reading.plain) >= WALL_CHARACTERS:
        return None
    everything = " ".join((reading.plain, normalise(reading.title)))
    lines = [line for raw in reading.text.splitlines() if (line := normalise(raw))]
    title = [head] if (head := normalise(reading.title)) else []
    heads = [head for raw in reading.headings if (head := normalise(raw))]
    if reach is Reach.OPENING:
        heads, lines = heads[:1], [] if heads else lines[:1]
    # plain words may follow others on a short page; a product's message begins with its own
    short = len(reading.plain) < SHORT_CHARACTERS
    plain = [s for line in lines for s in _sentences(line)] if short else lines
    said_anywhere = "\n".join([*title, *heads, *lines])
    for rule in RULES:
        if (rule.late and reach is Reach.OPENING) or not rule.may_be_in(said_anywhere):
            continue
        for where, said in _said(rule, [*title, *heads], lines if not rule.late else plain):
            if rule.begins(said) and rule.accompanied(everything):
                return rule, where
    return None


def _said(rule: WallRule, heads: list[str], lines: list[str]) -> Iterator[tuple[str, str]]:
    yield from (("heading", head) for head in heads)
    if not rule.title:
        yield from (("whole page", line) for line in lines)


def _sentences(line: str) -> list[str]:
    return [line] if _QUOTES.search(line) else [line, *_SENTENCES.split(line)[1:]]


def _host_of_room(url: str) -> str | None:
    host = host_of(url)
    for known, room in WAITING_HOSTS.items():
        if host == known or host.endswith(f".{known}"):
            return room
    return None


def _waiting(room: str, sign: str, reading: PageReading) -> Outcome:
    return Outcome(
        verdict=Verdict.OVERLOAD,
        detail=f"a virtual waiting room stands before the site ({sign}) at {reading.url}",
        signs=(sign,),
        facts={WAITING_ROOM: room},
    )
