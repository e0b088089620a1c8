"""Several folders and installed packages make one catalogue; none that is broken stops another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from fleet.bootstrap.catalogue import catalogue_of
from fleet.bootstrap.worlds import for_practice
from fleet.catalog.follower import CatalogFollower
from fleet.catalog.loader import Catalog
from fleet.cli.commands.watch import FollowedCatalogue
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.errors import BadInput
from fleet.settings import Settings, load_settings
from tests.catalog.test_loader import write


def ids(catalogue: Catalog | None) -> list[str]:
    assert catalogue is not None
    return [each.id for each in catalogue.scenarios]


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The catalogue's and one's own, with a flow each."""
    ours, own = tmp_path / "scenarios", tmp_path / "own"
    for folder, name in ((ours, "a"), (own, "b")):
        folder.mkdir()
        write(folder, f"d63_{name}.py", f"{name} = flow('{name}')")
    return ours, own


def test_a_folder_that_is_not_there_is_told_and_the_others_are_read(
    folders: tuple[Path, Path],
) -> None:
    ours, own = folders
    aside = own.rename(own.with_name("aside"))
    following = CatalogFollower(ours, own)

    first = following.reload()

    assert ids(first) == ["63/a"]
    assert first is not None
    assert [str(each) for each in first.problems] == [
        f"{own}: no such file or folder; expected a folder of d<department>_<name>.py files"
        " (FLEET_SCENARIOS_DIR)"
    ]
    assert following.problem == str(first.problems[0])
    assert following.reload() is None
    aside.rename(own)
    assert ids(following.reload()) == ["63/a", "63/b"]
    assert following.problem is None


def test_what_was_read_of_a_folder_that_vanished_holds_on_while_another_is_followed(
    folders: tuple[Path, Path],
) -> None:
    ours, own = folders
    following = CatalogFollower(ours, own)
    assert ids(following.reload()) == ["63/a", "63/b"]

    shutil.rmtree(own)
    write(ours, "d63_c.py", "c = flow('c')")
    changed = following.reload()

    assert ids(changed) == ["63/a", "63/b", "63/c"]
    assert changed is not None
    assert changed.problems == ()
    assert str(following.problem).startswith(f"{own}: no such file")
    assert "what was read before holds on" in str(following.problem)


def test_an_id_that_is_in_two_folders_names_both_files(folders: tuple[Path, Path]) -> None:
    ours, own = folders
    write(own, "d63_a.py", "again = flow('a')")

    found = CatalogFollower(ours, own).read()

    assert ids(found) == ["63/a", "63/b"]
    assert [str(each) for each in found.problems] == [
        f"{own / 'd63_a.py'}: scenario 63/a is already in {ours / 'd63_a.py'};"
        " give one of the two another `flow`"
    ]


def test_no_folder_at_all_is_an_error_that_names_each(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"one: no such file.*; .*two: no such file"):
        CatalogFollower(tmp_path / "one", tmp_path / "two").read()


def install(site: Path, name: str, value: str) -> None:
    """A package as pip leaves it, with an entry point."""
    info = site / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[fleet.scenarios]\n{name} = {value}\n")


def test_installed_packages_add_their_folders_and_a_broken_one_is_told(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None is imported: what stands in their `__init__.py` does not run."""
    ours, _ = folders
    site = tmp_path / "site"
    inner = site / "mine" / "flows"
    inner.mkdir(parents=True)
    (site / "mine" / "__init__.py").write_text("raise SystemExit('imported')")
    write(inner, "d63_m.py", "m = flow('m')")
    (site / "single.py").write_text("")
    for name, value in (
        ("mine", "mine.flows"),
        ("gone", "not_there_at_all"),
        ("alone", "single"),
        ("odd", "mine.flows:load"),
    ):
        install(site, name, value)
    monkeypatch.syspath_prepend(site)
    settings = Settings(scenarios_dir=(ours,))

    found = catalogue_of(settings)

    assert ids(found) == ["63/a", "63/m"]
    assert found.files["63/m"] == inner / "d63_m.py"
    assert [str(each).partition(":")[0] for each in found.problems] == [
        "alone 1.0",
        "gone 1.0",
        "odd 1.0",
    ]
    assert "its entry point gone = 'not_there_at_all'" in str(found.problems[1])
    assert ids(catalogue_of(settings.model_copy(update={"scenario_packages": False}))) == ["63/a"]
    assert not for_practice(settings, PRACTICE_SCENARIOS).scenario_packages


def test_folders_and_flows_are_lists_in_the_environment(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, own = folders
    monkeypatch.setenv("FLEET_SCENARIOS_DIR", os.pathsep.join(map(str, (ours, own, "", ours))))
    monkeypatch.setenv("FLEET_FLOWS", "63/b, 93 */naturalisation")

    got = load_settings()

    assert got.scenarios_dir == (ours, own)
    assert got.flows == ("63/b", "93", "*/naturalisation")
    monkeypatch.setenv("FLEET_SCENARIOS_DIR", os.pathsep)
    with pytest.raises(BadInput, match="FLEET_SCENARIOS_DIR: "):
        load_settings()


def test_watched_flows_are_those_chosen_and_a_pattern_without_any_names_the_nearest(
    folders: tuple[Path, Path],
) -> None:
    settings = Settings(scenarios_dir=folders)

    assert [each.id for each in FollowedCatalogue(settings, ("*/b",), None)()] == ["63/b"]
    with pytest.raises(BadInput, match=r"no scenario '63/bb' among 2; the nearest: 63/b"):
        FollowedCatalogue(settings, ("63/bb",), None)()
