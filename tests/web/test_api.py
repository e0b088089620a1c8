"""The API, its files and its feeds, over attempts that the fleet really made."""

from __future__ import annotations

import asyncio
import contextlib
import csv
import html
import io
import json
import re
import subprocess
import sys
import tracemalloc
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from lxml import etree
from playwright.async_api import Page as BrowserPage
from schemathesis.checks import (
    content_type_conformance,
    not_a_server_error,
    response_schema_conformance,
    status_code_conformance,
)

from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.models import Attempt, Dialog, Evidence, Served, Verdict, now
from fleet.models.judgement import Judgement
from fleet.models.query import Filter
from fleet.models.text import visible
from fleet.rendering.attempt_csv import CSV_COLUMNS, cells_of
from fleet.storage.store import Store
from fleet.web.api.export import csv_parts, json_lines_parts, parquet_parts
from fleet.web.context import WebContext
from fleet.web.field_docs import CSV_ONLY, WORDS
from tests.storage.databases import own_store
from tests.web.conftest import Site, client, serving

ATOM = {"a": "http://www.w3.org/2005/Atom"}
HOUR = timedelta(hours=1)

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]


QUICKLY = settings(
    max_examples=5,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def get(site: Site, address: str, status: int = 200) -> Any:
    answer = await site.http.get(address)
    assert answer.status_code == status, answer.text
    return answer.json()


@pytest.fixture(scope="module")
async def history(site: Site, mongodb_url: str, tmp_path_factory: Any) -> AsyncIterator[Site]:
    """
    The pages over real attempts, moved in time: one flow that changed three times, and between
    its changes another of the department that changed once. `attempts` are the first flow's.
    """
    slots, none = (
        next(a for a in site.attempts if a.verdict is verdict)
        for verdict in (Verdict.SLOTS, Verdict.NO_SLOTS)
    )
    begun = now() - 50 * HOUR

    def moved(attempt: Attempt, scenario_id: str, hours: float) -> Attempt:
        place = {"scenario_id": scenario_id, "department": "63"}
        time = {"id": uuid.uuid4().hex, "started_at": begun + hours * HOUR}
        return attempt.model_copy(update={**place, **time})

    made = [
        moved(each, "63/titre-de-sejour", hours)
        for hours, each in enumerate([none, slots, slots, none, slots])
    ]
    others = [moved(none, "63/remise-de-titre", 0.5), moved(slots, "63/remise-de-titre", 1.5)]
    async with own_store(mongodb_url) as store:
        for each in (*made, *others):
            await store.attempts.add(each, [])
        library = WebContext(
            store=store,
            queries=store.queries,
            scenarios={s.id: s for s in loader.load(PRACTICE_SCENARIOS).scenarios},
            made_up=False,
            data_dir=Path(tmp_path_factory.mktemp("history")),
        )
        async with serving(library) as url, client(url) as http:
            yield Site(url, library, tuple(made), http)


@pytest.mark.slow
async def test_no_question_that_the_document_allows_or_forbids_makes_the_server_fail(
    site: Site,
) -> None:
    """Few examples for each address; what schemathesis finds is in the failure."""
    document = await get(site, "/api/openapi.json")
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=site.url)
    asked: Counter[str] = Counter()

    def ask() -> None:
        for result in schema.get_all_operations():
            operation = result.ok()  # type: ignore[union-attr]  # an error has none, and fails
            for mode in schemathesis.GenerationMode:

                @QUICKLY
                @given(case=operation.as_strategy(generation_mode=mode))
                def one(case: schemathesis.Case[Any]) -> None:
                    asked[case.path] += 1
                    case.call_and_validate(checks=CHECKS)

                with contextlib.suppress(Unsatisfiable):  # nothing to ask wrongly
                    one()

    await asyncio.to_thread(ask)
    assert set(asked) == set(document["paths"])


async def test_pages_of_attempts_joined_are_all_attempts_newest_first(site: Site) -> None:
    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = await get(site, f"/api/attempts?limit=3&cursor={cursor}")
        found += [each["id"] for each in page["items"]]
        cursor = page["older"]

    in_order = sorted(site.attempts, key=lambda a: (a.started_at, a.id), reverse=True)
    assert found == [each.id for each in in_order]


