"""The counts kept ready are those of a full count, in whatever order attempts come."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from fleet.analysis.changes import STATES, SeenState, changes_of
from fleet.analysis.delays import Delay
from fleet.analysis.rates import Counts
from fleet.analysis.samples import DayFigures
from fleet.cli.commands import rollup
from fleet.models import Attempt, Group, Verdict
from fleet.models.missed import MissedVisit, MissReason
from fleet.models.paris import day_start
from fleet.models.query import Period
from fleet.models.withdrawal import AttemptWithdrawal
from fleet.settings import Settings
from fleet.storage.figures.aggregations import figures_of, merge_into
from fleet.storage.store import Store
from tests.analysis.test_delays import DELAYS
from tests.cli.test_cli import fleet
from tests.storage.databases import own_store
from tests.storage.test_store import attempt_of

Documents = dict[str, Any]
Database = AsyncIOMotorDatabase[Documents]

AT = datetime(2026, 3, 10, 9, tzinfo=UTC)
FLOWS = ("91/titre-de-sejour", "91/permis-de-conduire", "63/titre-de-sejour")


def attempt_at(at: datetime, verdict: Verdict = Verdict.NO_SLOTS, **changes: Any) -> Attempt:
    """An attempt at a flow; `scenario_id` decides department, flow and control."""
    scenario_id = changes.setdefault("scenario_id", FLOWS[0])
    department, flow = scenario_id.split("/")
    named = {"department": department, "flow": flow, "control": flow.startswith("permis")}
    fields: Documents = {"first_dates": (), "slot_count": None, "run_id": uuid.uuid4().hex}
    fields["due_at"] = at  # drawn at random
    return attempt_of(
        started_at=at, verdict=verdict, group=verdict.group, **{**fields, **named, **changes}
    )


def missed_at(at: datetime, scenario_id: str, why: MissReason = MissReason.COOLING) -> MissedVisit:
    """A visit that was due and not made."""
    return MissedVisit(
        scenario_id=scenario_id,
        department=scenario_id.split("/")[0],
        control="permis" in scenario_id,
        due_at=at,
        why=why,
        detail="test",
        noted_at=at,
    )


@pytest.fixture
async def beside(mongodb_url: str, store: Store) -> AsyncIterator[Database]:
    """The store's database as another program sees it."""
    client: AsyncIOMotorClient[Documents] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    yield client[store._db.name]
    client.close()


async def add(store: Store, *attempts: Attempt) -> None:
    for attempt in attempts:
        await store.attempts.add(attempt, [])


async def day_of(db: Database, scenario_id: str, day: str) -> DayFigures:
    found = await db.rollups.find_one({"scenario_id": scenario_id, "day": day})
    assert found
    return figures_of(found)


async def proved(store: Store) -> None:
    """That the roll-ups are what the attempts give."""
    counted = await store.rollups.check()
    assert counted.differences == ()
    assert counted.attempts


async def test_an_attempt_that_is_stored_is_counted_at_once(store: Store) -> None:
    await add(store, attempt_at(AT), attempt_at(AT + timedelta(hours=1), Verdict.SLOTS))

    overview = await store.figures.overview(Period(first=AT.date(), last=AT.date()))

    assert overview["91"].foreigners.verdicts == {Verdict.NO_SLOTS: 1, Verdict.SLOTS: 1}
    await proved(store)


async def test_control_flows_are_counted_apart(store: Store) -> None:
    await add(store, attempt_at(AT), attempt_at(AT, Verdict.SLOTS, scenario_id=FLOWS[1]))

    (halves,) = (await store.figures.overview(Period(first=AT.date(), last=AT.date()))).values()

    assert halves.foreigners.verdicts == {Verdict.NO_SLOTS: 1}
    assert halves.control.verdicts == {Verdict.SLOTS: 1}


