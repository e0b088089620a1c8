"""Stored attempts judged again: the same facts, today's rules, and nothing stored altered."""

from __future__ import annotations

import json
import os
import uuid
from datetime import datetime

import pytest

import fleet
from fleet.browser.chromium import Chromium
from fleet.catalog import loader
from fleet.cli.options import PRACTICE_SCENARIOS
from fleet.errors import NotStored
from fleet.evidence.rejudge import VerdictDoubt, doubts_of, judge_stored
from fleet.models import PARIS, Attempt, Outcome, Scenario, Verdict
from fleet.practice import (
    PREFECTURES,
    Fault,
    Flow,
    Form,
    Planning,
    PracticeServer,
    RdvMotif,
    RdvPlace,
    Trap,
    always,
    never,
)
from fleet.rules.classifier import RULESET
from fleet.rules.stored_page import StoredPage
from fleet.rules.stored_visit import judge
from fleet.storage.store import Store
from fleet.visit.attempt import attempt
from fleet.visit.capture import CapturePlace, file_of
from tests.cli import forked
from tests.conftest import QUICK, Visit, scenario_of
from tests.families.test_bookingserver import OFFERS, form

SCRIPTLESS = RdvMotif(
    host="rdv",
    id="2901",
    department="29",
    prefecture="Préfecture du Finistère",
    title="Renouvellement de récépissés",
    places=(RdvPlace("101", "Préfecture de Quimper", "1 rue d'Essai, Quimper", never),),
)
DESKS = (Planning("1", "Guichet 1", never), Planning("2", "Guichet 2", always))


async def pages_of(store: Store, attempt: Attempt) -> list[StoredPage]:
    kept = [file for file in attempt.evidence if file.kind == "outline"]
    return [StoredPage.of(await store.evidence(file.sha256)) for file in kept]


STATES: dict[str, tuple[Form, str | None]] = {
    "no slot": (form(), None),
    "no slot, new skin": (form(skin="new", cookies="tarteaucitron"), None),
    "slots": (form(**OFFERS), None),
    "slots behind a description": (form(describes=True, **OFFERS), None),
    "a desk without slots": (form(plannings=DESKS), "1"),
    "a desk with slots": (form(plannings=DESKS), "2"),
    "a desk that is gone": (form(plannings=DESKS), "9"),
    **{
        trap.value: (form(trap), None)
        for trap in (
            Trap.DISABLED,
            Trap.MAINTENANCE,
            Trap.LOGIN_WALL,
            Trap.CAPTCHA_BEFORE,
            Trap.SESSION_EXPIRED,
            Trap.QUOTED_SENTENCE,
            Trap.UNKNOWN_WORDING,
            Trap.BOTH_ANSWERS,
            Trap.HIDDEN_SENTENCE,
            Trap.IFRAME_SENTENCE,
            Trap.SPLIT_SENTENCE,
            Trap.LEGEND_ONLY,
            Trap.TITLE_WITHOUT_SLOTS,
            Trap.LATE_GRID,
        )
    },
    **{
        f"{kind} at step {step}": (form(faults=(Fault(step, kind),)), None)
        for kind in ("http_403", "http_429", "http_502", "surcharge_200")
        for step in (0, 2)
    },
}


@pytest.mark.parametrize("state", STATES)
async def test_the_same_rules_say_the_same_of_what_was_stored(
    visit: Visit, store: Store, state: str
) -> None:
    flow, planning = STATES[state]
    scenario = scenario_of(flow, planning=planning)
    attempt = await visit(flow, scenario=scenario)

    judgement = await judge_stored(store, scenario, attempt)

    assert judgement.verdict == attempt.verdict, judgement.detail
    assert judgement.first_dates == attempt.first_dates
    assert judgement.slot_count == attempt.slot_count
    assert not judgement.differs_from(attempt)


