"""The command line and the settings are contracts: what docs/ says is what the program has."""

from __future__ import annotations

import os
import re
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import typer.main
from PIL import Image

from docs.pictures.make import make
from fleet.bootstrap.worlds import for_practice
from fleet.browser.chromium import Chromium
from fleet.cli.app import EXIT_CODES, app
from fleet.cli.examples import EXAMPLES
from fleet.cli.options import ALTERED, FAILED, INTERRUPTED, PRACTICE_SCENARIOS
from fleet.settings import Settings
from fleet.system.pulse import STUCK

DOCS = Path(__file__).parents[1] / "docs"
CLI = (DOCS / "cli.md").read_text()

COMMANDS = {
    "list": {"--json", "--markdown", "--practice"},
    "check": {"--json", "--practice"},
    "new": {"--department", "--flow", "--title", "--planning", "--anchor", "--control"},
    "test": set(),
    "try": {"--show", "--trace", "--watch", "--practice"},
    "record": {"--output", "-o", "--practice"},
    "session": {"--every", "--practice"},
    "survey": {
        *("--hours", "--output", "-o", "--report", "--megabytes", "--json", "--play", "--accept"),
        "--practice",
    },
    "run": {"--pages", "--times", "--json", "--practice"},
    "watch": {"--practice"},
    "status": {"--json", "--practice"},
    "seal": {"--practice"},
    "verify": {"--from", "--to", "--new", "--forget", "--json", "--practice"},
    "dossier": {"--from", "--to", "--lang", "--pictures", "--output", "-o", "--practice"},
    "hosts": {"--json"},
    "export attempts": {"--format", "--scenario", "--since", "--until", "--practice"},
    "export dataset": {
        *("--output", "-o", "--from", "--to", "--by", "--licence", "--practice"),
    },
    "export evidence": {"--output", "-o", "--practice"},
    "export wacz": {"--output", "-o"},
    "rejudge": {"--since", "--practice"},
    "care": {"--json", "--practice"},
    "rollup": {"--check", "--practice"},
    "prune": {"--keep-days", "--keep-per-flow", "--yes", "--practice"},
    "takedown": {"--reason", "--by", "--yes", "--practice"},
    "withdraw": {"--reason", "--by", "--yes", "--practice"},
    "serve": {"--host", "--port", "--processes", "--invite", "--practice"},
    "user add": {"--password-stdin", "--practice"},
    "user invite": {"--administrator", "--practice"},
    "user list": {"--json", "--practice"},
    "user remove": {"--practice"},
    "practice": {"--port", "--latency-ms", "--now"},
    "demo": {"--once"},
    "audit draw": {"--each", "--since", "--until", "--practice"},
    "audit report": {"--json", "--practice"},
    "alert test": set[str](),
    "backup": {"--keep", "--practice"},
    "restore": {"--replace", "--practice"},
    "doctor": {"--database", "--json", "--practice"},
}
"""The contract. Programs and people's cron tables depend on these names."""


async def test_the_pages_in_the_docs_get_the_verdicts_that_the_docs_tell(
    chromium: Chromium, tmp_path: Path
) -> None:
    await make(chromium, tmp_path)

    for name in ("still-asking.png", "settled.png", "there-but-unseen.png"):
        with Image.open(tmp_path / name) as made, Image.open(DOCS / "pictures" / name) as shown:
            assert made.size == shown.size


def commands(group: object, before: str = "") -> Iterator[tuple[str, object]]:
    for name, command in getattr(group, "commands", {}).items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def options(command: object) -> set[str]:
    parameters = getattr(command, "params", [])
    named = [p for p in parameters if p.param_type_name == "option"]
    return {option for p in named for option in p.opts} - {"--help"}


def table(text: str) -> list[list[str]]:
    """The cells of every row of the tables in `text`, headings included."""
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row.strip("|").split(" |")] for row in rows]


def sections() -> dict[str, str]:
    """Command → its heading and text in docs/cli.md."""
    found = re.split(r"^## ", CLI, flags=re.MULTILINE)
    named = (
        re.match(r"`fleet ((?:alert |audit |export |user )?[a-z]+)\b", section) for section in found
    )
    return {m.group(1): s for m, s in zip(named, found, strict=True) if m}


def test_the_program_has_exactly_the_commands_and_options_of_the_contract() -> None:
    program = typer.main.get_command(app)

    assert {name: options(command) for name, command in commands(program)} == COMMANDS
    completion = {"--install-completion", "--show-completion"}
    assert options(program) == {"--version", "--verbose", "-v", *completion}
    of_itself = CLI.split("## Options of `fleet` itself")[1].split("\n## ")[0]
    assert all(f"`{each}`" in of_itself for each in options(program))


def test_every_help_ends_with_a_call_that_the_program_takes() -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()
    for name, command in commands(typer.main.get_command(app)):
        example = str(getattr(command, "epilog", "")).splitlines()[-1].strip()
        assert example.startswith(f"fleet {name}")
        arguments = shlex.split(example.removeprefix(f"fleet {name}"))
        # as if called, up to what the command does; it raises for what it does not know
        with getattr(command, "make_context")(name, arguments):  # noqa: B009
            pass


def test_the_docs_name_every_command_and_option_and_no_other() -> None:
    documented = {
        name: {o for row in table(text) for o in re.findall(r"`(--?[a-z-]+)`", row[0])}
        for name, text in sections().items()
    }

    assert documented == COMMANDS


def test_the_synopsis_of_a_command_names_its_options() -> None:
    for name, text in sections().items():
        synopsis = set(re.findall(r"--?[a-z-]+", text.splitlines()[0]))
        assert synopsis == COMMANDS[name] - {"--output"}, name


def test_every_command_is_shown_with_an_example() -> None:
    for name, text in sections().items():
        assert re.search(rf"^    \$ fleet {name}\b.*\n    \S", text, re.MULTILINE), name


def test_the_docs_name_every_exit_code() -> None:
    section = CLI.split("## Exit codes")[1].split("\n## ")[0]
    codes = [row[0] for row in table(section)[1:]]

    of_commands = {0, FAILED, ALTERED, INTERRUPTED, *dict(EXIT_CODES).values()}
    of_the_pulse = {STUCK, 128 + signal.SIGPROF}
    assert codes == [str(code) for code in sorted(of_commands | of_the_pulse)]
    assert codes == ["0", "1", "2", "3", "4", "5", "6", "70", "130", "155"]


def _default(value: object) -> str:
    """As it is written in the environment."""
    if isinstance(value, tuple):
        value = os.pathsep.join(map(str, value))
    return "" if value in (None, "") else f"`{value}`"


def test_the_docs_name_every_setting_with_its_default_and_meaning() -> None:
    tables = (DOCS / "settings.md").read_text().split("## Practice")

    expected = [
        [
            f"`FLEET_{name.upper()}`",
            _default(field.default),
            field.description,
        ]
        for name, field in Settings.model_fields.items()
    ]
    assert table(tables[0])[1:] == expected


def test_the_docs_name_every_default_that_differs_in_practice() -> None:
    text = (DOCS / "settings.md").read_text().split("## Practice")[1].split("\n## ")[0]
    usual = Settings.model_construct()
    practice = for_practice(usual, PRACTICE_SCENARIOS)
    differs = [
        [f"`FLEET_{name.upper()}`", f"`{getattr(practice, name)}`"]
        for name in Settings.model_fields
        if getattr(practice, name) != getattr(usual, name)
        and name not in ("scenarios_dir", "scenario_packages", "database")
    ]

    assert sorted(table(text)[1:]) == sorted(differs)