async def test_mongodb_too_counts_the_first_attempt_and_keeps_what_retries_saw_beside(
    store: Store, beside: Database
) -> None:
    """Also if the retry begins on the next day: it stands beside that day's samples."""
    midnight = day_start(date(2026, 3, 11))
    visit = [Verdict.OVERLOAD, Verdict.TIMEOUT, Verdict.SLOTS]
    await add(
        store,
        *(
            attempt_at(midnight + timedelta(minutes=n - 1), verdict, run_id="r", number=n + 1)
            for n, verdict in enumerate(visit)
        ),
    )

    before = await day_of(beside, FLOWS[0], "2026-03-10")
    after = await day_of(beside, FLOWS[0], "2026-03-11")
    assert before.counts == Counts({Verdict.OVERLOAD: 1})
    assert after.counts == Counts({}, retried=2, retry_answers=1)
    assert after.retries == {Verdict.TIMEOUT: 1, Verdict.SLOTS: 1}
    assert after.delays == {}
    await proved(store)


async def test_what_was_asked_for_by_hand_is_kept_apart_from_what_was_drawn(store: Store) -> None:
    """A day, a week and a whole period of both: the rate is of what was drawn, everywhere."""
    for n in range(3):
        by_hand = attempt_at(AT + timedelta(minutes=n), Verdict.SLOTS, due_at=None)
        await add(store, attempt_at(AT + timedelta(hours=n, days=n)), by_hand)
    await add(store, attempt_at(AT, Verdict.SLOTS, due_at=None, scenario_id="91/autre"))

    for days in (1, 3, 20):
        period = Period(first=AT.date(), last=AT.date() + timedelta(days=days - 1))
        (halves,) = (await store.figures.overview(period)).values()
        one, two = await store.figures.department("91", period)
        flow = await store.figures.flow(FLOWS[0], period)

        made = min(days, 3)
        assert halves.foreigners == Counts({Verdict.NO_SLOTS: made}, by_hand=4)
        assert flow
        assert two.counts == flow.totals.counts == Counts({Verdict.NO_SLOTS: made}, by_hand=3)
        assert one.counts == Counts({Verdict.SLOTS: 1}, drawn=False)
        assert flow.beside[AT.date()] == {Verdict.SLOTS: 3}
    await proved(store)


async def test_what_was_due_and_not_made_is_in_the_figures_of_its_day_flow_and_department(
    store: Store,
) -> None:
    """A flow that was left alone all the time is there, too: nobody knows what it offered."""
    await add(store, attempt_at(AT), attempt_at(AT, Verdict.BLOCKED, scenario_id=FLOWS[1]))
    alone = "91/jamais-visitee"
    await store.missed_visits.add(
        [
            missed_at(AT + timedelta(hours=1), FLOWS[0]),
            missed_at(AT + timedelta(days=1), FLOWS[0], MissReason.LATE),
            missed_at(AT + timedelta(hours=2), FLOWS[1]),
            missed_at(AT, alone),
            missed_at(AT - timedelta(days=30), FLOWS[0]),
            missed_at(AT, "92/ailleurs"),
        ]
    )
    period = Period(first=AT.date(), last=AT.date() + timedelta(days=1))

    overview = await store.figures.overview(period)
    flows = {each.scenario_id: each for each in await store.figures.department("91", period)}
    flow = await store.figures.flow(FLOWS[0], period)
    never = await store.figures.flow(alone, period)

    own = Counts({Verdict.NO_SLOTS: 1}, missed={MissReason.COOLING: 1, MissReason.LATE: 1})
    assert flow
    assert flow.totals.counts == flows[FLOWS[0]].counts == own
    assert [(each.day.day, each.counts.due) for each in flow.days] == [(10, 2), (11, 1)]
    assert overview["91"].foreigners.missed == {MissReason.COOLING: 2, MissReason.LATE: 1}
    assert (overview["91"].control.samples, overview["91"].control.due) == (1, 2)
    assert overview["92"].foreigners.unanswered_share == 1
    assert never
    assert never.totals.counts == flows[alone].counts == Counts(missed={MissReason.COOLING: 1})


@pytest.mark.parametrize(
    ("day", "hours", "in_hour_2"), [("2026-03-29", 23, 0), ("2026-10-25", 25, 2)]
)
async def test_a_day_on_which_clocks_change_is_counted_whole(
    store: Store, beside: Database, day: str, hours: int, in_hour_2: int
) -> None:
    start = day_start(date.fromisoformat(day))
    await add(store, *(attempt_at(start + timedelta(hours=n)) for n in range(-1, hours + 1)))

    figures = await day_of(beside, FLOWS[0], day)

    assert figures.counts.samples == hours
    assert sum(figures.hours.get(2, {}).values()) == in_hour_2
    await proved(store)


