"""
The read-only guard: what no visit may ever send or press.

It sits below every scenario and has no switch. `visit/interceptor.py` has Chromium pause every
document request and every request to an address watched here, and asks `may_send`; what is
refused fails before a byte leaves. If the fleet dies meanwhile, the request stays paused.
`Network.setBlockedURLs` would be simpler and is not enough: it lets navigations through
(docs/decisions/0005-guard.md).

Whatever the guard refused makes the attempt `crashed`: a visit that came that far has a bug,
and its answer is worth nothing.

Sources: the booking steps of the eZ `bookingserver` engine and of RDV-Préfecture as public
checkers [B] and official pages [V] describe them, those of RDV Service Public and Démarches
simplifiées as their public source has them [V], those of eAppointment by the names of the
site's own calls [V], ANEF's login by public checkers [B]; none seen by this project on a live site.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from fleet.errors import GuardRefused
from fleet.rules.signs import normalise

WATCHED = (
    "*/booking/create/*",
    "*/booking/confirm*",
    "*_validerCaptcha*",
    "*/formulaire*",
    "*/eAppointment*",
    "*/login-actions/*",
    "*/openid-connect/registrations*",
    "*/users/*",
    "*prescripteur*",
    "*/creneaux*",
    "*/rdv_invitations/*",
    "*/commencer/*",
    "*/dossiers/new*",
    "*_connect*",
)
"""Addresses (`*`: any characters) whose requests are paused and looked at one by one."""

FORBIDDEN = re.compile(
    r"/booking/create/[^/?#]*/0*[5-9](?!\d)"  # 5 selects a slot, 6 to 9 hold and confirm it
    r"|/booking/confirm"
    r"|_validerCaptcha"  # RDV-Préfecture: the answer to the captcha
    r"|/formulaire(?![\w-])"  # RDV-Préfecture: the personal form
    # eAppointment, by the names of its own calls [V]: the choice of 3/4, and the confirmation
    r"|\.(?:checkSelectionValidity|confirm(?:delete)?Appointment\w*)\b"
    # ANEF's login (Keycloak [B]): a password, a new account
    r"|/login-actions/|/openid-connect/registrations"
    # RDV Service Public [V]: what a slot leads to, the same for a person who books for another,
    # the short way to it, the slot of an invitation
    r"|/users/rdv_wizard_step(?![\w-])"
    r"|/prendre_rdv_prescripteur(?![\w-])|/prescripteur(?![\w-])"
    r"|/creneaux/?\?[^#]*\bstarts_at="
    r"|/rdv_invitations/[^?#]*create_rdv"
    # Démarches simplifiées [V]: a new account, a new file, and the prefilled draft of one
    r"|/users/sign_up(?![\w-])|/dossiers/new(?![\w-])"
    r"|/commencer/[^/?#]+/(?:sign_in|sign_up|france_connect|pro_connect)(?![\w-])"
    r"|/commencer/[^?#]+\?(?:[^#]*&)?(?:champ|identite)_",
    re.IGNORECASE,
)
"""Addresses that take or hold a slot, create an account or a file, or answer a captcha."""

SIGN_IN = re.compile(
    r"/users/sign_in(?![\w-])|/(?:france|pro|agent)_connect(?![\w-])", re.IGNORECASE
)
"""Where a site may send a visit, which is then `login_required`; no visit presses its way there."""

ANSWER_TO_CAPTCHA = "_validerCaptcha"
"""What RDV-Préfecture's page asks for when somebody has answered its captcha [V]."""

MAX_ENCODINGS = 4
"""How often an address may be percent-encoded and still be read."""

FORBIDDEN_WORDS = (
    "première plage horaire libre",
    "confirmer",
    "valider et terminer",
    "annuler, consulter et gérer",
    "gérer mes rendez-vous",  # RDV-Préfecture [B]: leads to somebody's appointments
    "choisir le créneau",  # RDV Service Public [V]: what a slot is called for a screen reader
    "créer un compte",
)
"""Parts of the words on buttons and links of a final step (after `normalise`)."""

