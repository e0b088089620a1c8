"""
The wording of walls, as data; how it is asked of a page is in `walls`, waiting rooms are in
`waiting_rules`.

Their wording is the products' own, so a rule is a sentence with which a line of the page *begins*,
and often words that must stand beside it: who only quotes or explains one begins otherwise, and
says more.

Sources: [B] code of public checkers that ran against the real sites, [W] the public fingerprints of
EnableSecurity/wafw00f, [S] those of sqlmap, [C] code of other public programs that met the page,
[V] the vendor's own documentation or source, [I] inference: how such pages are worded as far as
generally known. None was seen by this project on a live site.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from fleet.models import Verdict
from fleet.rules.signs import normalise

ALONE_CHARACTERS = 160
"""A page with less visible text says nothing but its message."""

_GAP = r"(?:[^.!?]|\.(?=\S)){0,80}?"

_LEADS_IN = (
    r"(?:(?:désolé|sorry|oups|oops|attention|erreur|error|nous sommes désolés"
    r"|pour (?:des raisons de|votre|la) sécurité|par mesure de sécurité|for security reasons"
    r"|suite à [^,.]{1,60})\W+)?"
)

_ASKS = re.compile(
    r"[^.!]*?(?:\?|\b(?:que faire|comment|pourquoi|signifi\w+|veut dire|how to|what does|means)\b)"
)
"""The rest of a sentence that asks about the message, or explains it."""


@dataclass(frozen=True)
class WallRule:
    """
    A sentence with which a line of a wall begins; « … » between two words: anything shorter than
    another sentence.

    Attributes:
        beside: words of which one must be on the page too; empty: none need be.
        alone: in their place it is enough that the page says next to nothing else.
        whole: the sentence ends there, or a mark follows; it does not go on (« … du guichet 3 »).
        title: only as the page's title or a heading.
        late: only for a page that shows nothing that the scenario knows: plain words that a site
            itself may use.
        passes: a check of the browser, which may end by itself: the page behind it is waited for.
        room: whose waiting room it is; None for a wall.
    """

    sentence: str
    beside: tuple[str, ...] = ()
    alone: bool = False
    whole: bool = False
    title: bool = False
    late: bool = False
    passes: bool = False
    verdict: Verdict = Verdict.BLOCKED
    room: str | None = None

    @cached_property
    def _parts(self) -> list[str]:
        return normalise(self.sentence).split(" … ")

    def may_be_in(self, text: str) -> bool:
        """False if no line of the text (after `normalise`) can begin with the sentence."""
        return all(part in text for part in self._parts)

    @cached_property
    def _begins(self) -> re.Pattern[str]:
        end = r"(?=\W*$|\s*[.,:;!?…(|–—-])" if self.whole else r"(?!\w)"
        first = _GAP.join(map(re.escape, self._parts))
        # a mark or a sign may stand before it, a quotation mark may not
        return re.compile(rf"[^\w«»“”\"']*{_LEADS_IN}{first}{end if first[-1].isalnum() else ''}")

    def begins(self, line: str) -> bool:
        """Whether a line (after `normalise`) begins with the sentence, and asks nothing of it."""
        found = self._begins.match(line)
        return found is not None and _ASKS.match(line[found.end() :]) is None

    def accompanied(self, text: str) -> bool:
        """Whether the words that belong to it are there."""
        if not self.beside or any(normalise(words) in text for words in self.beside):
            return True
        return self.alone and len(text) < ALONE_CHARACTERS


_LIMITED = Verdict.RATE_LIMITED

_SECURITY = (
    "Cloudflare",
    "Ray ID",
    "la sécurité de votre connexion",
    "security of your connection",
)

_PAGE = (
    "ce site",
    "cette page",
    "la page",
    "serveur",
    "requête",
    "adresse ip",
    "administrateur",
    "webmaster",
    "référence",
    "incident",
    "ressource",
    "pare-feu",
    "navigateur",
    "robot",
    "this site",
    "this page",
    "server",
    "request",
    "resource",
)
"""Words of which a refusal by a site has one; a page on who may enter a building has none."""

_SERVER = ("server", "this site", "this website", "this page", "administrator")

_FIREWALL = ("pare-feu", "sécurité", "administrateur", "support", "incident", "serveur")

_CHECKED = ("robot", "humain", "human", "bot")

_LATER = ("réessa", "patient", "ultérieurement", "plus tard")

WALLS = (
    # limits, before what stands with them on the same page
    WallRule("error 1015", verdict=_LIMITED),  # Cloudflare [V]
    WallRule("You are being rate limited", verdict=_LIMITED),  # [V]
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
    WallRule("La requête a été rejetée", beside=("support", "administrateur")),  # [I]
    WallRule("This question is for testing whether you are a human visitor"),  # [V]
    # Akamai
    WallRule("Access Denied", beside=("Reference #", "errors.edgesuite.net")),  # [S]
    WallRule("You don't have permission to access", beside=("Reference #", "edgesuite")),  # [S]
    WallRule(
        "Powered and protected by Akamai", beside=("Privacy", "Challenge"), passes=True
    ),  # [I]
    # Cloudflare
    WallRule("Sorry, you have been blocked"),  # [B]
    WallRule("Désolé, vous avez été bloqué"),  # [I]
    WallRule("Attention Required!", beside=("Cloudflare",)),  # [I]
    WallRule("error 1020"),  # [B]
    WallRule("Access denied", beside=("Error code 1020", "Error code: 1020", "Cloudflare")),  # [B]
    WallRule("The owner of this website", beside=("has banned",)),  # [V]
    WallRule("Verifying you are human", beside=_SECURITY, passes=True),  # [C]
    WallRule("Verify you are human", beside=_SECURITY, passes=True),  # [C]
    WallRule("Vérification que vous êtes humain", beside=_SECURITY, passes=True),  # [C]
    WallRule("Vérifiez que vous êtes humain", beside=_SECURITY, passes=True),  # [C]
    WallRule("Just a moment...", passes=True),  # [B]
    WallRule("Just a moment…", passes=True),  # [B]
    WallRule("Un instant", title=True, whole=True, beside=_SECURITY, passes=True),  # [I]
    WallRule("Please Wait... | Cloudflare", passes=True),  # [C]
    WallRule("Please stand by, while we are checking your browser", passes=True),  # [C]
    WallRule("Checking your browser before accessing", passes=True),  # [C]
    WallRule("One more step", beside=("security check",)),  # [C]
    WallRule("Checking if the site connection is secure", passes=True),  # [C]
    WallRule("Performing security verification", passes=True),  # [C]
    WallRule("Vérification de la sécurité de la connexion", passes=True),  # [C]
    WallRule("Enable JavaScript and cookies to continue"),  # [I]
    WallRule("Cloudflare Ray ID", late=True),  # [B]
    WallRule("Aucun accès à Internet"),  # [B]
    # Imperva
    WallRule("Request unsuccessful. Incapsula incident ID"),  # [S] [W]
    WallRule("Incapsula incident ID"),  # [S] [W]
    WallRule("This page can't be displayed", beside=("incident ID",)),  # [W]
    WallRule("Pardon Our Interruption"),  # [C]
    WallRule("Additional security check is required", beside=("Imperva", "Incapsula")),  # [W]
    WallRule("This request was blocked by our security service"),  # [I]
    # Amazon CloudFront, AWS WAF
    WallRule("The request could not be satisfied", beside=("Request blocked",)),  # [V]
    WallRule("Request blocked", beside=("CloudFront",)),  # [V]
    WallRule("Human Verification", beside=("JavaScript is disabled", "bot", "CAPTCHA")),  # [C]
    WallRule("Let's confirm you are human"),  # [V]
    WallRule("JavaScript is disabled", beside=("verify that you're not a robot",)),  # [C]
    # Sucuri
    WallRule("Sucuri Website Firewall"),  # [W]
    WallRule("Access Denied", beside=("Sucuri",)),  # [W]
    WallRule("You are being redirected", beside=("javascript is required",), passes=True),  # [C]
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
    WallRule("We apologize for the inconvenience", beside=("think that you are a bot",)),  # [C]
    WallRule("Radware Captcha Page"),  # [C]
    WallRule("Radware Bot Manager"),  # [C]
    # DataDome, HUMAN (PerimeterX)
    WallRule("Please enable JS and disable any ad blocker"),  # [I]
    WallRule("Veuillez activer JS et désactiver tout bloqueur de publicité"),  # [I]
    WallRule("Access is temporarily restricted", beside=("unusual activity",)),  # [C]
    WallRule("L'accès est temporairement restreint", beside=("activité",)),  # [C]
    WallRule("Slide right to complete the puzzle"),  # [I]
    WallRule("Faites glisser vers la droite pour compléter le puzzle"),  # [I]
    WallRule("Faites glisser vers la droite", beside=("robot",)),  # [I]
    WallRule("Appuyez et maintenez", beside=_CHECKED),  # [I]
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
    WallRule("Making sure you're not a bot", passes=True),  # [W] Anubis
    # Anubis, Cloudflare
    WallRule(
        "Vérification que vous n'êtes pas un robot",
        beside=("Anubis", *_SECURITY, "chargement", "patient"),
        passes=True,
    ),  # [C]
    WallRule("Oh non", title=True, beside=("Anubis",)),  # [I]
    WallRule("One moment, please", title=True, beside=("being verified",), passes=True),  # [C]
    WallRule("Please wait while your request is being verified", passes=True),  # [C] Imunify360
    WallRule("We have noticed an unusual activity from your IP"),  # [I] Imunify360
    WallRule("Robot Challenge Screen", title=True, passes=True),  # [C] SiteGround
    WallRule("Checking the site connection security", passes=True),  # [C] SiteGround
    WallRule("Bot Verification", title=True, beside=("robot",), passes=True),  # [C] LiteSpeed
    WallRule("Client Challenge", title=True, beside=("JavaScript",), passes=True),  # [C] Fastly
    WallRule("CrowdSec", beside=("Forbidden", "security check", "Captcha")),  # [C]
    WallRule("Please wait while we check if you are a Human", passes=True),  # [C] BunkerWeb
    WallRule("This website is protected with BunkerWeb", late=True),  # [C]
    WallRule("Access Forbidden", beside=("SafeLine",)),  # [W]
    WallRule("Security check by BitNinja"),  # [W]
    WallRule("Request Denied", late=True, whole=True, beside=_SERVER, alone=True),  # [W] NAXSI
    WallRule("Request blocked", title=True, late=True, whole=True, beside=_SERVER),  # [W] Sophos
    WallRule("Sorry, your request has been blocked"),  # [W] Alibaba
    WallRule("Your client does not have permission to get URL"),  # [C] Google
    WallRule("Our systems have detected unusual traffic"),  # [V] Google
    WallRule("Nos systèmes ont détecté un trafic"),  # [I] Google
    WallRule("Vercel Security Checkpoint", passes=True),  # [C]
    WallRule("DDoS-Guard", title=True),  # [W]
    # wordings that are no product's own [I]
    WallRule("Votre adresse IP … bloquée", late=True),
    WallRule("Votre adresse IP … liste noire", late=True),
    WallRule("Votre adresse IP … bannie", late=True),
    WallRule("Votre IP … bloquée", late=True),
    WallRule("Votre requête … bloquée", late=True),
    WallRule("Votre requête … rejetée", late=True, beside=_FIREWALL),
    WallRule("Votre navigation … d'un robot", late=True),
    WallRule("Votre navigation … automatisée", late=True),
    WallRule("Votre comportement … d'un robot", late=True),
    WallRule("Votre activité … d'un robot", late=True),
    WallRule("Nous avons détecté un nombre inhabituel", late=True),
    WallRule("Robot détecté", late=True, whole=True),
    WallRule("Accès temporairement … suspendu", late=True, beside=_PAGE[2:]),
    WallRule("Accès temporairement … bloqué", late=True, beside=_PAGE[2:]),
    WallRule("Something about your request looks", late=True),
    WallRule("Interdit", late=True, whole=True, beside=("permission d'accéder",)),  # Apache
    WallRule("Vous n'avez pas la permission d'accéder à cette ressource", late=True),
    # limits
    WallRule("Trop de requêtes", late=True, whole=True, beside=_LATER, verdict=_LIMITED),
    WallRule("Trop de tentatives", late=True, whole=True, beside=_LATER, verdict=_LIMITED),
    WallRule("Vous avez effectué trop de requêtes", late=True, verdict=_LIMITED),
    WallRule("Vous avez effectué trop de tentatives", late=True, verdict=_LIMITED),
    WallRule("Too Many Requests", late=True, whole=True, verdict=_LIMITED),
    WallRule("Rate limit exceeded", late=True, verdict=_LIMITED),
    WallRule("You have made too many requests", late=True, verdict=_LIMITED),
    WallRule("Votre demande a été bloquée", late=True, beside=("sécurité", "pare-feu", "incident")),
    WallRule("Votre accès a été … bloqué", late=True),
    WallRule("Votre accès a été … refusé", late=True, beside=_PAGE),
    WallRule("Requête rejetée", late=True, whole=True),
    WallRule("Requête bloquée", late=True, whole=True),
    WallRule("Désolé, votre requête a été bloquée", late=True),
    WallRule("Vous avez été bloqué", late=True),
    WallRule("Votre accès à ce site a été", late=True, beside=("bloqué", "refusé", "limité")),
    WallRule("Votre accès à cette page a été", late=True, beside=("bloqué", "refusé", "limité")),
    WallRule("L'accès à ce site a été", late=True, beside=("bloqué", "refusé")),
    WallRule("L'accès à cette page a été", late=True, beside=("bloqué", "refusé")),
    WallRule("Page bloquée", late=True),
    WallRule("Accès bloqué", late=True, whole=True, beside=_PAGE, alone=True),
    WallRule("Accès refusé", late=True, whole=True, beside=_PAGE, alone=True),
    WallRule("Accès interdit", late=True, whole=True, beside=_PAGE, alone=True),
    WallRule("Access Denied", late=True, whole=True, beside=_PAGE, alone=True),
    WallRule("Access Forbidden", late=True, whole=True, beside=_PAGE, alone=True),
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
