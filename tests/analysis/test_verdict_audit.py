"""Verdicts that people check without seeing them: what is drawn, what is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from fleet.analysis.rates import limits
from fleet.analysis.verdict_audit import AuditTally, draw, next_to_read, tally
from fleet.models import Group, Verdict
from fleet.models.audit import AuditDraw, AuditReading, DrawnClass, PersonSaw, VerdictClass

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
SLOTS, NONE, OTHER, UNSURE = PersonSaw.SLOTS, PersonSaw.NO_SLOTS, PersonSaw.OTHER, PersonSaw.UNSURE


def drawn(**classes: tuple[int, tuple[str, ...]]) -> AuditDraw:
    return AuditDraw(
        id="a" * 32,
        at=AT,
        by="root",
        since=AT - timedelta(days=90),
        until=AT,
        seed="seed",
        seed_of="the root of seal 7",
        classes={
            VerdictClass(name): DrawnClass(of=of, attempt_ids=ids)
            for name, (of, ids) in classes.items()
        },
    )


def said(by: str, **seen: PersonSaw) -> list[AuditReading]:
    return [
        AuditReading(draw_id="a" * 32, attempt_id=name, by=by, seen=each, at=AT)
        for name, each in seen.items()
    ]


def test_every_verdict_belongs_to_one_class() -> None:
    named = [each for verdicts in VerdictClass for each in verdicts.verdicts]

    assert sorted(named) == sorted(Verdict)
    assert all(each.group is not Group.ANSWERED for each in VerdictClass.UNANSWERED.verdicts)


def test_anybody_with_the_ids_draws_the_same_and_another_seed_another() -> None:
    ids = [f"{n:032x}" for n in range(500)]

    first = draw("one", ids, 20)

    assert draw("one", reversed(ids), 20) == first
    assert len(set(first)) == 20
    assert set(draw("two", ids, 20)) != set(first)
    assert draw("one", ids[:3], 20) == draw("one", ids[:3], 3)


def test_a_picture_is_counted_once_however_many_read_it() -> None:
    sample = drawn(slots=(90, ("a", "b", "c", "d", "e", "f")), unanswered=(8, ("u", "v")))
    readings = [
        *said("Claire", a=SLOTS, b=NONE, c=SLOTS, d=UNSURE, e=UNSURE, u=OTHER, v=SLOTS),
        *said("Omar", a=SLOTS, b=NONE, c=NONE, d=UNSURE, e=SLOTS),
    ]

    slots, unanswered = tally(sample, readings)

    # a and e right, b wrong, c disputed, d unsure; f was read by nobody
    assert (slots.right, slots.wrong, slots.disputed, slots.unsure) == (2, 1, 1, 1)
    assert (slots.drawn, slots.read, slots.n, slots.of) == (6, 5, 3, 90)
    assert slots.rate == 1 / 3
    assert slots.interval == limits(1, 3)
    assert slots.worst == limits(3, 5)[1]
    assert slots.wrong_ids == ("b",)
    # an answer that the fleet did not see is wrong too
    assert (unanswered.right, unanswered.wrong, unanswered.wrong_ids) == (1, 1, ("v",))


def test_readings_of_another_draw_do_not_count() -> None:
    sample = drawn(slots=(9, ("a",)))
    other = [each.model_copy(update={"draw_id": "b" * 32}) for each in said("Claire", a=NONE)]

    (slots,) = tally(sample, other)

    assert (slots.read, slots.rate, slots.interval, slots.worst) == (0, None, None, None)


def test_no_error_in_a_sample_is_not_no_error_and_a_whole_reading_is_exact() -> None:
    some = AuditTally(VerdictClass.SLOTS, of=1000, drawn=50, right=50)
    whole = AuditTally(VerdictClass.SLOTS, of=50, drawn=50, right=49, wrong=1)

    assert some.rate == 0
    assert some.interval
    assert some.interval[1] == pytest.approx(0.058, abs=0.02)  # three in fifty
    assert whole.interval == (0.02, 0.02)


def test_each_person_reads_all_in_an_order_of_their_own_the_least_read_first() -> None:
    ids = tuple(f"{n:02}" for n in range(40))
    sample = drawn(slots=(90, ids[:20]), no_slots=(90, ids[20:]))

    claire, omar = (next_to_read(sample, [], name) for name in ("Claire", "Omar"))

    assert sorted(claire) == sorted(omar) == list(ids)
    assert claire != omar
    # the classes are mixed: the order tells nobody of which one a picture is
    assert 0 < sum(each in ids[:20] for each in claire[:20]) < 20
    read = said("Claire", **{claire[0]: SLOTS, claire[1]: SLOTS})
    assert next_to_read(sample, read, "Claire") == claire[2:]
    assert set(next_to_read(sample, read, "Omar")[-2:]) == set(claire[:2])
