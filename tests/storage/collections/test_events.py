"""What happened is noted once, in whatever order attempts come and however often."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from fleet.alerts.fleet_health import FleetHealth
from fleet.analysis.events import of_fleet
from fleet.models import Attempt, Served, Verdict
from fleet.models.event import LABELS, Event, EventKind
from fleet.storage.store import Store
from tests.storage.test_store import attempt_of

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
FLOW = "91/titre-de-sejour"


def seen(hours: float, verdict: Verdict, **changes: Any) -> Attempt:
    """An attempt at the flow, so many hours after `AT`."""
    plain = {"first_dates": (), "slot_count": None}
    at = AT + hours * HOUR
    return attempt_of(started_at=at, verdict=verdict, group=verdict.group, **{**plain, **changes})


async def add(store: Store, *attempts: Attempt) -> None:
    for attempt in attempts:
        await store.attempts.add(attempt, [])


async def told(store: Store) -> list[tuple[EventKind, float]]:
    """What was noted, oldest first: its kind, and hours since `AT`."""
    return [(e.kind, (e.at - AT) / HOUR) for e in reversed(await store.events.latest(100))]


@pytest.fixture
async def beside(mongodb_url: str, store: Store) -> AsyncIterator[AsyncIOMotorDatabase[Any]]:
    """The store's database as another program sees it."""
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    yield client[store._db.name]
    client.close()


async def test_a_change_of_state_is_an_event_that_names_both_visits(store: Store) -> None:
    before, after = seen(0, Verdict.NO_SLOTS), seen(1, Verdict.SLOTS)
    await add(store, before, seen(0.5, Verdict.TIMEOUT), after, seen(2, Verdict.SLOTS))

    (event,) = await store.events.latest(10, scenario_id=FLOW)

    assert (event.kind, event.before, event.at) == (
        EventKind.SLOTS,
        EventKind.NO_SLOTS,
        after.started_at,
    )
    assert event.attempt_ids == (before.id, after.id)
    assert event.words == (
        "lors de la tentative du 10/03/2026 à 11:00 (heure de Paris), la page proposait au moins un"
        " rendez-vous ; lors de la précédente qui disait quelque chose, le 10/03/2026 à 10:00"
        " (heure de Paris), la page disait qu’il n’y avait aucun rendez-vous."
    )


async def test_captcha_login_and_closing_come_and_go_as_events(store: Store) -> None:
    verdicts = ("captcha", "no_slots", "login_required", "closed", "unrecognised", "slots")

    await add(store, *(seen(n, Verdict(verdict)) for n, verdict in enumerate(verdicts)))

    kinds = [kind.value for kind, _ in await told(store)]
    assert kinds == ["no_slots", "login_required", "closed", "slots"]


async def test_an_attempt_stored_again_after_a_crash_makes_its_event_and_no_second(
    store: Store, beside: AsyncIOMotorDatabase[Any]
) -> None:
    """The fleet may die after the attempt was kept and before its event was: it is added again."""
    after = seen(1, Verdict.SLOTS)
    await add(store, seen(0, Verdict.NO_SLOTS), after)
    await beside.events.delete_many({})

    await add(store, after, after)

    assert await told(store) == [(EventKind.SLOTS, 1)]


async def test_a_late_attempt_moves_the_change_to_when_it_was_first_seen(
    store: Store, beside: AsyncIOMotorDatabase[Any]
) -> None:
    await add(store, seen(0, Verdict.NO_SLOTS), seen(3, Verdict.SLOTS), seen(2, Verdict.SLOTS))

    assert await told(store) == [(EventKind.SLOTS, 2)]
    assert await beside.events.count_documents({"void_at": {"$ne": None}}) == 1


async def test_events_are_the_changes_in_whatever_order_attempts_come(store: Store) -> None:
    rng = random.Random(7)
    verdicts = [Verdict.SLOTS, Verdict.NO_SLOTS, Verdict.CLOSED, Verdict.OVERLOAD]
    attempts = [seen(n, rng.choice(verdicts)) for n in range(24)]
    rng.shuffle(attempts)

    await add(store, *attempts)

    changes = await store.figures.changes(100)
    assert [event.attempt_ids for event in await store.events.latest(100)] == [
        (change.before.attempt_id, change.after.attempt_id) for change in changes
    ]


async def test_care_begins_with_the_third_attempt_that_says_nothing_and_ends_with_one_that_does(
    store: Store,
) -> None:
    lost = [seen(n, Verdict.UNRECOGNISED) for n in range(5)]
    await add(store, *lost, seen(5, Verdict.OVERLOAD), seen(6, Verdict.UNRECOGNISED))

    assert await told(store) == [(EventKind.CARE, 2), (EventKind.CARE_ENDED, 5)]
    (_, begun) = await store.events.latest(2)
    assert begun.words.startswith("3 tentatives de suite n’ont rien vu que le robot comprenne")


async def test_an_anchor_that_is_gone_needs_care_at_once(store: Store) -> None:
    await add(store, seen(0, Verdict.UNRECOGNISED, missing_anchor="Titre de séjour"))

    (event,) = await store.events.latest(2)
    assert event.kind is EventKind.CARE
    assert event.words.startswith("la page ne montre plus « Titre de séjour »")


