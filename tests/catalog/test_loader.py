"""What `loader.load` takes from scenario files; what it says of bad ones is in test_cli.py."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from fleet.catalog import loader
from fleet.catalog.follower import CatalogFollower
from fleet.cli.commands.listing import scenarios_markdown
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.errors import BadInput
from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.practice import PREFECTURES
from tests.conftest import scenario_of

ROOT = Path(__file__).parents[2]
WITHOUT_ADDRESS = {"971", "972", "974", "975", "977", "978", "986", "987", "988"}
"""docs/catalogue.md names them too."""

MARK = "<!-- fleet list --markdown -->\n"

SEEN = r"Not yet seen working from here\.|Seen working 20\d\d-\d\d-\d\d\."

ONE = """
from fleet.families import bookingserver

def flow(name):
    return bookingserver.flow(
        department="63", flow=name, title="T", url="http://x.localhost/booking/create/1")
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(ONE + text)
    return path


def test_scenarios_alone_in_lists_and_in_tuples_are_found_in_order_of_their_ids(
    tmp_path: Path,
) -> None:
    write(tmp_path, "d63_b.py", "z = flow('z')\n_more = [flow('b'), flow('c')]")
    write(tmp_path, "d63_a.py", "several = (flow('y'), flow('a'))")

    found = loader.load(tmp_path)

    assert [s.id for s in found.scenarios] == ["63/a", "63/b", "63/c", "63/y", "63/z"]
    assert found.problems == ()


def test_of_two_scenarios_with_one_id_the_first_stays_and_the_rest_of_its_file_too(
    tmp_path: Path,
) -> None:
    first = write(tmp_path, "d63_a.py", "a = flow('a')")
    second = write(tmp_path, "d63_b.py", "a = flow('a')\nb = flow('b')")

    found = loader.load(tmp_path)

    assert [s.id for s in found.scenarios] == ["63/a", "63/b"]
    assert [str(p) for p in found.problems] == [
        f"{second}: scenario 63/a is already in {first}; give one of the two another `flow`"
    ]


@pytest.mark.parametrize("code", ["2a", "2A"])
def test_corsica_may_be_written_small_in_a_file_name(tmp_path: Path, code: str) -> None:
    text = ONE.replace('"63"', '"2A"') + "a = flow('a')"
    (tmp_path / f"d{code}_corse_du_sud.py").write_text(text)

    assert [s.id for s in loader.load(tmp_path).scenarios] == ["2A/a"]


