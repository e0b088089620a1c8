"""
What the requests of a page's scripts mean: which may change its answer, and which never do.

A page that still fetches has not answered. But many pages never stop: statistics, polls, hung
trackers. They are told apart by where they go and how often; data first, as in `classifier`.
Sources: the products' own documentation, public at the time of writing [V]; words marked [I] are
inference. When in doubt a request counts: unknown is an answer.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from fleet.models import Outcome, Verdict
from fleet.models.address import host_of
from fleet.rules.addresses import path_and_query
from fleet.rules.signs import normalise

if TYPE_CHECKING:
    from fleet.rules.signs import PageReading

NOISE_HOSTS = (
    "google-analytics.com",  # [V] as the next four
    "analytics.google.com",
    "googletagmanager.com",
    "doubleclick.net",
    "googleadservices.com",
    "xiti.com",  # AT Internet, Piano [V]: the counter of most French public sites
    "ati-host.net",
    "atinternet.com",
    "piano.io",
    "matomo.cloud",  # [V]
    "stats.data.gouv.fr",  # Matomo of the French state [V]
    "audience-sites.din.developpement-durable.gouv.fr",
    "eulerian.net",  # [V]
    "eulerian.io",
    "hotjar.com",
    "hotjar.io",
    "clarity.ms",
    "contentsquare.net",
    "abtasty.com",
    "kameleoon.eu",
    "sentry.io",
    "nr-data.net",  # New Relic [V]
    "newrelic.com",
    "datadoghq.com",
    "datadoghq.eu",
    "cloudflareinsights.com",
    "bugsnag.com",
    "dynatrace.com",
    "facebook.com",
    "axept.io",
    "didomi.io",
    "privacy-center.org",
    "tarteaucitron.io",
)

_NOISE_WORDS = (
    r"matomo|piwik|hit\.xiti|collect|beacon|track|tracker|tracking|telemetry|telemetrie|analytics"
    r"|statistiques?|stats?|metrics?|mesures?|mesure-audience|audience|logs?|logger|rum"
    r"|csp-report|reports?|sentry|envelope|heartbeat|battement|keep-?alive|ping|pixel|hit|counter"
    r"|compteur|visites?-compteur|rgpd|consent|cookies?"
)
_POLL_WORDS = (
    r"long-?poll(ing)?|poll(ing)?|comet|cometd|bayeux|sockjs|socket\.io|signalr|negotiate"
    r"|notifications?|subscribe|presence|chat|livechat|alertes?"
)
_QUIET = re.compile(rf"({_NOISE_WORDS}|{_POLL_WORDS})(\.(php|gif|png|js|json|do|aspx?))?")

_AMBIGUOUS = re.compile(r"(messages?|events?)(\.(php|json|do))?")
"""What is polled by many pages, and is the calendar's own data (FullCalendar's feed) on others."""

_ANSWERS = re.compile(
    r"creneau|slot|dispo|availab|calend|agenda|planning|rendez-?vous|(?<![a-z])rdv(?![a-z])"
    r"|appointment|booking|reserv|horaire|plage|guichet|semaine|timetable|prochaine?s?-?date"
)
"""Words by which an address says that it gives appointments (French or English) [I]."""

BAD_STATUS = 400

MAX_LINE = 100
"""A line by which a page says what it does is no longer than this."""

_PUBLIC_SUFFIXES = ("gouv.fr", "asso.fr", "com.fr", "co.uk")


@lru_cache(maxsize=4096)
def is_quiet(url: str) -> bool:
    """Whether a request of this address never changes a page's answer: statistics, polls, logs."""
    host, (path, query) = host_of(url), path_and_query(url)
    if any(host == noise or host.endswith(f".{noise}") for noise in NOISE_HOSTS):
        return True
    if "transport=polling" in query:
        return True
    segments = [s for s in normalise(path).split("/") if s]
    # the address's end says what it is for; its beginning is the application's
    return bool(segments) and (
        (_QUIET.fullmatch(segments[-1]) is not None and not _ANSWERS.search(segments[-1]))
        or any(s in ("socket.io", "sockjs", "signalr") for s in segments)
    )


