"""Thirty ways in which a site has changed since its scenario was written, as changes of tapes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from fleet.visit.recording import har
from fleet.visit.recording.tape import Tape, TapeEntry
from tests.families.replay import PAGES

NO_SLOTS = "91/titre-de-sejour/no_slots"
CALENDAR = "63/permis-de-conduire/slots"
NOTHING = "29/recepisses-echus/no_slots"
PLACES = "87/remise-de-titre/slots"
WEEK = "80/renouvellement/slots"
CAPTCHA = "38/remise-de-titre/captcha"
CLOSED_FORM = "57/titre-de-sejour/closed"
OPEN_FORM = "14/aes/login_required"
MOTIVES = "94/etrangers-creteil/no_slots"
CLOSED_LINK = "94/titre-de-sejour/closed"
PORTAL = "77/anef/login_required"


@dataclass(frozen=True)
class SiteChange:
    """A tape, what happened to its site, and the words by which a report must name it."""

    name: str
    recording: str
    change: Callable[[Tape], Tape]
    named: str

    @property
    def tape(self) -> Tape:
        return self.change(har.load(PAGES / f"{self.recording}.har"))


def written(old: str, new: str) -> Callable[[Tape], Tape]:
    """Everywhere on the tape, in pages, scripts and addresses, `new` instead of `old` (a regex)."""

    def change(tape: Tape) -> Tape:
        found = 0

        def one(text: str) -> str:
            nonlocal found
            text, n = re.subn(old, new, text)
            found += n
            return text

        def entry(each: TapeEntry) -> TapeEntry:
            if each.text is not None and each.body:
                each = each.saying(one(each.text))
            headers = tuple((name, one(value)) for name, value in each.headers)
            posted = None if each.posted is None else one(each.posted)
            return replace(each, url=one(each.url), headers=headers, posted=posted)

        changed = tape.mapped(entry)
        assert found, old
        return changed

    return change


def first_answer(status: int, headers: dict[str, str], body: str = "") -> Callable[[Tape], Tape]:
    """The first document is answered so, and nothing else is there."""

    def change(tape: Tape) -> Tape:
        first = tape.entries[0]
        told = (("content-type", "text/html; charset=utf-8"), *headers.items())
        answer = replace(first, status=status, headers=told, body=body.encode())
        return replace(tape, entries=(answer,))

    return change


def led_to(address: str, body: str, *, status: int = 301) -> Callable[[Tape], Tape]:
    """The first document sends on to another address, where another page is."""

    def change(tape: Tape) -> Tape:
        away = first_answer(status, {"location": address})(tape).entries[0]
        html = (("content-type", "text/html; charset=utf-8"),)
        there = replace(away, url=address, status=200, headers=html, body=body.encode())
        return replace(tape, entries=(away, there))

    return change


def page(title: str, words: str) -> str:
    return (
        f"<!DOCTYPE html><html lang='fr'><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>{words}</p><a href='/aide'>Aide et contact</a></body></html>"
    )


NEW_SERVICE = page(
    "Nouveau service de rendez-vous",
    "Les demandes se font désormais sur un autre site. Choisissez votre préfecture dans la liste.",
)

WORDS = [
    SiteChange(
        "no-slot-sentence",
        NO_SLOTS,
        written(
            "Il n'existe plus de plage horaire libre pour votre demande de rendez-vous",
            "Toutes les plages horaires de rendez-vous sont actuellement attribuées",
        ),
        "Toutes les plages horaires de rendez-vous sont actuellement attribuées",
    ),
    SiteChange(
        "start-button",
        NO_SLOTS,
        written("Effectuer une demande de rendez-vous", "Commencer ma demande en ligne"),
        "Commencer ma demande en ligne",
    ),
    SiteChange(
        "next-button",
        NO_SLOTS,
        written("Etape suivante", "Poursuivre"),
        "Poursuivre",
    ),
    SiteChange(
        "closed-sentence",
        CLOSED_LINK,
        written("Ce lien a été désactivé définitivement", "Ce formulaire a été retiré"),
        "Ce formulaire a été retiré",
    ),
    SiteChange(
        "description-heading",
        CALENDAR,
        written("Description de la nature du rendez-vous", "Pièces à fournir le jour même"),
        "Pièces à fournir le jour même",
    ),
    SiteChange(
        "nothing-found-sentence",
        NOTHING,
        written("Malheureusement, aucun créneau correspondant[^<]*", "Plus un seul horaire ici."),
        "Plus un seul horaire ici.",
    ),
    SiteChange(
        "next-availability",
        PLACES,
        written("Prochaine disponibilité le", "Premier horaire libre le"),
        "Premier horaire libre le",
    ),
    SiteChange(
        "places-heading",
        PLACES,
        written("Sélectionnez un lieu de RDV", "Choisissez une adresse"),
        "Choisissez une adresse",
    ),
    SiteChange(
        "week-heading",
        WEEK,
        written("Sélectionnez un créneau", "Prenez un horaire"),
        "Prenez un horaire",
    ),
    SiteChange(
        "closed-form-sentence",
        CLOSED_FORM,
        written("est close depuis le", "ne reçoit plus de dossier depuis le"),
        "ne reçoit plus de dossier depuis le",
    ),
    SiteChange(
        "open-form-button",
        OPEN_FORM,
        written("Commencer la démarche", "Ouvrir mon dossier"),
        "Ouvrir mon dossier",
    ),
    SiteChange(
        "first-question",
        CAPTCHA,
        written("Que souhaitez-vous faire", "Quelle est votre demande"),
        "Quelle est votre demande",
    ),
    SiteChange(
        "take-button",
        CAPTCHA,
        written("Prendre un rendez-vous", "Choisir ma date"),
        "Choisir ma date",
    ),
    SiteChange(
        "no-slot-box",
        MOTIVES,
        written("Aucun rendez-vous n'est possible[^\"]*", "Le service ne propose plus de date."),
        "Le service ne propose plus de date.",
    ),
]

ELEMENTS = [
    SiteChange(
        "conditions-box",
        NO_SLOTS,
        written('id="condition" type="checkbox"', 'id="cgu" type="checkbox"'),
        "input#cgu",
    ),
    SiteChange(
        "desk-buttons", NO_SLOTS, written('name="planning"', 'name="guichet"'), "[name=guichet]"
    ),
    SiteChange("free-cells", CALENDAR, written("status-1 free", "etat-libre"), "td.etat-libre"),
    SiteChange("free-links", CALENDAR, written("/5/", "/choisir/"), "/choisir/"),
    SiteChange(
        "place-of-the-sentence",
        NOTHING,
        written('class="rdv-font-weight-700"', 'class="avis-vide"'),
        "div.avis-vide",
    ),
    SiteChange("place-links", PLACES, written("lieu_id=", "site_id="), "site_id="),
    SiteChange(
        "account-links",
        OPEN_FORM,
        written("(/commencer/[^\"'/]*)/(?:sign_in|sign_up|france_connect)", r"\1/compte"),
        "/compte",
    ),
    SiteChange(
        "motive-boxes", MOTIVES, written("selectedMotiveKeyList", "motifs"), "[name=motifs]"
    ),
    SiteChange("continue-button", MOTIVES, written("nextButtonId", "suiteId"), "#suiteId"),
]

ADDRESSES = [
    SiteChange(
        "moved-for-good",
        NO_SLOTS,
        led_to("http://rendez-vous.localhost/essonne", NEW_SERVICE),
        "301 to http://rendez-vous.localhost/essonne",
    ),
    SiteChange(
        "sent-home",
        NOTHING,
        led_to(
            "http://rdv-service-public.localhost/accueil",
            page("Accueil", "Trouvez un service public près de chez vous."),
            status=302,
        ),
        "led to another page of its host: http://rdv-service-public.localhost/accueil",
    ),
    SiteChange(
        "answer-at-another-step",
        NO_SLOTS,
        written(r"/booking/create/99101/2(?!\d)", "/booking/create/99101/verification"),
        "/booking/create/99101/verification",
    ),
    SiteChange(
        "closed-at-another-address", CLOSED_FORM, written("/fermeture/", "/archive/"), "/archive/"
    ),
    SiteChange(
        "gone",
        NO_SLOTS,
        first_answer(404, {}, page("Page introuvable", "Cette page n'existe pas ou plus.")),
        "404 at http://evry.localhost/booking/create/99101",
    ),
    SiteChange(
        "refused",
        CALENDAR,
        first_answer(403, {}, page("403 Forbidden", "Request forbidden by administrative rules.")),
        "clermont-ferrand.localhost: blocked",
    ),
    SiteChange(
        "another-platform",
        PLACES,
        first_answer(200, {}, NEW_SERVICE),
        "Nouveau service de rendez-vous",
    ),
]

CHANGES = [*WORDS, *ELEMENTS, *ADDRESSES]