async def test_the_cursor_to_newer_goes_back_to_the_page_before(site: Site) -> None:
    first = await get(site, "/api/attempts?limit=3")
    second = await get(site, f"/api/attempts?limit=3&cursor={first['older']}")

    again = await get(site, f"/api/attempts?limit=3&cursor={second['newer']}")

    assert again["items"] == first["items"]


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("department=63", lambda a: a.department == "63"),
        ("scenario_id=63/titre-de-sejour", lambda a: a.scenario_id == "63/titre-de-sejour"),
        ("verdict=no_slots", lambda a: a.verdict is Verdict.NO_SLOTS),
        ("group=refused", lambda a: a.group == "refused"),
        ("control=true", lambda a: a.control),
        ("control=false", lambda a: not a.control),
        ("run_id=nobody", lambda a: False),
        ("last=2016-01-01", lambda a: False),
        ("department=&verdict=&first=&hour=", lambda a: True),
    ],
)
async def test_a_filter_gives_the_attempts_that_fit(site: Site, query: str, fits: Any) -> None:
    page = await get(site, f"/api/attempts?limit=200&{query}")

    assert {each["id"] for each in page["items"]} == {a.id for a in site.attempts if fits(a)}


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/attempts?departement=63", 422),  # a mistyped name is not a question about all
        ("/api/attempts?verdict=full", 422),
        ("/api/attempts?limit=0", 422),
        ("/api/attempts?limit=201", 422),
        ("/api/attempts?hour=24", 422),
        ("/api/attempts?cursor=older-12-..%2F", 400),
        ("/api/attempts?department=96", 400),
        ("/api/attempts?first=2200-01-01", 400),
        ("/api/attempts?verdict=slots&group=ours", 400),
        ("/api/rates?first=2020-02-02&last=2020-01-01", 400),
        ("/api/rates?scenario_id=63/titre-de-sejour", 400),
        ("/api/attempts/nobody", 404),
        ("/api/attempts/nobody%00", 404),
        ("/api/evidence/" + "0" * 64, 404),
        ("/api/evidence/xyz", 422),
        ("/api/calendars/63/nothing-of-that-name", 404),
        ("/api/calendars/99/titre-de-sejour", 404),
        ("/api/changes/99.atom", 404),
        ("/api/changes/63/nothing-of-that-name.atom", 404),
        ("/api/export/attempts.csv?verdict=slots&group=ours", 400),
        ("/api/nothing", 404),
    ],
)
async def test_a_wrong_question_gets_its_status_and_a_reason(
    site: Site, address: str, status: int
) -> None:
    answer = await get(site, address, status)

    assert set(answer) == {"detail"}
    assert answer["detail"]
    assert "Traceback" not in json.dumps(answer)


async def test_a_database_that_is_gone_is_503_and_not_an_empty_file(
    site: Site, tmp_path: Path
) -> None:
    gone = Store.__new__(Store)
    Store.__init__(gone, _client_of_nobody(), "test_gone")
    library = WebContext(
        store=gone, queries=gone.queries, scenarios={}, made_up=True, data_dir=tmp_path
    )
    async with serving(library) as url, client(url) as http:
        answers = [
            (await http.get(f"/api/{each}")).status_code
            for each in ("attempts", "export/attempts.csv", "export/attempts.parquet")
        ]

    assert answers == [503, 503, 503]


def _client_of_nobody() -> Any:
    from motor.motor_asyncio import AsyncIOMotorClient

    return AsyncIOMotorClient("mongodb://127.0.0.1:1/", serverSelectionTimeoutMS=50)


async def test_an_attempt_comes_with_what_later_rules_say_of_it(site: Site) -> None:
    attempt = site.of("75/remise-de-titre")
    judgement = Judgement(
        attempt_id=attempt.id,
        judged_at=now(),
        ruleset="later",
        **attempt.model_dump(
            include=set(Judgement.model_fields) - {"attempt_id", "judged_at", "ruleset"}
        ),
    )
    await site.library.store.judgements.add(judgement)

    found = await get(site, f"/api/attempts/{attempt.id}")

    assert Attempt.model_validate(found["attempt"]) == attempt
    assert [Judgement.model_validate(each) for each in found["judgements"]] == [judgement]
    assert found["page"] == f"/tentative/{attempt.id}"