@lru_cache(maxsize=4096)
def gives_appointments(url: str) -> bool:
    """Whether an address says of itself that it gives appointments."""
    return not is_quiet(url) and bool(_ANSWERS.search(_folded("?".join(path_and_query(url)))))


def _folded(text: str) -> str:
    return normalise(text).translate(str.maketrans("éèêàùîïôç", "eeeauiioc"))


def same_site(url: str, other: str) -> bool:
    """Whether two addresses belong to one site: one host, or hosts under one registered name."""
    one, two = host_of(url), host_of(other)
    return one == two or (_registered(one) == _registered(two) and "." in _registered(one))


def _registered(host: str) -> str:
    labels = host.casefold().split(".")
    if labels[-1] == "localhost" or labels[-1].isdigit():
        return host
    depth = 3 if ".".join(labels[-2:]) in _PUBLIC_SUFFIXES else 2
    return ".".join(labels[-depth:])


@lru_cache(maxsize=4096)
def may_answer(url: str, page: str) -> bool:
    """
    Whether what this request brings may be the page's answer.

    One of the page's own site may, unless it is `is_quiet`; one of another site may if its
    address says that it gives appointments.
    """
    if is_quiet(url):
        return False
    last = normalise(path_and_query(url)[0]).rpartition("/")[2]
    own = same_site(url, page) and not _AMBIGUOUS.fullmatch(last)
    return own or gives_appointments(url)


_WORKS = re.compile(
    r"(recherche|chargement|verification|calcul|interrogation|loading|searching)\b"
    r"[^.!?:;]{0,60}(en cours|\.\.\.|…)([ ,.…].*)?"
    r"|(veuillez|merci de|please) ?(patienter|wait)"
    r"( un instant| quelques instants| s'il vous plait| svp)?[ .…!]*"
)


def working(reading: PageReading) -> str | None:
    """
    The line by which a page says that it still searches or loads; None if there is none.

    Only a line of its own: a sentence about it is none.
    """
    for line in reading.text.splitlines():
        if 0 < len(line) <= MAX_LINE and _WORKS.fullmatch(_folded(line.strip())):
            return line.strip()
    return None


def brought(reading: PageReading) -> bool:
    """Whether a request that may bring the page's answer has brought something."""
    return any(
        0 < status < BAD_STATUS and may_answer(url, reading.url) for url, _, status in reading.ended
    )


def judge_failed(reading: PageReading) -> Outcome | None:
    """
    The outcome of a page whose own request for its answer failed; None if none did.

    Without its data a calendar looks empty: that is no answer. A refusal counts of an address
    that says it gives appointments; others (`/api/me` without an account) are usual.
    """
    for url, _, status in lacking(reading):
        said = f"HTTP {status}" if status else "no answer"
        if status >= 500:
            verdict, words = Verdict.OVERLOAD, "the site failed"
        elif status == 429:
            verdict, words = Verdict.RATE_LIMITED, "the site asks for fewer visits"
        elif not gives_appointments(url):
            continue
        elif status in (401, 403):
            verdict, words = Verdict.BLOCKED, "the site refused the visit"
        else:
            verdict, words = Verdict.UNRECOGNISED, "so the page has no data to show"
        return Outcome(
            verdict=verdict,
            detail=f"{said} for what the page itself asked for, {words}: {url[:300]}",
            signs=(f"{said} {url}"[:2000],),
        )
    return None


def lacking(reading: PageReading) -> list[tuple[str, int, int]]:
    """
    What a page asked for, that may bring its answer, and did not get, not even by asking again.

    What was given up (status 0) another request may have brought before; what failed was asked
    for again after it.
    """
    came: dict[str, int] = {}
    for place, (url, _, status) in enumerate(reading.ended):
        if 0 < status < BAD_STATUS:
            came[url.partition("?")[0]] = place
    found = []
    for place, (url, times, status) in enumerate(reading.ended):
        last = came.get(url.partition("?")[0], -1)
        got = last >= place if status else last >= 0
        if not got and may_answer(url, reading.url):
            found.append((url, times, status))
    return found
