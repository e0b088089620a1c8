"""Settings come from FLEET_* variables, and a wrong one is told without its secrets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import ValidationError

from fleet.bootstrap.visits import check_may_visit, is_loopback, run_options
from fleet.bootstrap.worlds import for_practice
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.errors import BadInput
from fleet.settings import Settings, load_settings
from tests.conftest import scenario_of
from tests.families.test_bookingserver import form


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"FLEET_{field.upper()}", raising=False)


def test_a_variable_is_read_and_an_empty_one_is_as_good_as_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLEET_PAGES", "9")
    monkeypatch.setenv("FLEET_CHROMIUM", "")
    monkeypatch.setenv("FLEET_TRIES", "")

    got = load_settings()

    assert (got.pages, got.chromium, got.tries) == (9, None, 3)


def test_a_place_at_home_is_meant_where_no_shell_has_read_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FLEET_DATA_DIR", "~/data")
    monkeypatch.setenv("FLEET_SCENARIOS_DIR", "~nobody-of-that-name/scenarios")

    got = load_settings()

    assert got.data_dir == tmp_path / "data"
    assert got.scenarios_dir == (Path("~nobody-of-that-name/scenarios"),)


def test_a_file_beside_gives_what_the_environment_leaves_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEET_TRIES", "2")
    (tmp_path / ".env").write_text(
        "# compose reads it too\nFLEET_TRIES=5\nFLEET_PAGES=4 # four\nFLEET_PORT=8000\n"
        "FLEET_REGION=\nFLEET_EGRESS_ADDRESS=\nFLEET_CONTACT_URL='https://example.org/a$b'\n"
    )

    got = load_settings()

    assert (got.tries, got.pages, got.egress_address) == (2, 4, None)
    assert got.contact_url == "https://example.org/a$b"


def test_the_example_file_is_taken_as_it_is_and_with_everything_in_it_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    example = (Path(__file__).parents[1] / ".env.example").read_text()
    (tmp_path / ".env").write_text(example)
    assert load_settings().contact_url is None

    (tmp_path / ".env").write_text(re.sub(r"^#(\w+=)", r"\1", example, flags=re.MULTILINE))
    assert load_settings().contact_url == "https://example.org/who-we-are"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"FLEET_PAGES=none\n", "FLEET_PAGES: Input should be a valid integer"),
        (b"FLEET_PAGES=\xff\n", ".env cannot be read"),
    ],
)
def test_a_file_beside_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(BadInput) as told:
        load_settings()

    assert words in str(told.value)
    assert ".env" in str(told.value)


def test_scenarios_here_go_before_those_that_came_along(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings().scenarios_dir == (Path(__file__).parents[1] / "scenarios",)

    (tmp_path / "scenarios").mkdir()
    assert load_settings().scenarios_dir == (Path("scenarios"),)


def test_settings_do_not_change_once_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().pages = 7


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("FLEET_PAGES", "0", "FLEET_PAGES: Input should be greater than or equal to 1, got '0'"),
        ("FLEET_DEADLINE_S", "soon", "FLEET_DEADLINE_S: Input should be a valid number"),
        ("FLEET_DEADLINE_S", "nan", "FLEET_DEADLINE_S: "),
        ("FLEET_PAUSE_S", "-1", "FLEET_PAUSE_S: Input should be greater than or equal to 0"),
        ("FLEET_CONTACT_URL", "me@example.org", "FLEET_CONTACT_URL: expected an address that"),
        ("FLEET_MONGODB_URL", "mongo://u:hunter2@h", "FLEET_MONGODB_URL: expected an address"),
    ],
)
def test_a_wrong_value_names_its_variable_and_never_shows_a_password(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, words: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(BadInput) as told:
        load_settings()

    assert words in str(told.value)
    assert "hunter2" not in str(told.value)
    assert "\n" not in str(told.value)


def test_practice_has_its_own_scenarios_and_database_and_no_pauses() -> None:
    real = Settings(scenarios_dir=(Path("/etc/fleet/scenarios"),), database="measures")

    practice = for_practice(real, PRACTICE_SCENARIOS)

    assert practice.scenarios_dir == (PRACTICE_SCENARIOS,)
    assert practice.database == "measures_practice"
    assert (practice.pause_s, practice.answer_timeout_s) == (0, 4)


def test_practice_keeps_what_is_set_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_PAUSE_S", "2")

    assert for_practice(load_settings(), PRACTICE_SCENARIOS).pause_s == 2


def test_the_option_pages_goes_before_the_setting() -> None:
    assert run_options(Settings(pages=3)).pages == 3
    assert run_options(Settings(pages=3), 5).pages == 5


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("evry.localhost", True),
        ("127.0.0.1:8063", True),
        ("LOCALHOST", True),
        ("www.essonne.gouv.fr", False),
        ("localhost.gouv.fr", False),
        ("127.0.0.1.gouv.fr", False),
        ("localhost@www.essonne.gouv.fr", False),
    ],
)
def test_a_real_site_needs_a_contact_address_and_this_machine_does_not(
    host: str, here: bool
) -> None:
    aimed = scenario_of(form()).at(f"http://{host}/booking/create/1")

    assert is_loopback(aimed) is here
    check_may_visit([aimed], Settings(contact_url="mailto:me@example.org"))
    if here:
        check_may_visit([aimed], Settings())
    else:
        with pytest.raises(BadInput, match="FLEET_CONTACT_URL is not set"):
            check_may_visit([aimed], Settings())