async def test_evidence_is_told_with_its_size_kind_and_addresses(site: Site) -> None:
    files = {file.kind: file for file in site.of("63/titre-de-sejour").evidence}
    found = {kind: await get(site, f"/api/evidence/{f.sha256}") for kind, f in files.items()}

    assert set(found) == {"picture", "html", "outline"}
    for kind, file in files.items():
        told = found[kind]
        assert (told["kind"], told["size_bytes"]) == (kind, file.size_bytes)
        assert told["file"] == f"/preuve/{file.sha256}"
        assert (told["thumbnail"] is not None) == (kind == "picture")


async def test_rates_count_each_public_apart_and_leave_failures_out(site: Site) -> None:
    answer = await get(site, "/api/rates?by=all")

    foreigners, control = answer["items"]
    assert (foreigners["control"], control["control"]) == (False, True)
    own = [each for each in site.attempts if not each.control]
    assert foreigners["n"] == sum(a.verdict in ("slots", "no_slots") for a in own)
    assert foreigners["slots"] == sum(a.verdict is Verdict.SLOTS for a in own)
    assert foreigners["rate"] == pytest.approx(foreigners["slots"] / foreigners["n"])
    assert (foreigners["sampling"], foreigners["interval"]) == ("by_hand", None)
    unanswered = sum(a.group != "answered" for a in own)
    assert foreigners["unanswered"] == unanswered > 0
    assert foreigners["unanswered_share"] == pytest.approx(unanswered / len(own))
    assert sum(foreigners["verdicts"].values()) == foreigners["samples"] == len(own)


async def test_rates_by_flow_and_by_department_add_up_to_all(site: Site) -> None:
    totals = {}
    for by in ("flow", "department", "all"):
        items = (await get(site, f"/api/rates?by={by}"))["items"]
        totals[by] = {
            control: sum(each["samples"] for each in items if each["control"] is control)
            for control in (False, True)
        }

    assert totals["flow"] == totals["department"] == totals["all"]


async def test_rates_of_one_flow_are_of_that_flow(site: Site) -> None:
    items = (await get(site, "/api/rates?by=flow&scenario_id=63/titre-de-sejour"))["items"]

    assert [each["scenario_id"] for each in items] == ["63/titre-de-sejour"]


async def test_a_calendar_names_the_days_with_their_counts(history: Site) -> None:
    answer = await get(history, "/api/calendars/63/titre-de-sejour")

    assert sum(day["samples"] for day in answer["days"]) == answer["total"]["samples"] == 5
    assert answer["total"]["rate"] == pytest.approx(3 / 5)


async def test_a_flow_that_was_never_visited_has_an_empty_calendar(history: Site) -> None:
    answer = await get(history, "/api/calendars/75/remise-de-titre")

    assert (answer["days"], answer["total"]["rate"]) == ([], None)


async def test_changes_name_the_two_attempts_between_which_they_happened(history: Site) -> None:
    answer = await get(history, "/api/changes?scenario_id=63/titre-de-sejour")

    a, b, c, d, e = (each.id for each in history.attempts)
    assert [(i["before"]["attempt_id"], i["after"]["attempt_id"]) for i in answer["items"]] == [
        (d, e),
        (c, d),
        (a, b),
    ]


async def test_changes_of_a_department_are_those_of_all_its_flows_newest_first(
    history: Site,
) -> None:
    items = (await get(history, "/api/changes?department=63"))["items"]
    latest = (await get(history, "/api/changes?department=63&limit=2"))["items"]
    elsewhere = (await get(history, "/api/changes?department=75"))["items"]

    flow, other = "63/titre-de-sejour", "63/remise-de-titre"
    assert [each["scenario_id"] for each in items] == [flow, flow, other, flow]
    assert (latest, elsewhere) == (items[:2], [])


async def test_pages_of_changes_joined_are_all_changes(history: Site) -> None:
    for query in ("department=63", "department=63&control=false", "scenario_id=63/remise-de-titre"):
        everything = (await get(history, f"/api/changes?{query}"))["items"]
        found: list[Any] = []
        cursor = ""
        while cursor is not None:
            page = await get(history, f"/api/changes?{query}&limit=2&cursor={cursor}")
            found += page["items"]
            cursor = page["older"]

        assert found == everything
    await get(history, "/api/changes?cursor=newer-1-x", 400)


