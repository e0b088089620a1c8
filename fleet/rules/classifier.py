"""
The classifier: what the words, statuses and errors of a site mean. Data first, no browser.

A verdict is only ever given for a positive sign. Judged in this order:

1. the status of every document served to the page (`judge_status`): a 502 is a 502 whatever
   its page says;
2. bodies of proxies, walls and waiting rooms that come with status 200 (`judge_page`);
3. the scenario's own signs (`said`): every sign of a set must be on the page, and two sets at
   once are a contradiction, not a choice;
4. what may stand in an answer's place, a wall, captcha, login or maintenance (`judge_gate`), only
   once 3 found nothing.

Sources of the sentences: [B] code of public checkers that ran against the real sites, [V]
official page or source. None was seen by this project on a live site yet.
Change `RULESET` with any change of what is matched here: stored verdicts name it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet.errors import VisitEnded
from fleet.models import Outcome, Verdict
from fleet.models.outcome import WAITING_ROOM
from fleet.rules.signs import PageReading, normalise
from fleet.rules.walls import Reach, checks_browser, judge_wall

if TYPE_CHECKING:
    from collections.abc import Sequence


RULESET = "2026-11-30"

SETTLED_SINCE = "2026-11-30"
"""From this ruleset on a page must have settled, and a sign be seen (docs/verdicts.md)."""

BARE_PAGE_CHARACTERS = 600
"""A page with less visible text than this is only a message; longer ones may *quote* one."""


@dataclass(frozen=True, slots=True)
class PageRule:
    """A sentence that decides alone when it is a heading, or all that the page says."""

    verdict: Verdict
    sentence: str
    heading_only: bool = False


PAGE_RULES = (
    PageRule(Verdict.OVERLOAD, "Service surchargé", heading_only=True),  # [B]×10, eZ and pprdv
    PageRule(Verdict.OVERLOAD, "502 Bad Gateway"),  # HAProxy and nginx [B]
    PageRule(Verdict.OVERLOAD, "503 Service Unavailable"),
    PageRule(Verdict.OVERLOAD, "504 Gateway Time-out"),
    PageRule(Verdict.OVERLOAD, "No server is available to handle this request"),
    PageRule(Verdict.OVERLOAD, "The server returned an invalid or incomplete response"),
    PageRule(Verdict.OVERLOAD, "Error 503 Backend fetch failed"),  # Varnish [V]
    PageRule(Verdict.OVERLOAD, "Guru Meditation"),  # Varnish [V]
    PageRule(Verdict.OVERLOAD, "Our services aren't available right now"),  # Azure [V]
)
"""Proxies whose site fails; those of walls are in `wall_rules`."""

MAINTENANCE_RULES = (  # eZ [B] says only which words; which sentences they stand in is our guess
    PageRule(Verdict.MAINTENANCE, "maintenance", heading_only=True),
    PageRule(Verdict.MAINTENANCE, "en maintenance"),
    PageRule(Verdict.MAINTENANCE, "maintenance en cours"),
    PageRule(Verdict.MAINTENANCE, "opération de maintenance"),
    PageRule(Verdict.MAINTENANCE, "site indisponible"),
)
"""For a page that shows nothing the scenario knows: one that works may announce maintenance."""

CAPTCHA_ELEMENTS = (
    "input[name=eZHumanCAPTCHACode]",  # eZ [B]
    "#captchaFormulaireExtInput",  # RDV-Préfecture [B]
    "rdv-captchetat",  # RDV-Préfecture [V]
    # the badge of a captcha that asks nothing of a person says `invisible`: no gate [V]
    ".g-recaptcha:not([data-size='invisible'])",
    "iframe[src*='/recaptcha/']:not([src*='size=invisible'])",
    "iframe[src*='hcaptcha.com']:not([src*='size=invisible'])",
    "iframe[src*='challenges.cloudflare.com']",
)

LOGIN_ELEMENTS = ("input[type=password]", "#fconnect-access", "[class*='fr-connect']")

SESSION_SENTENCES = ("votre session a expiré", "session expirée")

SESSION_ADDRESS = "error=errorSessionInvalide"  # RDV-Préfecture [B]

GATE_SELECTORS = (*CAPTCHA_ELEMENTS, *LOGIN_ELEMENTS)
"""What a reading must count so that `judge_gate` can judge it."""


def judge_status(
    status: int, url: str, reading: PageReading | None, retry_after: str | None = None
) -> Outcome | None:
    """
    The outcome that the HTTP status of a document decides, None for a status that is fine.

    Args:
        reading: the page that came with it, if it could be read: it may be a wall or a waiting
            room, which come with any status, or turn a 503 into an announced maintenance.
        retry_after: the header of that name, quoted in the detail.
    """
    if status < 400:
        return None
    seen = (f"HTTP {status} {url}",)
    wall = judge_wall(reading, Reach.ANYWHERE) if reading is not None else None
    if wall is not None and (status != 429 or WAITING_ROOM in wall.facts):
        return wall.model_copy(update={"signs": (*wall.signs, *seen)})
    if reading is not None and status >= 500:
        page = _judge_by(MAINTENANCE_RULES, reading)
        if page is not None:
            return page.model_copy(update={"signs": (*page.signs, *seen)})
    if status >= 500:
        verdict, words = Verdict.OVERLOAD, "the site failed"
    elif status == 429:
        verdict, words = Verdict.RATE_LIMITED, "the site asks for fewer visits"
        if retry_after:
            words += f" (Retry-After: {retry_after[:80]})"
    elif status in (401, 403):
        verdict, words = Verdict.BLOCKED, "the site refused the visit"
    elif status in (404, 410):
        verdict = Verdict.UNRECOGNISED
        words = "nothing is at this address any more; look for the new link and correct `url`"
    else:
        verdict, words = Verdict.UNRECOGNISED, "an answer the fleet does not know"
    return Outcome(verdict=verdict, detail=f"HTTP {status}, {words}: {url}", signs=seen)


def judge_page(reading: PageReading, *, again: bool = True) -> Outcome | None:
    """
    The outcome of a page that is only a message of a proxy, a wall or a waiting room.

    Args:
        again: whether the visit has met such a page before. A check of the browser that leads to
            the site by itself is no refusal yet; a second one is.
    """
    if not again and checks_browser(reading):
        return None
    return _judge_by(PAGE_RULES, reading) or judge_wall(reading, Reach.OPENING)


def _judge_by(page_rules: Sequence[PageRule], reading: PageReading) -> Outcome | None:
    heads = [normalise(head) for head in (reading.title, *reading.headings)]
    text = reading.plain
    bare = len(text) < BARE_PAGE_CHARACTERS
    for rule in page_rules:
        sentence = normalise(rule.sentence)
        if any(sentence in head for head in heads):
            where = "heading"
        elif bare and not rule.heading_only and sentence in text:
            where = "whole page"
        else:
            continue
        return Outcome(
            verdict=rule.verdict,
            detail=f"{rule.sentence!r} ({where}) at {reading.url}",
            signs=(f"{where} {rule.sentence!r}",),
        )
    return None


def judge_gate(reading: PageReading, *, waited: bool = True) -> Outcome | None:
    """
    The outcome of a page where something stands in the answer's place; None if nothing does.

    For a page that has settled and shows nothing of the scenario. A page that is only a message
    is judged at once; one that says more may yet bring its answer, and what stands beside its
    content (a staff's login in the header, an announcement) is no gate.

    Args:
        waited: whether the page has had all the time that an answer gets. A check of the browser
            gets it too: it may end by itself.
    """
    wall = judge_wall(reading, Reach.ANYWHERE)
    if wall is not None:
        return wall if waited or not checks_browser(reading) else None
    bare = len(reading.plain) < BARE_PAGE_CHARACTERS
    if not (bare or waited):
        return None
    for verdict, counts, selectors, words in (
        (
            Verdict.CAPTCHA,
            reading.counts,
            CAPTCHA_ELEMENTS,
            "a captcha stands before the answer",
        ),
        (
            Verdict.LOGIN_REQUIRED,
            reading.counts if reading.central is None else reading.central,
            LOGIN_ELEMENTS,
            "an account is demanded before the answer",
        ),
    ):
        seen = tuple(s for s in selectors if counts.get(s, 0) > 0)
        if seen:
            return Outcome(
                verdict=verdict,
                detail=f"{words} at {reading.url}",
                signs=tuple(f"css {s!r}" for s in seen),
            )
    headings = reading.headings if reading.central_headings is None else reading.central_headings
    heads = " ".join(normalise(head) for head in (reading.title, *headings))
    if bare or not _ANNOUNCED.search(reading.plain):
        rules = MAINTENANCE_RULES if bare else [r for r in MAINTENANCE_RULES if r.heading_only]
        maintenance = _judge_by(rules, replace(reading, headings=headings))
        told = reading.plain if bare else heads
        if maintenance is not None and not _ANNOUNCED.search(told):
            return maintenance
    text = reading.plain if bare else heads
    for sentence in SESSION_SENTENCES:
        if re.search(rf"(?<!si )(?<!lorsque )(?<!quand )(?<!des que ){sentence}", text):
            return session_expired(reading.url, f"text {sentence!r}")
    if SESSION_ADDRESS in reading.url:
        return session_expired(reading.url, f"url '*{SESSION_ADDRESS}*'")
    return None


_ANNOUNCED = re.compile(
    r"maintenance (est |sera )?(prévue|planifiée|programmée|aura lieu)(?! jusqu)"
    r"|(sera|seront) (en maintenance|indisponibles?|ferm|interromp)"
    r"|maintenance (de nos services |du site )?(le|du|les|des|ce|à partir du|dès le|"
    r"lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche) (\w+ )?\d"
    r"|maintenance .{0,40}(est terminée|a eu lieu)"
)
"""A maintenance to come is no maintenance."""


def session_expired(url: str, sign: str) -> Outcome:
    """The outcome of a visit that the site threw back to its start."""
    return Outcome(
        verdict=Verdict.SESSION_EXPIRED,
        detail=f"the site threw the visit back to {url}",
        signs=(sign,),
    )


class Judged(VisitEnded):
    """What was served already decides the outcome (a 502, a maintenance page, …)."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome
