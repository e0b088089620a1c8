"""Which scenarios need care, since when, and who changed: prefectures or we."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from fleet.analysis.care import (
    Care,
    CareKind,
    CareReason,
    NewVersion,
    VersionField,
    care_list,
    care_why,
)
from fleet.models import Attempt, Verdict
from fleet.storage.store import Store
from tests.cli.test_cli import fleet
from tests.storage.test_store import AT, attempt_of, file_of

GOOD, WORDS, BUG = Verdict.NO_SLOTS, Verdict.UNRECOGNISED, Verdict.CRASHED
HOUR = timedelta(hours=1)


def history(
    *verdicts: Verdict, scenario_id: str = "92/a", host: str = "nanterre", **changes: Any
) -> list[Attempt]:
    """Attempts an hour apart, the oldest named first; given newest first, as the store does."""
    attempts = [
        attempt_of(
            scenario_id=scenario_id,
            url=f"https://www.{host}.example/booking/create/1",
            verdict=verdict,
            group=verdict.group,
            started_at=AT + number * HOUR,
            **changes,
        )
        for number, verdict in enumerate(verdicts)
    ]
    return attempts[::-1]


def only(histories: dict[str, list[Attempt]], scenario_id: str = "92/a") -> Care:
    return next(care for care in care_list(histories) if care.latest.scenario_id == scenario_id)


@pytest.mark.parametrize(
    "verdicts",
    [
        (),
        (WORDS, WORDS),
        (WORDS, WORDS, WORDS, GOOD),
        (WORDS, WORDS, Verdict.OVERLOAD, WORDS),
        (Verdict.CAPTCHA,) * 5,
        (Verdict.SITE_DOWN,) * 5,
    ],
    ids=str,
)
def test_a_scenario_that_says_something_of_its_site_needs_no_care(
    verdicts: tuple[Verdict, ...],
) -> None:
    assert care_list({"92/a": history(*verdicts)}) == []


def test_three_in_a_row_without_an_answer_need_care_since_the_first_of_them() -> None:
    care = only({"92/a": history(GOOD, WORDS, WORDS, BUG, WORDS)})

    assert (care.attempts, care.since) == (4, AT + HOUR)
    assert care.latest.started_at == AT + 4 * HOUR


def test_what_our_own_network_spoils_says_nothing_of_a_scenario() -> None:
    """It neither needs care for it, nor is it sound again because of it."""
    away: dict[str, Any] = {"facts": {"unreached": "network"}}
    mixed = [
        *history(BUG, **away),
        *history(WORDS),
        *history(BUG, BUG, **away),
        *history(WORDS, WORDS),
        *history(GOOD),
    ]

    assert care_list({"92/a": [*history(BUG, BUG, BUG, **away), *history(GOOD)]}) == []
    assert (only({"92/a": mixed}).attempts, only({"92/a": mixed}).latest.verdict) == (3, WORDS)


def test_one_attempt_without_its_anchor_is_enough() -> None:
    gone = history(GOOD)[0]
    gone = gone.model_copy(
        update={"verdict": WORDS, "group": WORDS.group, "missing_anchor": "Titre de séjour"}
    )

    care = only({"92/a": [gone, *history(GOOD)]})

    assert (care.changed, care.reason) == ("site", CareReason(CareKind.ANCHOR_GONE))
    assert care_why(care) == "the anchor 'Titre de séjour' is gone from its pages"


def test_one_site_that_is_no_longer_understood_has_changed_itself() -> None:
    histories = {
        "92/a": history(GOOD, WORDS, WORDS, WORDS),
        "93/a": history(GOOD, GOOD, GOOD, GOOD, scenario_id="93/a", host="bobigny"),
    }

    assert only(histories).changed == "site"


def test_a_national_site_with_many_flows_is_one_site() -> None:
    histories = {
        f"{n}/a": history(GOOD, WORDS, WORDS, WORDS, scenario_id=f"{n}/a", host="rdv")
        for n in range(60, 70)
    }

    assert {care.changed for care in care_list(histories)} == {"site"}


def test_many_sites_on_the_same_day_are_us() -> None:
    histories = {
        f"{n}/a": history(GOOD, WORDS, WORDS, WORDS, scenario_id=f"{n}/a", host=f"host{n}")
        for n in range(60, 63)
    }

    care = only(histories, "61/a")

    assert (care.changed, care.reason) == ("ours", CareReason(CareKind.MANY_SITES, sites=3))
    assert care_why(care) == "3 sites began to fail within a day"


@pytest.mark.parametrize(
    "field", ["fleet_version", "ruleset", "scenario_version", "chromium_version"]
)
def test_what_begins_right_after_an_upgrade_is_us(field: VersionField) -> None:
    before = getattr(history(GOOD)[0], field)
    after = [a.model_copy(update={field: "new"}) for a in history(GOOD, WORDS, WORDS, WORDS)[:3]]

    care = only({"92/a": [*after, *history(GOOD)]})

    new = NewVersion(field, before, "new")
    assert (care.changed, care.reason) == ("ours", CareReason(CareKind.OUR_CHANGE, versions=(new,)))
    assert care_why(care).endswith(f"of ours: {field.replace('_', ' ')} {before} → new")


def test_a_crash_is_never_the_sites_doing() -> None:
    assert only({"92/a": history(GOOD, BUG, BUG, BUG)}).changed == "ours"


def test_what_was_never_understood_has_no_one_to_blame() -> None:
    care = only({"92/a": history(WORDS, WORDS, WORDS)})

    assert (care.changed, care.reason) == ("unknown", CareReason(CareKind.NEVER_RECOGNISED))


async def test_the_command_names_them_and_their_picture(database: dict[str, str]) -> None:
    """As stored by the fleet; `fleet care` reads the catalogue's scenarios only."""
    name = f"{database['FLEET_DATABASE']}_practice"
    picture = file_of(b"what was seen").evidence
    async with await Store.open(database["FLEET_MONGODB_URL"], name) as store:
        for attempt in history(WORDS, WORDS, WORDS, scenario_id="33/titre-de-sejour"):
            await store.attempts.add(attempt.model_copy(update={"evidence": (picture,)}), [])
        for attempt in history(WORDS, WORDS, WORDS, scenario_id="92/no-such-scenario"):
            await store.attempts.add(attempt, [])

    table = await fleet("care", "--practice", **database)
    lines = await fleet("care", "--practice", "--json", **database)
    none = await fleet("care", "--practice", **{**database, "FLEET_DATABASE": "empty"})

    assert table.code == lines.code == none.code == 0
    assert "33/titre-de-sejour" in table.out
    assert picture.sha256 in table.out
    (line,) = [json.loads(line) for line in lines.out.splitlines()]
    assert (line["scenario_id"], line["attempts"]) == ("33/titre-de-sejour", 3)
    assert line["latest_picture"] == picture.sha256
    assert none.out.startswith("none of ")
