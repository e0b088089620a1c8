"""Words of a page stay words: on a terminal, in CSV and JSON, in scenario files and notices."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table

import fleet
from fleet import log
from fleet.alerts.messages import MessageWriter
from fleet.analysis.care import Care, CareKind, CareReason
from fleet.catalog import loader
from fleet.catalog.scaffold import Address, Draft, recognise, write
from fleet.cli.commands.hosts import _now
from fleet.cli.commands.new import FirstPages, _print_survey, _title
from fleet.cli.commands.output import attempts_table, care_json, care_text
from fleet.cli.commands.run import print_attempt
from fleet.cli.console import Console
from fleet.engine.politeness.host import HostState
from fleet.models import Dialog, Outcome, Served, Verdict
from fleet.models.attempt import Attempt, Capture
from fleet.models.event import Event, EventKind
from fleet.models.text import legible, visible, visible_json
from fleet.rendering.attempt_csv import AttemptWriter
from fleet.settings import Settings
from fleet.web.api.json_response import VisibleJson
from tests.storage.test_store import AT, attempt_of

FAKED = "\n63/titre-de-sejour → slots\n"
HOSTILE = f"a\x1b[2J\x1b]0;x\x07\x9b1A\r\u202e\u2066\u2028\x85{FAKED}[bold]\U000e0041"
"""Controls of old and new terminals, a line of our own that is none, markup, tags."""

OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")


def hostile() -> Attempt:
    return attempt_of(
        scenario_id="63/titre-de-sejour",
        verdict=Verdict.UNRECOGNISED,
        group=Verdict.UNRECOGNISED.group,
        first_dates=(),
        detail=HOSTILE,
        signs=(HOSTILE,),
        facts={"place": HOSTILE, HOSTILE[:20]: "x"},
        missing_anchor=HOSTILE,
        served=(Served(url=f"http://x/{HOSTILE}", status=200, at=AT),),
        dialogs=(Dialog(kind="alert", message=HOSTILE, at=AT),),
        notes=(HOSTILE,),
    )


def console() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=200), out


def check_words(said: str) -> None:
    assert OBEYED.findall(said) == []
    assert FAKED.strip() not in said.splitlines()
    assert "[bold]" in said


def test_an_attempt_is_told_in_its_own_lines_only() -> None:
    to, out = console()

    print_attempt(to, hostile(), [])

    check_words(out.getvalue())
    assert "  alert: a\\x1b[2J" in out.getvalue()


def test_tables_and_care_obey_no_page() -> None:
    to, out = console()

    to.print(attempts_table([hostile()], 200))
    reason = CareReason(CareKind.ANCHOR_GONE)
    to.print(care_text(Care(hostile(), AT, 2, reason)), soft_wrap=True)
    state = HostState("x.fr", datetime(2026, 12, 1, tzinfo=UTC), HOSTILE, 1, 1, "found")
    hosts = Table(box=None)
    hosts.add_row(_now(state))
    to.print(hosts)

    check_words(out.getvalue())


def test_what_a_command_prints_without_care_obeys_no_page_either() -> None:
    to, out = console()

    to.print(f"written {HOSTILE}", markup=False)

    assert OBEYED.findall(out.getvalue()) == []


def test_no_command_writes_to_a_terminal_in_another_way() -> None:
    own = Path(fleet.__file__).parent / "cli"
    others = [
        path.name
        for path in own.rglob("*.py")
        if path.name != "console.py"
        and re.search(r"^from rich.console import.*\bConsole\b", path.read_text(), re.M)
    ]
    assert others == []


def test_a_first_look_is_told_in_its_own_lines_only(tmp_path: Path) -> None:
    to, out = console()
    survey = FirstPages(
        title=_title(HOSTILE, []), plannings={HOSTILE: HOSTILE}, capture=Capture(hostile(), ())
    )

    _print_survey(to, survey, Settings(data_dir=tmp_path))

    check_words(out.getvalue())
    assert OBEYED.findall(survey.title) == []


def test_a_scenario_file_of_a_hostile_page_is_text_and_gives_the_same_words(tmp_path: Path) -> None:
    for folder, address, plannings in (
        (tmp_path / "own", Address("https://x.fr/", None), {}),
        (tmp_path / "known", recognise("https://www.x.gouv.fr/booking/create/1"), {"1": HOSTILE}),
    ):
        draft = Draft(
            address,
            "63",
            "flow",
            HOSTILE,
            anchor=HOSTILE,
            plannings=plannings,
            seen=[f"{HOSTILE}\0"],
        )

        path = write(draft, folder)

        assert OBEYED.findall(path.read_text()) == []
        (scenario,) = loader.load(folder).scenarios
        assert scenario.title.startswith(legible(HOSTILE))
        assert scenario.anchor == HOSTILE


def test_a_title_has_words_only() -> None:
    async def script(_: fleet.Visit) -> Outcome: ...  # type: ignore[empty-body]

    def titled(title: str) -> str:
        own = fleet.scenario(department="63", flow="f", title=title, url="https://x.fr/")
        return own(script).title

    assert titled("Dépôt \x1b[31m\u202ed'un\n\x85 dossier\U000e0041") == "Dépôt [31m d'un dossier"
    assert titled("Titre  de séjour\u00a0: dépôt") == "Titre  de séjour\u00a0: dépôt"
    with pytest.raises(ValueError, match="no word"):
        titled("\x1b\u202e")


def test_csv_has_one_line_for_an_attempt_and_runs_nothing() -> None:
    out = io.StringIO()
    writer = AttemptWriter("csv", out)
    writer.write(hostile())
    writer.write(hostile().model_copy(update={"detail": "=HYPERLINK(1)"}))

    assert OBEYED.findall(out.getvalue().replace("\r\n", "")) == []
    assert len(out.getvalue().splitlines()) == 3
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["detail"] for row in rows] == [visible(HOSTILE), "'=HYPERLINK(1)"]


def test_json_says_the_same_and_obeys_no_page() -> None:
    out = io.StringIO()
    AttemptWriter("jsonl", out).write(hostile())
    care = care_json(Care(hostile(), AT, 2, CareReason(CareKind.NEVER_RECOGNISED)))

    answered = bytes(VisibleJson({"detail": HOSTILE}).body).decode()
    assert OBEYED.findall(out.getvalue() + care + answered) == []
    assert json.loads(answered) == {"detail": HOSTILE}
    assert len(out.getvalue().splitlines()) == 1
    assert Attempt.model_validate({**hostile().model_dump(), "id": "1"}) == (
        Attempt.model_validate({**json.loads(out.getvalue()), "id": "1"})
    )
    assert json.loads(care)["detail"] == HOSTILE


@given(st.text())
def test_any_text_is_the_same_in_json_and_is_read_back_from_what_is_shown(text: str) -> None:
    said = visible_json(json.dumps(text, ensure_ascii=False))

    assert json.loads(said) == text
    assert OBEYED.findall(said) == []
    assert OBEYED.findall(visible(text)) == []
    assert "\n" not in visible(text)
    assert visible(visible(text)) == visible(text)


def test_a_notice_is_one_line_with_words_only() -> None:
    writer = MessageWriter({"63/f": HOSTILE}.get, "https://rdv.example")
    event = Event(
        id="1",
        kind=EventKind.CARE,
        subject="63/f",
        at=AT,
        noted_at=AT,
        scenario_id="63/f",
        attempt_ids=("a",),
        words=HOSTILE,
    )
    of_host = event.model_copy(update={"host": HOSTILE})

    for said in (writer.title([event]), writer.title([of_host]), writer.line(event, 2)):
        assert OBEYED.findall(said) == []
        assert "\n" not in said


def test_a_log_on_a_terminal_obeys_no_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    monkeypatch.setattr("sys.stderr", out)
    monkeypatch.setenv("NO_COLOR", "1")
    log.configure(shown=visible)
    structlog.get_logger().error("a notice was not sent", problem=HOSTILE)
    structlog.reset_defaults()

    assert "\\x9b1A" in out.getvalue()
    assert "\x1b[2J" not in out.getvalue()
    assert "\u202e" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1