async def test_mongodb_gives_every_delay_the_class_that_the_method_says(
    store: Store, beside: Database
) -> None:
    for n, (day, dates, *_) in enumerate(DELAYS):
        flow = f"91/flow-{n}"
        at = day_start(date.fromisoformat(day)) + timedelta(hours=23, minutes=59)
        offered = tuple(map(date.fromisoformat, dates))
        await add(store, attempt_at(at, Verdict.SLOTS, first_dates=offered, scenario_id=flow))

    got = [await day_of(beside, f"91/flow-{n}", day) for n, (day, *_) in enumerate(DELAYS)]

    assert [[*each.delays] for each in got] == [[delay] for _, _, delay, _ in DELAYS]
    assert [sorted(each.within) for each in got] == [within for *_, within in DELAYS]
    await proved(store)


async def test_the_waits_of_a_day_are_those_of_slots_with_a_known_day(
    store: Store, beside: Database
) -> None:
    soon, late = date(2026, 3, 12), date(2026, 3, 20)
    await add(
        store,
        attempt_at(AT, Verdict.SLOTS, first_dates=(soon, late)),
        attempt_at(AT + timedelta(hours=1), Verdict.SLOTS, first_dates=(late,)),
        attempt_at(AT + timedelta(hours=2), Verdict.SLOTS),
        attempt_at(AT + timedelta(hours=3), Verdict.NO_SLOTS),
    )

    figures = await day_of(beside, FLOWS[0], "2026-03-10")

    assert (figures.known, figures.wait_days, figures.shortest_wait_days) == (2, 12, 2)
    assert sum(figures.delays.values()) == 4
    assert figures.delays[Delay.UNKNOWN_DATE] == 1


LONG_NIGHT = datetime(2026, 10, 24, 20, tzinfo=UTC)

attempts_lists = st.lists(
    st.builds(
        lambda minutes, verdict, number, run, flow, version, waits, drawn: attempt_at(
            LONG_NIGHT + timedelta(minutes=minutes),
            verdict,
            number=number,
            run_id=run,
            scenario_id=flow,
            scenario_version=version,
            **({} if drawn else {"due_at": None}),
            first_dates=tuple(
                sorted({(LONG_NIGHT + timedelta(days=wait)).date() for wait in waits})
            )
            if verdict is Verdict.SLOTS
            else (),
        ),
        # around two midnights of a week-end on which clocks go back; many at the same instant
        minutes=st.sampled_from([*range(0, 3000, 60), *range(110, 130, 2), *range(1610, 1630, 2)]),
        verdict=st.sampled_from(
            [Verdict.OVERLOAD, Verdict.TIMEOUT, Verdict.SLOTS, Verdict.NO_SLOTS, Verdict.CAPTCHA]
        ),
        number=st.sampled_from([1, 2, 2, 3]),
        run=st.sampled_from(["a", "b"]),
        drawn=st.booleans(),
        flow=st.sampled_from(FLOWS),
        version=st.sampled_from(["v1", "v2"]),
        waits=st.lists(st.sampled_from([-1, 0, 7, 31, 32, 61, 62, 90]), max_size=2),
    ),
    min_size=1,
    max_size=25,
)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(attempts=attempts_lists)
async def test_in_any_order_and_added_twice_the_rollups_are_those_of_a_full_count(
    mongodb_url: str, attempts: list[Attempt]
) -> None:
    async with own_store(mongodb_url) as store:
        await add(store, *attempts, *attempts[::3])

        await proved(store)


async def test_attempts_stored_at_once_by_two_fleets_are_all_counted(
    mongodb_url: str, store: Store
) -> None:
    """Each makes the same documents anew; the one that saw fewer attempts must not win."""
    other = await Store.open(mongodb_url, store._db.name)
    attempts = [
        attempt_at(AT + timedelta(minutes=n), run_id=str(n), scenario_id=FLOWS[n % 2])
        for n in range(60)
    ]

    await asyncio.gather(
        *((store, other)[n % 2].attempts.add(attempt, []) for n, attempt in enumerate(attempts))
    )

    await proved(store)
    other.close()


