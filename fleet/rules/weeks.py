"""
Calendars that show one week (or month) at a time: what an empty one says, and the way to the next.

An empty week is no "no slot": a person would press « Semaine suivante ». So words that speak of
the shown week only never make the verdict `no_slots`, and words that may speak of it make it only
once the last week was looked at. Words for the whole of a calendar decide at once.

The words are our inference [I], but for two controls by their markup: those of jQuery UI's
datepicker and of FullCalendar [V].
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from fleet.models.address import host_of
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.rules.signs import PageReading, Sign

MAX_WEEKS = 6
"""Weeks of one calendar that a visit looks at, the one it opens on included."""

CANDIDATES = (
    "a, button, summary, [role=button], [role=link],"
    " input[type=submit], input[type=button], input[type=image]"
)

BY_MARKUP = (".ui-datepicker-next", ".fc-next-button")
"""Controls whose words say « Suivant » only, or nothing."""

_PERIOD = (
    r"(?:\d+ |une |deux |trois )?"
    r"(?:semaines?|sem\.?|quinzaine|mois|p[ée]riode|jours?|journ[ée]e|dates?|cr[ée]neaux|horaires)"
)
_AFTER = r"(?:suivante?s?|suiv\.?|prochaine?s?|d'apr[èe]s|ult[ée]rieure?s?)"

BY_WORDS = (
    r"(?:(?:voir|afficher|consulter|charger|aller(?: [àa])?|passer(?: [àa])?|vers) )?"
    r"(?:la |le |les |l'|au |aux )?"
    rf"(?:{_PERIOD} {_AFTER}|prochaine?s? {_PERIOD}|next (?:week|month|days|dates|period))"
    r"(?: ?\(.{0,40}| (?:du|au|le) .{0,40})?"
)
"""All that such a control says, after `normalise` and without what is no letter at its ends."""

SHUT = r"(?:^|[-_ ])(?:disabled|inactive|desactive)(?:$|[-_ ])"
"""A class of a control that cannot be pressed; `disabled` and `aria-disabled` say so too."""

NOT_PRESSED = re.compile(r"/rdvpref/")
"""
Calendars whose way on is left alone: RDV-Préfecture's sends what is not known [U] from a page from
where nothing may be posted, and it names the next availability by itself [V].
"""

_SHOWN_ONLY = re.compile(
    r"\bcette (?:semaine|quinzaine|p[ée]riode|journ[ée]e)\b|(?<![àa] )\bce (?:mois|jour)\b"
    r"|(?<!partir de )\bcette date\b|\bces (?:dates|jours)\b"
    r"|\bla semaine (?:affich|s[ée]lectionn|choisie|en cours|demand|du \d)|\bsemaine du \d"
    r"|\ble mois (?:affich|s[ée]lectionn|choisi|en cours|demand)"
    r"|\bla (?:p[ée]riode|journ[ée]e|date) (?:affich|s[ée]lectionn|choisie|demand|en cours)"
    r"|\bthis (?:week|month|day|date|period)\b"
)
_WHOLE = re.compile(
    r"\bult[ée]rieurement|\bplus tard\b|\bpour le moment\b|\bpour l'instant\b|\bactuellement\b"
    r"|\b[àa] ce jour\b|\bpartir de cette date\b|\bn'existe plus|\bn'y a plus|\bne reste plus"
    r"|\bplus aucun|\baucune? autre\b|\btous les (?:rendez-vous|cr[ée]neaux)\b"
    r"|\bprochaines semaines\b|\bprochains mois\b|\bn'a [ée]t[ée] trouv"
)
_SENTENCE = re.compile(r"(?<=[.!?…]) ")


class Extent(StrEnum):
    """How much of a calendar the words for "no slot" speak of."""

    WHOLE = "whole"
    UNSAID = "unsaid"
    SHOWN = "shown"
    WORDLESS = "wordless"


def extent_of(signs: Sequence[Sign], reading: PageReading) -> Extent:
    """
    How much of the calendar the words of these signs speak of, as they stand on the page.

    Where several places say it, the one that says most counts.
    """
    found: set[Extent] = set()
    lines = [*_lines(reading.text), *map(normalise, reading.dialogs)]
    for sign in signs:
        if sign.kind not in ("text", "dialog"):
            continue
        for pattern in map(normalise, sign.patterns):
            there = [line for line in lines if pattern in line]
            if not there and pattern in reading.plain:  # it goes over several lines
                there = [pattern]
            found.update(_extent(line, pattern) for line in there)
    return next((each for each in Extent if each in found), Extent.WORDLESS)


def _lines(text: str) -> list[str]:
    """The lines of a text, each with the next one if that goes on with its sentence."""
    lines = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
    found = []
    for line, after in itertools.zip_longest(lines, lines[1:], fillvalue=""):
        on = not line.endswith((".", "!", "?", "…")) and (
            after[:1].islower() or _WHOLE.search(normalise(after))
        )
        found.append(normalise(f"{line} {after}" if on else line))
    return found


def _extent(line: str, pattern: str) -> Extent:
    said = [each for each in _SENTENCE.split(line) if pattern.rstrip(" .!?…") in each] or [line]
    if any(_SHOWN_ONLY.search(each) for each in said):
        return Extent.SHOWN
    return Extent.WHOLE if _WHOLE.search(line) else Extent.UNSAID


_ENDS = re.compile(r"^[\W_]+|[\W_]+$")


def leads_on(names: Iterable[str]) -> bool:
    """Whether a control of these names (its words, label, title) leads to the next week."""
    return any(re.fullmatch(BY_WORDS, _ENDS.sub("", normalise(name))) for name in names)


def is_shut(attributes: dict[str, str]) -> bool:
    """Whether a control with these attributes cannot be pressed."""
    return (
        "disabled" in attributes
        or attributes.get("aria-disabled") == "true"
        or re.search(SHUT, attributes.get("class", "").casefold()) is not None
    )


def kept_from(page: str, address: str | None, *, posts: bool) -> str | None:
    """
    Why a way to the next week is not pressed, in words; None if it may be.

    Args:
        page: the calendar's address.
        address: where the control leads, if it says so.
        posts: it sends a form that is not only read.
    """
    if NOT_PRESSED.search(page):
        return "what this platform sends for its next week is not known"
    if posts:
        return "it sends a form"
    if address and address.startswith("http") and host_of(address) != host_of(page):
        return "it leads to another site"
    return None


@dataclass
class WeekWalk:
    """The weeks of a calendar that were looked at, and `ended`: why no further, in words."""

    seen: list[object] = field(default_factory=list)
    ended: str = ""

    def take(self, reading: PageReading) -> None:
        """Note the week that is shown; one that was shown before ends the walk."""
        week = _week(reading)
        if week in self.seen:
            last = week == self.seen[-1]
            self.ended = (
                "the control to the next one changed nothing"
                if last
                else "the control to the next one led back to one of them"
            )
        else:
            self.seen.append(week)

    def proves(self, extent: Extent) -> bool:
        """
        Whether a page that says of so much of its calendar that there is no slot says it of all.

        Empty weeks alone never prove it; words that may mean the whole do once no way leads on.
        """
        if extent is Extent.UNSAID:
            return not self.seen or self.ended in (NO_WAY, SHUT_WAY)
        return extent is Extent.WHOLE or (extent is Extent.WORDLESS and not self.seen)

    @property
    def words(self) -> str:
        """How far was looked, to be added to a sentence; empty if no calendar was looked at."""
        if not self.seen:
            return ""
        number = f"{len(self.seen)} weeks" if len(self.seen) > 1 else "1 week"
        return f"; looked at {number} of the calendar" + (f": {self.ended}" if self.ended else "")


ONLY_SHOWN = "says that there is no slot, but not of more than what it shows"
LOOK = "Look at the pictures"

NAMELESS = "(a control without words)"

STOPPED = "the control to the next one was not pressed"
NO_WAY = "no control leads on from the last one"
FAR = "which is as far as a visit looks"
SHUT_WAY = "the control to the next one is shut"

_NAMES_WEEK = re.compile(
    r"\b\d{1,2}/\d{1,2}(?:/\d{2,4})?\b|\bsem(?:aine|\.)? ?(?:n ?° ?)?\d{1,2}\b"
    r"|\b\d{1,2}(?:er)? (?:janv|f[ée]vr?|mars|avr|mai|juin|juil|ao[ûu]t|sept?|oct|nov|d[ée]c)"
)
_DIGITS = re.compile(r"\d+")


def _week(reading: PageReading) -> object:
    """What tells a week from others: the days it names and all it says but its numbers (clocks)."""
    return tuple(_NAMES_WEEK.findall(reading.plain)), _DIGITS.sub("", reading.plain)
