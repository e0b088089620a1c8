"""The practice prefectures of Démarches simplifiées: titles and slugs are invented."""

from __future__ import annotations

from datetime import date

from fleet.practice.demarches_simplifiees.flow import Procedure

_HOST = "demarches-simplifiees"

DEMARCHES_SIMPLIFIEES: tuple[Procedure, ...] = (
    Procedure(
        host=_HOST,
        id="entrainement-rdv-aes-14",
        department="14",
        prefecture="Préfecture du Calvados",
        title="Demande de rendez-vous : admission exceptionnelle au séjour",
        flow="aes",
        summary="Formulaire ouvert (compte exigé), à la place d'un calendrier",
    ),
    Procedure(
        host=_HOST,
        id="entrainement-rdv-sejour-57",
        department="57",
        prefecture="Préfecture de la Moselle",
        title="Demande de rendez-vous : première demande de titre de séjour",
        state="closed",
        closed_on=date(2026, 3, 12),
        closed_words="long",
        summary="Formulaire fermé depuis le 12 mars 2026",
    ),
    Procedure(
        host=_HOST,
        id="entrainement-rdv-sejour-62",
        department="62",
        prefecture="Préfecture du Pas-de-Calais",
        title="Demande de rendez-vous : changement de statut",
        flow="changement-de-statut",
        state="replaced",
        replaced_by="entrainement-changement-de-statut-62",
        summary="Formulaire remplacé par un autre, qui est ouvert",
    ),
)