async def test_a_feed_has_stable_ids_instants_sentences_and_links(history: Site) -> None:
    feed = etree.fromstring((await history.http.get("/api/changes/63.atom")).content)

    entries = feed.findall("a:entry", ATOM)
    latest = history.attempts[-1]
    assert len(entries) == 4
    assert entries[0].findtext("a:id", namespaces=ATOM) == (
        f"tag:prefecture-fleet,2026-11-24:change:{latest.id}"
    )
    updated = entries[0].findtext("a:updated", namespaces=ATOM)
    assert updated == feed.findtext("a:updated", namespaces=ATOM)
    assert updated.startswith(latest.started_at.strftime("%Y-%m-%dT%H:%M:%S"))
    assert "Le changement a eu lieu entre les deux" in entries[0].findtext(
        "a:summary", namespaces=ATOM
    )
    (link,) = entries[0].findall("a:link", ATOM)
    assert link.get("href") == f"{history.url}/tentative/{latest.id}"
    content = entries[0].findtext("a:content", namespaces=ATOM)
    assert re.findall(r'href="([^"]+)"', content) == [
        f"{history.url}/tentative/{each.id}" for each in (latest, history.attempts[-2])
    ]


async def test_a_feed_in_english_links_to_the_english_pages(history: Site) -> None:
    answer = await history.http.get("/api/changes/63/titre-de-sejour.atom?langue=en")

    feed = etree.fromstring(answer.content)
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    link = feed.find("a:entry/a:link", ATOM)
    assert link.get("href").startswith(f"{history.url}/en/tentative/")


async def test_no_title_breaks_a_feed(history: Site) -> None:
    before = history.library.scenarios["63/titre-de-sejour"]
    title = "Titre \x00\x0b\x1b\ufffe\ud800<b>&amp; ]]>\u00e9\U0001f600"
    history.library.scenarios[before.id] = before.model_copy(update={"title": title})
    try:
        answer = await history.http.get(f"/api/changes/{before.id}.atom?control=false&langue=fr")
    finally:
        history.library.scenarios[before.id] = before

    assert answer.status_code == 200
    feed = etree.fromstring(answer.content)
    shown = "Titre <b>&amp; ]]>\u00e9\U0001f600"
    for each in (feed, feed.find("a:entry", ATOM)):
        assert shown in each.findtext("a:title", namespaces=ATOM)
    (own,) = feed.xpath("a:link[@rel='self']/@href", namespaces=ATOM)
    assert own == f"{history.url}/api/changes/{before.id}.atom?control=false&langue=fr"


async def test_a_feed_has_what_atom_asks_for(history: Site) -> None:
    feed = etree.fromstring((await history.http.get("/api/changes.atom")).content)

    assert feed.tag == "{http://www.w3.org/2005/Atom}feed"
    required = ["id", "title", "updated"]
    assert [len(feed.findall(f"a:{each}", ATOM)) for each in required] == [1, 1, 1]
    assert feed.findtext("a:author/a:name", namespaces=ATOM)
    links = {each.get("rel"): each.get("href") for each in feed.findall("a:link", ATOM)}
    assert links == {
        "self": f"{history.url}/api/changes.atom",
        "alternate": f"{history.url}/",
    }
    assert feed.findall("a:entry", ATOM)
    for entry in feed.findall("a:entry", ATOM):
        once = ["id", "title", "updated", "published", "summary", "content", "category"]
        assert [len(entry.findall(f"a:{each}", ATOM)) for each in once] == [1] * len(once)
        assert entry.find("a:link", ATOM).get("rel") == "alternate"
        content = entry.find("a:content", ATOM)
        assert (content.get("type"), len(content)) == ("html", 0)
        assert etree.fromstring(f"<div>{content.text}</div>").findtext("p") == entry.findtext(
            "a:summary", namespaces=ATOM
        )


async def test_a_feed_that_has_not_changed_is_not_sent_again(history: Site) -> None:
    first = await history.http.get("/api/changes.atom")
    again = await history.http.get(
        "/api/changes.atom", headers={"If-None-Match": first.headers["etag"]}
    )

    assert (again.status_code, again.content) == (304, b"")


