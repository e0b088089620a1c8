"""The practice prefecture of the demo with this platform."""

from __future__ import annotations

from fleet.practice.anef.flow import Portal
from fleet.practice.flow import Flow

ANEF: tuple[Flow, ...] = (
    Portal(
        host="etrangers-en-france",
        id="particuliers",
        department="77",
        prefecture="Préfecture de Seine-et-Marne",
        title="Administration numérique pour les étrangers en France (ANEF)",
        flow="anef",
        summary="Page d'accueil joignable, connexion exigée",
    ),
)
