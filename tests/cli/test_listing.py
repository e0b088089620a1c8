"""`fleet list` as people read it; what its options select is in test_cli.py."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.table import Table

from fleet.catalog import loader
from fleet.cli.commands.listing import WIDE, scenarios_list, scenarios_markdown
from fleet.cli.console import Console as PlainConsole
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.models import Scenario
from fleet.models.scenario import DeclaredEntry

PERMIS = "Permis de conduire : commission médicale"


def shown(patterns: list[str], width: int) -> list[str]:
    """The lines of a terminal of that many columns."""
    chosen = loader.load(PRACTICE_SCENARIOS).select(patterns)
    console = Console(width=width, file=io.StringIO(), highlight=False)
    console.print(scenarios_list(chosen, width))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_flows_stand_under_their_department() -> None:
    assert shown(["63/*", "34/*"], 80) == [
        "34 Hérault",
        "  34/titre-de-sejour  Titre de séjour : dépôt d'une première demande ou d'un",
        "                      renouvellement",
        "",
        "63 Puy-de-Dôme",
        f"  63/permis-de-conduire  {PERMIS} control",
        "  63/titre-de-sejour     Titre de séjour : dépôt d'un dossier",
    ]


def test_a_wide_terminal_also_shows_the_platform() -> None:
    _, line, _ = shown(["63/*"], WIDE)

    assert line.split(maxsplit=1)[0] == "63/permis-de-conduire"
    assert line.endswith("bookingserver")


@pytest.mark.parametrize("width", [80, WIDE, 200])
def test_no_line_is_wider_than_the_terminal_and_no_id_is_cut(width: int) -> None:
    lines = shown([], width)

    assert max(map(len, lines)) <= width
    ids = {s.id for s in loader.load(PRACTICE_SCENARIOS).scenarios}
    assert ids <= {word for line in lines for word in line.split()}


def test_nothing_is_broken_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console = PlainConsole(file=io.StringIO())
    long_name = "x" * 300 + ".localhost"
    table = Table(box=None, pad_edge=False)
    table.add_column("host", overflow="fold")
    table.add_column("now")
    table.add_row(long_name, "may be visited")
    chosen = loader.load(PRACTICE_SCENARIOS).select([])

    console.print(table)
    console.print(scenarios_list(chosen, console.width))

    assert isinstance(console.file, io.StringIO)
    _, row, *lines = console.file.getvalue().splitlines()
    assert row.split(maxsplit=1) == [long_name, "may be visited"]
    rows = [line.strip() for line in lines if line.startswith("  ")]
    assert len(rows) == len(chosen)
    titles = {each.id: each.title for each in chosen}
    assert all(titles[row.split()[0]] in row for row in rows)
    assert max(map(len, rows)) < 300  # not filled up to the edge


def test_columns_that_are_set_hold_in_a_pipe_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert PlainConsole(file=io.StringIO()).width == 60


def test_what_a_visit_types_is_said() -> None:
    (first, *_) = loader.load(PRACTICE_SCENARIOS).select(["63/titre-de-sejour"])
    entry = DeclaredEntry(words="Code postal", kind="post_code")
    typing = first.model_copy(update={"enters": (entry,)})
    console = Console(width=200, file=io.StringIO())
    console.print(scenarios_list([typing], 200))

    assert isinstance(console.file, io.StringIO)
    assert "types « Code postal »" in console.file.getvalue()
    assert [*scenarios_markdown([typing])][-1].endswith("| types « Code postal » |")


def test_markdown_begins_with_what_there_is_of_each_kind() -> None:
    chosen = loader.load(PRACTICE_SCENARIOS).select(["63/*", "34/*"])

    assert list(scenarios_markdown(chosen)) == [
        "3 flows in 2 departments, 1 of them control flows.",
        "",
        "| platform | flows |",
        "|---|---|",
        "| `bookingserver` | 3 |",
        "",
        "## 34 Hérault",
        "",
        "| flow | title | platform | host |  |",
        "|---|---|---|---|---|",
        "| `34/titre-de-sejour` | Titre de séjour : dépôt d'une première demande ou d'un"
        " renouvellement | `bookingserver` | montpellier.localhost |  |",
        "",
        "## 63 Puy-de-Dôme",
        "",
        "| flow | title | platform | host |  |",
        "|---|---|---|---|---|",
        f"| `63/permis-de-conduire` | {PERMIS} | `bookingserver` | clermont-ferrand.localhost"
        " | control |",
        "| `63/titre-de-sejour` | Titre de séjour : dépôt d'un dossier | `bookingserver`"
        " | clermont-ferrand.localhost |  |",
    ]


def test_a_bar_in_a_title_does_not_end_its_cell() -> None:
    (one,) = loader.load(PRACTICE_SCENARIOS).select(["63/titre-de-sejour"])
    odd: Scenario = one.model_copy(update={"title": "a | b"})

    assert r"| a \| b |" in list(scenarios_markdown([odd]))[-1]
