"""The catalogue that a watching fleet follows, and who is told that it is away."""

from __future__ import annotations

from pathlib import Path

from fleet.alerts.fleet_health import FleetHealth
from fleet.cli.commands.watch import FollowedCatalogue
from fleet.models import now
from fleet.models.event import EventKind
from fleet.settings import Settings
from tests.catalog.test_loader import write


def test_a_scenario_folder_that_vanishes_is_told_once_and_its_flows_are_watched_on(
    tmp_path: Path,
) -> None:
    folder, aside = tmp_path / "scenarios", tmp_path / "aside"
    folder.mkdir()
    write(folder, "d63_a.py", "a = flow('a')")
    followed = FollowedCatalogue(Settings(scenarios_dir=folder), (), None)
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
