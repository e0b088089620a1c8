"""Made-up attempts are told apart from real ones, and are the same for the same seed."""

from __future__ import annotations

import sys
from datetime import date, timedelta

import pytest

from bench.synthetic.seed import main
from bench.synthetic.world import NOTE, PAGES, Flow, World, Writer
from fleet.models import Attempt, Group
from fleet.models.paris import paris_day

DAY = date(2026, 10, 25)
FLOWS = [
    Flow(f"{department}/{name}", family, "v1", name == "permis", f"https://www.{department}.test/1")
    for department in ("63", "91", "94")
    for name, family in (("titre", "bookingserver"), ("permis", "bookingserver"), ("rdv", "anef"))
]
FILES = {
    page: [{"kind": "picture", "sha256": f"{n:064x}", "size_bytes": 1}]
    for n, page in enumerate(PAGES)
}


def made(seed: int) -> list[Attempt]:
    writer = Writer(seed, FILES, "0")
    visits = World(seed).day(FLOWS, DAY)
    return [Attempt.from_document(writer.document(visit)) for visit in visits]


@pytest.mark.parametrize("name", ["fleet", "fleet_practice", "made_up", "_made_up", "a_made_up_b"])
def test_only_a_database_whose_name_says_made_up_is_filled(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["seed", "--attempts", "1", "--database", name])

    with pytest.raises(SystemExit, match="2"):
        main()

    assert "does not end in _made_up" in capsys.readouterr().err


def test_every_made_up_attempt_says_so_and_lies_in_its_day() -> None:
    attempts = made(1)

    assert {attempt.notes for attempt in attempts} == {(NOTE,)}
    assert {paris_day(attempt.started_at) for attempt in attempts} == {DAY}
    # one visit of each flow in each of the 25 hours of that day
    assert sum(attempt.number == 1 for attempt in attempts) == len(FLOWS) * 25


def test_the_same_seed_gives_the_same_attempts_and_another_gives_others() -> None:
    assert made(1) == made(1)
    assert not {a.id for a in made(1)} & {a.id for a in made(2)}


def test_only_unavailable_sites_are_visited_again_as_by_the_fleet() -> None:
    attempts = made(3)
    before = {(a.run_id, a.scenario_id, a.number): a for a in attempts}
    again = [a for a in attempts if a.number > 1]

    assert again
    for attempt in again:
        tried = before[attempt.run_id, attempt.scenario_id, attempt.number - 1]
        assert tried.group is Group.UNAVAILABLE
        assert attempt.due_at == tried.due_at
        assert attempt.started_at - tried.started_at < timedelta(minutes=5)
