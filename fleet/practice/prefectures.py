"""
The practice prefectures of the demo.

Three behave as the article of 19 December 2017 says: Clermont-Ferrand never offers anything,
Évry on 7 tries of 100, Montpellier in the night from Sunday to Monday. The others each show one
obstacle. Numbers of forms and plannings are invented, and larger than any seen on a real site.
"""

from __future__ import annotations

from fleet.practice.anef.prefectures import ANEF
from fleet.practice.bookingserver import Form, Planning, Trap
from fleet.practice.demarches_simplifiees.prefectures import DEMARCHES_SIMPLIFIEES
from fleet.practice.eappointment.prefectures import EAPPOINTMENT
from fleet.practice.flow import Fault, FaultKind, Flow
from fleet.practice.offers import always, never, on_visits, sunday_night
from fleet.practice.rdv_prefecture.prefectures import RDV_PREFECTURE
from fleet.practice.rdv_service_public.prefectures import RDV_SERVICE_PUBLIC

EVRY_LUCKY_VISITS = frozenset({6, 19, 33, 48, 61, 77, 92})
_evry = on_visits(EVRY_LUCKY_VISITS, of=100)

_TITLE = "Titre de séjour : dépôt d'une première demande ou d'un renouvellement"

PREFECTURES: tuple[Flow, ...] = (
    Form(
        host="clermont-ferrand",
        id="96301",
        department="63",
        prefecture="Préfecture du Puy-de-Dôme",
        title="Titre de séjour : dépôt d'un dossier",
        plannings=(Planning("96311", "Titre de séjour", never),),
        cookies="old",
        summary="Jamais de rendez-vous",
    ),
    Form(
        host="clermont-ferrand",
        id="96302",
        department="63",
        prefecture="Préfecture du Puy-de-Dôme",
        title="Permis de conduire : commission médicale",
        plannings=(Planning("96321", "Commission médicale", always),),
        flow="permis-de-conduire",
        control=True,
        article="permis",
        cookies="old",
        describes=True,
        summary="Démarche témoin : toujours des rendez-vous",
    ),
    Form(
        host="evry",
        id="99101",
        department="91",
        prefecture="Préfecture de l'Essonne",
        title=_TITLE,
        plannings=(
            Planning("99111", "Guichet 1 : première demande de titre de séjour", _evry),
            Planning("99112", "Guichet 2 : renouvellement de titre de séjour", _evry),
            Planning("99113", "Guichet 3 : duplicata et changement d'adresse", _evry),
        ),
        measured="99111",
        describes=True,
        cookies="tarteaucitron",
        summary="Des rendez-vous à 7 visites sur 100",
    ),
    Form(
        host="montpellier",
        id="93401",
        department="34",
        prefecture="Préfecture de l'Hérault",
        title=_TITLE,
        plannings=(Planning("93411", "Titre de séjour", sunday_night),),
        skin="new",
        index_php=True,
        summary="Des rendez-vous le lundi de minuit à 5 heures seulement",
    ),
    Form(
        host="bobigny",
        id="99301",
        department="93",
        prefecture="Préfecture de la Seine-Saint-Denis",
        title="Titre de séjour : pôle « vie privée et familiale »",
        plannings=(Planning("99311", "Vie privée et familiale", never),),
        skin="new",
        index_php=True,
        cookies="tarteaucitron",
        summary="Jamais de rendez-vous (nouvelle présentation)",
    ),
    Form(
        host="paris",
        id="97501",
        department="75",
        prefecture="Préfecture de police",
        banner="SERVICES EN LIGNE",
        title="Remise du titre de séjour : Accueil uniquement sur rendez-vous",
        plannings=(Planning("97511", "Calendrier - guichets 1, 2, 3 et 4", always),),
        flow="remise-de-titre",
        summary="Toujours des rendez-vous, sans étape intermédiaire",
    ),
    Form(
        host="marseille",
        id="91301",
        department="13",
        prefecture="Préfecture des Bouches-du-Rhône",
        title=_TITLE,
        plannings=(Planning("91311", "Titre de séjour", always),),
        describes=True,
        traps=frozenset({Trap.LATE_GRID}),
        summary="Toujours des rendez-vous, calendrier lent à s'afficher",
    ),
    Form(
        host="creteil",
        id="99401",
        department="94",
        prefecture="Préfecture du Val-de-Marne",
        title=_TITLE,
        plannings=(Planning("99411", "Titre de séjour", never),),
        traps=frozenset({Trap.DISABLED}),
        summary="Lien désactivé",
    ),
    Form(
        host="lyon",
        id="96901",
        department="69",
        prefecture="Préfecture du Rhône",
        title=_TITLE,
        plannings=(Planning("96911", "Titre de séjour", never),),
        faults=(Fault(0, FaultKind.HTTP_403),),
        summary="Accès refusé (403)",
    ),
    Form(
        host="nanterre",
        id="99201",
        department="92",
        prefecture="Préfecture des Hauts-de-Seine",
        title=_TITLE,
        plannings=(Planning("99211", "Titre de séjour", never),),
        faults=(Fault(2, FaultKind.HTTP_502),),
        summary="Panne (502) après les conditions",
    ),
    Form(
        host="toulouse",
        id="93101",
        department="31",
        prefecture="Préfecture de la Haute-Garonne",
        title=_TITLE,
        plannings=(Planning("93111", "Titre de séjour", never),),
        faults=(Fault(0, FaultKind.SURCHARGE_200, times=2),),
        summary="« Service surchargé » deux fois, puis jamais de rendez-vous",
    ),
    Form(
        host="lille",
        id="95901",
        department="59",
        prefecture="Préfecture du Nord",
        title=_TITLE,
        plannings=(Planning("95911", "Titre de séjour", never),),
        traps=frozenset({Trap.MAINTENANCE}),
        summary="Maintenance",
    ),
    Form(
        host="bordeaux",
        id="93301",
        department="33",
        prefecture="Préfecture de la Gironde",
        title=_TITLE,
        plannings=(Planning("93311", "Titre de séjour", never),),
        traps=frozenset({Trap.UNKNOWN_WORDING}),
        summary="Réponse dans des mots que personne ne connaît",
    ),
    Form(
        host="rennes",
        id="93501",
        department="35",
        prefecture="Préfecture d'Ille-et-Vilaine",
        title=_TITLE,
        plannings=(Planning("93511", "Titre de séjour", never),),
        faults=(Fault(0, FaultKind.HTTP_429),),
        summary="Trop de demandes (429)",
    ),
    Form(
        host="strasbourg",
        id="96701",
        department="67",
        prefecture="Préfecture du Bas-Rhin",
        title=_TITLE,
        plannings=(Planning("96711", "Titre de séjour", never),),
        traps=frozenset({Trap.CAPTCHA_BEFORE}),
        summary="Captcha avant la réponse",
    ),
    Form(
        host="nantes",
        id="94401",
        department="44",
        prefecture="Préfecture de la Loire-Atlantique",
        title=_TITLE,
        plannings=(Planning("94411", "Titre de séjour", never),),
        traps=frozenset({Trap.LOGIN_WALL}),
        summary="Connexion exigée avant la réponse",
    ),
    *EAPPOINTMENT,
    *ANEF,
    *RDV_SERVICE_PUBLIC,
    *DEMARCHES_SIMPLIFIEES,
    *RDV_PREFECTURE,
)
