"""
The pages: templates, static files, and the few words of the English-locale trap.

Bodies hold no clock and no token, so an unchanged page gives byte-identical pictures; only the
calendar's dates move. The arrow pictures keep the names public checkers rely on [B]
(`etape_1r.png`: the `r` marks the current step); their drawing is ours.

The look of the skin of 2024 (`skin="new"`) is known by two sentences and its address only: the
whole DOM of that skin is our guess.
"""

from __future__ import annotations

import hashlib
import mimetypes
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
from aiohttp import web
from markupsafe import Markup

from fleet.practice.forms import Form, Trap

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


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("fleet.practice", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _static_files() -> dict[str, bytes]:
    folder = files("fleet.practice").joinpath("static")
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name[0] not in "._"}


class Pages:
    """Renders templates and serves static files. Holds nothing that changes."""

    def __init__(self) -> None:
        self._env = _environment()
        self._static = _static_files()

    def render(self, template: str, **values: Any) -> str:
        """The text of a page."""
        return self._env.get_template(template).render(**values)

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

    def file(self, name: str) -> bytes:
        """The bytes of a static file that is known to exist."""
        return self._static[name]

    def static(self, request: web.Request) -> web.Response | None:
        """The static file that the last part of the path names, or None."""
        name = request.path.rsplit("/", 1)[-1]
        body = self._static.get(name)
        if body is None:
            return None
        etag = hashlib.sha256(body).hexdigest()[:16]
        headers = {"Cache-Control": "max-age=86400", "ETag": f'"{etag}"'}
        if etag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return web.Response(body=body, headers={**headers, "Content-Type": kind})


def html(text: str, status: int = 200) -> web.Response:
    """A page that no cache may keep, as the engine sends it."""
    return web.Response(
        text=text,
        status=status,
        content_type="text/html",
        charset="utf-8",
        headers={"Cache-Control": "no-cache, must-revalidate"},
    )
