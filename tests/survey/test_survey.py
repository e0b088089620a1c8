"""What a survey keeps, groups, packs and tells, without a browser."""

from __future__ import annotations

import random
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from fleet.catalog import seen_working
from fleet.errors import BadInput
from fleet.models import Outcome, Scenario, Verdict, now
from fleet.models.seen_working import SeenWorking, SeenWorkingFile
from fleet.survey import bundle
from fleet.survey.folder import SurveyFolder
from fleet.survey.likeness import groups, likeness, shingles
from fleet.survey.records import AskedSign, SurveyPage, SurveyRecord
from fleet.survey.report import facts_of, report_of
from fleet.survey.telling import page_of, text_of
from fleet.survey.tracing import is_own
from fleet.survey.turns import Hindrance, gap_s, in_turn, next_of

AT = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)


async def script(visit: Any) -> Outcome:
    raise AssertionError


def scenario(host: str, flow: str) -> Scenario:
    return Scenario(
        department="63",
        flow=flow,
        title="Titre",
        url=f"https://{host}/{flow}",
        family="own",
        version="v1",
        script=script,
    )


def record(flow: str = "63/a", **fields: Any) -> SurveyRecord:
    some: dict[str, Any] = {
        "flow": flow,
        "title": "Titre",
        "family": "own",
        "url": "https://site.example/a",
        "version": "v1",
        "at": AT,
        "verdict": Verdict.UNRECOGNISED,
        "detail": "shows none of them",
    }
    return SurveyRecord(**{**some, **fields})


def page(says: str, **fields: Any) -> SurveyPage:
    some: dict[str, Any] = {"step": 0, "url": "https://site.example/a", "title": "Titre"}
    return SurveyPage(**{**some, "says": says, "shingles": shingles(says), **fields})


ONE = "Le planning de votre service fait l'objet d'une mise à jour, revenez le 12 mars à 9 h."
SAME = "Le planning de votre service fait l'objet d'une mise à jour, revenez le 30 juin à 17 h."
OTHER = "Bienvenue sur le nouveau portail des services de l'État, choisissez votre département ici."


def test_pages_that_differ_in_their_numbers_only_are_alike_and_others_are_not() -> None:
    assert likeness(shingles(ONE), shingles(SAME)) > likeness(shingles(ONE), shingles(OTHER)) == 0
    assert groups([ONE, OTHER, SAME], shingles) == [[ONE, SAME], [OTHER]]


def test_two_pages_without_words_are_one_kind_of_page() -> None:
    assert groups(["", ""], shingles) == [["", ""]]


def test_unknown_pages_that_are_alike_are_told_once_with_all_their_flows() -> None:
    found = report_of(
        [
            record(f"63/{n}", pages=(page(says),))
            for n, says in zip("abc", [ONE, OTHER, SAME], strict=True)
        ]
    )
    assert [group.flows for group in found.unknown] == [("63/a", "63/c"), ("63/b",)]


def test_hosts_take_turns() -> None:
    flows = [scenario("one", "a"), scenario("one", "b"), scenario("two", "c"), scenario("one", "d")]
    assert [each.flow for each in in_turn(flows)] == ["a", "c", "b", "d"]


def test_a_hindered_flow_waits_and_the_next_one_is_visited() -> None:
    flows = [scenario("one", "a"), scenario("two", "b")]
    cooling = Hindrance("left alone", None)
    found, why = next_of(flows, lambda each: cooling if each.flow == "a" else None)
    assert (found, why) == (flows[1], {"63/a": cooling})


def test_visits_are_spread_over_the_hours() -> None:
    assert gap_s(360, 6) == 60
    assert gap_s(0, 6) == 0


def test_only_what_the_scenario_itself_understood_on_a_real_site_was_seen_working() -> None:
    own = record("63/own", verdict=Verdict.NO_SLOTS, own=True)
    general = record("63/wall", verdict=Verdict.CAPTCHA, own=False)
    practice = record("63/made-up", verdict=Verdict.SLOTS, own=True, made_up=True)
    unknown = record("63/unknown", own=True)
    found = facts_of([own, general, practice, unknown]).flows
    # 23:30 UTC is the next day in Paris
    expected = SeenWorking(
        flow="63/own", day=date(2026, 12, 1), version="v1", verdict=Verdict.NO_SLOTS
    )
    assert found == (expected,)


def asked(step: int, answer: str, *, seen: bool) -> AskedSign:
    return AskedSign(step=step, answer=answer, kind="text", patterns=(f"{seen}",), seen=seen)


def test_half_of_an_answers_signs_are_not_the_scenarios_own_answer() -> None:
    """A general rule may have found the captcha."""
    half = [asked(1, "captcha", seen=True), asked(1, "captcha", seen=False)]
    assert not is_own(half, "captcha")
    assert not is_own([*half, asked(2, "slots", seen=True)], "captcha")
    assert not is_own([], "captcha")
    assert is_own([*half, asked(2, "captcha", seen=True)], "captcha")


def test_a_changed_scenario_was_not_seen_working(tmp_path: Path) -> None:
    seen = SeenWorking(flow="63/a", day=date(2026, 12, 1), version="v1", verdict=Verdict.CLOSED)
    seen_working.note(tmp_path, [seen])
    found = seen_working.seen_working(tmp_path, tmp_path / "nowhere")
    assert found.of("63/a", "v1") == seen
    assert found.of("63/a", "v2") is None


