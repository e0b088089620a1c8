"""Texts of pages are stored whatever is in them, and however long they are."""

from __future__ import annotations

import array
import itertools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import bson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.engine.spool_format import pack, read_item
from fleet.ledger.canonical import canonical
from fleet.models import Attempt, Dialog, Evidence, Outcome, Served, Verdict
from fleet.models.attempt import Capture
from fleet.models.circumstances import Certificate, Circumstances, Clock, Environment, Server
from fleet.models.judgement import Judgement
from fleet.models.missed import MissedVisit, MissReason
from fleet.models.outcome import MOST_FACTS
from fleet.models.text import well_formed
from tests.storage.test_store import AT, attempt_of, file_of

HALF = "Rendez-vous \ud83d"
"""What `'Rendez-vous 📅'.slice(0, -1)` gives, as Chromium hands it over."""

UNITS = st.lists(st.integers(0, 0xFFFF), max_size=40).map(
    lambda units: array.array("H", units).tobytes().decode("utf-16-le", "surrogatepass")
)
"""Any string that JavaScript can make."""

TEXTS = st.one_of(UNITS, UNITS.map(lambda text: (text or "\udcc5") * (3_500 // (len(text) or 1))))

SOME = settings(max_examples=30, deadline=None)

OURS = (
    *("id", "run_id", "scenario_id", "scenario_version", "department", "flow", "ruleset"),
    *("verdict", "group", "chromium_version", "fleet_version", "sha256", "environment"),
    *("clock_at_start", "clock_at_end", "first_dates"),
)
"""Texts of an attempt in which no page has a part."""

FULL = attempt_of(
    file_of(b"picture"),
    facts={"moved_to": "there"},
    missing_anchor="Guichet 1",
    served=(Served(url="http://x/", status=302, at=AT, location="/y", address="127.0.0.1:80"),),
    dialogs=(Dialog(kind="alert", message="Attention", at=AT),),
    notes=("a note",),
    circumstances=Circumstances(
        fresh_context=True,
        environment=Environment(
            system="Linux",
            browser="chromium",
            playwright="1",
            window_width_px=1,
            window_height_px=1,
            device_scale=1,
            locale="fr-FR",
            time_zone="Europe/Paris",
            proxy="none",
            egress_address=None,
        ),
        user_agent="Mozilla",
        clock_at_start=Clock(source="unknown"),
        clock_at_end=Clock(source="unknown"),
        servers=(
            Server(
                origin="https://x",
                address="127.0.0.1:443",
                protocol="h2",
                tls="TLS 1.3",
                certificate=Certificate(issuer="i", subject="s", valid_from=AT, valid_until=AT),
            ),
        ),
    ),
)


def said_otherwise(value: Any, text: Callable[[], str]) -> Any:
    """`value`, an attempt's fields, with another text in the place of each that a page gives."""
    if isinstance(value, dict):
        return {k: v if k in OURS else said_otherwise(v, text) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [said_otherwise(each, text) for each in value]
    return text() if isinstance(value, str) and value not in ("picture",) else value


@SOME
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_an_attempt_keeps_every_text_that_a_page_can_make(texts: list[str]) -> None:
    fields = said_otherwise(FULL.model_dump(), itertools.cycle(texts).__next__)

    made = Attempt.model_validate({**fields, "url": FULL.url})

    assert Attempt.model_validate_json(made.model_dump_json()) == made
    document = made.to_document()
    assert len(canonical(document)) < 200_000
    stored: dict[str, Any] = bson.decode(bson.encode(document), bson.CodecOptions(tz_aware=True))
    assert Attempt.from_document(stored) == made


@SOME
@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_the_spool_keeps_every_text_that_a_page_can_make(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    fields = said_otherwise(FULL.model_dump(), itertools.cycle(texts).__next__)
    made = Capture(Attempt.model_validate({**fields, "url": FULL.url}), [file_of(b"picture")])
    path: Path = tmp_path_factory.mktemp("spool") / "item.zip"

    path.write_bytes(pack(made))
    read = read_item(path)

    assert isinstance(read, Capture)
    assert read.attempt == made.attempt


@SOME
@given(UNITS)
def test_a_text_that_is_whole_stays_and_halves_are_marked(text: str) -> None:
    mended = well_formed(text)

    assert mended == text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    assert well_formed(mended) == mended
    assert mended.encode().decode() == mended


def test_a_half_is_one_mark_and_what_stands_beside_it_stays() -> None:
    assert well_formed(HALF) == "Rendez-vous \ufffd"
    assert well_formed("a\udcc5b\ud83d\udcc5") == "a\ufffdb\U0001f4c5"


@SOME
@given(TEXTS, st.dictionaries(UNITS, TEXTS, max_size=30))
def test_an_outcome_is_cut_and_never_refused(text: str, facts: dict[str, str]) -> None:
    outcome = Outcome(
        verdict=Verdict.BLOCKED, detail=text, signs=(text,), facts=facts, missing_anchor=text
    ).stating(moved_to=text)

    assert outcome.verdict is Verdict.BLOCKED
    assert len(outcome.detail) <= 2000
    assert len(outcome.facts) <= MOST_FACTS


def test_what_is_said_of_a_stored_attempt_is_cut_too() -> None:
    long = HALF * 1000
    fields = {name: getattr(FULL, name) for name in ("scenario_id", "scenario_version", "ruleset")}

    judged = Judgement(
        **fields,
        attempt_id=FULL.id,
        judged_at=AT,
        verdict=Verdict.SITE_DOWN,
        group=Verdict.SITE_DOWN.group,
        detail=long,
        signs=(long,),
        first_dates=(date(2026, 11, 26),),
        slot_count=None,
        facts={"a": long},
        missing_anchor=None,
    )
    missed = MissedVisit(
        scenario_id="91/x",
        department="91",
        control=False,
        due_at=AT,
        why=MissReason.COOLING,
        detail=long,
        noted_at=AT,
    )

    assert len(judged.detail) == 2000
    assert bson.encode(judged.to_document())
    assert bson.encode(missed.to_document())


def test_what_no_page_says_is_refused_as_before() -> None:
    with pytest.raises(ValueError, match="sha256"):
        Evidence(**{**dict(FULL.evidence[0]), "sha256": "no hash"})
    with pytest.raises(ValueError, match="detail"):
        Outcome(verdict=Verdict.CLOSED, detail=5)  # type: ignore[arg-type]