async def test_a_host_that_blocks_and_answers_again_is_noted_once_each_for_all_its_flows(
    store: Store,
) -> None:
    other = {"scenario_id": "91/naturalisation", "flow": "naturalisation"}
    await add(
        store,
        seen(0, Verdict.NO_SLOTS),
        seen(1, Verdict.BLOCKED),
        seen(2, Verdict.RATE_LIMITED, **other),
        seen(3, Verdict.OVERLOAD),
        seen(4, Verdict.NO_SLOTS, **other),
        seen(5, Verdict.NO_SLOTS),
        seen(2.5, Verdict.BLOCKED),  # late: it is no news
    )

    assert await told(store) == [(EventKind.HOST_BLOCKS, 1), (EventKind.HOST_ANSWERS, 4)]
    (answers, _) = await store.events.latest(2)
    assert (answers.host, answers.subject) == ("evry.localhost", "host evry.localhost")


async def test_events_of_the_fleet_are_read_back_equal_and_noted_once(store: Store) -> None:
    started = of_fleet(EventKind.WATCH_STARTED, AT, about="run1", flows=343)

    await store.events.add([started])
    await store.events.add(
        [started, of_fleet(EventKind.WATCH_STARTED, AT, about="run1", flows=343)]
    )

    assert await store.events.latest(10) == [started]


def test_every_kind_has_a_label_and_the_states_are_those_of_the_verdicts() -> None:
    assert LABELS.keys() == set(EventKind)
    states = {Verdict.SLOTS, Verdict.NO_SLOTS, Verdict.CLOSED, Verdict.CAPTCHA}
    assert {EventKind(v.value).value for v in {*states, Verdict.LOGIN_REQUIRED}} <= {*Verdict}


def look(conditions: FleetHealth, minutes: float, **changes: Any) -> list[Event]:
    fine: dict[str, Any] = {"no_room": None, "store_away": False, "deaths": 0}
    return conditions.update(AT + timedelta(minutes=minutes), **{**fine, **changes})


def test_what_begins_or_ends_in_the_fleet_is_an_event_and_what_lasts_is_none() -> None:
    conditions = FleetHealth()
    looks: list[dict[str, Any]] = [
        {},
        {"no_room": "the spool is full"},
        {"no_room": "the spool is fuller", "store_away": True},
        {"store_away": True},
        {},
    ]

    found = [[e.kind for e in look(conditions, n, **each)] for n, each in enumerate(looks)]

    assert found == [
        [],
        [EventKind.NO_ROOM],
        [EventKind.STORE_AWAY],
        [EventKind.ROOM_AGAIN],
        [EventKind.STORE_BACK],
    ]


def test_chromium_that_dies_three_times_in_ten_minutes_is_told_one_now_and_then_is_not() -> None:
    conditions = FleetHealth()
    times = {0: 1, 30: 2, 60: 3, 62: 4, 64: 5, 66: 6, 67: 6}

    found = {n: [e.kind for e in look(conditions, n, deaths=d)] for n, d in times.items()}

    assert {n for n, kinds in found.items() if kinds} == {64}
    assert found[64] == [EventKind.BROWSERS_DIE]


async def test_an_outage_of_the_fleets_own_is_told_once_and_that_it_is_over_once(
    store: Store,
) -> None:
    """Whoever notices it, in whatever order, and however often it comes."""

    def ours(hours: float, blame: str = "network") -> Attempt:
        facts = {"unreached": blame}
        return seen(
            hours, Verdict.CRASHED, served=(), facts=facts, scenario_id=f"91/f-{hours * 10:.0f}"
        )

    def answered(hours: float) -> Attempt:
        at = AT + hours * HOUR
        return seen(hours, Verdict.CLOSED, served=(Served(url="http://x/", status=200, at=at),))

    first = ours(1)
    await add(store, answered(0), ours(0.5, "unknown"))
    await asyncio.gather(*(store.attempts.add(each, []) for each in (first, ours(1), ours(1.1))))
    await add(store, first, ours(2), answered(3), answered(3.5), first, answered(0.9))
    await add(store, ours(4, "clock"), ours(5), answered(6))

    found = await told(store)
    away, back = EventKind.NETWORK_AWAY, EventKind.NETWORK_BACK
    assert [kind for kind, _ in found] == [away, back, away, back]
    assert [round(hours) for _, hours in found] == [1, 3, 4, 6]
    events = await store.events.latest(4)
    assert "l’horloge de cette machine est fausse" in events[1].words
    assert all(event.of_fleet for event in events)


async def test_what_the_fleets_own_network_spoils_needs_no_care(store: Store) -> None:
    facts = {"unreached": "unknown"}

    await add(store, *(seen(n, Verdict.CRASHED, served=(), facts=facts) for n in range(5)))
    assert await told(store) == []

    await add(store, *(seen(n, Verdict.CRASHED) for n in (6, 7)))
    await add(store, seen(8, Verdict.CRASHED, served=(), facts=facts))
    await add(store, seen(9, Verdict.CRASHED))
    assert await told(store) == [(EventKind.CARE, 9)]
