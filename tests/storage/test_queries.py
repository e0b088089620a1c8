"""A reader gets what was asked for, all of it, in order, and through an index."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from fleet.analysis.delays import Delay
from fleet.analysis.rates import Counts, OfferRate, limits
from fleet.analysis.samples import Break
from fleet.errors import BadInput
from fleet.models import PARIS, Attempt, Group, Run, Verdict, now
from fleet.models.paris import day_start
from fleet.models.query import Cursor, Filter, Period
from fleet.models.withdrawal import AttemptWithdrawal
from fleet.storage.figures.figures import Halves
from fleet.storage.paging import MAX_LIMIT, SPANS_AT_ONCE, Page
from fleet.storage.queries import GalleryTile
from fleet.storage.store import Store
from tests.storage.databases import own_store
from tests.storage.figures.test_rollups import FLOWS, add, attempt_at
from tests.storage.test_store import file_of

Documents = dict[str, Any]
Turn = Callable[[Cursor | None], Awaitable[Page[Any]]]

START = day_start(date(2026, 10, 24))  # the next day has 25 hours
VERDICTS = (Verdict.NO_SLOTS, Verdict.SLOTS, Verdict.OVERLOAD, Verdict.CAPTCHA, Verdict.CLOSED)


def made_attempts() -> list[Attempt]:
    """Three flows, three days, one attempt an hour and flow; every second hour at one instant."""
    attempts = []
    for hour, (n, flow) in itertools.product(range(72), enumerate(FLOWS)):
        at = START + timedelta(hours=hour, minutes=n * (hour % 2))
        run_id = f"run-{hour // 8}"
        verdict = VERDICTS[(hour * 7 + n * 3) % len(VERDICTS)]
        attempts.append(attempt_at(at, verdict, scenario_id=flow, run_id=run_id))
    return attempts


@pytest.fixture(scope="module")
async def full(mongodb_url: str) -> AsyncIterator[tuple[Store, list[Attempt]]]:
    """A store with `made_attempts`, and these, newest first."""
    attempts = made_attempts()
    async with own_store(mongodb_url) as store:
        await store._db.attempts.insert_many([attempt.to_document() for attempt in attempts])
        await store.rollups.rebuild()
        yield store, sorted(attempts, key=lambda a: (a.started_at, a.id), reverse=True)


def fits(attempt: Attempt, asked: Filter) -> bool:
    """The meaning of a filter, said once more and simply."""
    paris = attempt.started_at.astimezone(PARIS)
    return (
        asked.scenario_id in (None, attempt.scenario_id)
        and asked.department in (None, attempt.department)
        and asked.verdict in (None, attempt.verdict)
        and asked.group in (None, attempt.group)
        and asked.control in (None, attempt.control)
        and asked.run_id in (None, attempt.run_id)
        and asked.hour in (None, paris.hour)
        and (asked.first is None or paris.date() >= asked.first)
        and (asked.last is None or paris.date() <= asked.last)
    )


FILTERS: dict[str, Documents] = {
    "all": {},
    "a scenario": {"scenario_id": FLOWS[0]},
    "a department": {"department": "91"},
    "a verdict": {"verdict": "slots"},
    "a group": {"group": "answered"},
    "control flows": {"control": True},
    "flows for foreigners": {"control": False},
    "a run": {"run_id": "run-3"},
    "a day of 25 hours": {"day": "2026-10-25"},
    "a period": {"first": "2026-10-25", "last": "2026-10-26"},
    "since a day": {"first": "2026-10-26"},
    "until a day": {"last": "2026-10-24"},
    "an hour": {"hour": 9},
    "the hour that is two hours long": {"hour": 2},
    "the last hour of the day": {"hour": 23},
    "an hour of a day": {"hour": 2, "day": "2026-10-25"},
    "an hour, a group and a scenario": {"hour": 4, "group": "answered", "scenario_id": FLOWS[2]},
    "an hour and a group": {"hour": 4, "group": "answered"},
    "a department's group of control flows": {
        "department": "91",
        "group": "unavailable",
        "control": True,
    },
    "a scenario's verdict": {"scenario_id": FLOWS[1], "verdict": "captcha"},
    "a run's verdict": {"run_id": "run-0", "verdict": "closed"},
    "nothing": {"run_id": "none"},
    "nothing at an hour": {"run_id": "none", "hour": 3},
}


async def turn_all(turn: Turn, *, newer_from: Cursor | None = None) -> list[list[Any]]:
    """Every page: to the older end, or from a cursor to the newer one."""
    pages, cursor = [], newer_from
    while True:
        page = await turn(cursor)
        pages.append([*page.items])
        cursor = page.newer if newer_from else page.older
        if cursor is None:
            return pages


@pytest.mark.parametrize("name", FILTERS)
async def test_the_pages_of_a_filter_are_everything_that_fits_newest_first(
    full: tuple[Store, list[Attempt]], name: str
) -> None:
    store, attempts = full
    asked = Filter.of(FILTERS[name])
    expected = [attempt for attempt in attempts if fits(attempt, asked)]
    assert bool(expected) == (not name.startswith("nothing"))

    pages = await turn_all(lambda cursor: store.queries.attempts(asked, cursor, 7))

    assert [attempt for page in pages for attempt in page] == expected
    assert all(len(page) == 7 for page in pages[:-1])


@pytest.mark.parametrize("name", ["all", "a verdict", "an hour", "a group", "a scenario"])
async def test_from_the_oldest_page_the_way_back_shows_the_same(
    full: tuple[Store, list[Attempt]], name: str
) -> None:
    """Also where several attempts began at the same instant."""
    store, attempts = full
    asked = Filter.of(FILTERS[name])
    expected = [attempt for attempt in attempts if fits(attempt, asked)]
    oldest = expected[-1]
    cursor = Cursor(at=oldest.started_at, attempt_id=oldest.id, newer=True)

    pages = await turn_all(lambda at: store.queries.attempts(asked, at, 4), newer_from=cursor)

    assert [attempt for page in reversed(pages) for attempt in page] == expected[:-1]


async def test_a_page_and_back_is_the_page_one_came_from(
    full: tuple[Store, list[Attempt]],
) -> None:
    store, _ = full
    first = await store.queries.attempts(Filter(), None, 5)
    second = await store.queries.attempts(Filter(), first.older, 5)

    back = await store.queries.attempts(Filter(), second.newer, 5)

    assert back.items == first.items
    assert (first.newer, back.newer) == (None, None)
    assert back.older == first.older


async def test_attempts_stored_while_a_reader_turns_pages_shift_nothing(store: Store) -> None:
    await add(store, *(attempt_at(START + timedelta(hours=n)) for n in range(4)))
    first = await store.queries.attempts(Filter(), None, 2)

    await add(store, attempt_at(START + timedelta(hours=9)))
    second = await store.queries.attempts(Filter(), first.older, 2)

    assert [a.started_at for a in second.items] == [START + timedelta(hours=1), START]


@pytest.mark.parametrize("name", [name for name in FILTERS if name != "nothing at an hour"])
async def test_a_page_reads_little_more_than_it_shows_through_an_index_in_order(
    full: tuple[Store, list[Attempt]], name: str
) -> None:
    store, attempts = full
    asked = Filter.of(FILTERS[name])
    db, middle = store._db, attempts[len(attempts) // 2]
    cursor = Cursor(at=middle.started_at, attempt_id=middle.id)
    await db.command("profile", 2, filter={"op": "query", "ns": f"{db.name}.attempts"})
    try:
        for at in (None, cursor):
            await store.queries.attempts(asked, at, 5)
            await store.queries.pictures(asked, at, 5)
    finally:
        await db.command("profile", 0)
    seen = await db["system.profile"].find().to_list(None)
    await db["system.profile"].drop()

    assert seen
    for query in seen:
        assert query["planSummary"].startswith("IXSCAN"), query["planSummary"]
        # only attempts of one and the same instant may be sorted in memory
        assert "SORT" not in stages(query["execStats"]) or query["keysExamined"] < 6, query
        # one more, to know whether there is another page; a run is small, and the public of an
        # attempt is told by the attempt itself
        few = asked.control is None and asked.run_id is None
        assert query["docsExamined"] <= (6 if few else 24), query


def stages(plan: Documents) -> set[str]:
    """The names of the stages of a plan."""
    below = [*plan.get("inputStages", []), *([plan["inputStage"]] if "inputStage" in plan else [])]
    return {plan["stage"]}.union(*map(stages, below))


async def test_the_neighbours_of_an_attempt_are_those_of_its_own_flow(
    full: tuple[Store, list[Attempt]],
) -> None:
    store, attempts = full
    own = [attempt for attempt in attempts if attempt.scenario_id == FLOWS[1]]

    for newer, attempt, older in zip([None, *own], own, [*own[1:], None], strict=False):
        beside = await store.queries.attempt(attempt.id)
        assert beside.attempt == attempt
        assert beside.newer == (newer and newer.id)
        assert beside.older == (older and older.id)


async def test_an_attempt_that_there_is_not_is_bad_input(store: Store) -> None:
    with pytest.raises(BadInput, match="no attempt 'x'"):
        await store.queries.attempt("x")


async def test_the_gallery_shows_the_last_picture_and_leaves_no_attempt_out(store: Store) -> None:
    start, answer, page = file_of(b"start"), file_of(b"answer"), file_of(b"<p>", "html")
    seen = attempt_at(START, Verdict.SLOTS, first_dates=(date(2026, 10, 27),))
    seen = seen.model_copy(update={"evidence": tuple(f.evidence for f in (start, answer, page))})
    down = attempt_at(START - timedelta(hours=1), Verdict.SITE_DOWN)
    await store.attempts.add(seen, [start, answer, page])
    await store.attempts.add(down, [])

    gallery = await store.queries.pictures(Filter())

    assert [(tile.pictures, tile.picture) for tile in gallery.items] == [
        (2, answer.evidence.sha256),
        (0, None),
    ]
    assert gallery.items[0] == GalleryTile(
        attempt_id=seen.id,
        scenario_id=seen.scenario_id,
        started_at=START,
        number=1,
        control=False,
        verdict=Verdict.SLOTS,
        first_dates=(date(2026, 10, 27),),
        pictures=2,
        picture=answer.evidence.sha256,
    )


async def test_runs_are_turned_page_by_page(store: Store) -> None:
    runs = [
        Run(
            id=f"run-{n}",
            started_at=START + timedelta(hours=n // 2),
            scenario_ids=FLOWS,
            times=1,
            fleet_version="1",
            chromium_version="1",
        )
        for n in range(7)
    ]
    for run in runs:
        await store.runs.keep(run)

    pages = await turn_all(lambda cursor: store.queries.runs(cursor, 3))

    assert [run for page in pages for run in page] == runs[::-1]


def counted(attempts: list[Attempt]) -> dict[Verdict, int]:
    return {v: n for v in Verdict if (n := sum(a.verdict is v for a in attempts))}


async def test_the_overview_counts_every_department_and_public_in_the_period_only(
    full: tuple[Store, list[Attempt]],
) -> None:
    store, attempts = full
    day = date(2026, 10, 25)

    overview = await store.figures.overview(Period(first=day, last=day))

    of_day = [a for a in attempts if fits(a, Filter(first=day, last=day))]
    assert len(of_day) == 75
    assert [*overview] == ["63", "91"]
    assert overview["91"].foreigners.verdicts == counted(
        [a for a in of_day if a.scenario_id == FLOWS[0]]
    )
    assert overview["91"].control.verdicts == counted(
        [a for a in of_day if a.scenario_id == FLOWS[1]]
    )
    assert overview["63"].control == Counts()


@pytest.mark.parametrize("first", ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03"])
@pytest.mark.parametrize("days", [1, 2, 6, 7, 8, 13, 14, 15, 20])
async def test_the_overview_of_any_days_is_that_of_their_flows(
    weeks: tuple[Store, list[Attempt]], first: str, days: int
) -> None:
    """Whole weeks come from one roll-up, the days around them from another; none comes twice."""
    store, attempts = weeks
    begin = date.fromisoformat(first)
    period = Period(first=begin, last=begin + timedelta(days=days - 1))

    overview = await store.figures.overview(period)

    inside = [a for a in attempts if fits(a, Filter(first=period.first, last=period.last))]
    for code in ("91", "63"):
        own = [a for a in inside if a.department == code]
        halves = overview.get(code, Halves(Counts(), Counts()))
        assert halves.foreigners.verdicts == counted([a for a in own if not a.control])
        assert halves.control.verdicts == counted([a for a in own if a.control])


@pytest.fixture(scope="module")
async def weeks(mongodb_url: str) -> AsyncIterator[tuple[Store, list[Attempt]]]:
    """A store with an attempt a day of each flow, for four weeks."""
    attempts = [
        attempt_at(
            day_start(date(2026, 2, 26)) + timedelta(days=n, hours=9),
            VERDICTS[(n * 7 + m) % len(VERDICTS)],
            scenario_id=flow,
        )
        for n in range(28)
        for m, flow in enumerate(FLOWS)
    ]
    async with own_store(mongodb_url) as store:
        await store._db.attempts.insert_many([attempt.to_document() for attempt in attempts])
        await store.rollups.rebuild()
        yield store, attempts


async def test_a_department_tells_each_flow_apart(full: tuple[Store, list[Attempt]]) -> None:
    store, attempts = full
    period = Period.of("2026-10-24", "2026-10-26")

    flows = await store.figures.department("91", period)

    assert [(flow.scenario_id, flow.control) for flow in flows] == [
        (FLOWS[1], True),
        (FLOWS[0], False),
    ]
    for flow in flows:
        own = [a for a in attempts if a.scenario_id == flow.scenario_id and fits(a, Filter())]
        own = [a for a in own if a.started_at < day_start(date(2026, 10, 27))]
        assert flow.counts.verdicts == counted(own)
        assert sum(flow.delays.values()) == flow.counts.rate.n
        whole = await store.figures.flow(flow.scenario_id, period)
        assert whole
        assert whole.totals == flow


async def test_a_flow_is_told_by_day_by_hour_of_the_week_and_by_version(store: Store) -> None:
    """Known answers: Sunday 23:00 slots for 12 March, and an outage with two retries."""
    sunday = datetime(2026, 3, 8, 22, 15, tzinfo=UTC)
    offered = (date(2026, 3, 12), date(2026, 5, 20))
    await add(
        store,
        attempt_at(sunday, Verdict.SLOTS, first_dates=offered, scenario_version="one"),
        attempt_at(sunday + timedelta(hours=12), scenario_version="two"),
        attempt_at(sunday + timedelta(hours=13), scenario_version="two"),
        *(
            attempt_at(
                sunday + timedelta(hours=14, minutes=n),
                Verdict.OVERLOAD,
                number=n + 1,
                run_id="down",
                scenario_version="two",
            )
            for n in range(3)
        ),
        attempt_at(sunday + timedelta(hours=15), Verdict.CLOSED, scenario_version="two"),
    )

    flow = await store.figures.flow(FLOWS[0], Period.of("2026-03-01", "2026-03-31"))

    assert flow
    counts = flow.totals.counts
    assert (counts.samples, counts.retried, counts.rate) == (5, 2, OfferRate(1, 2))
    assert counts.rate.interval == limits(1, 3)
    assert counts.unanswered_share == 1 / 5
    assert [(each.day.day, each.counts.samples) for each in flow.days] == [(8, 1), (9, 4)]
    assert flow.week[6, 23] == Counts({Verdict.SLOTS: 1})
    assert flow.week[0, 13] == Counts({Verdict.OVERLOAD: 1})
    assert flow.totals.delays == {Delay.ONE_WITHIN_A_MONTH: 1, Delay.NONE: 2}
    assert (flow.totals.mean_wait_days, flow.totals.shortest_wait_days) == (4, 4)
    assert flow.breaks == (Break(sunday + timedelta(hours=12), "one", "two"),)


async def test_a_flow_without_attempts_in_the_period_is_none(store: Store) -> None:
    await add(store, attempt_at(START))

    assert await store.figures.flow(FLOWS[0], Period.of("2026-01-01", "2026-01-31")) is None


LATER = (now().astimezone(PARIS) + timedelta(days=2)).date().isoformat()
"""A day to come, also for tests that run over midnight."""

WRONG: dict[str, tuple[Documents, str]] = {
    "a date far off": ({"day": "2099-01-01"}, "expected a day from 2016-01-01 to today"),
    "a day to come": ({"last": LATER}, "expected a day from"),
    "a date before any web form": ({"first": "0001-01-01"}, "expected a day from 2016-01-01"),
    "no date": ({"first": "soon"}, "first: .*'soon'"),
    "an unknown verdict": ({"verdict": "available"}, "verdict: .*'slots'.*'available'"),
    "an unknown group": ({"group": "fine"}, "group: .*'answered'"),
    "a verdict of another group": (
        {"verdict": "slots", "group": "refused"},
        "slots is of group answered, not refused",
    ),
    "a department that there is not": ({"department": "20"}, "such as 63, 2A or 971"),
    "a scenario that can not be": ({"scenario_id": "63"}, "such as 63/titre-de-sejour"),
    "a scenario elsewhere": (
        {"scenario_id": FLOWS[0], "department": "63"},
        "is not in department 63",
    ),
    "a query in place of an id": ({"scenario_id": {"$ne": ""}}, "scenario_id: "),
    "an hour too late": ({"hour": "24"}, "hour: .*23"),
    "days in the wrong order": (
        {"first": "2026-10-26", "last": "2026-10-25"},
        "2026-10-26 is after 2026-10-25",
    ),
    "a name that there is not": ({"place": "63"}, "place: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_looked_for_is_told_in_one_line(name: str) -> None:
    asked, words = WRONG[name]

    with pytest.raises(BadInput, match=words) as told:
        Filter.of(asked)

    assert "\n" not in str(told.value)


def test_what_a_form_leaves_empty_does_not_matter() -> None:
    asked = {"department": "63", "verdict": "", "hour": "3", "day": None, "control": "true"}

    assert Filter.of(asked) == Filter(department="63", hour=3, control=True)


def test_a_period_ends_today_at_the_latest() -> None:
    with pytest.raises(BadInput, match="expected a day from"):
        Period.of("2026-01-01", LATER)
    with pytest.raises(BadInput, match="expected the earlier day first"):
        Period.of("2026-02-01", "2026-01-01")

    latest = Period.latest(90)

    assert (latest.last - latest.first).days == 89


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", []), ("2026-10-25", [2]), ("2026-11-20", [1])]
)
def test_an_hour_of_a_day_on_which_clocks_change_is_missing_or_two_hours_long(
    day: str, hours: list[int]
) -> None:
    spans = Filter.of({"hour": 2, "day": day}).spans(START)

    assert [(end - start) // timedelta(hours=1) for start, end in spans if start and end] == hours
    assert len(spans) == len(hours)


def test_a_cursor_is_read_as_it_was_written() -> None:
    cursor = Cursor(at=START + timedelta(milliseconds=123), attempt_id="a-1:b.c_d", newer=True)

    assert Cursor.of(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    ["", "older", "older-x-1", "older-1-", "away-1-1", "older-1-{$gt:1}", "older-1-é", "9" * 99],
)
def test_a_cursor_that_nobody_wrote_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput, match="begin at the first one"):
        Cursor.of(text)


@pytest.mark.parametrize("limit", [0, -1, MAX_LIMIT + 1])
async def test_a_page_holds_at_least_one_and_at_most_as_many_as_are_allowed(
    store: Store, limit: int
) -> None:
    for page in (
        store.queries.attempts(Filter(), None, limit),
        store.queries.pictures(Filter(), None, limit),
        store.queries.runs(None, limit),
        store.figures.changes(limit),
    ):
        with pytest.raises(BadInput, match="expected a number from 1 to 200"):
            await page


def test_every_group_has_at_most_as_many_verdicts_as_can_be_merged() -> None:
    """A page of one hour of the day is read from that many sorted stretches at once."""
    most = max(sum(v.group is group for v in Verdict) for group in Group)
    assert most * SPANS_AT_ONCE <= 200  # MongoDB's internalQueryMaxScansToExplode


async def test_the_latest_of_each_flow_are_told_without_what_was_withdrawn(
    mongodb_url: str,
) -> None:
    """A wrong scenario's slot must not stand as a flow's last word on a badge."""
    at = datetime(2026, 3, 10, 9, tzinfo=UTC)
    kept = [attempt_at(at + timedelta(hours=n), scenario_id=FLOWS[0]) for n in range(4)]
    wrong = attempt_at(at + timedelta(hours=9), Verdict.SLOTS, scenario_id=FLOWS[0])
    async with own_store(mongodb_url) as store:
        await add(store, *kept, wrong, attempt_at(at, Verdict.CAPTCHA, scenario_id=FLOWS[1]))
        before = await store.queries.recent([FLOWS[0]], 1, only=True)
        await store.withdrawals.add(
            AttemptWithdrawal(
                attempt_id=wrong.id, scenario_id=FLOWS[0], reason="Faux signe", at=at, by="root"
            )
        )
        found = await store.queries.recent(["99/never"], 3)

    assert [each.verdict for each in before[FLOWS[0]]] == [Verdict.SLOTS]
    assert [each.attempt_id for each in found[FLOWS[0]]] == [a.id for a in kept[:0:-1]]
    assert [each.verdict for each in found[FLOWS[1]]] == [Verdict.CAPTCHA]
    assert found["99/never"] == ()
