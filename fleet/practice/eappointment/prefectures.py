"""The practice prefecture of the demo with this platform. Numbers of motives are invented."""

from __future__ import annotations

from fleet.practice.eappointment.flow import Appointment, Motive
from fleet.practice.flow import Flow
from fleet.practice.offers import always, never

EAPPOINTMENT: tuple[Flow, ...] = (
    Appointment(
        host="rdv-etrangers-94",
        id="P941",
        department="94",
        prefecture="Préfecture du Val-de-Marne",
        title="Titre de séjour : rendez-vous au service des étrangers, Créteil",
        flow="etrangers-creteil",
        motives=(
            Motive("101", "Première demande de titre de séjour", never),
            Motive("102", "Renouvellement de titre de séjour", never),
            Motive("120", "Retrait de titre", always),
        ),
        measured=("101",),
        summary="La réponse est une alerte : aucun rendez-vous pour ce motif",
    ),
)