@pytest.mark.parametrize(("seen", "stays"), [(1, True), (2, False), (3, False)])
async def test_a_rollup_does_not_give_way_to_one_that_has_seen_fewer_attempts(
    store: Store, beside: Database, seen: int, stays: bool
) -> None:
    """A slow writer counted before another attempt was stored, and writes after it was counted."""
    await add(store, attempt_at(AT), attempt_at(AT + timedelta(hours=1)))
    kept = await beside.rollups.find_one({})
    assert kept
    await beside.slow.insert_one({**kept, "seen": seen, "retried": 99})

    await beside.slow.aggregate([merge_into("rollups")]).to_list(None)

    now = await beside.rollups.find_one({})
    assert now
    assert (now == kept) is stays


async def test_what_a_crash_left_uncounted_is_counted_with_the_next_attempt_of_the_day(
    store: Store, beside: Database
) -> None:
    lost = attempt_at(AT, Verdict.SLOTS).to_document()
    await beside.attempts.insert_one(lost)  # stored, and the process died
    assert len((await store.rollups.check()).differences) == 2  # of the flow, of the department

    await add(store, attempt_at(AT + timedelta(hours=1)))

    await proved(store)


async def test_a_rebuild_makes_everything_from_the_attempts_alone(
    store: Store, beside: Database
) -> None:
    verdicts = random.Random(3).choices([*Verdict], k=80)
    await add(
        store,
        *(
            attempt_at(AT + timedelta(hours=n), verdict, scenario_id=FLOWS[n % 3])
            for n, verdict in enumerate(verdicts)
        ),
    )
    names = ("rollups", "department_rollups", "changes")
    before = [await beside[name].find().sort("_id").to_list(None) for name in names]
    for name in names:
        await beside[name].delete_many({})

    made = await store.rollups.rebuild()

    assert [await beside[name].find().sort("_id").to_list(None) for name in names] == before
    assert (made.flows, made.flow_days, made.department_weeks, made.changes) == (
        3,
        *map(len, before),
    )
    assert before[2]


FALSE: list[tuple[str, Documents, str]] = [
    ("rollups", {"$set": {"cells.0.n": 9}}, "91/titre-de-sejour 2026-03-10"),
    ("rollups", {"$set": {"retried": 9, "seen": 99}}, '"retried": 9'),
    ("rollups", {"$set": {"delays.none": 9}}, 'delays {"none": 9}, counted {"none": 2}'),
    ("rollups", {"$set": {"verdicts.no_slots": 9}}, '"no_slots": 9'),
    ("rollups", {"$set": {"day": "2026-03-11"}}, 'day "2026-03-11", counted "2026-03-10"'),
    ("rollups", {"$set": {"department": "92"}}, 'department "92", counted "91"'),
    ("department_rollups", {"$set": {"week": "2026-03-02"}}, 'week "2026-03-02"'),
    ("rollups", {"$set": {"versions": []}}, "versions [], counted"),
    ("rollups", {"$set": {"control": True}}, "control true, counted false"),
    ("rollups", {"$set": {"shortest_wait_days": 0}}, "shortest_wait_days 0, counted null"),
    ("rollups", {"$set": {"within.6": 1}}, 'within {"6": 1}, counted {}'),
    ("department_rollups", {"$set": {"foreigners.verdicts.no_slots": 1}}, "91 2026-03-09"),
    ("department_rollups", {"$set": {"control.retried": 1, "seen": 99}}, "91 2026-03-09"),
    ("department_rollups", {"$set": {"foreigners_by_hand.retry_answers": 1}}, "91 2026-03-09"),
    ("rollups", {"$set": {"retries": {"slots": 1}}}, 'retries {"slots": 1}, counted {}'),
    ("rollups", {"$set": {"drawn": False}}, "drawn false, counted true"),
    ("changes", {"$set": {"before.verdict": "closed"}}, "change at attempt"),
]


