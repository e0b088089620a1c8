"""`/etat`: all flows in one table, each with its last verdict and a bar of its latest attempts."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from fleet.errors import BadInput
from fleet.models import Group, Verdict
from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.rendering.i18n import N_
from fleet.web.context import context_of
from fleet.web.pages.gallery import PUBLICS
from fleet.web.pages.runs import running
from fleet.web.table_order import TableOrder
from fleet.web.templating import PageContext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fleet.storage.queries import RecentAttempt

router = APIRouter()

LATEST = 24
"""Attempts in a bar."""

STEP = 10
"""How wide one of them is drawn."""

STATES: dict[str, str] = {
    "slots": N_("rendez-vous proposé"),
    "no_slots": N_("aucun rendez-vous"),
    "closed": N_("démarche fermée"),
    "refused": N_("robot refusé"),
    "unavailable": N_("site indisponible"),
    "ours": N_("de notre fait"),
    "unseen": N_("jamais visitée"),
}
"""What the last attempt of a flow came to: for each state what it is called, in this order."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Attempts in a row with the same verdict, in a bar: where they are drawn."""

    verdict: Verdict
    x: int
    width: int


@dataclass(frozen=True)
class FlowRow:
    """A flow in the table, with its latest attempts, newest first."""

    scenario_id: str
    title: str
    control: bool
    recent: tuple[RecentAttempt, ...]

    @property
    def department(self) -> str:
        """Its code."""
        return self.scenario_id.partition("/")[0]

    @property
    def last(self) -> RecentAttempt | None:
        """The latest attempt."""
        return next(iter(self.recent), None)

    @property
    def state(self) -> str:
        """A key of `STATES`."""
        if self.last is None:
            return "unseen"
        verdict = self.last.verdict
        return (verdict if verdict.group is Group.ANSWERED else verdict.group).value

    @property
    def tally(self) -> list[tuple[Verdict, int]]:
        """The verdicts of its latest attempts, in their usual order."""
        counted = Counter(each.verdict for each in self.recent)
        return [(verdict, counted[verdict]) for verdict in Verdict if counted[verdict]]

    @property
    def bar(self) -> list[Stretch]:
        """The latest attempts, the newest at the right end."""
        parts, x = [], STEP * (LATEST - len(self.recent))
        for verdict, same in groupby(reversed(self.recent), key=lambda each: each.verdict):
            width = STEP * sum(1 for _ in same)
            parts.append(Stretch(verdict, x, width))
            x += width
        return parts


def _since(row: FlowRow) -> float:
    return row.last.started_at.timestamp() if row.last else 0.0


SORTED_BY: dict[str, tuple[str, Callable[[FlowRow], tuple[object, ...]]]] = {
    "departement": (N_("Démarche"), lambda row: ()),
    "etat": (N_("Dernier verdict"), lambda row: (list(STATES).index(row.state),)),
    "visite": (N_("Dernière tentative"), lambda row: (_since(row),)),
}
"""For `?tri=`: what a column is called, and by what it sorts; then by department and title."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; `None` and "" do not matter."""

    state: str
    department: str
    control: bool | None
    order: TableOrder

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """
        What was asked for.

        Raises:
            BadInput: there is no such state, department, public, column or direction.
        """
        given = {name: value.strip() for name, value in query.items()}
        publics = {"": None, **PUBLICS}
        choices: dict[str, Iterable[str]] = {
            "etat": ("", *STATES),
            "departement": ("", *DEPARTMENTS),
            "public": publics,
        }
        for name, expected in choices.items():
            if given.get(name, "") not in expected:
                names = "the code of one" if name == "departement" else ", ".join(expected)[2:]
                raise BadInput(f"{name}={given[name][:40]!r}; expected {names}")
        return cls(
            given.get("etat", ""),
            given.get("departement", ""),
            publics[given.get("public", "")],
            TableOrder.of(given, SORTED_BY),
        )

    def fits(self, row: FlowRow) -> bool:
        """Whether a flow is to be shown, whatever its state."""
        return (not self.department or row.department == self.department) and (
            self.control is None or row.control is self.control
        )

    def sort(self, rows: Iterable[FlowRow]) -> list[FlowRow]:
        """In this order; what nobody can name comes last."""
        named = sorted(rows, key=lambda r: (r.department == NOWHERE, r.department, r.title))
        key = SORTED_BY[self.order.column][1]
        return sorted(named, key=key, reverse=self.order.backwards)


@router.get("/etat")
async def status(request: Request) -> HTMLResponse:
    """All flows of the catalogue and all that have attempts."""
    page, context = PageContext(request), context_of(request)
    asked = Asked.of(request.query_params)
    recent, runs = await asyncio.gather(
        context.queries.recent(context.scenarios, LATEST), running(context.queries)
    )
    every = [
        FlowRow(
            scenario_id=each,
            title=context.title(each),
            control=context.scenarios[each].control
            if each in context.scenarios
            else bool(attempts and attempts[0].control),
            recent=attempts,
        )
        for each, attempts in recent.items()
    ]
    rows = [row for row in every if asked.fits(row)]
    states = Counter(row.state for row in rows)
    departments = {row.department for row in every}
    return page.render(
        "status.html",
        asked=asked,
        runs=runs,
        rows=asked.sort(row for row in rows if asked.state in ("", row.state)),
        states=[(each, page.t(words), states[each]) for each, words in STATES.items()],
        columns={name: page.t(words) for name, (words, _) in SORTED_BY.items()},
        departments={code: DEPARTMENTS[code] for code in DEPARTMENTS if code in departments},
        latest=LATEST,
        width=LATEST * STEP,
        names=DEPARTMENTS,
    )