async def test_new_words_turn_an_unrecognised_attempt_into_an_answer_beside_it(
    visit: Visit, store: Store
) -> None:
    """A contributor adds the wording that nobody knew; months of attempts are worth something."""
    flow = form(Trap.UNKNOWN_WORDING)
    attempt = await visit(flow)
    assert attempt.verdict == Verdict.UNRECOGNISED

    later = with_words(scenario_of(flow), "fait l'objet d'une réorganisation")
    judgement = await judge_stored(store, later, attempt)
    again = await judge_stored(store, later, attempt)

    assert judgement.verdict == Verdict.NO_SLOTS, judgement.detail
    assert judgement.scenario_version != attempt.scenario_version
    assert again.verdict == judgement.verdict
    assert len(await store.judgements.of(attempt.id)) == 1
    (stored,) = [a async for a in store.attempts.find(run_id="test")]
    assert stored == attempt


def with_words(usual: Scenario, words: str) -> Scenario:
    """The family's way to the answer, with one more wording for it."""

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.tick("accepter les conditions d'utilisation")
        await visit.press("Effectuer une demande de rendez-vous")
        return await visit.decide(no_slots=[visit.text(words), visit.url("*/2")])

    return usual.model_copy(update={"script": script, "version": "later"})


async def test_what_a_style_sheet_hid_stays_hidden(visit: Visit, store: Store) -> None:
    """The stored HTML says it; no person could read it."""
    attempt = await visit(form(Trap.HIDDEN_SENTENCE))
    html = next(file for file in attempt.evidence if file.kind == "html")
    sentence = "Il n'existe plus de plage horaire libre"

    (*_, last) = await pages_of(store, attempt)

    assert sentence in (await store.evidence(html.sha256)).decode()
    assert sentence not in last.reading(()).text


