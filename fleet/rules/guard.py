"""
The read-only guard: what no visit may ever send or press.

It sits in the engine, below every scenario, and has no switch. `interceptor.py` has Chromium
pause every request that can act (documents, calls, beacons, reports) and every picture, script or
style at an address watched here, and asks `Guard.judge`; what is refused fails before a byte
leaves. If the fleet dies meanwhile, the request stays paused. Every way out of a page, with its
test, is in docs/conduct.md; why it is done so, in docs/decisions/0005-guard.md.

Whatever the guard refuses makes the attempt `crashed`: a visit that came that far has a bug,
and its answer is worth nothing. The one exception is what a calendar's page sends to somebody
else (audience measurement): that is stopped as well, and noted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.errors import GuardRefused
from fleet.models.address import host_of
from fleet.rules.addresses import readings
from fleet.rules.forbidden import forbidden
from fleet.rules.internal import SETTING
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.rules.internal import PublicOnly

FORBIDDEN_WORDS = (
    "première plage horaire libre",
    "confirmer",
    "valider et terminer",
    "annuler, consulter et gérer",
    "gérer mes rendez-vous",  # RDV-Préfecture [B]: leads to somebody's appointments
    "choisir le créneau",  # RDV Service Public [V]: what a slot is called for a screen reader
    # usual words of such buttons [I]
    "ce créneau",
    "ce rendez-vous",
    "valider mon rendez-vous",
    "valider le rendez-vous",
    "annuler mon rendez-vous",
    "je confirme mon rendez-vous",
    "je confirme le rendez-vous",
    "créer un compte",
)
"""Parts of the words on buttons and links of a final step (after `normalise`)."""

SLOT_WORDS = ("libre", "plage libre")
"""Whole words of a link that is itself a slot."""

SLOT_HOUR = re.compile(r"(?:à )?\d{1,2} ?[h:] ?[0-5]\d")
"""A button, a link or an option that says an hour and nothing else is a slot."""

CALENDAR = re.compile(
    # eZ: 4 is the calendar, what follows is forbidden
    r"/booking/create/[^/]+/(?:\([^/]*\)/(?:[^/(]+/(?=\())?)*"
    r"\+?0*+(?:[4-9](?!\d)|[1-9]\d|[\d.]++e\d)"
    # RDV-Préfecture [B]; that slots are posted from there is inferred [I]
    r"|\A(?>.*?/rdvpref(?=/)).*/creneau(?![\w-])"
)
"""Pages that show slots; what is posted from there takes one."""

CALENDAR_READS = re.compile(
    r"(?:/index\.php)?/ezjscore/call/bookingserver::planning::assign(?:::\d+)+"
)
"""The call by which eZ's calendar gets its week; some sites post it [B, three checkers]."""

_EAPPOINTMENT_FORM = re.compile(r"/eappointment[^/]*/(?!dwr/)")

_EAPPOINTMENT_FORMS = 1
"""Forms that one visit may send to eAppointment: that of the motives, which opens the calendar."""

_MAX_NOTED = 50

READING = ("GET", "HEAD")

OTHER_METHOD = ("x-http-method-override", "x-http-method", "x-method-override")
"""Headers by which a page may ask a server to take its request for one of another method."""

OTHER_ADDRESS = ("x-original-url", "x-rewrite-url", "x-forwarded-uri", "x-original-uri")
"""Headers by which a page may ask a server to take its request for one of another address."""

_METHOD = re.compile(r"(?:^|[&;])_?(?:http_?)?method=(?:post|put|patch|delete)\b")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """
    A request that a page is about to make.

    Args:
        kind: what it is for, as Chromium names it (Document, XHR, Image, …).
        senders: the addresses of the documents that may have sent it.
        main: it asks for the page itself, not for a part of it.
    """

    url: str
    method: str = "GET"
    kind: str = "Document"
    senders: tuple[str, ...] = ()
    main: bool = False

    @property
    def reads(self) -> bool:
        """Whether its method only reads, and its address does not name another."""
        if self.kind == "Preflight":
            return True
        return self.method.upper() in READING and not _names_method(self.url)


@dataclass(frozen=True, slots=True)
class GuardRefusal:
    """
    Why a request is stopped, for a person.

    `grave`: the visit went too far, and is `crashed`. Else it goes on, and a note says so.
    """

    why: str
    grave: bool = True


def calendar(url: str) -> bool:
    """Whether the page at this address shows slots, so that nothing may be posted from it."""
    return any(CALENDAR.search(way.path) for way in readings(url))


def refusal(asked: PageRequest, *, person: bool = False) -> GuardRefusal | None:
    """
    Why a page may not send this request; None if it may.

    From a calendar nothing may be posted: in the eZ engine the same address that opens it from
    step 3 takes a slot from there.
    """
    if why := forbidden(asked.url, kind=asked.kind, chosen=not asked.reads, person=person):
        return GuardRefusal(why)
    calendars = [url for url in asked.senders if calendar(url)]
    if asked.reads or not calendars or _reads_week(asked):
        return None
    to_others = asked.kind != "Document" and host_of(asked.url) not in map(host_of, calendars)
    report = asked.kind == "CSPViolationReport"
    return GuardRefusal(
        f"it was sent from the calendar {calendars[0][:300]}, from where nothing may be posted",
        grave=not (to_others or report),
    )