@pytest.mark.parametrize(("name", "harm", "words"), FALSE)
async def test_a_falsified_rollup_is_found_and_named_and_made_right_again(
    store: Store, beside: Database, name: str, harm: Documents, words: str
) -> None:
    hours = [attempt_at(AT + timedelta(hours=n)) for n in range(2)]
    await add(store, *hours, attempt_at(AT + timedelta(hours=2), Verdict.CAPTCHA))
    await proved(store)
    await beside[name].update_one({}, harm)

    found = await store.rollups.check()

    (difference,) = found.differences
    assert words in difference
    await store.rollups.rebuild()
    await proved(store)


@pytest.mark.parametrize("name", ["rollups", "department_rollups", "changes"])
@pytest.mark.parametrize("known", [True, False])
async def test_a_rollup_of_attempts_that_there_are_not_is_found_and_removed(
    store: Store, beside: Database, name: str, known: bool
) -> None:
    await add(store, attempt_at(AT), attempt_at(AT + timedelta(hours=1), Verdict.SLOTS))
    document = await beside[name].find_one({})
    assert document
    other = {} if known else {"scenario_id": "01/none", "department": "01"}
    await beside[name].insert_one({**document, **other, "_id": "made up", "day": "2026-03-01"})

    assert len((await store.rollups.check()).differences) == 1
    await store.rollups.rebuild()
    await proved(store)


def test_a_change_is_between_two_states_whatever_errors_lie_between() -> None:
    verdicts = [
        *(Verdict.OVERLOAD, Verdict.NO_SLOTS, Verdict.TIMEOUT, Verdict.NO_SLOTS),
        *(Verdict.BLOCKED, Verdict.SLOTS, Verdict.UNRECOGNISED, Verdict.CRASHED),
        *(Verdict.CAPTCHA, Verdict.CLOSED),
    ]
    seen = [
        SeenState(str(n), AT + timedelta(hours=n), verdict, False)
        for n, verdict in enumerate(verdicts)
    ]

    changes = changes_of(FLOWS[0], seen)

    assert [(each.before.attempt_id, each.after.attempt_id) for each in changes] == [
        ("3", "5"),
        ("5", "8"),
        ("8", "9"),
    ]


def test_no_error_is_a_state() -> None:
    assert {verdict.group for verdict in STATES} == {Group.ANSWERED, Group.REFUSED}
    assert not {Verdict.BLOCKED, Verdict.RATE_LIMITED} & {*STATES}


async def test_an_attempt_stored_late_splits_the_change_that_it_lies_in(store: Store) -> None:
    """none … slots becomes none … closed … slots."""
    await add(store, attempt_at(AT), attempt_at(AT + timedelta(hours=2), Verdict.SLOTS))

    await add(store, attempt_at(AT + timedelta(hours=1), Verdict.CLOSED))

    latest = await store.figures.changes()
    assert [(each.before.verdict, each.after.verdict) for each in latest] == [
        (Verdict.CLOSED, Verdict.SLOTS),
        (Verdict.NO_SLOTS, Verdict.CLOSED),
    ]


async def test_an_attempt_stored_late_takes_a_change_to_itself(store: Store) -> None:
    """none … slots: a late attempt in between that saw slots is now the first."""
    slots = attempt_at(AT + timedelta(hours=2), Verdict.SLOTS)
    await add(store, attempt_at(AT), slots)
    earlier = attempt_at(AT + timedelta(hours=1), Verdict.SLOTS)

    await add(store, earlier)

    (change,) = await store.figures.changes()
    assert change.after.attempt_id == earlier.id


