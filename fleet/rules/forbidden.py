"""
Addresses that no visit may ask for, and at which a page's requests are paused.

Sources: the booking steps of the eZ `bookingserver` engine and of RDV-Préfecture as public
checkers [B] and official pages [V] describe them, those of RDV Service Public and Démarches
simplifiées as their public source has them [V], those of eAppointment by the names of the
site's own calls [V], ANEF's login by public checkers [B]; none seen by this project on a live site.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet.rules.addresses import readings, too_long

if TYPE_CHECKING:
    from fleet.rules.addresses import AddressReading

ACTING = ("XHR", "Fetch", "EventSource", "Ping", "CSPViolationReport", "Other")
"""
Kinds of requests, as Chromium names them, of which every single one is looked at, as documents are.

`fetch` is an XHR there; prefetched links are Fetch, workers' scripts and preloads Other.
"""

_FRAGMENTS = (
    *(
        "reat",
        "nfir",
        "rca",
        "ulai",
        "nval",
        "ntme",
        "n-ac",
        "id-c",
        "v_wi",
        "pteu",
        "ts_a",
        "e_rd",
    ),
    *("gn_u", "ossi", "ncer"),
)
"""A piece of every address that `FORBIDDEN` names, rare in the names of pictures and scripts."""

WATCHED = (
    "*%*",
    *(
        f"*{''.join(letters)}*"
        for fragment in _FRAGMENTS
        for letters in itertools.product(*({letter, letter.upper()} for letter in fragment))
    ),
)
"""
Addresses (`*`: any characters) at which pictures, scripts and styles are paused, too.

Chromium's patterns know large letters from small ones, and nothing of encodings: so these let
nothing pass that a rule could match, and pause some that none does.
"""


@dataclass(frozen=True, slots=True)
class AddressRule:
    """
    Addresses that no visit may ask for, by their path and, if given, their query.

    `what` is there, for a person. Below such a path there may lie `files` (style sheets, pictures)
    that do nothing.
    """

    what: str
    path: re.Pattern[str]
    query: re.Pattern[str] | None = None
    files: bool = False

    def matches(self, reading: AddressReading) -> str | None:
        """The part of the address that this rule is about, or None."""
        found = self.path.search(reading.path)
        if found is None:
            return None
        if self.query is None:
            return found.group()
        asked = self.query.search(reading.query)
        return f"{found.group()}?{asked.group()}" if asked else None


CAPTCHA = AddressRule("the answer to RDV-Préfecture's captcha", re.compile(r"_validercaptcha"))

FORBIDDEN = (
    AddressRule(
        "steps 5 to 9 of eZ bookingserver, which select, hold and confirm a slot",
        # eZ also reads « (name)/value », PHP « 0.5e1 »; none beyond 9 is known, or asked for
        re.compile(
            r"/booking/create/[^/]*/(?:\([^/]*\)/(?:[^/(]+/(?=\())?)*"
            r"\+?0*+(?:[5-9](?!\d)|[1-9]\d|[\d.]++e\d)"
        ),
    ),
    AddressRule(
        "the confirmation of eZ bookingserver", re.compile(r"/booking/confirm"), files=True
    ),
    CAPTCHA,
    AddressRule(
        "the personal form of RDV-Préfecture",
        re.compile(r"\A(?>.*?/(?:rdvpref|demarche|reservation)(?=/)).*/formulaire(?![\w-])"),
        files=True,
    ),
    AddressRule(
        "eAppointment's choice of a slot, or its confirmation",
        re.compile(r"\.(?:checkselectionvalidity|confirm(?:delete)?appointment\w*)\b"),
    ),
    AddressRule(
        "ANEF's password page, or a new account there",
        re.compile(r"/login-actions/|/openid-connect/registrations"),
        files=True,
    ),
    AddressRule(
        "what a slot of RDV Service Public leads to",
        re.compile(
            r"/users/rdv_wizard_step(?![\w-])|/prendre_rdv_prescripteur(?![\w-])"
            r"|/prescripteur(?![\w-])"
        ),
        files=True,
    ),
    AddressRule(
        "a slot of RDV Service Public",
        re.compile(r"/creneaux(?:\.\w+)?/?$"),
        re.compile(r"\bstarts_at\b"),
    ),
    AddressRule(
        "the slot of an invitation of RDV Service Public",
        re.compile(r"\A(?>.*?/rdv_invitations/).*create_rdv"),
    ),
    AddressRule(
        "a new account or a new file of Démarches simplifiées",
        re.compile(
            r"/users/sign_up(?![\w-])|/dossiers/new(?![\w-])"
            r"|/commencer/[^/]+/(?:sign_in|sign_up|france_connect|pro_connect)(?![\w-])"
        ),
        files=True,
    ),
    AddressRule(
        "the prefilled draft of a file of Démarches simplifiées",
        re.compile(r"/commencer/"),
        re.compile(r"(?:^|&)(?:champ|identite)_"),
    ),
)
"""Addresses that take or hold a slot, create an account or a file, or answer a captcha."""

SIGN_IN = AddressRule(
    "a page to sign in to",
    re.compile(r"/users/sign_in(?![\w-])|/(?:france|pro|agent)_connect(?![\w-])"),
    files=True,
)
"""Where a site may send a visit, which is then `login_required`; no visit presses its way there."""

FORM = AddressRule(
    "a form, as RDV-Préfecture's personal one is called", re.compile(r"/formulaire(?=[/;]|$)")
)
"""Many sites have one (« /contact/formulaire »), which a page may show; no visit goes there."""

_FILE = re.compile(
    r"/[^/]+\.(?:css|map|svg|png|jpe?g|gif|webp|avif|ico|bmp|woff2?|ttf|otf|eot|mp3|mp4|webm|ogg"
    r"|wav|vtt|wasm|pdf)$"
)
_FILE_OF_KIND = {
    "Script": re.compile(r"/[^/]+\.m?js$"),
    "Manifest": re.compile(r"/[^/]+\.(?:json|webmanifest)$"),
}
"""Files that only a page's own element asks for; a call to such an address may be an action."""

