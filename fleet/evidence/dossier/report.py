"""What the PDF says: figures counted from the dossier's own attempts, and its HTML."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING

import jinja2

from fleet.analysis.rates import Counts
from fleet.analysis.samples import count
from fleet.evidence.dossier.odd_times import odd_times
from fleet.models import PARIS, Verdict
from fleet.models.departments import DEPARTMENTS
from fleet.models.paris import monday_of, paris_day
from fleet.rendering import figure_words
from fleet.rendering.labels import MISS_REASONS
from fleet.rendering.scale import share_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from fleet.analysis.samples import Totals
    from fleet.evidence.dossier.collect import Collected, DossierEntry, DossierOrder
    from fleet.evidence.dossier.exhibits import ExhibitPicture, PdfContext
    from fleet.evidence.dossier.proofs import DossierProofs, DossierSeal
    from fleet.storage.store import Store

MAX_SEALS = 40
"""Seals in the table; of more, the first and the last."""

TEXT = re.compile(r"""text ["'](.*)["']""", re.DOTALL)
"""A sign that is a sentence of the page, as visits write it down."""

MAX_SIGN = 300
ALWAYS = (Verdict.SLOTS, Verdict.NO_SLOTS)


@dataclass(frozen=True, slots=True)
class DossierWeek:
    """One ISO week: its Monday, the attempts in it, and on how many days."""

    monday: date
    attempts: int
    days: int
    no_slots: int
    slots: int

    @property
    def number(self) -> int:
        """Its number in its year."""
        return self.monday.isocalendar().week


def weeks_of(entries: Sequence[DossierEntry]) -> list[DossierWeek]:
    """The weeks in which there were attempts, Paris calendar."""
    weeks: dict[date, list[DossierEntry]] = {}
    for entry in entries:
        weeks.setdefault(monday_of(paris_day(entry.attempt.started_at)), []).append(entry)
    return [
        DossierWeek(
            monday,
            len(own),
            len({paris_day(each.attempt.started_at) for each in own}),
            sum(each.attempt.verdict is Verdict.NO_SLOTS for each in own),
            sum(each.attempt.verdict is Verdict.SLOTS for each in own),
        )
        for monday, own in sorted(weeks.items())
    ]


@dataclass(frozen=True, slots=True)
class SeenSpan:
    """
    From the first to the last instant at which something was seen, and how it is spread over them.

    Spans of seven days are counted from the first instant on, `seen` those in which it was seen:
    four instants from a Friday to a Wednesday are of two calendar weeks, and of one such span.
    """

    first: datetime
    last: datetime
    seen: int

    @property
    def days(self) -> float:
        """Between the two, in days of 24 hours."""
        return (self.last - self.first) / timedelta(days=1)

    @property
    def spans(self) -> int:
        """How many spans of seven days there are from the first to the last."""
        return (self.last - self.first) // timedelta(days=7) + 1


def seen_span(instants: Iterable[datetime]) -> SeenSpan | None:
    """Of these instants; None if there are none."""
    all_of = sorted(instants)
    if not all_of:
        return None
    first = all_of[0]
    return SeenSpan(first, all_of[-1], len({(at - first) // timedelta(days=7) for at in all_of}))


def proving_words(entry: DossierEntry) -> list[str]:
    """What on the page proved the verdict: its words in « », or else other signs."""
    texts = [f"« {m[1]} »" for sign in entry.signs if (m := TEXT.fullmatch(sign))]
    detail = entry.detail.removeprefix(f"{entry.attempt.scenario_id}: ")
    return [
        words if len(words) <= MAX_SIGN else words[:MAX_SIGN] + "…"
        for words in texts or entry.signs or [detail]
    ]


def pictured_attempts(order: DossierOrder, entries: Sequence[DossierEntry]) -> set[str]:
    """The attempts whose pictures the PDF shows."""
    if order.pictures == "all":
        return {entry.id for entry in entries}
    first: dict[tuple[date, Verdict], str] = {}
    for entry in sorted(entries, key=lambda each: each.attempt.started_at):
        first.setdefault((paris_day(entry.attempt.started_at), entry.attempt.verdict), entry.id)
    return set(first.values())


@dataclass(frozen=True, slots=True)
class TimestampDelays:
    """
    How soon attempts were timestamped by somebody else.

    `longest`: from the beginning of an attempt to the first timestamp above it, at most;
    `without`: attempts under no timestamp; `unsealed`: those of them under no seal.
    """

    longest: timedelta | None
    without: int
    unsealed: int
    first: datetime | None
    last: datetime | None
    authorities: tuple[str, ...]


def timestamp_delays(
    entries: Sequence[DossierEntry], seals: Sequence[DossierSeal]
) -> TimestampDelays:
    """What of these attempts is timestamped."""
    at = {
        seal.statement.number: min(stamp.info.at for stamp in seal.timestamps)
        for seal in seals
        if seal.timestamps
    }
    waits = [
        at[e.seal] - e.attempt.started_at for e in entries if e.seal is not None and e.seal in at
    ]
    every = [stamp.info.at for seal in seals for stamp in seal.timestamps]
    names = {f"{stamp.info.authority} ({stamp.url})" for s in seals for stamp in s.timestamps}
    return TimestampDelays(
        longest=max(waits, default=None),
        without=len(entries) - len(waits),
        unsealed=sum(entry.seal is None for entry in entries),
        first=min(every, default=None),
        last=max(every, default=None),
        authorities=tuple(sorted(names)),
    )


def beside_of(entries: Sequence[DossierEntry], counts: Counts) -> Counter[Verdict]:
    """What those attempts saw that are in no rate: retries, and what was asked for by hand."""
    return Counter(
        each.attempt.verdict
        for each in entries
        if each.attempt.number > 1 or each.attempt.drawn is not counts.drawn
    )


async def comparison(store: Store, order: DossierOrder, *, control: bool) -> list[Totals]:
    """The flows of the department that are for another public."""
    every = await store.figures.department(order.department, order.period)
    return [totals for totals in every if totals.control is not control]


async def render(
    store: Store,
    order: DossierOrder,
    context: PdfContext,
    collected: Collected,
    proofs: DossierProofs,
    pictures: Iterable[ExhibitPicture],
    made_at: datetime,
) -> str:
    """The HTML of the PDF."""
    entries = collected.entries
    figures = count(entry.attempt for entry in entries).values()
    missed = await store.missed_visits.counts(order.since, order.until, order.scenario_id)
    counts = Counts.total([*(each.counts for each in figures), Counts(missed=missed)])
    whole = await store.figures.flow(order.scenario_id, order.period)
    hours: Counter[int] = Counter(e.attempt.started_at.astimezone(PARIS).hour for e in entries)
    control = any(entry.attempt.control for entry in entries)
    no_slots = [e for e in entries if e.attempt.verdict is Verdict.NO_SLOTS]
    values: dict[str, object] = {
        "page": context,
        "order": order,
        "department": DEPARTMENTS[order.department],
        "entries": entries,
        "control": control,
        "urls": sorted({entry.url for entry in entries}),
        "counts": counts,
        "verdicts": [v for v in Verdict if v in ALWAYS or counts.of(v)],
        "weeks": weeks_of(entries),
        "days": len({paris_day(e.attempt.started_at) for e in entries}),
        "no_slot_span": seen_span(e.attempt.started_at for e in no_slots),
        "no_slot_days": len({paris_day(e.attempt.started_at) for e in no_slots}),
        "no_slot_weeks": len({monday_of(paris_day(e.attempt.started_at)) for e in no_slots}),
        "hours": [hours[hour] for hour in range(24)],
        "due": sum(entry.attempt.drawn and entry.attempt.number == 1 for entry in entries),
        "versions": [
            sorted(set(each)) for each in zip(*(e.versions for e in entries), strict=True)
        ],
        "scenario_versions": sorted({entry.attempt.scenario_version for entry in entries}),
        "circumstances": collected.circumstances,
        "missed": sorted(missed.items(), key=lambda item: -item[1]),
        "why": MISS_REASONS,
        "compared": await comparison(store, order, control=control),
        "share": partial(share_text, context),
        "said": figure_words,
        "beside": beside_of(entries, counts),
        "nothing": figure_words.nothing_sentence(context, counts, whole.span_days if whole else 0),
        "shown": list(pictures),
        **_proved(entries, proofs),
        "removals": sorted(collected.removals.values(), key=lambda each: each.at),
        "proving_words": proving_words,
        "made_at": made_at,
        "PARIS": PARIS,
        "Verdict": Verdict,
        "week": timedelta(days=6),
    }
    template = _environment().get_template("dossier.html")
    # thousands of rows take a second or two, in which a server has others to answer
    return await asyncio.to_thread(template.render, **values)


def _proved(entries: Sequence[DossierEntry], proofs: DossierProofs) -> dict[str, object]:
    """What the chapter on integrity shows."""
    seals = proofs.seals
    return {
        "seals": seals,
        "signer": proofs.signer,
        "few_seals": _first_and_last(seals),
        "keys": sorted({seal.statement.key for seal in seals}),
        "stamping": timestamp_delays(entries, seals),
        "odd_times": odd_times(entries, seals),
    }


def _first_and_last(seals: Sequence[DossierSeal]) -> list[DossierSeal | None]:
    """The seals of the table; None where some are left out."""
    if len(seals) <= MAX_SEALS:
        return list(seals)
    half = MAX_SEALS // 2
    return [*seals[:half], None, *seals[-half:]]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("fleet.evidence.dossier", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def readme(language: str, **values: object) -> str:
    """The text that stands in the ZIP beside the PDF."""
    return _environment().get_template(f"readme.{language}.txt").render(**values)
