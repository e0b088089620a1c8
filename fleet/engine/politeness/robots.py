"""
robots.txt: read once a day for each host, kept, and asked before a visit.

Reading is nobody's visit: it has its own short limits, holds no page, and a failure of it ends
nothing. The rules are RFC 9309's, judged by Protego (docs/decisions/0016-politeness.md); where
they name PrefectureFleet, those lines count and the ones for `*` do not. One thing differs from
the RFC: a robots.txt that could never be read forbids nothing, because a site that is down is
what is measured here.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from protego import Protego

from fleet.models import Frozen, Instant
from fleet.system.state_file import StateFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


PRODUCT = "PrefectureFleet"
"""What a robots.txt calls us; a part of the User-Agent."""


class RobotsAnswer(StrEnum):
    """What robots.txt says of an address."""

    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    NONE = "none"
    """The site has no robots.txt, or one without rules: allowed."""
    UNREADABLE = "unreadable"
    """It could never be read: not forbidden."""
    UNREAD = "not read"
    """Nobody has asked for it yet."""


class Robots(Frozen):
    """
    The robots.txt of one host.

    `text` is None if there is none; `read_at` is when that was learnt, None if never. `problem`
    says why the latest try, at `tried_at`, failed; what was read before then still counts.
    """

    version: Literal[1] = 1
    url: str
    tried_at: Instant
    read_at: Instant | None = None
    text: str | None = None
    problem: str | None = None

    def says(self, url: str) -> RobotsAnswer:
        """What it says of `url`, an address of its host."""
        if self.read_at is None:
            return RobotsAnswer.UNREADABLE
        if self.text is None:
            return RobotsAnswer.NONE
        return (
            RobotsAnswer.ALLOWED if self._rules.can_fetch(url, PRODUCT) else RobotsAnswer.DISALLOWED
        )

    @cached_property
    def _rules(self) -> Protego:
        return Protego.parse(rules_for_us(self.text or ""))


AGENT_WORDS = ("user-agent", "useragent", "user agent")
"""How the lines begin that say for whom the next ones are; as many ways as Protego takes."""

RULE_WORDS = ("allow", "disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw")

SITE_WORDS = ("sitemap", "site-map", "host")
"""They are about the whole site, wherever they stand."""

MOST_RULES = 5000
"""What comes after is not read: each rule is compared with every address."""


def names_somebody(text: str) -> bool:
    """Whether a line says for whom its rules are; a page that is no robots.txt has none."""
    return any(_agent(line) is not None and ":" in line for line in _lines(text))


def rules_for_us(text: str) -> str:
    """
    Of a robots.txt what can count for us, at most `MOST_RULES` rules; it means the same to Protego.

    Protego multiplies the names of a group with its rules, whoever they are: with half a megabyte
    of both that has no end.
    """
    kept: list[str] = []
    rules = 0
    for each in _lines(text):
        line = each.partition("#")[0].rstrip()
        low = line[:40].lower()
        if (name := _agent(line)) is not None:
            # names of others are one: what matters of them is where their group begins
            plain = name if name == "*" else name.replace("*", "")
            own = plain in ("", "*", *_OWN_NAMES)
            named = f"User-agent: {plain}" if own else "User-agent: somebody-else"
        elif low.startswith(RULE_WORDS):
            named, rules = line, rules + 1
        elif ":" in line and not low.startswith(SITE_WORDS):
            named = "Crawl-delay: 1"  # whatever it is, it ends the names of a group
        else:
            continue
        if rules > MOST_RULES:
            break
        if not kept or named != kept[-1]:
            kept.append(named)
    return "\n".join(kept)


_OWN_NAMES = tuple(PRODUCT.lower()[:length] for length in range(1, len(PRODUCT) + 1))
"""Protego takes the beginning of our name for our name."""


def _lines(text: str) -> Iterator[str]:
    return filter(None, map(str.strip, text.splitlines()))


def _agent(line: str) -> str | None:
    """Whom a line names, in small letters; None if it names nobody."""
    low = line[:200].lower()
    for words in AGENT_WORDS:
        if low.startswith(words) and low[len(words) : len(words) + 1] in ("", ":", " ", "\t"):
            return low[len(words) :].lstrip().removeprefix(":").partition("#")[0].strip()
    return None


class RobotsBook:
    """What was read of every host, in `folder` or, without one, in memory."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._files: dict[str, StateFile[Robots]] = {}

    def of(self, host: str) -> Robots | None:
        """What is known of this host's robots.txt; None: nobody has asked yet."""
        return self._file(host).read()

    def keep(self, host: str, robots: Robots) -> None:
        """Keep what was read."""
        self._file(host).write(robots)

    def says(self, host: str, url: str) -> RobotsAnswer:
        """What the host's robots.txt says of `url`, as far as is known."""
        robots = self.of(host)
        return RobotsAnswer.UNREAD if robots is None else robots.says(url)

    def _file(self, host: str) -> StateFile[Robots]:
        if host not in self._files:
            path = self._folder / f"{quote(host, safe='')}.json" if self._folder else None
            self._files[host] = StateFile(path, Robots)
        return self._files[host]
