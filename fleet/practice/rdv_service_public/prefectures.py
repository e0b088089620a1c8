"""The practice prefectures of RDV Service Public: places, names and numbers are invented."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fleet.practice.flow import Fault, FaultKind
from fleet.practice.offers import always, never
from fleet.practice.rdv_service_public.flow import RdvMotif, RdvPlace

_HOST = "rdv-service-public"


def _in_three_weeks(visit: int, now: datetime) -> Sequence[datetime]:
    return always(visit, now + timedelta(days=21))


RDV_SERVICE_PUBLIC: tuple[RdvMotif, ...] = (
    RdvMotif(
        host=_HOST,
        id="92901",
        department="29",
        prefecture="Préfecture du Finistère",
        title="Renouvellement de récépissés arrivés à échéance",
        flow="recepisses-echus",
        places=(RdvPlace("92911", "Préfecture de Quimper", "1 rue d'Essai, Quimper, 29000"),),
        summary="RDV Service Public : jamais de rendez-vous",
    ),
    RdvMotif(
        host=_HOST,
        id="98701",
        department="87",
        prefecture="Préfecture de la Haute-Vienne",
        title="Remise de titre de séjour",
        flow="remise-de-titre",
        entry="org",
        places=(
            RdvPlace("98711", "Préfecture de Limoges", "2 place d'Essai, Limoges, 87000", always),
            RdvPlace(
                "98712",
                "Sous-préfecture de Bellac",
                "3 rue d'Essai, Bellac, 87300",
                _in_three_weeks,
            ),
            RdvPlace(
                "98713", "Sous-préfecture de Rochechouart", "4 rue d'Essai, Rochechouart", never
            ),
        ),
        summary="RDV Service Public : deux lieux proposent des rendez-vous",
    ),
    RdvMotif(
        host=_HOST,
        id="98001",
        department="80",
        prefecture="Préfecture de la Somme",
        title="Renouvellement de titre de séjour",
        flow="renouvellement",
        skin="2026",
        places=(
            RdvPlace(
                "98011", "Préfecture d'Amiens", "5 rue d'Essai, Amiens, 80000", _in_three_weeks
            ),
        ),
        measured="98011",
        summary="RDV Service Public : semaine vide, des rendez-vous plus tard",
    ),
    RdvMotif(
        host="rdv-rennes",  # a refusal leaves the whole host alone: the others are elsewhere
        id="93502",
        department="35",
        prefecture="Préfecture d'Ille-et-Vilaine",
        title="Remise de titre de séjour",
        flow="remise-de-titre",
        places=(RdvPlace("93511", "Préfecture de Rennes", "6 rue d'Essai, Rennes, 35000"),),
        faults=(Fault("search", FaultKind.HTTP_429),),
        summary="RDV Service Public : trop de demandes (429)",
    ),
)