_PARTS = ("Stylesheet", "Script", "Image", "Font", "Media", "Manifest", "TextTrack")
_FOLDER = re.compile(
    r"/(?:css|styles?|js|scripts?|img|images?|icons?|pictures?|fonts?|medias?|videos?|assets?|static"
    r"|statics|dist|build|bundles?|vendor|_next|_nuxt|uploads?|themes?|design)/"
)


def forbidden(
    url: str, *, kind: str = "Document", chosen: bool = False, person: bool = False
) -> str | None:
    """
    What `url` leads to that no visit may ask for, in words; or None.

    Args:
        kind: what is asked for; a style sheet or a picture in a file is no form.
        chosen: the visit itself would go there or send something there; what a site may show or
            send it to (a page to sign in to, a form of whatever kind) is then forbidden too.
        person: as for `Guard`.
    """
    if too_long(url):
        return "it is too long to be read"
    ways = readings(url)
    for rule in (*FORBIDDEN, *([SIGN_IN, FORM] if chosen else [])):
        if person and rule is CAPTCHA:
            continue
        for way in ways:
            part = rule.matches(way)
            if part and not (rule.files and _is_file(way, kind)) and not _is_part(way, kind):
                return f"{part!r} is {rule.what}"
    return None


def _is_part(way: AddressReading, kind: str) -> bool:
    """Whether it is a part of a page, by its kind and by the folder in which it lies."""
    return kind in _PARTS and _FOLDER.search(way.path) is not None


def _is_file(way: AddressReading, kind: str) -> bool:
    if kind == "Document":  # a page of another name may be the action, whatever its ending
        return way.path.endswith(".pdf")
    own = _FILE_OF_KIND.get(kind)
    return bool(_FILE.search(way.path) or (own and own.search(way.path)))
