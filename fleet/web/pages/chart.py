"""
The charts of a flow as files: `/graphique/63/titre-de-sejour/taux.svg`, `.png`, `.csv`.

The period is asked for as on the pages, the language by `?langue=en`. A picture says what it
shows, of which period, on how many answers, and where it comes from. A CSV file is the same in
every language: names of columns and verdicts are those of the exported data.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread
from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

import fleet
from fleet.errors import BadInput
from fleet.models.departments import DEPARTMENTS
from fleet.models.paris import paris_day
from fleet.rendering.figure_words import (
    beside_sentence,
    bounds_sentence,
    hours_meaning,
    hours_sentence,
    nothing_sentence,
    range_text,
    sampling_sentence,
)
from fleet.rendering.i18n import LANGUAGES, N_, Language, Words
from fleet.rendering.scale import share_text
from fleet.web.charts.hours import hours_of
from fleet.web.charts.plots import PlotData, PlotLabels, draw
from fleet.web.charts.tables import table
from fleet.web.client_address import site_of
from fleet.web.context import context_of
from fleet.web.not_modified import is_unchanged
from fleet.web.pages.flow import figures_of_flow
from fleet.web.period import period_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.analysis.rates import Counts
    from fleet.models import Scenario
    from fleet.models.query import Period

router = APIRouter()

TITLES: dict[str, str] = {
    "calendrier": N_("Ce que chaque jour a montré"),
    "semaine": N_("Quand des rendez-vous sont proposés, par heure de Paris"),
    "pannes": N_("Quand le site est indisponible, par heure de Paris"),
    "delais": N_("Délai jusqu’à la première date proposée"),
    "taux": N_("Taux d’offre semaine par semaine"),
}
MADE_UP = N_("DONNÉES D’EXERCICE : préfectures d’entraînement, rien n’est réel")

MAX_DAYS_DRAWN = 740
"""A picture of more days than this could not be read."""

MAX_BREAKS = 6
"""As many are named under a picture."""

MEDIA = {"svg": "image/svg+xml", "png": "image/png", "csv": "text/csv; charset=utf-8"}

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""matplotlib writes colours as styles into its SVG; nothing else may happen in one."""

_one_at_a_time = anyio.CapacityLimiter(1)
"""Drawing keeps a processor busy, and matplotlib promises nothing about several threads."""


@router.get("/graphique/{department}/{flow}/{name}.{kind}")
async def chart(request: Request, department: str, flow: str, name: str, kind: str) -> Response:
    """A chart as a picture or as a table."""
    if name not in TITLES or kind not in MEDIA:
        raise HTTPException(404)
    context, query = context_of(request), request.query_params
    words, period = Words(_language(query)), period_of(query).period
    figures = await figures_of_flow(context, department, flow, query)
    if figures is None:
        raise HTTPException(404, words.t("Aucune visite dans cette période."))
    if kind == "csv":
        content = table(name, figures, made_up=context.made_up).encode()
        if not content:  # visits were due, and none was made
            raise HTTPException(404, words.t("Aucune visite dans cette période."))
        tag = _tag(content)
    else:
        if (period.last - period.first).days >= MAX_DAYS_DRAWN:
            raise BadInput(f"{period.first} to {period.last}: a picture shows two years at most")
        scenario = context.scenarios.get(f"{department}/{flow}")
        subject = PlotData(figures, period, words)
        there = f"/demarche/{department}/{flow}?du={period.first}&au={period.last}"
        address = f"{site_of(request)}{'/en' if words.language == 'en' else ''}{there}"
        place = f"{DEPARTMENTS[department]} ({department})"
        sheet = PlotLabels(
            warning=words.t(MADE_UP) if context.made_up else "",
            title=context.title(f"{department}/{flow}"),
            head=(
                f"{place} · {words.t(TITLES[name])}",
                f"{_from_to(words, period)} · {_numbers(words, figures.totals.counts)}",
            ),
            foot=(*_foot(words, subject, scenario, name), words.t("Page :") + f" {address}"),
        )
        tag = _tag(repr((_look(), name, kind, sheet, period, figures)).encode())
    headers = {
        "Cache-Control": "no-cache",
        "ETag": tag,
        "Content-Security-Policy": _POLICY,
        "Content-Disposition": f'{"attachment" if kind == "csv" else "inline"}; filename="'
        f"{'exercice-' if context.made_up else ''}{department}-{flow}-{name}"
        f'-{period.first}-{period.last}.{kind}"',
    }
    if is_unchanged(request, tag):
        return Response(status_code=304, headers=headers)
    if kind != "csv":
        content = await anyio.to_thread.run_sync(
            draw, name, sheet, subject, "svg" if kind == "svg" else "png", limiter=_one_at_a_time
        )
    return Response(content, media_type=MEDIA[kind], headers=headers)


