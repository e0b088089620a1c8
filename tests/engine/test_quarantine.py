"""A scenario that holds the whole fleet ends it loudly, and stands still after the restart."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fleet.alerts.fleet_health import FleetHealth
from fleet.cli.commands.watch import FollowedCatalogue
from fleet.engine.quarantine import HELD_FILE, Quarantine
from fleet.models import now
from fleet.models.event import EventKind
from fleet.settings import Settings
from fleet.system.pulse import STUCK

FILE = """
from fleet import Outcome, Visit, scenario


def options(name: str) -> dict[str, str]:
    return {"department": "63", "flow": name, "title": "T", "url": "http://x.localhost/" + name}


@scenario(**options("good"))
async def good(visit: Visit) -> Outcome:
    return await visit.decide()


@scenario(**options("loops"))
async def loops(visit: Visit) -> Outcome:
    n = 1
    while n:
        n += 1
        if n == 0: break
    return await visit.decide()
"""

HELD = """
import asyncio, re, sys
from pathlib import Path
from fleet import log
from fleet.catalog import loader
from fleet.engine.quarantine import Quarantine
from fleet.system import pulse

pulse.BLAMED_S = 1

async def main(file, folder):
    scenario = loader.load(file).select(["63/loops"])[0]
    quarantine = Quarantine(folder)
    with pulse.Pulse(blame=quarantine.blame, on_beat=quarantine.watch_held):
        await asyncio.sleep(0.1)
        await asyncio.create_task(scenario.script(None), name="visit 63/loops")

log.configure()
asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


@pytest.mark.process
def test_a_scenario_that_holds_the_loop_ends_the_process_and_stands_still_until_its_file_changes(
    tmp_path: Path,
) -> None:
    folder, kept = tmp_path / "scenarios", tmp_path / "quarantine"
    folder.mkdir()
    file = folder / "d63_puy_de_dome.py"
    file.write_text(FILE)
    (folder / "d64_pyrenees.py").write_text(FILE.replace('"63"', '"64"'))

    call = [sys.executable, "-c", HELD, str(file), str(kept)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)

    assert done.returncode == STUCK, done.stderr
    assert "scenario 63/loops held the whole fleet at d63_puy_de_dome.py:" in done.stderr
    followed = FollowedCatalogue(Settings(scenarios_dir=(folder,)), (), None, Quarantine(kept))
    assert len(followed()) == 4
    assert list(followed.quarantined) == ["63/loops"]
    health = FleetHealth()

    def told() -> list[EventKind]:
        found = health.update(
            now(), no_room=None, store_away=False, deaths=0, quarantined=followed.quarantined
        )
        return [each.kind for each in found]

    assert (told(), told()) == ([EventKind.QUARANTINED], [])
    file.write_text(FILE.replace("n += 1", "n = 0"))
    followed()
    assert followed.quarantined == {}
    assert told() == [EventKind.QUARANTINE_ENDED]
    assert list(kept.glob("*.json")) == []


def test_what_held_python_itself_is_known_by_what_python_wrote_at_the_end(tmp_path: Path) -> None:
    """A regular expression lets no thread of ours run; its file's scenarios all stand still."""
    folder, kept = tmp_path / "scenarios", tmp_path / "quarantine"
    folder.mkdir()
    kept.mkdir()
    file = folder / "d63_puy_de_dome.py"
    file.write_text(FILE)
    (kept / HELD_FILE).write_text(
        "Timeout (0:00:10)!\nThread 0x00007f (most recent call first):\n"
        '  File "/usr/lib/python3/threading.py", line 331 in wait\n\n'
        "Thread 0x00007e (most recent call first):\n"
        '  File "/usr/lib/python3/re/__init__.py", line 166 in match\n'
        f'  File "{file}", line 17 in loops\n'
    )

    followed = FollowedCatalogue(Settings(scenarios_dir=(folder,)), (), None, Quarantine(kept))
    followed()

    assert list(followed.quarantined) == ["63/good", "63/loops"]
    assert "a scenario held the whole fleet at d63_puy_de_dome.py:17" in str(followed.quarantined)
    assert not (kept / HELD_FILE).exists()


def test_code_of_the_fleet_is_blamed_on_no_scenario(tmp_path: Path) -> None:
    """What the fleet itself does for a visit, however long, is ours."""
    assert Quarantine(tmp_path).blame(sys._getframe(), "visit 63/x") is None
    assert list(tmp_path.iterdir()) == []
