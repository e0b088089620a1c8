"""
The pages of the replica: what its templates need, and the words of the English-locale trap.

Only the calendar's dates move. The arrow pictures keep the names public checkers rely on [B]
(`etape_1r.png`: the `r` marks the current step); their drawing is ours.

The look of the skin of 2024 (`skin="new"`) is known by two sentences and its address only: the
whole DOM of that skin is our guess.
"""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from fleet.practice.bookingserver.forms import Form, Trap
from fleet.practice.pages import PracticePages

ARROWS = (
    ("etape_1", "Prise de RDV", (1, 2)),
    ("etape_3", "Descriptif", (3,)),
    ("etape_4", "Choix d'une plage", (4, 5)),
    ("etape_6", "Contrôle de sécurité", (6, 7)),
    ("etape_8", "Coordonnées personnelles", (8,)),
    ("etape_9", "Valider et terminer", (9,)),
)
"""Picture, words, steps on which it is the current one. Step 0 has none [B]."""

ENGLISH = {
    "Accueil": "Home",
    "Effectuer une demande de rendez-vous": "Make an appointment request",
    "Annuler, consulter et gérer mes demandes de rendez-vous": "Cancel, view and manage",
    "Veuillez cocher la case pour accepter les conditions d'utilisation avant de continuer le"
    " processus de prise de rendez-vous.": "Please tick the box to accept the terms of use.",
    "Etape suivante": "Next step",
    "Terminer": "Finish",
    "Vérification de disponibilité": "Availability check",
    "Il n'existe plus de plage horaire libre pour votre demande de rendez-vous. Veuillez"
    " recommencer ultérieurement.": "There is no time slot left for your appointment request."
    " Please try again later.",
    "Choix d'une plage": "Choose a time slot",
    "Choix de la nature du rendez-vous": "Nature of the appointment",
    "Description de la nature du rendez-vous": "Description of the appointment",
    "Que souhaitez-vous effectuer ?": "What would you like to do?",
}
"""Our guess of what an English locale would say."""


class FormPages(PracticePages):
    """The templates and static files of this platform."""

    def __init__(self) -> None:
        super().__init__("fleet.practice.bookingserver")

    def form_values(self, form: Form, prefix: str, printing: bool, english: bool) -> dict[str, Any]:
        """What the templates of every page of a form need."""

        def translate(words: str) -> Markup:
            # Ours, and the real pages have a bare apostrophe where escaping would give &#39;.
            return Markup(ENGLISH.get(words, words) if english else words)

        return {
            "form": form,
            "base": f"{prefix}/booking/create/{form.id}",
            "prefix": prefix,
            "layout": "layout_print.html" if printing else f"layout_{form.skin}.html",
            "lang": "en" if english else "fr",
            "t": translate,
            "arrows": ARROWS,
            "has": lambda name: Trap(name) in form.traps,
            "step": None,
            "title": form.title,
        }