async def test_a_feed_without_changes_is_a_feed(history: Site) -> None:
    answer = await history.http.get("/api/changes/75.atom")

    feed = etree.fromstring(answer.content)
    assert feed.findall("a:entry", ATOM) == []
    assert feed.findtext("a:updated", namespaces=ATOM)


async def test_the_csv_has_the_rows_of_fleet_export_oldest_first(site: Site) -> None:
    answer = await site.http.get("/api/export/attempts.csv")

    assert answer.content.startswith(b"\xef\xbb\xbfid,")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    in_order = sorted(site.attempts, key=lambda a: (a.started_at, a.id))
    written = io.StringIO(newline="")
    writer = csv.DictWriter(written, CSV_COLUMNS)
    writer.writeheader()
    writer.writerows(cells_of(each) for each in in_order)
    assert rows == list(csv.DictReader(io.StringIO(written.getvalue(), newline="")))


async def test_json_lines_hold_whole_attempts(site: Site) -> None:
    answer = await site.http.get("/api/export/attempts.jsonl?department=63&control=false")

    found = [Attempt.model_validate_json(line) for line in answer.text.splitlines()]
    wanted = [a for a in site.attempts if a.department == "63" and not a.control]
    assert found == sorted(wanted, key=lambda a: (a.started_at, a.id))


async def test_parquet_has_the_same_columns_with_their_types(site: Site) -> None:
    answer = await site.http.get("/api/export/attempts.parquet")

    table = pq.read_table(io.BytesIO(answer.content))
    rows = {row["id"]: row for row in table.to_pylist()}
    assert tuple(table.column_names) == CSV_COLUMNS
    assert set(rows) == {each.id for each in site.attempts}
    attempt = site.of("63/titre-de-sejour")
    row = rows[attempt.id]
    assert row["started_at"] == attempt.started_at
    assert tuple(row["first_dates"]) == attempt.first_dates
    assert dict(row["facts"]) == dict(attempt.facts)
    assert row["slot_count"] == attempt.slot_count


async def test_without_its_extra_parquet_is_not_offered_and_says_what_is_missing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page_with = await site.http.get("/donnees")
    monkeypatch.setitem(sys.modules, "pyarrow", None)  # as where it is not installed

    page = await site.http.get("/donnees")
    answer = await get(site, "/api/export/attempts.parquet", 501)
    english = await get(site, "/en/api/export/attempts.parquet", 501)

    assert "attempts.parquet" in page_with.text
    assert "pip install" not in page_with.text
    assert "attempts.parquet" not in page.text
    extra = "pip install 'prefecture-fleet[parquet]'"
    for said in (html.unescape(page.text), answer["detail"], english["detail"]):
        assert extra in said
    assert answer["detail"].startswith("Ce serveur n’écrit pas de Parquet")
    assert english["detail"].startswith("This server writes no Parquet")


@pytest.mark.process
def test_a_server_loads_what_draws_and_what_writes_parquet_only_when_it_is_asked_to() -> None:
    code = "import sys, fleet.cli.commands.serve; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert {"matplotlib", "numpy", "pyarrow"} & set(loaded.stdout.decode().split()) == set()


async def test_an_export_of_nothing_is_an_empty_file_that_can_be_read(site: Site) -> None:
    nothing = "?run_id=nobody"
    rows = await site.http.get(f"/api/export/attempts.csv{nothing}")
    lines = await site.http.get(f"/api/export/attempts.jsonl{nothing}")
    table = await site.http.get(f"/api/export/attempts.parquet{nothing}")

    assert len(rows.text.splitlines()) == 1
    assert lines.content == b""
    assert pq.read_table(io.BytesIO(table.content)).num_rows == 0


