"""The catalogue as people read it: in a terminal, and as the Markdown of docs/catalogue.md."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from fleet.cli.console import PIPED
from fleet.models.address import host_of
from fleet.models.departments import DEPARTMENTS, NOWHERE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from fleet.catalog.loader import Catalog
    from fleet.models import Scenario

WIDE = 110
"""Columns from which a list also names the platform."""


def catalogue_check(catalogue: Catalog) -> dict[str, object]:
    """What was read and what could not be, for a program."""
    problems = [
        {"file": str(each.path), "problem": " ".join(each.problem.split())}
        for each in catalogue.problems
    ]
    return {"scenarios": len(catalogue.scenarios), "problems": problems}


def scenarios_list(scenarios: Sequence[Scenario], width: int) -> RenderableType:
    """The scenarios under their departments; `width` is that of the terminal, in columns."""
    parts: list[RenderableType] = []
    for code, own in _by_department(scenarios):
        parts += [Text(f"{code} {DEPARTMENTS[code]}", style="bold"), _table(own, width), ""]
    return Group(*parts[:-1])


def _table(scenarios: Iterable[Scenario], width: int) -> Table:
    wide = width >= WIDE
    fills = width < PIPED
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0), expand=fills)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    if wide:
        table.add_column(no_wrap=True, min_width=len("demarches_simplifiees"), style="dim")
    for scenario in scenarios:
        title = Text(scenario.title)
        if scenario.control:
            title.append(" control", style="dim")
        if scenario.enters:
            title.append(f" {_typed(scenario)}", style="dim")
        cells: list[str | Text] = [f"  {scenario.id}", title]
        table.add_row(*cells, *([scenario.family] if wide else []))
    return table


def scenarios_markdown(scenarios: Sequence[Scenario]) -> Iterator[str]:
    """The scenarios as Markdown, line by line: how many of which kind, then each department."""
    departments = list(_by_department(scenarios))
    places = sum(code != NOWHERE for code, _ in departments)
    controls = sum(scenario.control for scenario in scenarios)
    yield f"{len(scenarios)} flows in {places} departments, {controls} of them control flows."
    yield from _markdown_table(
        ("platform", "flows"),
        [(f"`{family}`", str(n)) for family, n in _counts(s.family for s in scenarios)],
    )
    for code, own in departments:
        yield from ("", f"## {code} {DEPARTMENTS[code]}")
        yield from _markdown_table(
            ("flow", "title", "platform", "host", ""),
            [
                (
                    f"`{scenario.id}`",
                    scenario.title.replace("|", "\\|"),
                    f"`{scenario.family}`",
                    host_of(scenario.url),
                    ", ".join(filter(None, ("control" * scenario.control, _typed(scenario)))),
                )
                for scenario in own
            ],
        )


def _typed(scenario: Scenario) -> str:
    """What a visit types, if it types anything."""
    fields = ", ".join(f"« {each.words} »".replace("|", "\\|") for each in scenario.enters)
    return f"types {fields}" if fields else ""


def _by_department(scenarios: Iterable[Scenario]) -> Iterator[tuple[str, list[Scenario]]]:
    """The catalogue is sorted, so equal departments follow each other."""
    for code, own in groupby(scenarios, key=lambda scenario: scenario.department):
        yield code, list(own)


def _counts(values: Iterable[str]) -> list[tuple[str, int]]:
    """The most frequent first, equal ones by name."""
    return sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield _row(head)
    yield "|" + "---|" * len(head)
    yield from map(_row, rows)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