SLOT_WORDS = ("libre", "plage libre")
"""Whole words of a link that is itself a slot."""

_STEP = re.compile(r"/booking/create/\d+/0*(\d)(?!\d)", re.IGNORECASE)

_CALENDAR_STEP = 4

_RDV_CALENDAR = re.compile(r"/rdvpref/[^?#]*/creneau(?![\w-])", re.IGNORECASE)
"""RDV-Préfecture's calendar [B]; that the chosen slot is posted from there is inferred [I]."""

_EAPPOINTMENT_FORM = re.compile(r"/eAppointment[^/?#]*/(?!dwr/)", re.IGNORECASE)

_EAPPOINTMENT_FORMS = 1
"""Forms that one visit may send to eAppointment: that of the motives, which opens the calendar."""


def forbidden(url: str, *, chosen: bool = False) -> str | None:
    """
    The part of `url` that no visit may ask for, or None.

    Args:
        chosen: the visit itself would go there or send something there; a page to sign in to,
            where the site may send it, is then forbidden too.
    """
    for _ in range(MAX_ENCODINGS):
        found = FORBIDDEN.search(url) or (SIGN_IN.search(url) if chosen else None)
        if found:
            return found.group()
        url = unquote(url)
    return None


def may_send(url: str, method: str, page_url: str) -> bool:
    """
    Whether the page at `page_url` may send this request.

    From the calendar of the eZ engine (step 4) nothing may be posted: the same address that
    opens the calendar from step 3 takes a slot from there. Nor from that of RDV-Préfecture.
    """
    reads = method.upper() in ("GET", "HEAD")
    if forbidden(url, chosen=not reads):
        return False
    step = _STEP.search(page_url)
    at_calendar = step is not None and int(step.group(1)) >= _CALENDAR_STEP
    at_calendar = at_calendar or _RDV_CALENDAR.search(page_url) is not None
    return reads or not at_calendar


def check_press(scenario_id: str, words: str, address: str | None) -> None:
    """
    Refuse to press something that would take a slot.

    Args:
        words: what a person reads on the button or link.
        address: where a press leads, if that can be known beforehand.

    Raises:
        GuardRefused: names the scenario, the words and the rule.
    """
    plain = normalise(words)
    rule = next((w for w in FORBIDDEN_WORDS if w in plain), None)
    if rule is None and plain in SLOT_WORDS:
        rule = plain
    if rule is None and address:
        rule = forbidden(address, chosen=True)
    if rule is not None:
        raise GuardRefused(
            f"{scenario_id}: the guard refused to press {words.strip()[:80]!r}"
            f" ({address or 'no address'}): {rule!r} would take or hold a slot. The fleet only"
            " reads; end the scenario one step earlier"
        )


class Guard:
    """
    The guard of one page; `refused` lists what it stopped.

    Args:
        person: the page is in a person's hands (`session.py`), who may answer a captcha. Nothing
            else is allowed that a scenario may not do.
    """

    def __init__(self, scenario_id: str, *, person: bool = False) -> None:
        self._scenario_id = scenario_id
        self._person = person
        self._forms = 0
        self.refused: list[str] = []

    def allows(self, url: str, method: str, page_url: str) -> bool:
        """
        Whether the page at `page_url` may send this request now: `may_send`, and a count.

        All steps of eAppointment seem to have one address and one form [I], so only the number
        of forms sent tells the one that opens the calendar from the one that takes a slot.
        """
        if self._person:  # who answers the captcha with their own hands
            url = url.replace(ANSWER_TO_CAPTCHA, "")
        if not may_send(url, method, page_url):
            return False
        if method.upper() in ("GET", "HEAD") or not _EAPPOINTMENT_FORM.search(url):
            return True
        self._forms += 1
        return self._forms <= _EAPPOINTMENT_FORMS

    def note(self, method: str, url: str) -> None:
        """Write down a request that was stopped."""
        self.refused.append(f"{method} {url[:300]}")

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
        return (
            f"{self._scenario_id}: the guard stopped a request that would take or hold a slot:"
            f" {self.refused[0]}. Nothing was sent; end the scenario one step earlier"
        )