async def test_the_latest_changes_are_told_newest_first_of_a_flow_or_a_public(
    store: Store,
) -> None:
    for flow in FLOWS:
        for n, verdict in enumerate([Verdict.NO_SLOTS, Verdict.SLOTS, Verdict.NO_SLOTS]):
            at = AT + timedelta(hours=n, minutes=FLOWS.index(flow))
            await add(store, attempt_at(at, verdict, scenario_id=flow))

    latest = [each.after.at - AT for each in await store.figures.changes(limit=4)]
    of_flow = await store.figures.changes(scenario_id=FLOWS[2])
    of_control = await store.figures.changes(control=True)

    minutes = [each // timedelta(minutes=1) for each in latest]
    assert minutes == [122, 121, 120, 62]
    assert [each.scenario_id for each in of_flow] == [FLOWS[2]] * 2
    assert [each.scenario_id for each in of_control] == [FLOWS[1]] * 2


async def test_the_command_ends_with_3_if_the_rollups_are_false_and_makes_them_right(
    database: dict[str, str], mongodb_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    own = Settings(mongodb_url=mongodb_url, database=database["FLEET_DATABASE"])
    async with await Store.open(mongodb_url, own.database) as store:
        await add(store, attempt_at(AT), attempt_at(AT + timedelta(hours=1), Verdict.SLOTS))
        await store._db.rollups.delete_many({})

    false = await fleet("rollup", "--check", **database)
    await rollup.rollup(own, check=False)
    await rollup.rollup(own, check=True)

    assert false.code == 3
    assert "91/titre-de-sejour 2026-03-10 is not kept" in false.out
    assert "Make them anew: fleet rollup" in false.line
    assert capsys.readouterr().out.splitlines() == [
        "made anew for 1 flows: 1 flow-days, 1 department-weeks, 1 changes of state",
        "2 attempts counted: 1 flow-days, 1 department-weeks, 1 changes of state; 0 differences",
    ]


async def test_an_attempt_that_is_withdrawn_is_in_no_figure_and_stays_stored(
    store: Store, beside: Database
) -> None:
    """Nor after later attempts of its day, nor once all of its flow's attempts are withdrawn."""
    wrong = attempt_at(AT + timedelta(hours=1), Verdict.SLOTS)
    right = attempt_at(AT)
    await add(store, right, wrong)
    withdrawal = AttemptWithdrawal(
        attempt_id=wrong.id, scenario_id=wrong.scenario_id, reason="A trial", at=AT, by="a"
    )

    await store.withdrawals.add(withdrawal)
    again = await store.withdrawals.add(withdrawal.model_copy(update={"reason": "Another"}))
    await add(store, attempt_at(AT + timedelta(hours=2)))

    day = await day_of(beside, wrong.scenario_id, str(AT.date()))
    assert day.counts.verdicts == {Verdict.NO_SLOTS: 2}
    assert await store.rollups.changes.latest(9) == []
    assert (again.reason, await store.withdrawals.get(right.id)) == ("A trial", None)
    assert (await store.queries.attempt(wrong.id)).attempt == wrong
    await proved(store)
    for each in [a async for a in store.attempts.find()]:
        await store.withdrawals.add(withdrawal.model_copy(update={"attempt_id": each.id}))
    await store.rollups.rebuild()
    assert await beside.rollups.count_documents({}) == 0
    assert await beside.department_rollups.count_documents({}) == 0
    assert (await store.rollups.check()).differences == ()


async def test_who_offered_is_whoever_any_attempt_saw_slots_at_retries_and_by_hand_too(
    store: Store,
) -> None:
    """A rate of 0 is not "nothing was offered" where an attempt that is in no rate saw a slot."""
    none, drawn, retried, by_hand, before = (f"91/flow-{n}" for n in range(5))
    later = AT + timedelta(minutes=2)
    await add(
        store,
        *(attempt_at(AT, scenario_id=each) for each in (none, retried, by_hand, before)),
        attempt_at(AT, Verdict.SLOTS, scenario_id=drawn),
        attempt_at(later, Verdict.SLOTS, scenario_id=retried, number=2, due_at=AT),
        attempt_at(later, Verdict.SLOTS, scenario_id=by_hand, due_at=None),
        attempt_at(AT - timedelta(days=1), Verdict.SLOTS, scenario_id=before),
        attempt_at(AT, Verdict.SLOTS, scenario_id="92/flow"),
    )
    await store.missed_visits.add([missed_at(AT, "93/jamais")])
    period = Period(first=AT.date(), last=AT.date())

    offering = await store.figures.offering(period)
    every = await store.figures.department(None, period)

    assert offering == {drawn, retried, by_hand, "92/flow"}
    assert [each.scenario_id for each in every] == [
        *(none, drawn, retried, by_hand, before),
        *("92/flow", "93/jamais"),
    ]
    assert [each.counts.rate.slots for each in every[1:4]] == [1, 0, 0]
    assert every[-1].counts == Counts(missed={MissReason.COOLING: 1})