@pytest.mark.parametrize(
    ("flow", "words"),
    [
        (form(faults=(Fault(0, "reset"),)), "no page decided it"),
        (form(**OFFERS), "goes further today"),
        (form(), "ends today on an earlier page"),
    ],
    ids=["site down", "further", "earlier"],
)
async def test_what_was_not_kept_cannot_be_judged_again_and_says_why(
    visit: Visit, store: Store, flow: Form, words: str
) -> None:
    usual = scenario_of(flow)
    attempt = await visit(flow)

    async def further(visit: fleet.Visit) -> Outcome:
        await visit.open()
        for _ in range(9):
            await visit.press("Suivant")
        raise AssertionError("unreachable")

    async def earlier(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return Outcome(verdict=Verdict.CLOSED, detail="…")

    script = further if "further" in words else earlier
    with pytest.raises(NotStored, match=words):
        await judge_stored(store, usual.model_copy(update={"script": script}), attempt)
    assert await store.judgements.of(attempt.id) == []


async def test_an_attempt_that_lacks_the_outline_of_a_page_is_not_judged_again(
    visit: Visit, store: Store
) -> None:
    """The pages behind it would be taken for others."""
    attempt = await visit(form(plannings=DESKS), scenario=scenario_of(form(), planning="1"))
    left = tuple(e for e in attempt.evidence if (e.kind, e.step) != ("outline", 1))

    with pytest.raises(NotStored, match="the outline of one of its pages is missing"):
        await judge_stored(
            store, scenario_of(form()), attempt.model_copy(update={"evidence": left})
        )


async def test_a_scenario_that_fails_on_stored_pages_judges_nothing(
    visit: Visit, store: Store
) -> None:
    attempt = await visit(form())

    async def script(visit: fleet.Visit) -> Outcome:
        raise KeyError("two\nlines")

    broken = scenario_of(form()).model_copy(update={"script": script})
    with pytest.raises(NotStored, match="fails on stored pages: KeyError"):
        await judge(broken, attempt, await pages_of(store, attempt))


def page(body: list[object], **changes: object) -> StoredPage:
    kept = {
        "format": 1,
        "url": "https://www.nanterre.example/",
        "title": "",
        "text": "",
        "headings": [],
        "loading": False,
        "dialogs": [],
        "document": 1,
        "cut": False,
        "body": ["body", {}, 1, body],
        "frames": [],
        **changes,
    }
    return StoredPage.of(json.dumps(kept).encode())


def test_elements_stay_where_the_page_had_them() -> None:
    """An HTML parser would end the paragraph before its list and move the span elsewhere."""
    cell = ["span", {"class": "free"}, 1, ["08h30"]]
    odd = page(
        [["p", {"id": "a"}, 1, [["ul", {}, 1, [["li", {}, 1, []]]]]], ["table", {}, 1, [cell]]]
    )

    assert odd.reading(["#a li", "table > span.free", "td"]).counts == {
        "#a li": 1,
        "table > span.free": 1,
    }


def test_an_element_without_room_is_not_seen_though_its_children_are() -> None:
    inner = ["b", {}, 1, ["oui"]]
    seen = page([["div", {"class": "box"}, 0, [inner]]])

    assert seen.reading([".box", ".box b"]).counts == {".box b": 1}
    assert seen.texts(".box b") == ["oui"]


def test_words_of_blocks_stand_apart_and_words_in_a_line_together() -> None:
    days = page(
        [["div", {"id": "d"}, 1, ["08", ["b", {}, 1, ["h"]], "30", ["p", {}, 1, ["lundi"]]]]]
    )

    assert days.texts("#d") == ["08h30 lundi"]


@pytest.mark.parametrize(
    ("stored", "selector", "words"),
    [
        (page([]), "td:has(", "cannot be asked of a stored page"),
        (page([], cut=True), "td", "too many elements"),
    ],
)
def test_a_question_that_a_stored_page_cannot_answer_is_no_answer(
    stored: StoredPage, selector: str, words: str
) -> None:
    with pytest.raises(NotStored, match=words):
        stored.reading([selector])


def test_a_page_kept_in_another_format_is_not_guessed_at() -> None:
    with pytest.raises(NotStored, match="format 9, not one of"):
        StoredPage.of(b'{"format": 9}')


OLD = "2026-11-25"
NEW_KEYS = ("central_headings", "failed", "unsettled", "went_on")
"""What outlines did not hold before pages had to settle."""


async def as_before(store: Store, attempt: Attempt, **changes: object) -> Attempt:
    """The attempt as an older fleet would have stored it: older ruleset, outlines of format 1."""
    files = []
    for evidence in attempt.evidence:
        content = await store.evidence(evidence.sha256)
        if evidence.kind == "outline":
            kept = {k: v for k, v in json.loads(content).items() if k not in NEW_KEYS}
            content = json.dumps({**kept, "format": 1}).encode()
        place = CapturePlace(step=evidence.step, url=evidence.url, title=evidence.title)
        file = file_of(evidence.kind, content, place, truncated=evidence.truncated)
        files.append(
            file.model_copy(
                update={
                    "evidence": file.evidence.model_copy(update={"taken_at": evidence.taken_at})
                }
            )
        )
    older = attempt.model_copy(
        update={
            "id": uuid.uuid4().hex,
            "ruleset": OLD,
            "evidence": tuple(file.evidence for file in files),
            **changes,
        }
    )
    await store.attempts.add(older, files)
    return older


DOUBTS: dict[str, tuple[Flow, list[VerdictDoubt]]] = {
    "no slot, on a page with scripts": (
        form(),
        [VerdictDoubt.OPEN_REQUEST, VerdictDoubt.UNSEEN_SIGN],
    ),
    "slots": (form(**OFFERS), [VerdictDoubt.OPEN_REQUEST, VerdictDoubt.UNSEEN_SIGN]),
    "a page without a script": (SCRIPTLESS, [VerdictDoubt.UNSEEN_SIGN]),
    "a captcha": (
        form(Trap.CAPTCHA_BEFORE),
        [VerdictDoubt.OPEN_REQUEST, VerdictDoubt.UNSEEN_SIGN],
    ),
    "a status": (form(faults=(Fault(2, "http_502"),)), []),
    "a host that was down": (form(faults=(Fault(0, "reset"),)), []),
    "nothing known": (form(Trap.UNKNOWN_WORDING), []),
}


@pytest.mark.parametrize("case", DOUBTS)
async def test_an_older_verdict_is_in_doubt_for_what_it_may_be_wrong_by_and_a_newer_is_not(
    visit: Visit, store: Store, case: str
) -> None:
    flow, doubts = DOUBTS[case]
    newer = await visit(flow)
    older = await as_before(store, newer)

    assert await doubts_of(store, older) == doubts
    assert await doubts_of(store, newer) == []


async def test_what_is_not_known_of_an_older_page_speaks_against_its_verdict(
    visit: Visit, store: Store
) -> None:
    attempt = await visit(SCRIPTLESS)
    cut = tuple(
        file.model_copy(update={"truncated": file.kind == "html"}) for file in attempt.evidence
    )
    without = tuple(file for file in attempt.evidence if file.kind != "html")
    by_address = attempt.model_copy(update={"ruleset": OLD, "signs": ("url '*/sign_in'",)})

    for evidence in (cut, without):
        old = attempt.model_copy(update={"ruleset": OLD, "evidence": evidence})
        assert VerdictDoubt.OPEN_REQUEST in await doubts_of(store, old)
    assert await doubts_of(store, by_address) == []


async def test_an_older_no_slot_of_one_week_is_in_doubt_and_judged_unrecognised(
    visit: Visit, store: Store
) -> None:
    flow = form(Trap.WEEKS_WITHOUT_END)

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.tick("accepter les conditions d'utilisation")
        await visit.press("Effectuer une demande de rendez-vous")
        busy = [visit.css("td.busy"), visit.url("*/4")]
        return await visit.decide(no_slots=busy, slots=[visit.css("td.free"), visit.url("*/4")])

    async def one_week(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.tick("accepter les conditions d'utilisation")
        await visit.press("Effectuer une demande de rendez-vous")
        await visit.which(week=[visit.css("td.busy")])
        return Outcome(verdict=Verdict.NO_SLOTS, detail="…", signs=("css 'td.busy' ×50", "url"))

    scenario = scenario_of(flow).model_copy(update={"script": script})
    then = scenario.model_copy(update={"script": one_week})
    older = await as_before(store, await visit(flow, scenario=then))
    assert older.verdict == Verdict.NO_SLOTS

    judgement = await judge_stored(store, scenario, older)

    assert VerdictDoubt.ONE_WEEK in await doubts_of(store, older)
    assert judgement.verdict == Verdict.UNRECOGNISED
    assert "looked at 1 week of the calendar" in judgement.detail
    assert "was not pressed" in judgement.detail


@pytest.mark.process
async def test_the_command_names_the_older_verdicts_in_doubt_and_changes_none(
    chromium: Chromium, mongodb_url: str, database: dict[str, str]
) -> None:
    flows = [each for each in PREFECTURES if each.flow == "titre-de-sejour"]
    chosen = [each for each in flows if each.department in ("63", "33")]
    catalogue = {each.id: each for each in loader.load(PRACTICE_SCENARIOS).scenarios}
    name = f"{database['FLEET_DATABASE']}_practice"
    async with PracticeServer(chosen) as server, await Store.open(mongodb_url, name) as store:
        for flow in chosen:
            scenario = catalogue[f"{flow.department}/{flow.flow}"]
            kept = await attempt(
                scenario.at(server.url(flow)), chromium, run_id="test", limits=QUICK
            )
            await store.attempts.add(kept.attempt, kept.files)
            await as_before(store, kept.attempt)
            at = datetime(2026, 11, 2, 12, tzinfo=PARIS)
            await as_before(store, kept.attempt, started_at=at)
        before = [each async for each in store.attempts.find(run_id="test")]

        settings = {**os.environ, **database, "COLUMNS": "100"}
        first = await forked.run(["rejudge", "--practice"], settings)
        again = await forked.run(["rejudge", "--practice"], settings)

        after = [each async for each in store.attempts.find(run_id="test")]
    said = first.out.decode()
    today = datetime.now(PARIS).strftime("%d/%m/%Y")
    assert first.code == again.code == 0, first.err
    assert first.out == again.out
    assert before == after
    assert f"6 attempts, 6 judged again by ruleset {RULESET}, 0 changed" in said
    assert "2 verdicts given before ruleset 2026-11-30 are in doubt: a script of the page" in said
    assert "2 verdicts given before ruleset 2026-11-30 are in doubt: a sign may have" in said
    line = ["63/titre-de-sejour", "no_slots", "2", "02/11/2026", today]
    assert [row.split() for row in said.splitlines()].count(line) == 2
    assert "33/titre-de-sejour" not in said, "what is unrecognised says nothing of the site"
