"""The wheel works alone: what it holds, and a list made from it without a checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from fleet.catalog import loader

ROOT = Path(__file__).parents[1]
PACKAGED = "fleet/catalog/packaged/"


def fleet(*arguments: str, here: Path, package: Path) -> subprocess.CompletedProcess[str]:
    """`fleet` of this package, started in this folder, without a variable of ours."""
    return subprocess.run(
        [sys.executable, "-m", "fleet", *arguments],
        cwd=here,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.process
def test_the_wheel_holds_the_catalogue_and_lists_it_where_there_is_no_checkout(
    tmp_path: Path,
) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    package, here = tmp_path / "package", tmp_path / "here"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(package)
    here.mkdir()

    own = {path.name for path in (ROOT / "scenarios").iterdir() if path.is_file()}
    assert {each.removeprefix(PACKAGED) for each in names if each.startswith(PACKAGED)} == own
    assert {"fleet/py.typed", "fleet/web/templates/base.html"} <= {*names}
    assert all(each.startswith(("fleet/", "prefecture_fleet-")) for each in names)

    listed = fleet("list", "--json", here=here, package=package)
    assert (listed.returncode, listed.stderr) == (0, "")
    beside = loader.load(ROOT / "scenarios").scenarios
    told = [json.loads(line) for line in listed.stdout.splitlines()]
    assert [(each["id"], each["version"]) for each in told] == [(s.id, s.version) for s in beside]
    assert len(told) > 300

    # what was installed is no place for files of one's own, and nothing is visited to find that out
    new = fleet("new", "http://evry.localhost:1/booking/create/1", here=here, package=package)
    assert new.returncode == 2
    assert "is the catalogue that was installed" in new.stderr
