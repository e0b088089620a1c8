"""A command whose extra is not installed says which, in one line."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from fleet.cli.extras import MODULES, lacking

ROOT = Path(__file__).parents[2]

WITHOUT = """
import sys
sys.modules.update(dict.fromkeys({missing!r}))
from fleet.cli.app import main
sys.exit(main({arguments!r}))
"""
"""As if these were not installed."""


def said(*arguments: str) -> tuple[int, str]:
    code = WITHOUT.format(missing=tuple(MODULES), arguments=list(arguments))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    return done.returncode, done.stderr


def test_every_module_of_an_extra_is_known() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    named = {
        each.partition(">")[0]: extra for extra in ("web", "parquet") for each in extras[extra]
    }
    found = {
        module: named[of.lower()]
        for module, distributions in packages_distributions().items()
        for of in distributions
        if of.lower() in named and not module.startswith(("_", "mpl_toolkits", "pylab"))
    }
    assert found
    assert found.items() <= MODULES.items()


def test_what_is_of_no_extra_is_a_fault_of_ours() -> None:
    assert lacking(ModuleNotFoundError(name="fleet.nothing")) is None
    assert "prefecture-fleet[web]" in (lacking(ModuleNotFoundError(name="PIL.Image")) or "")


@pytest.mark.process
@pytest.mark.parametrize(
    "arguments",
    [
        ("serve",),
        ("user", "list"),
        ("dossier", "63/x", "--from", "2026-11-01", "--to", "2026-11-02"),
    ],
)
def test_a_command_names_the_extra_that_it_needs(arguments: tuple[str, ...]) -> None:
    code, words = said(*arguments)

    assert code == 1
    assert "the extra 'web'" in words
    assert len(words.splitlines()) == 1


@pytest.mark.process
def test_what_commands_do_that_draw_nothing_needs_no_extra() -> None:
    names = ("backup", "care", "export", "hosts", "rejudge", "run", "seal", "status", "verify")
    modules = ", ".join(f"fleet.cli.commands.{name}" for name in names)
    code = f"import sys; sys.modules.update(dict.fromkeys({tuple(MODULES)!r})); import {modules}"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.process
@pytest.mark.parametrize("command", ["prune", "takedown", "verify", "care", "check", "run"])
def test_a_command_that_draws_nothing_needs_no_extra(command: str) -> None:
    code, words = said(command, "--help")
    assert (code, words) == (0, "")