async def test_the_name_of_a_file_says_its_filter_and_that_it_is_made_up(
    site: Site, history: Site
) -> None:
    query = "?scenario_id=63/titre-de-sejour&verdict=slots&first=2026-01-02&hour=8&run_id=a/../b"
    practice = await site.http.get(f"/api/export/attempts.csv{query}")
    real = await history.http.get("/api/export/attempts.jsonl?department=63&control=false")

    assert practice.headers["content-disposition"] == (
        'attachment; filename="exercice_tentatives_63_titre-de-sejour_slots_passage-a_b'
        '_du-2026-01-02_08h.csv"'
    )
    assert real.headers["content-disposition"] == (
        'attachment; filename="tentatives_63_sans-temoins.jsonl"'
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_no_spreadsheet_runs_what_a_stranger_wrote(site: Site, text: str) -> None:
    attempt = site.of("63/titre-de-sejour").model_copy(update={"detail": text})

    row = cells_of(attempt)

    assert row["detail"] == f"'{visible(text)}"
    assert row["number"] == attempt.number
    assert row["url"] == attempt.url


@asynccontextmanager
async def copies(site: Site, mongodb_url: str, several: int) -> AsyncIterator[Store]:
    """A store with so many copies of a real attempt, put straight into its collection."""
    document = site.of("63/titre-de-sejour").to_document()
    async with own_store(mongodb_url) as store:
        await store._db.attempts.insert_many(
            [{**document, "_id": uuid.uuid4().hex} for _ in range(several)]
        )
        yield store


async def test_an_export_longer_than_a_page_has_every_attempt_once(
    site: Site, mongodb_url: str
) -> None:
    async with copies(site, mongodb_url, 450) as store:
        everything = {each async for each in ids_of(store)}
        text = b"".join([part async for part in csv_parts(store.queries, Filter())])
        lines = b"".join([part async for part in json_lines_parts(store.queries, Filter())])
        table = b"".join([part async for part in parquet_parts(store.queries, Filter(), 200)])

    rows = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))
    parquet = pq.ParquetFile(io.BytesIO(table))
    found = [
        [row["id"] for row in rows],
        [json.loads(line)["id"] for line in lines.splitlines()],
        parquet.read().column("id").to_pylist(),
    ]
    assert [(len(ids), set(ids)) for ids in found] == [(450, everything)] * 3
    assert parquet.num_row_groups == 3


async def ids_of(store: Store) -> AsyncIterator[str]:
    async for attempt in store.attempts.find():
        yield attempt.id


@pytest.mark.parametrize("parts", [csv_parts, json_lines_parts, parquet_parts])
async def test_an_export_takes_the_same_memory_for_five_times_as_much(
    site: Site, mongodb_url: str, parts: Any
) -> None:
    options = {"rows_in_a_group": 200} if parts is parquet_parts else {}
    peaks = []
    for several in (300, 1500):
        async with copies(site, mongodb_url, several) as store:
            async for _ in parts(store.queries, Filter(), **options):
                pass  # what is imported late is not counted
            tracemalloc.start()
            async for _ in parts(store.queries, Filter(), **options):
                pass
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    assert peaks[1] < 1.5 * peaks[0]


def test_every_field_of_the_data_has_words() -> None:
    for kind in (Attempt, Evidence, Served, Dialog, Judgement):
        assert set(WORDS[kind.__name__]) == set(kind.model_fields)
    assert set(CSV_ONLY) == set(CSV_COLUMNS) - set(Attempt.model_fields)


async def test_the_documentation_names_every_address_and_needs_no_script(
    site: Site, browser_page: BrowserPage
) -> None:
    document = await get(site, "/api/openapi.json")
    await browser_page.goto(f"{site.url}/api/docs")

    said = await browser_page.locator(".operation h3").all_inner_texts()
    assert set(said) == {f"GET {path}" for path in document["paths"]}
    scripts = await browser_page.locator("script").evaluate_all("all => all.map(s => s.src)")
    assert all(each.startswith(site.url) for each in scripts)
    fragments = await browser_page.locator("main a[href^='#']").evaluate_all(
        "all => all.filter(a => !document.getElementById(a.hash.slice(1))).map(a => a.href)"
    )
    assert fragments == []


async def test_the_document_is_all_in_french_and_says_what_every_field_means(site: Site) -> None:
    document = await get(site, "/api/openapi.json")

    for path, methods in document["paths"].items():
        operation = methods["get"]
        assert re.search(r"\b(les?|la|un|une|des|du)\b", operation["description"], re.I), path
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{path}: {parameter['name']}"