def _names_method(url: str) -> bool:
    """As frameworks take it from a form: `?_method=PUT`."""
    return any(_METHOD.search(way.query) for way in readings(url))


def _reads_week(asked: PageRequest) -> bool:
    return all(CALENDAR_READS.fullmatch(way.path) for way in readings(asked.url))


def check_press(
    scenario_id: str, words: str, address: str | None, names: Iterable[str] = ()
) -> None:
    """
    Refuse to press something that would take a slot.

    Args:
        words: what a person reads on the button or link.
        address: where a press leads, if that can be known beforehand.
        names: what else it is called, by what stands in it or lies where it is pressed.

    Raises:
        GuardRefused: names the scenario, the words and the rule.
    """
    said = [normalise(each) for each in (words, *names)]
    rule = next((w for w in FORBIDDEN_WORDS if any(w in plain for plain in said)), None)
    slots = (each for each in said if each in SLOT_WORDS or SLOT_HOUR.fullmatch(each))
    rule = rule or next(slots, None)
    why = f"{rule!r} would take or hold a slot" if rule else None
    if why is None and address and (what := forbidden(address, chosen=True)):
        why = f"it would take or hold a slot: {what}"
    if why is not None:
        raise GuardRefused(
            f"{scenario_id}: the guard refused to press {words.strip()[:80]!r}"
            f" ({address or 'no address'}): {why}. The fleet only reads; end the scenario one step"
            f" earlier. {FALSE_ALARM}"
        )


FALSE_ALARM = 'If this is a false alarm: docs/conduct.md, "When the guard is wrong"'


class Guard:
    """
    The guard of one page; `refused` lists what it stopped.

    While `only_reads` is set, nothing at all may be sent that is not only read: the visit looks
    through a calendar, and no platform's way to the next week is known to need more. What is
    stopped for that alone takes no slot, so the visit goes on.

    Args:
        person: the page is in a person's hands (`person_session.py`), who may answer a captcha.
            Nothing else is allowed that a scenario may not do.
        public: what may be asked; None: everything that Chromium reaches.
    """

    def __init__(
        self, scenario_id: str, *, person: bool = False, public: PublicOnly | None = None
    ) -> None:
        self._scenario_id = scenario_id
        self._person = person
        self._public = public
        self._ended = ""
        self._forms = 0
        self.only_reads = False
        self.refused: list[str] = []

    def judge(self, asked: PageRequest) -> GuardRefusal | None:
        """
        Why the page may not send this request now; None if it may. `refusal`, and a count.

        All steps of eAppointment seem to have one address and one form [I], so only the number
        of forms sent tells the one that opens the calendar from the one that takes a slot.
        """
        if self._public is not None and (what := self._public.refuses(asked.url)):
            if asked.main:
                self.lead_inside(asked.url, what)
            return GuardRefusal(f"it is {what}", grave=asked.main)
        found = refusal(asked, person=self._person)
        sends = not (asked.reads or _reads_week(asked))
        if self.only_reads and sends and not forbidden(asked.url, kind=asked.kind, chosen=True):
            return GuardRefusal("the visit only looks at other weeks here", grave=False)
        if found is None and not asked.reads and _sends_form(asked.url):
            self._forms += 1
            if self._forms > _EAPPOINTMENT_FORMS:
                found = GuardRefusal(
                    "it is a second form of eAppointment, and the first opened the calendar"
                )
        if found is not None and found.grave:
            self.note(asked, found.why)
        return found

    def note(self, asked: PageRequest, why: str) -> None:
        """Write down a request that was stopped, or would have been sent."""
        if len(self.refused) < _MAX_NOTED:
            self.refused.append(f"{asked.method} {asked.url[:300]} ({asked.kind}): {why}")

    def lead_inside(self, url: str, what: str) -> None:
        """End the visit: its page was led to an address that is not of the public network."""
        self.end(
            f"the visit was led inside and did not go: {url[:300]} is {what}. Nothing is known of"
            f" the site; if it is yours, name its host in {SETTING}"
        )

    def end(self, words: str) -> None:
        """End the visit for what its page does, in words for a person."""
        if not self.refused:
            self._ended = words
        if len(self.refused) < _MAX_NOTED:
            self.refused.append(words)

    def check(self) -> None:
        """
        Raises:
            GuardRefused: something was refused since the visit began.
        """
        if self.refused:
            raise GuardRefused(self.words)

    @property
    def words(self) -> str:
        """What was refused, for a person; only when something was."""
        if self._ended:
            return f"{self._scenario_id}: {self._ended}"
        return (
            f"{self._scenario_id}: the guard stopped a request that would take or hold a slot:"
            f" {self.refused[0]}. Nothing was sent; end the scenario one step earlier."
            f" {FALSE_ALARM}"
        )


def _sends_form(url: str) -> bool:
    return any(_EAPPOINTMENT_FORM.search(way.path) for way in readings(url))
