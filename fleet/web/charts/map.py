"""
The map of the departments: where each is drawn, how it is coloured, what it is called.

Outlines: `data/departments.json` (`data/LICENSE.md`), in tenths of a unit. Paris and its three
neighbours are too small to press on and are drawn once more, enlarged, in the north-west.
Overseas places have no outline there; each is a box with its name.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.rendering.scale import FEW, level, share_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.analysis.rates import Counts
    from fleet.rendering.i18n import Words

ENLARGED = ("75", "92", "93", "94")
ENLARGED_VIEW = "3030 1330 220 226"

BOXES_A_ROW = 6
BOX_WIDTH, BOX_HEIGHT, BOX_GAP = 1000, 330, 24
BOXES_TOP = 5980

SHORT = {
    "975": "St-Pierre-et-M.",
    "977": "St-Barthélemy",
    "978": "St-Martin",
    "986": "Wallis-et-F.",
    "987": "Polynésie fr.",
    "988": "N.-Calédonie",
}
"""Names that do not fit into a box, shortened."""


@dataclass(frozen=True, slots=True)
class MapDepartment:
    """
    A department on the map.

    `colour` is the class of its offer rate: `l0`…`l5`, `silent` if there were visits and none was
    answered about slots, `unmeasured` if there were none. `few` says that the rate stands on
    fewer than `FEW` answers. `label` is its accessible name. `outline` is None for a box, whose
    corner is `x`, `y`.
    `short` is a name that fits into one.
    """

    code: str
    name: str
    short: str
    colour: str
    few: bool
    label: str
    outline: str | None
    x: int = 0
    y: int = 0


@cache
def _data() -> dict[str, Any]:
    text = files("fleet.web").joinpath("data", "departments.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def view_box() -> str:
    """What the map shows, boxes included."""
    rows = -(-len(_overseas()) // BOXES_A_ROW)
    return f"0 0 {_data()['width']} {BOXES_TOP + rows * (BOX_HEIGHT + BOX_GAP)}"


def _overseas() -> list[str]:
    return [code for code in DEPARTMENTS if code not in (*_data()["paths"], NOWHERE)]


def map_departments(words: Words, counted: Mapping[str, Counts]) -> list[MapDepartment]:
    """Every department and overseas place, those without visits too; `counted` is by code."""
    found = []
    boxes = {code: n for n, code in enumerate(_overseas())}
    for code, name in DEPARTMENTS.items():
        if code == NOWHERE:
            continue
        counts = counted.get(code)
        row, column = divmod(boxes.get(code, 0), BOXES_A_ROW)
        found.append(
            MapDepartment(
                code=code,
                name=name,
                short=SHORT.get(code, name),
                colour=_colour(counts),
                few=bool(counts and 0 < counts.rate.n < FEW),
                label=_label(words, name, counts),
                outline=_data()["paths"].get(code),
                x=column * (BOX_WIDTH + BOX_GAP),
                y=BOXES_TOP + row * (BOX_HEIGHT + BOX_GAP),
            )
        )
    return found


def _colour(counts: Counts | None) -> str:
    if not counts or not counts.due:
        return "unmeasured"
    return level(counts.rate.rate) if counts.rate.n else "silent"


def _label(words: Words, name: str, counts: Counts | None) -> str:
    """« Puy-de-Dôme : 7 %, 100 réponses »."""
    if not counts or not counts.due:
        return words.t("%(name)s : aucune visite", name=name)
    if not counts.rate.n:
        return words.nt(
            "%(name)s : aucune réponse sur les rendez-vous, %(n)s visite",
            "%(name)s : aucune réponse sur les rendez-vous, %(n)s visites",
            counts.due,
            name=name,
        )
    return words.nt(
        "%(name)s : %(share)s, %(n)s réponse",
        "%(name)s : %(share)s, %(n)s réponses",
        counts.rate.n,
        name=name,
        share=share_text(words, counts.rate.rate),
    )
