"""The catalogue as people read it: in a terminal, and as the Markdown of docs/catalogue.md."""

from __future__ import annotations

import sys
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from fleet.cli.console import PIPED, Console
from fleet.models.address import host_of
from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.models.seen_working import SeenWorkingFile
from fleet.models.text import visible_json
from fleet.system.terminal import for_programs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import RenderableType

    from fleet.catalog.loader import Catalog
    from fleet.models import Scenario

NONE_SEEN = SeenWorkingFile()

WIDE = 110
"""Columns from which a list also names the platform."""


def catalogue_check(catalogue: Catalog) -> dict[str, object]:
    """What was read and what could not be, for a program."""
    problems = [
        {"file": str(each.path), "problem": " ".join(each.problem.split())}
        for each in catalogue.problems
    ]
    return {"scenarios": len(catalogue.scenarios), "problems": problems}


def print_scenarios(
    scenarios: Sequence[Scenario],
    seen: SeenWorkingFile,
    *,
    as_json: bool,
    as_markdown: bool,
) -> None:
    """Print the scenarios for a program, a document or a person."""
    if as_json:
        for scenario in scenarios:
            print(visible_json(scenario_json(scenario, seen)), file=for_programs(sys.stdout))
    elif as_markdown:
        print("\n".join(scenarios_markdown(scenarios, seen)), file=for_programs(sys.stdout))
    else:
        console = Console(highlight=False)
        console.print(scenarios_list(scenarios, console.width, seen))


def scenarios_list(
    scenarios: Sequence[Scenario], width: int, seen: SeenWorkingFile = NONE_SEEN
) -> RenderableType:
    """The scenarios under their departments; `width` is that of the terminal, in columns."""
    parts: list[RenderableType] = []
    for code, own in _by_department(scenarios):
        parts += [Text(f"{code} {DEPARTMENTS[code]}", style="bold"), _table(own, width, seen), ""]
    return Group(*parts[:-1])


def _table(scenarios: Iterable[Scenario], width: int, seen: SeenWorkingFile) -> Table:
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
        if words := _seen(scenario, seen):
            title.append(f" {words}", style="dim")
        cells: list[str | Text] = [f"  {scenario.id}", title]
        table.add_row(*cells, *([scenario.family] if wide else []))
    return table


def scenario_json(scenario: Scenario, seen: SeenWorkingFile) -> str:
    """A scenario as one line of JSON; with `seen_working` at its end, if it was."""
    found = seen.of(scenario.id, scenario.version)
    text = scenario.model_dump_json()
    if found is None:
        return text
    told = found.model_dump_json(include={"day", "verdict"})
    return f'{text[:-1]},"seen_working":{told}}}'


def scenarios_markdown(
    scenarios: Sequence[Scenario], seen: SeenWorkingFile = NONE_SEEN
) -> Iterator[str]:
    """The scenarios as Markdown, line by line: how many of which kind, then each department."""
    departments = list(_by_department(scenarios))
    places = sum(code != NOWHERE for code, _ in departments)
    controls = sum(scenario.control for scenario in scenarios)
    working = sum(_seen(each, seen) != "" for each in scenarios)
    were = f" {working} were seen working." if working else ""
    yield f"{len(scenarios)} flows in {places} departments, {controls} of them control flows.{were}"
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
                    ", ".join(filter(None, _more(scenario, seen))),
                )
                for scenario in own
            ],
        )


def _typed(scenario: Scenario) -> str:
    """What a visit types, if it types anything."""
    fields = ", ".join(f"« {each.words} »".replace("|", "\\|") for each in scenario.enters)
    return f"types {fields}" if fields else ""


def _more(scenario: Scenario, seen: SeenWorkingFile) -> tuple[str, ...]:
    return "control" * scenario.control, _typed(scenario), _seen(scenario, seen)


def _seen(scenario: Scenario, seen: SeenWorkingFile) -> str:
    """When the scenario, as it is now, was seen working; empty if it was not."""
    found = seen.of(scenario.id, scenario.version)
    return f"seen working {found.day} ({found.verdict})" if found else ""


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
