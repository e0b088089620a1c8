"""The contract of words: verdicts, ids and the authoring surface. docs of record: design §3, §6."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

import fleet
from fleet import Outcome, Verdict, Visit, scenario
from fleet.models import Attempt, Scenario, Served, definition_version
from fleet.models.departments import DEPARTMENTS, NOWHERE
from tests.storage.test_store import attempt_of

VERDICTS = {
    "answered": ["slots", "no_slots", "closed"],
    "refused": ["captcha", "login_required", "blocked", "rate_limited"],
    "unavailable": ["overload", "maintenance", "session_expired", "site_down", "timeout"],
    "ours": ["unrecognised", "crashed"],
}


def test_verdicts_and_their_groups_are_those_of_exported_data() -> None:
    seen: dict[str, list[str]] = {}
    for verdict in Verdict:
        seen.setdefault(verdict.group.value, []).append(verdict.value)

    assert seen == VERDICTS


def test_a_scenario_file_needs_four_names() -> None:
    assert sorted(fleet.__all__) == ["Outcome", "Verdict", "Visit", "scenario"]


@scenario(department="2A", flow="titre-de-sejour", title="Titre", url="https://a.example/x")
async def ajaccio(visit: Visit) -> Outcome:
    return Outcome(verdict=Verdict.NO_SLOTS, detail="none")


def test_a_decorated_function_is_a_scenario_whose_id_is_department_and_flow() -> None:
    assert isinstance(ajaccio, Scenario)
    assert (ajaccio.id, ajaccio.family, ajaccio.control) == ("2A/titre-de-sejour", "own", False)


def test_a_scenario_aimed_elsewhere_differs_in_its_address_only() -> None:
    """Same version: what it does has not changed. The one it was made from stays."""
    there = ajaccio.at("http://practice.localhost:8063/x")

    assert there.url == "http://practice.localhost:8063/x"
    assert there.model_copy(update={"url": ajaccio.url}) == ajaccio
    assert there.script is ajaccio.script
    assert ajaccio.url == "https://a.example/x"


@pytest.mark.parametrize(
    "url", ["", "/x", "ftp://x/", "http://", "javascript:alert(1)", "http://a b/"]
)
def test_a_scenario_is_not_aimed_at_what_is_no_address(url: str) -> None:
    with pytest.raises(ValueError, match="is not an http:// or https:// address"):
        ajaccio.at(url)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("department", "63000", "none of 01…95, 2A, 2B, 971…988"),
        ("department", "1", "write it as text, with two digits at least"),
        ("department", "20", "none of 01"),
        ("flow", "Titre de séjour", "is not a slug"),
        ("flow", "titre--de", "is not a slug"),
        ("title", "", "at least 1 character"),
        ("url", "www.essonne.gouv.fr", "is not an http:// or https:// address"),
    ],
)
def test_a_scenario_with_a_wrong_field_says_what_was_expected(
    field: str, value: str, words: str
) -> None:
    fields = {"department": "63", "flow": "f", "title": "T", "url": "https://x/", field: value}
    with pytest.raises(ValidationError, match=words):
        scenario(**fields)(ajaccio.script)  # type: ignore[arg-type]


def test_there_are_96_departments_and_11_places_overseas() -> None:
    """INSEE's official geographic code of 2026, and the places of article 74."""
    places = DEPARTMENTS.keys() - {NOWHERE}

    assert len(places) == 96 + 11
    assert {"01", "2A", "2B", "75", "95", "971", "976", "988"} <= places
    assert len(set(DEPARTMENTS.values())) == len(DEPARTMENTS)


def test_a_version_changes_with_every_part_of_a_definition_and_with_nothing_else() -> None:
    same = definition_version(url="u", planning=None)

    assert definition_version(planning=None, url="u") == same
    assert len({same, definition_version(url="v", planning=None), definition_version(url="u")}) == 3
    assert len(same) == 12


def test_instants_are_kept_in_utc_and_cut_to_what_mongodb_keeps() -> None:
    paris = datetime(2026, 7, 1, 2, 0, 0, 123987, tzinfo=timezone(timedelta(hours=2)))

    served = Served(url="http://x/", status=200, at=paris)

    assert served.at == datetime(2026, 7, 1, 0, 0, 0, 123000, tzinfo=UTC)
    assert served.at.tzinfo is UTC


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="timezone"):
        Served(url="http://x/", status=200, at=datetime(2026, 7, 1))  # noqa: DTZ001


def test_an_attempt_is_frozen_refuses_unknown_fields_and_survives_both_forms() -> None:
    attempt = attempt_of()

    with pytest.raises(ValidationError, match="frozen"):
        attempt.verdict = Verdict.NO_SLOTS
    with pytest.raises(ValidationError, match="Extra inputs"):
        Attempt.model_validate({**attempt.model_dump(), "mood": "good"})
    assert Attempt.from_document(attempt.to_document()) == attempt
    assert Attempt.model_validate_json(attempt.model_dump_json()) == attempt


def test_an_outcome_keeps_the_first_two_distinct_days_in_order() -> None:
    days = [date(2026, 12, 3), date(2026, 12, 1), date(2026, 12, 1), date(2026, 12, 2)]

    got = Outcome(verdict=Verdict.SLOTS, detail="d").offering(days, slot_count=4)

    assert got.first_dates == (date(2026, 12, 1), date(2026, 12, 2))
    assert got.slot_count == 4