def _language(query: Mapping[str, str]) -> Language:
    asked = query.get("langue") or "fr"
    for language in LANGUAGES:
        if language == asked:
            return language
    raise BadInput(f"langue={asked[:20]!r} is none of {', '.join(LANGUAGES)}")


def _rate(words: Words, counts: Counts) -> str:
    rate = words.t("taux d’offre :") + f" {share_text(words, counts.rate.rate)}"
    if counts.drawn and counts.rate.interval:
        rate += f" ({words.t('intervalle à 95 % :')} {range_text(words, counts.rate.interval)})"
    return rate


def _numbers(words: Words, counts: Counts) -> str:
    answers = words.nt(
        "n = %(n)s réponse sur les rendez-vous",
        "n = %(n)s réponses sur les rendez-vous",
        counts.rate.n,
    )
    visits = words.nt("%(n)s visite faite", "%(n)s visites faites", counts.samples)
    if missed := counts.due - counts.samples:
        visits += words.t(" ; ") + words.nt("%(n)s pas faite", "%(n)s pas faites", missed)
    return f"{_rate(words, counts)} · {answers} · {visits}"


def _from_to(words: Words, period: Period) -> str:
    if period.first == period.last:
        return words.day(period.first)
    return words.t(
        "Du %(first)s au %(last)s", first=words.day(period.first), last=words.day(period.last)
    )


def _foot(words: Words, subject: PlotData, scenario: Scenario | None, name: str) -> list[str]:
    counts, span = subject.figures.totals.counts, subject.figures.span_days
    lines = [
        sampling_sentence(words, counts),
        bounds_sentence(words, counts),
        nothing_sentence(words, counts, span),
        beside_sentence(words, subject.figures.all_beside),
    ]
    if name == "taux" and counts.drawn:
        lines.append(words.t("Trait : taux d’offre de la semaine ; bande : intervalle à 95 %."))
    if name in ("semaine", "pannes"):
        week = hours_of(subject.figures)
        named = week.down if name == "pannes" else week.offered
        lines += [
            words.t(
                "Dans chaque case, en haut les visites où c’était le cas, en bas toutes celles qui"
                " ont répondu (ou, pour les pannes, toutes celles qui ont été faites). « · » :"
                " visité, sans réponse sur les rendez-vous. Vide : non visité."
            ),
            hours_sentence(words, named, drawn=counts.drawn),
            hours_meaning(words),
        ]
    scenario_id = subject.figures.totals.scenario_id
    address = words.t(" : ") + scenario.url[:200] if scenario else ""
    lines.append(
        words.t("Source : visites automatiques de la page de rendez-vous")
        + f"{address} (prefecture-fleet {fleet.__version__}, {scenario_id})"
    )
    lines.append(
        words.t(
            "Pannes, refus, captchas et démarches fermées n’entrent dans aucun taux d’offre ; leur"
            " nombre est publié à côté."
        )
    )
    if breaks := subject.figures.breaks:
        days = ", ".join(words.day(paris_day(each.at)) for each in breaks[:MAX_BREAKS])
        more = " …" if len(breaks) > MAX_BREAKS else ""
        lines.append(words.t("La façon de mesurer a changé : %(days)s", days=days + more))
    return [line for line in lines if line]


@cache
def _look() -> str:
    """What changes when pictures are drawn otherwise."""
    drawing = files("fleet.web").joinpath("charts", "plots.py")
    english = files("fleet.rendering").joinpath("locale", "en.po")
    code = drawing.read_bytes() + english.read_bytes()
    return f"{fleet.__version__} {hashlib.sha256(code).hexdigest()}"


def _tag(content: bytes) -> str:
    return f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
