"""`fleet export dataset`: what the descriptor says of the tables is what is in them."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from fleet.bootstrap.store import open_store
from fleet.cli.commands.export import export_dataset
from fleet.errors import BadInput
from fleet.models import Verdict
from fleet.models.missed import MissedVisit, MissReason
from fleet.models.withdrawal import AttemptWithdrawal
from fleet.rendering.attempt_csv import CSV_COLUMNS
from fleet.rendering.dataset import LICENCES, TABLES, Publication, descriptor
from fleet.rendering.dataset_readme import readme
from fleet.settings import Settings
from fleet.storage.store import Store
from tests.storage.test_store import AT, attempt_of

PERIOD = ("2026-11-20", "2026-11-21")
NAME = "L'association : « Ici »"

READS: dict[str, Callable[[str], object]] = {
    "string": str,
    "integer": int,
    "number": float,
    "datetime": lambda text: (
        datetime.strptime(text, "%Y-%m-%dT%H:%M:%S%z")
        if "." not in text
        else datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z")
    ),
    "boolean": {"true": True, "false": False}.__getitem__,
}
"""Reads a cell as its type of the Table Schema is written; raises for another."""


def rows(folder: Path, name: str) -> list[dict[str, Any]]:
    """A table as a program reads it that goes by the descriptor; fails where they differ."""
    described = json.loads((folder / "datapackage.json").read_text("utf-8"))
    (resource,) = [each for each in described["resources"] if each["name"] == name]
    content = (folder / resource["path"]).read_bytes()
    assert resource["bytes"] == len(content)
    assert resource["hash"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    fields = {each["name"]: each for each in resource["schema"]["fields"]}
    reader = csv.DictReader(content.decode("utf-8").splitlines())
    assert reader.fieldnames == [*fields]
    found = []
    for row in reader:
        for column, cell in row.items():
            constraints = fields[column].get("constraints", {})
            assert cell or not constraints.get("required"), column
            assert not cell or cell in constraints.get("enum", [cell]), (column, cell)
        found.append(
            {c: READS[fields[c]["type"]](cell) if cell else None for c, cell in row.items()}
        )
    return found


def settings_for(database: dict[str, str]) -> Settings:
    return Settings(mongodb_url=database["FLEET_MONGODB_URL"], database=database["FLEET_DATABASE"])


async def fill(store: Store) -> str:
    """Attempts of two days, one withdrawn, one outside, a missed visit; the id of the withdrawn."""
    for verdict, hours in (("slots", 0), ("no_slots", 1), ("no_slots", 2), ("captcha", 24)):
        at, kind = AT + timedelta(hours=hours), Verdict(verdict)
        fields = {"verdict": kind, "group": kind.group, "started_at": at, "due_at": at}
        await store.attempts.add(attempt_of(**fields, detail="=1+1"), [])
    wrong = attempt_of(started_at=AT + timedelta(hours=3), due_at=AT + timedelta(hours=3))
    await store.attempts.add(wrong, [])
    await store.attempts.add(attempt_of(started_at=AT + timedelta(days=9)), [])
    await store.withdrawals.add(
        AttemptWithdrawal(
            attempt_id=wrong.id, scenario_id=wrong.scenario_id, reason="x", at=AT, by="x"
        )
    )
    due = AT + timedelta(hours=5)
    missed = MissedVisit(
        scenario_id=wrong.scenario_id,
        department="91",
        control=False,
        due_at=due,
        why=MissReason.COOLING,
        detail="",
        noted_at=due,
    )
    await store.missed_visits.add([missed])
    return wrong.id


async def test_the_tables_hold_what_is_stored_as_the_descriptor_says(
    database: dict[str, str], tmp_path: Path
) -> None:
    settings, folder = settings_for(database), tmp_path / "set"
    async with open_store(settings) as store:
        withdrawn = await fill(store)

    await export_dataset(settings, folder, PERIOD, NAME, "ODbL-1.0")

    attempts, missed, rates = (rows(folder, name) for name in TABLES)
    assert len(attempts) == 5
    assert [each["withdrawn"] for each in attempts if each["id"] == withdrawn] == [True]
    assert sum(each["withdrawn"] for each in attempts) == 1
    assert attempts[0]["detail"] == "'=1+1"
    assert [each["why"] for each in missed] == ["cooling"]
    # what anybody counts by the rules of the README is what stands in the rates
    counted = [each for each in attempts if each["number"] == 1 and not each["withdrawn"]]
    for row in rates:
        assert row["slots"] == sum(each["verdict"] == "slots" for each in counted) == 1
        assert row["n"] == row["slots"] + 2
        assert row["rate"] == pytest.approx(1 / 3)
        assert row["rate_low"] < row["rate"] < row["rate_high"]
        assert row["due"] == len(counted) + len(missed)
        assert row["unanswered_share"] == pytest.approx(2 / 5)
    assert [each["of"] for each in rates] == ["flow", "department", "all"]
    cited = yaml.safe_load((folder / "CITATION.cff").read_text("utf-8"))
    assert cited["authors"] == [{"name": NAME}]
    assert cited["license"] == "ODbL-1.0"

    with pytest.raises(BadInput, match="nothing is overwritten"):
        await export_dataset(settings, folder, PERIOD, NAME, "ODbL-1.0")


async def test_what_cannot_be_written_leaves_nothing(
    database: dict[str, str], tmp_path: Path
) -> None:
    settings = settings_for(database)
    (tmp_path / "file").write_text("x")
    for output, period, name, words in (
        (tmp_path / "file" / "set", PERIOD, NAME, "cannot be written"),
        (tmp_path / "set", ("2026-11-21", "2026-11-20"), NAME, "after"),
        (tmp_path / "set", ("soon", "2026-11-20"), NAME, "soon"),
        (tmp_path / "set", PERIOD, "  ", "--by is empty"),
    ):
        with pytest.raises(BadInput, match=words):
            await export_dataset(settings, output, period, name, "ODbL-1.0")
    assert os.listdir(tmp_path) == ["file"]  # noqa: PTH208


def test_every_column_is_told_to_people_and_programs() -> None:
    of = Publication(
        publisher=NAME,
        licence="etalab-2.0",
        first=AT.date(),
        last=AT.date(),
        created_at="2026-11-20T00:00:00Z",
        fleet_version="1",
        made_up=True,
    )
    tables = dict.fromkeys(TABLES, (1, "0" * 64, 2))
    described, told = descriptor(of, tables), readme(of, tables)

    assert {*CSV_COLUMNS} < {each.name for each in TABLES["attempts"][1]}
    for _, columns, _ in TABLES.values():
        assert all(
            f"| `{each.name}` | {each.type} | {each.description} |" in told for each in columns
        )
    assert all(
        each["description"] for r in described["resources"] for each in r["schema"]["fields"]
    )
    assert "made-up data" in described["title"]
    assert all(f"`{each.value}`" in told for each in Verdict)
    assert all(path.startswith("https://") for _, path in LICENCES.values())
