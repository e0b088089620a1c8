"""The catalogue that a watching fleet follows, and who is told that it is away."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.alerts.fleet_health import FleetHealth
from fleet.bootstrap.worlds import for_trials
from fleet.catalog import loader
from fleet.cli.commands.run import for_sites
from fleet.cli.commands.watch import FollowedCatalogue
from fleet.errors import BadInput
from fleet.models import now
from fleet.models.event import EventKind
from fleet.settings import Settings
from tests.catalog.test_loader import ONE as flow_text
from tests.catalog.test_loader import write


def test_a_scenario_folder_that_vanishes_is_told_once_and_its_flows_are_watched_on(
    tmp_path: Path,
) -> None:
    folder, aside = tmp_path / "scenarios", tmp_path / "aside"
    folder.mkdir()
    write(folder, "d63_a.py", "a = flow('a')")
    followed = FollowedCatalogue(Settings(scenarios_dir=(folder,)), (), None)
    health = FleetHealth()

    def told() -> list[EventKind]:
        found = health.update(
            now(), no_room=None, store_away=False, deaths=0, scenarios_away=followed.problem
        )
        return [each.kind for each in found]

    before = followed()
    assert ([s.id for s in before], told()) == (["63/a"], [])

    folder.rename(aside)
    assert followed() is before
    assert (told(), told()) == ([EventKind.SCENARIOS_AWAY], [])
    assert str(folder) in str(followed.problem)

    write(aside, "d63_b.py", "b = flow('b')")
    aside.rename(folder)
    assert [s.id for s in followed()] == ["63/a", "63/b"]
    assert (told(), told()) == ([EventKind.SCENARIOS_BACK], [])


def test_a_practice_site_is_never_kept_among_real_ones(tmp_path: Path) -> None:
    """Neither by a run of both, nor by a fleet that watches real ones, first or later."""
    write(tmp_path, "d63_a.py", "a = flow('a')")
    real = flow_text.replace("http://x.localhost", "https://rdv.example").replace("63", "64")
    settings = Settings(
        scenarios_dir=(tmp_path,), contact_url="https://fleet.example/", database="fleet"
    )
    here = loader.load(tmp_path).scenarios

    assert for_sites(here, settings).database == "fleet_practice"
    (tmp_path / "d64_b.py").write_text(real + "b = flow('b')")
    followed = FollowedCatalogue(settings, (), None)
    assert [s.id for s in followed()] == ["64/b"]
    write(tmp_path, "d63_c.py", "c = flow('c')")
    assert [s.id for s in followed()] == ["64/b"]
    both = loader.load(tmp_path).scenarios
    assert for_sites(followed.current, settings).database == "fleet"
    with pytest.raises(BadInput, match=r"63/a is a practice site on this machine \(x.localhost\)"):
        for_sites(both, settings)


def test_trials_are_kept_apart_from_what_is_real_and_from_practice() -> None:
    names = [for_trials(Settings(database=each)).database for each in ("a", "a_practice")]

    assert names == ["a_trials", "a_trials"]
    assert for_trials(for_trials(Settings(database="a"))).database == "a_trials"