def test_the_latest_day_stays_whoever_saw_it(tmp_path: Path) -> None:
    late = SeenWorking(flow="63/a", day=date(2026, 12, 2), version="v2", verdict=Verdict.CLOSED)
    early = late.model_copy(update={"day": late.day - timedelta(days=1), "version": "v1"})
    for each in (late, early):
        seen_working.note(tmp_path, [each])
    assert seen_working.seen_working(tmp_path).flows == (late,)


@pytest.mark.parametrize("content", ["", "[]", '{"flows": [{"flow": "63/a"}]}', '{"more": 1}'])
def test_a_damaged_file_of_facts_is_told_with_its_name(tmp_path: Path, content: str) -> None:
    (tmp_path / seen_working.NAME).write_text(content)
    with pytest.raises(BadInput, match=r"seen_working\.json: .*expected flow, day, version"):
        seen_working.seen_working(tmp_path)


def test_a_folder_gives_back_what_it_was_given_and_the_newer_record_takes_the_place(
    tmp_path: Path,
) -> None:
    folder = SurveyFolder(tmp_path)
    folder.keep(record(), {"pages/63_a_0.png": b"old", "recordings/63_a.har": b"old"})
    other = record("63/a-b")
    folder.keep(other, {"pages/63_a-b_0.png": b"its own"})
    newer = record(verdict=Verdict.CLOSED)
    folder.keep(newer, {"pages/63_a_1.png": b"new"})
    assert folder.records() == [newer, other]
    assert sorted(p.name for p in tmp_path.glob("[pr]*/*")) == ["63_a-b_0.png", "63_a_1.png"]


def test_a_file_in_the_folders_place_is_told_before_anything_is_visited(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match=r"file cannot be a folder: .*-o"):
        SurveyFolder(tmp_path / "file").make()


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    (tmp_path / "visits").mkdir()
    (tmp_path / "visits" / "63_a.json").write_text("{")
    with pytest.raises(BadInput, match=r"63_a\.json: expected the record of a survey"):
        SurveyFolder(tmp_path).records()


def packed(folder: SurveyFolder, most_bytes: int) -> tuple[Path, list[str]]:
    records = folder.records()
    found = report_of(records)
    folder.write("report.txt", text_of(found).encode())
    folder.write(seen_working.NAME, seen_working.to_bytes(facts_of(records)))
    return bundle.write(folder, records, found, most_bytes)


def test_a_bundle_has_its_bound_and_what_is_needed_most(tmp_path: Path) -> None:
    noise = [random.Random(n).randbytes(60_000) for n in range(6)]
    folder = SurveyFolder(tmp_path)
    for n, picture in enumerate(noise):
        name = f"pages/63_f{n}_0.png"
        known = {"verdict": Verdict.CLOSED, "own": True} if n else {}
        shown = page(f"{n} {ONE}", picture=name)
        folder.keep(record(f"63/f{n}", pages=(shown,), **known), {name: picture})
    whole, nothing = packed(folder, 10_000_000)
    size = whole.stat().st_size
    assert nothing == []

    path, left = packed(folder, size // 2)

    assert path.stat().st_size <= size // 2
    names = zipfile.ZipFile(path).namelist()
    assert "report.txt" in names
    assert "pages/63_f0_0.png" in names  # of the page that nobody knows
    assert left
    assert not set(left) & set(names)


def test_a_bundle_of_a_stranger_writes_nothing_outside_and_no_more_than_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(bad, "w") as file:
        file.writestr("../../outside.har", b"x")
        file.writestr("recordings/../../63_a.har", b"x")
        file.writestr("recordings/63_good.har", b"x")
    (tmp_path / "into").mkdir()
    assert [p.name for p in bundle.unpack(bad, tmp_path / "into")] == ["63_good.har"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.zip", "into"]

    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("recordings/63_a.har", b"0" * 60_000_000)
    with pytest.raises(BadInput, match="has more than"):
        bundle.unpack(bomb, tmp_path / "into")


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06", b"no zip at all"])
def test_what_is_no_bundle_is_refused_by_its_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.zip"
    path.write_bytes(content)
    for read in (lambda: bundle.facts_of(path), lambda: bundle.unpack(path, tmp_path)):
        with pytest.raises(BadInput, match=r"some\.zip: expected the survey\.zip of a survey"):
            read()


def test_words_of_a_page_stay_words_in_the_report() -> None:
    evil = "\x1b[2J<script>alert(1)</script>\nHosts that refuse"
    sign = AskedSign(step=0, answer="", kind="text", patterns=("x",), seen=False, nearest=(evil,))
    shown = page(evil, title=evil, headings=(evil,), controls=(evil,))
    found = report_of([record(detail=evil, pages=(shown,), asked=(sign,))])
    assert "\x1b" not in text_of(found)
    assert "\nHosts that refuse" not in text_of(found)
    assert "<script>" not in page_of(found)


def test_flows_that_were_not_visited_are_told_with_the_reason() -> None:
    why = "robots.txt of site.example disallows /a for PrefectureFleet"
    found = report_of([record(verdict=None, detail=why)])
    assert (found.visited, found.not_visited[0].words) == (0, why)
    assert found.refusing[0].how == (why,)


def test_facts_of_two_files_merge_by_flow() -> None:
    day = now().date()
    one, two = (
        SeenWorking(flow=flow, day=day, version="v", verdict=Verdict.SLOTS)
        for flow in ("63/b", "63/a")
    )
    assert SeenWorkingFile(flows=(one,)).with_all((two,)).flows == (two, one)