def test_loading_leaves_no_bytecode_in_the_folder_and_stdout_as_it_was(tmp_path: Path) -> None:
    write(tmp_path, "d63_a.py", "a = flow('a')")
    out, writes = sys.stdout, sys.dont_write_bytecode

    loader.load(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["d63_a.py"]
    assert (sys.stdout, sys.dont_write_bytecode) == (out, writes)


def test_a_pattern_selects_and_the_order_is_that_of_the_catalogue() -> None:
    practice = loader.load(PRACTICE_SCENARIOS)

    chosen = practice.select(["93/*", "63/titre-de-sejour", "63/*"])

    assert [s.id for s in chosen] == [
        "63/permis-de-conduire",
        "63/titre-de-sejour",
        "93/titre-de-sejour",
    ]
    assert practice.select([]) == list(practice.scenarios)


def test_a_department_selects_its_flows() -> None:
    practice = loader.load(PRACTICE_SCENARIOS)

    assert practice.select(["63"]) == practice.select(["63/*"])


WITH_NEAREST = rf"among {len(PREFECTURES)}; the nearest: \d\d/[a-z-]+, "


@pytest.mark.parametrize("pattern", ["91/titre", "Évry", "", "[", "063/titre-de-sejour"])
def test_an_unknown_id_names_the_nearest(pattern: str) -> None:
    with pytest.raises(BadInput, match=WITH_NEAREST):
        loader.load(PRACTICE_SCENARIOS).select([pattern])


def test_every_practice_prefecture_has_its_scenario_and_no_scenario_lacks_one() -> None:
    scenarios = {s.id: s for s in loader.load(PRACTICE_SCENARIOS).scenarios}

    for form in PREFECTURES:
        mine = scenarios.pop(f"{form.department}/{form.flow}")
        assert (urlsplit(mine.url).hostname, mine.control) == (form.hostname, form.control)
        assert mine.version == scenario_of(form, url=mine.url).version
    assert scenarios == {}


# The real prefectures


@pytest.fixture(scope="module")
def real() -> loader.Catalog:
    return loader.load(ROOT / "scenarios")


def test_the_scenarios_of_real_prefectures_can_all_be_used(real: loader.Catalog) -> None:
    assert real.problems == ()
    assert len({s.id for s in real.scenarios}) == len(real.scenarios) >= 340


def test_almost_every_department_is_there_and_has_a_control_flow(real: loader.Catalog) -> None:
    places = {s.department for s in real.scenarios} - {NOWHERE}
    with_control = {s.department for s in real.scenarios if s.control}

    assert DEPARTMENTS.keys() - places - {NOWHERE} == WITHOUT_ADDRESS
    assert places - with_control == {"69", "75", "973", "976"}


def test_no_two_scenarios_ask_the_same_question(real: loader.Catalog) -> None:
    """One address may have several desks; the version is a hash of address and desk."""
    asked = [(s.url, s.version) for s in real.scenarios]

    assert len(set(asked)) == len(asked)


def test_slugs_are_short_and_a_control_flow_says_so_in_its_own(real: loader.Catalog) -> None:
    assert {s.flow for s in real.scenarios if len(s.flow) > 60} == set()
    assert {s.id for s in real.scenarios if s.control != s.flow.startswith("permis-")} == set()


def test_every_file_says_which_department_it_is_and_whether_it_was_seen_working() -> None:
    files = sorted((ROOT / "scenarios").glob("d*.py"))
    silent = []
    for path in files:
        code = path.stem.split("_")[0][1:].upper()
        says = " ".join(str(ast.get_docstring(ast.parse(path.read_text()))).split())
        place, _, seen = says.partition(f" ({code})")
        right = place == DEPARTMENTS[code] or code == NOWHERE
        if not right or not re.search(SEEN, seen):
            silent.append(path.name)

    assert len(files) > 90
    assert silent == []


def test_the_page_of_the_catalogue_is_current(real: loader.Catalog) -> None:
    _, generated = (ROOT / "docs" / "catalogue.md").read_text().split(MARK)

    now = "\n".join(scenarios_markdown(real.scenarios)) + "\n"
    assert generated == now, "docs/catalogue.md is old: make catalogue"


# A folder that is followed


@pytest.mark.parametrize("how", ["gone", "empty", "a file", "shut"])
def test_a_folder_that_goes_away_takes_nothing_with_it_and_may_come_back(
    tmp_path: Path, how: str
) -> None:
    folder, aside = tmp_path / "scenarios", tmp_path / "aside"
    folder.mkdir()
    write(folder, "d63_a.py", "a = flow('a')")
    following = CatalogFollower(folder)
    first = following.reload()
    assert first is not None
    assert [s.id for s in first.scenarios] == ["63/a"]
    assert (following.reload(), following.problem) == (None, None)

    folder.rename(aside)
    match how:
        case "empty":  # as the place of a disk that is not mounted
            folder.mkdir()
        case "a file":
            folder.write_text("")
        case "shut":
            folder.symlink_to(folder)  # root may read everything, but not this
    for _ in range(2):
        assert following.reload() is None
        assert "what was read before holds on" in str(following.problem)

    if how == "empty":
        folder.rmdir()
    elif how != "gone":
        folder.unlink()
    write(aside, "d63_b.py", "b = flow('b')")
    aside.rename(folder)
    back = following.reload()
    assert back is not None
    assert [s.id for s in back.scenarios] == ["63/a", "63/b"]
    assert following.problem is None


def test_a_folder_that_was_never_there_is_told_at_once(tmp_path: Path) -> None:
    following = CatalogFollower(tmp_path / "none")
    for _ in range(2):
        with pytest.raises(BadInput, match="FLEET_SCENARIOS_DIR"):
            following.reload()
