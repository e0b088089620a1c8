"""What strangers and machines read of this repository says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
FORMS = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml"))


def steps(workflow: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_runs_what_a_person_types(workflow: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for step in steps(workflow):
        words = step.get("run", "").split()
        if words[:1] == ["make"]:
            assert words[1] in targets
            folders = re.findall(r"tests/\w+", step["run"])
            assert all((ROOT / each).exists() for each in folders)
        elif words and words[0].startswith("."):
            assert (ROOT / words[0]).is_file()


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_do_no_more_than_it_needs(workflow: Path) -> None:
    said = yaml.safe_load(workflow.read_text("utf-8"))
    assert said["permissions"]["contents"] == "read"
    checkouts = [step for step in steps(workflow) if "checkout" in step.get("uses", "")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)
    # what somebody else may choose (a title, a branch) is never part of a command
    assert not any("${{" in step.get("run", "") for step in steps(workflow))


def test_the_server_that_the_workflow_tries_is_the_one_of_the_stack() -> None:
    stack = (ROOT / "docker-compose.yml").read_text("utf-8")
    assert re.findall(r"MONGO_IMAGE:-(\S+)\}", stack) == re.findall(
        r"image: (mongo:\S+)", (ROOT / ".github/workflows/check.yml").read_text("utf-8")
    )


def test_a_citation_names_the_version_and_the_licence_of_the_package() -> None:
    said = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert (said["version"], said["license"]) == (PROJECT["version"], PROJECT["license"])


def test_commands_that_forms_name_exist() -> None:
    cli = (ROOT / "docs/cli.md").read_text("utf-8")
    named = {
        name for form in FORMS for name in re.findall(r"`fleet (\w+)", form.read_text("utf-8"))
    }
    assert {"care", "try", "new", "record"} <= named
    assert all(f"fleet {name}" in cli for name in named)


def test_the_package_says_that_it_has_types() -> None:
    assert (ROOT / "fleet/py.typed").is_file()
    assert "Typing :: Typed" in PROJECT["classifiers"]
    assert PROJECT["readme"] == "README.md"
