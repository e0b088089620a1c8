"""
`/recherche?q=`: departments and flows by name, code, town, postal code or slug.

What was typed is compared without accents, word by word: each must begin a word of what is found.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.models.prefecture_towns import PREFECTURE_TOWNS
from fleet.web.context import context_of
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet.storage.queries import RecentAttempt
    from fleet.web.context import WebContext

router = APIRouter()

MAX_QUERY = 100
MOST = 60
"""Flows on the page; whoever gets more is asked for another word."""

_SMALL = frozenset(("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les"))
"""Words that people write or leave out."""


@dataclass(frozen=True, slots=True)
class FoundFlow:
    """A flow that was looked for; `last` is its latest attempt, None if it was never visited."""

    scenario_id: str
    title: str
    department: str
    last: RecentAttempt | None


@dataclass(frozen=True, slots=True)
class FoundDepartment:
    """A department that was looked for; `measured`: a flow of it was visited."""

    code: str
    name: str
    town: str
    measured: bool


@router.get("/recherche")
async def search(request: Request) -> HTMLResponse:
    """What was found; those that were visited first."""
    page, context = PageContext(request), context_of(request)
    asked = request.query_params.get("q", "").strip()[:MAX_QUERY]
    flows, departments = await find(context, asked) if words_of(asked) else ([], [])
    return page.render(
        "search.html",
        asked=asked,
        flows=flows[:MOST],
        more=len(flows) - MOST,
        departments=departments,
        names=DEPARTMENTS,
    )


async def find(context: WebContext, asked: str) -> tuple[list[FoundFlow], list[FoundDepartment]]:
    """The flows and departments that have all words of `asked`, measured ones first."""
    wanted = words_of(asked)
    code = department_of_postal_code(asked)
    recent = await context.queries.recent(context.scenarios, 1)
    flows = []
    for each, attempts in recent.items():
        department = each.partition("/")[0]
        title = context.title(each)
        texts = (each, title, *_place(department))
        if department in code or _has_all(wanted, texts):
            flows.append(FoundFlow(each, title, department, next(iter(attempts), None)))
    visited = {each.partition("/")[0] for each, attempts in recent.items() if attempts}
    departments = [
        FoundDepartment(each, name, PREFECTURE_TOWNS.get(each, ""), each in visited)
        for each, name in DEPARTMENTS.items()
        if each != NOWHERE and (each in code or _has_all(wanted, _place(each)))
    ]
    flows.sort(key=lambda it: (it.last is None, it.department == NOWHERE, it.department, it.title))
    departments.sort(key=lambda it: (it.code not in asked.upper().split(), not it.measured))
    return flows, departments


def words_of(text: str) -> list[str]:
    """The words of a text without accents, capitals and the small words between them."""
    apart = unicodedata.normalize("NFD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    plain = "".join(each for each in apart if not unicodedata.combining(each))
    words = re.findall(r"[^\W_]+", plain)
    short = {"st": "saint", "ste": "sainte"}
    return [short.get(word, word) for word in words if word not in _SMALL] or words


def department_of_postal_code(text: str) -> tuple[str, ...]:
    """The departments that a postal code can be of, none if the text is no postal code."""
    digits = text.replace(" ", "")
    if not re.fullmatch(r"\d{5}", digits, re.ASCII):
        return ()
    if digits.startswith("20"):  # Corsica was one department when postal codes were made
        return ("2A", "2B")
    code = digits[:3] if digits.startswith(("97", "98")) else digits[:2]
    return (code,) if code in DEPARTMENTS and code != NOWHERE else ()


def _place(code: str) -> tuple[str, ...]:
    return (code, DEPARTMENTS.get(code, code), PREFECTURE_TOWNS.get(code, ""))


def _has_all(wanted: Iterable[str], texts: Iterable[str]) -> bool:
    there = [word for text in texts for word in words_of(text)]
    return all(any(word.startswith(each) for word in there) for each in wanted)
