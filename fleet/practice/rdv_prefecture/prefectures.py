"""The practice prefectures of RDV-Préfecture: names and numbers are invented."""

from __future__ import annotations

from fleet.practice.rdv_prefecture.flow import Demarche, DemarcheTrap

_HOST = "rdv-prefecture"

RDV_PREFECTURE: tuple[Demarche, ...] = (
    Demarche(
        host=_HOST,
        id="93801",
        department="38",
        prefecture="Préfecture de l'Isère",
        title="Remise de titre de séjour",
        guichet="Guichet 1 : remise de titre de séjour",
        flow="remise-de-titre",
        summary="RDV-Préfecture : captcha avant la réponse",
    ),
    Demarche(
        host=_HOST,
        id="97801",
        department="78",
        prefecture="Préfecture des Yvelines",
        title="Titre de séjour : renouvellement",
        guichet="Guichet A : renouvellement de titre de séjour",
        traps=frozenset({DemarcheTrap.COOKIES, DemarcheTrap.QUOTED_SENTENCE}),
        summary="RDV-Préfecture : captcha, et le message « aucun créneau » cité en exemple",
    ),
    Demarche(
        host="rdv-cergy",  # a refusal leaves the whole host alone: the others are elsewhere
        id="99501",
        department="95",
        prefecture="Préfecture du Val-d'Oise",
        title="Titre de séjour : première demande",
        guichet="Guichet 1 : première demande",
        traps=frozenset({DemarcheTrap.BLOCKED_PAGE}),
        summary="RDV-Préfecture : visite refusée par un pare-feu, avec un code 200",
    ),
)
