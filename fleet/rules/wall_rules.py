"""
The wording of walls and waiting rooms, as data; how it is asked of a page is in `walls`.

Their wording is the products' own, so a rule is a sentence with which a line of the page *begins*,
and often words that must stand beside it: who only quotes or explains one begins otherwise, and
says more.

Sources: [B] code of public checkers that ran against the real sites, [W] the public fingerprints of
EnableSecurity/wafw00f, [S] those of sqlmap, [V] the vendor's own documentation, [I] inference: how
such pages are worded as far as generally known. None was seen by this project on a live site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from fleet.models import Verdict
from fleet.rules.signs import normalise


@dataclass(frozen=True)
class WallRule:
    """
    A sentence with which a line of a wall begins.

    Attributes:
        beside: words of which one must be on the page too; empty: none need be.
        whole: the sentence ends there, or a mark follows; it does not go on (« … du guichet 3 »).
        title: only as the page's title or a heading.
        late: only for a page that shows nothing that the scenario knows: plain words that a site
            itself may use.
        room: whose waiting room it is; None for a wall.
    """

    sentence: str
    beside: tuple[str, ...] = ()
    whole: bool = False
    title: bool = False
    late: bool = False
    verdict: Verdict = Verdict.BLOCKED
    room: str | None = None

    @cached_property
    def _begins(self) -> re.Pattern[str]:
        end = r"(?=\W*$|\s*[.,:;!?…(|–—-])" if self.whole else r"(?!\w)"
        first = re.escape(normalise(self.sentence))
        # a mark or a sign may stand before it, a quotation mark may not
        return re.compile(rf"[^\w«»“”\"']*{first}{end if first[-1].isalnum() else ''}")

    def begins(self, line: str) -> bool:
        """Whether a line (after `normalise`) begins with the sentence."""
        return self._begins.match(line) is not None

    def accompanied(self, text: str) -> bool:
        """Whether the words that belong to it are there."""
        return not self.beside or any(normalise(words) in text for words in self.beside)


_LIMITED = Verdict.RATE_LIMITED

_SECURITY = (
    "Cloudflare",
    "Ray ID",
    "la sécurité de votre connexion",
    "security of your connection",
)

WALLS = (
    # HAProxy, nginx, Apache
    WallRule("Request forbidden by administrative rules"),  # [B]
    WallRule("403 Forbidden"),  # [B]
    WallRule("429 Too Many Requests", verdict=_LIMITED),  # [B]
    # F5 BIG-IP ASM, NGINX App Protect
    WallRule("The requested URL was rejected. Please consult with your administrator"),  # [W] [V]
    WallRule("Request Rejected", beside=("support ID",), title=True),  # [V]
    WallRule("L'URL que vous demandez a été rejetée", beside=("support",)),  # [I]
    WallRule("L'URL que vous avez demandée a été rejetée", beside=("support",)),  # [I]
    WallRule("L'URL demandée a été rejetée", beside=("support", "administrateur")),  # [I]
    # Akamai
    WallRule("Access Denied", beside=("Reference #", "errors.edgesuite.net")),  # [S]
    WallRule("You don't have permission to access", beside=("Reference #", "edgesuite")),  # [S]
    # Cloudflare
    WallRule("Sorry, you have been blocked"),  # [B]
    WallRule("Désolé, vous avez été bloqué"),  # [I]
    WallRule("Attention Required!", beside=("Cloudflare",)),  # [I]
    WallRule("error 1020"),  # [B]
    WallRule("Access denied", beside=("Error code 1020", "Error code: 1020", "Cloudflare")),  # [B]
    WallRule("The owner of this website", beside=("has banned",)),  # [V]
    WallRule("Verifying you are human", beside=_SECURITY),  # [I]
    WallRule("Verify you are human", beside=_SECURITY),  # [I]
    WallRule("Vérification que vous êtes humain", beside=_SECURITY),  # [I]
    WallRule("Vérifiez que vous êtes humain", beside=_SECURITY),  # [I]
    WallRule("error 1015", verdict=_LIMITED),  # [V]
    WallRule("You are being rate limited", verdict=_LIMITED),  # [V]
    WallRule("Just a moment..."),  # [B]
    WallRule("Just a moment…"),  # [B]
    WallRule("Un instant", title=True, whole=True, beside=("Cloudflare", "Ray ID")),  # [I]
    WallRule("Checking your browser before accessing"),  # [I]
    WallRule("Checking if the site connection is secure"),  # [I]
    WallRule("Performing security verification"),  # [I]
    WallRule("Vérification de la sécurité de la connexion"),  # [I]
    WallRule("Enable JavaScript and cookies to continue"),  # [I]
    WallRule("Cloudflare Ray ID", late=True),  # [B]
    WallRule("Aucun accès à Internet"),  # [B]
    # Imperva
    WallRule("Request unsuccessful. Incapsula incident ID"),  # [S] [W]
    WallRule("Incapsula incident ID"),  # [S] [W]
    WallRule("This page can't be displayed", beside=("incident ID",)),  # [W]
    WallRule("Pardon Our Interruption"),  # [I]
    # Amazon CloudFront, AWS WAF
    WallRule("The request could not be satisfied", beside=("Request blocked",)),  # [V]
    WallRule("Request blocked", beside=("CloudFront",)),  # [V]
    WallRule("Human Verification", beside=("JavaScript is disabled", "robot", "CAPTCHA")),  # [I]
    # Sucuri
    WallRule("Sucuri Website Firewall"),  # [W]
    WallRule("Access Denied", beside=("Sucuri",)),  # [W]
    # Fortinet
    WallRule("Web Page Blocked", beside=("Attack ID", "Fortinet", "FortiGuard")),  # [W]
    WallRule("FortiGuard Intrusion Prevention"),  # [W]
    WallRule("FortiGate Application Control"),  # [W]
    WallRule("Web Filter Violation"),  # [W]
    WallRule("The URL you requested has been blocked"),  # [I] FortiGate
    WallRule("Web Application Firewall", beside=("Event ID", "Attack ID", "blocked")),  # [W]
    # Barracuda
    WallRule("Barracuda Networks", beside=("blocked", "denied", "bloqué")),  # [W]
    WallRule("Access Denied", beside=("Barracuda",)),  # [I]
    WallRule("Your request has been blocked"),  # [I], several products
    WallRule("Your request was blocked"),  # [I]
    # Radware
    WallRule("Unauthorized Activity Has Been Detected"),  # [S]
    WallRule("Unauthorized Request Blocked"),  # [S]
    # DataDome, HUMAN (PerimeterX)
    WallRule("Please enable JS and disable any ad blocker"),  # [I]
    WallRule("Veuillez activer JS et désactiver tout bloqueur de publicité"),  # [I]
    WallRule("Press & Hold to confirm you are"),  # [I]
    WallRule("Access to this page has been denied"),  # [I]
    WallRule("Before we continue", beside=("Press & Hold",)),  # [I]
    # Microsoft Azure
    WallRule("The request is blocked"),  # [V] Front Door
    WallRule("Microsoft-Azure-Application-Gateway"),  # [W], below « 403 Forbidden »
    # Citrix NetScaler
    WallRule("NS Transaction id"),  # [W]
    WallRule("AppFW Session id"),  # [W]
    WallRule("Violation Category", beside=("APPFW_",)),  # [W]
    # ModSecurity
    WallRule("Not Acceptable!", beside=("An appropriate representation of the requested",)),  # [I]
    WallRule("This error was generated by Mod_Security"),  # [W]
    # Stormshield, Rohde & Schwarz (DenyAll), Palo Alto, SonicWall
    WallRule("Stormshield", beside=("bloqué", "refusé", "blocked", "denied")),  # [I]
    WallRule("Condition Intercepted"),  # [W]
    WallRule("Cloud Protector", beside=("Rohde", "R&S")),  # [W]
    WallRule("Web Page Blocked", beside=("company policy",)),  # [W]
    WallRule("Web Site Blocked", beside=("SonicWall", "policy", "administrator")),  # [W]
    # others
    WallRule("Request rejected by xVarnish-WAF"),  # [W]
    WallRule("Access Denied", beside=("Imunify360", "Wordfence", "security reasons")),  # [W]
    WallRule("Your access to this site has been limited by the site owner"),  # [W] Wordfence
    WallRule("A potentially unsafe operation has been detected in your request"),  # [W] Wordfence
    WallRule(
        "Current session has been terminated", beside=("do not hesitate to contact us",)
    ),  # [W] Reblaze
    WallRule("Making sure you're not a bot"),  # [W] Anubis
    WallRule("Our systems have detected unusual traffic"),  # [V] Google
    WallRule("Nos systèmes ont détecté un trafic"),  # [I] Google
    WallRule("Vercel Security Checkpoint"),  # [I]
    WallRule("DDoS-Guard", title=True),  # [W]
    # wordings that are no product's own [I]
    WallRule("Votre adresse IP a été bloquée", late=True),
    WallRule("Votre adresse IP est bloquée", late=True),
    WallRule("Votre IP a été bloquée", late=True),
    WallRule("Votre requête a été bloquée", late=True),
    WallRule("Votre demande a été bloquée", late=True, beside=("sécurité", "pare-feu", "incident")),
    WallRule("Votre accès a été bloqué", late=True),
    WallRule("Requête rejetée", late=True, whole=True),
    WallRule("Requête bloquée", late=True, whole=True),
    WallRule("Désolé, votre requête a été bloquée", late=True),
    WallRule("Désolé, votre accès", late=True, beside=("bloqué", "refusé")),
    WallRule("Vous avez été bloqué", late=True),
    WallRule("Votre accès à ce site a été", late=True, beside=("bloqué", "refusé", "limité")),
    WallRule("Votre accès à cette page a été", late=True, beside=("bloqué", "refusé", "limité")),
    WallRule("L'accès à ce site a été", late=True, beside=("bloqué", "refusé")),
    WallRule("L'accès à cette page a été", late=True, beside=("bloqué", "refusé")),
    WallRule("Page bloquée", late=True),
    WallRule("Accès bloqué", late=True, whole=True),
    WallRule("Accès refusé", late=True, whole=True),
    WallRule("Accès interdit", late=True, whole=True),
    WallRule("Access Denied", late=True, whole=True),
    WallRule("Access Forbidden", late=True, whole=True),
    WallRule("You have been blocked", late=True),
    WallRule("Your IP has been blocked", late=True),
    WallRule("Your IP address has been blocked", late=True),
    WallRule("We have detected unusual activity", late=True),
    WallRule("Unusual activity has been detected", late=True),
    WallRule("Suspicious activity has been detected", late=True),
    WallRule("Bot detected", late=True, whole=True),
    WallRule("Nous avons détecté une activité inhabituelle", late=True),
    WallRule("Une activité inhabituelle a été détectée", late=True),
    WallRule("Activité inhabituelle détectée", late=True),
    WallRule("Nous avons détecté un comportement inhabituel", late=True),
    WallRule("Nous avons détecté une activité suspecte", late=True),
    WallRule("Une activité suspecte a été détectée", late=True),
    WallRule("Un comportement inhabituel a été détecté", late=True),
    WallRule("Nous avons détecté un trafic inhabituel", late=True),
    WallRule("Un trafic inhabituel", late=True, beside=("votre réseau", "votre adresse", "robot")),
)

_ANY = "other"
_WAITS = (
    "temps d'attente",
    "votre tour",
    "redirig",
    "patient",
    "actualis",
    "rafraîch",
    "devant vous",
)


def _room(
    sentence: str,
    room: str = _ANY,
    *,
    late: bool = False,
    whole: bool = True,
    beside: tuple[str, ...] = (),
) -> WallRule:
    return WallRule(
        sentence, beside=beside, whole=whole, late=late, verdict=Verdict.OVERLOAD, room=room
    )


WAITING_ROOMS = (
    _room("You are now in line", beside=("Queue-it",), room="queue-it"),  # [I]
    _room("You are now in line", beside=("Cloudflare",), room="cloudflare"),  # [V]
    _room("You are now in line"),  # [V] Cloudflare, [I] Queue-it
    _room("You're now in line"),  # [I]
    _room("You are in line"),  # [I]
    _room("You are in the waiting room"),  # [I]
    _room("We are experiencing a high volume of", whole=False, beside=("in line", "wait")),  # [I]
    _room("You are in the queue", beside=("wait", "turn")),  # [I]
    _room("You are in a virtual waiting room"),  # [I]
    _room("You have been placed in a queue"),  # [I]
    _room("You are now in the waiting room"),  # [I]
    _room("Virtual Waiting Room", beside=("wait time", "in line", "your turn")),  # [I]
    _room("Waiting Room", beside=("wait time", "in line", "your turn", "Cloudflare")),  # [V]
    _room("Your estimated wait time"),  # [V] Cloudflare, [I] Queue-it
    _room("Vous êtes maintenant dans la file d'attente", beside=("Queue-it",), room="queue-it"),
    _room("Vous êtes maintenant dans la file d'attente"),  # [I], as those below
    _room("Vous êtes désormais dans la file d'attente"),
    _room("Vous êtes dans la file d'attente", beside=_WAITS),
    _room("Vous êtes en file d'attente", beside=_WAITS),
    _room("Vous êtes dans une file d'attente virtuelle"),
    _room("Vous êtes dans la file d'attente virtuelle"),
    _room("Vous avez été placé dans une file d'attente", beside=_WAITS),
    _room("Vous êtes en salle d'attente", beside=_WAITS),
    _room("Vous êtes dans la salle d'attente", beside=_WAITS),
    _room("Vous êtes dans une salle d'attente virtuelle"),
    _room("Vous êtes actuellement dans la file d'attente", beside=_WAITS),
    _room("Vous êtes actuellement dans une file d'attente", whole=False, beside=_WAITS),
    _room("Vous êtes actuellement en file d'attente", beside=_WAITS),
    _room("Vous êtes en attente d'accès au site", whole=False),
    _room("Bienvenue dans la salle d'attente virtuelle", whole=False),
    _room("Votre position dans la file d'attente", late=True, beside=("redirig", "actualis")),
    _room("Salle d'attente virtuelle", beside=_WAITS),
    _room("File d'attente virtuelle", beside=_WAITS),
    _room("Salle d'attente", beside=_WAITS, late=True),
    _room("File d'attente", beside=("vous êtes", "votre tour", "votre position"), late=True),
    _room("Votre temps d'attente estimé", late=True),
    _room("Le site est actuellement très fréquenté", beside=_WAITS),
    _room("Le site est actuellement fortement sollicité", beside=_WAITS),
    _room("Notre site est actuellement très fréquenté", beside=_WAITS),
    _room("Le service est actuellement très sollicité", beside=_WAITS),
    _room("Le site connaît actuellement une forte affluence", beside=_WAITS),
    _room("Le site connaît une forte affluence", beside=_WAITS),
    _room("Le site connaît une très forte affluence", beside=_WAITS),
    _room("Trop de visiteurs", beside=_WAITS, late=True),
    _room("En raison d'un grand nombre de visiteurs", beside=_WAITS, late=True),
    _room("En raison d'un grand nombre de connexions", beside=_WAITS, late=True),
    _room("En raison d'une forte affluence", beside=_WAITS, late=True),
)

WAITING_HOSTS = {
    "queue-it.net": "queue-it",  # [V]
    "queue-fair.net": "queue-fair",  # [V]
    "crowdhandler.com": "crowdhandler",  # [V]
}
"""Hosts that serve nothing but waiting rooms."""
