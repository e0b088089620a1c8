"""The report of a survey as text, and as a page with pictures."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import jinja2

from fleet.models.text import legible

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fleet.survey.report import FlowNote, SurveyReport, UnknownPage

MOST_SIGNS = 40
"""Signs of a family that the text names."""


def text_of(report: SurveyReport) -> str:
    """The report as text; what a page says stays on its line, and moves no terminal."""
    return "\n".join(_lines(report)) + "\n"


def page_of(report: SurveyReport) -> str:
    """The report as an HTML page; pictures are found beside it."""
    return _template().render(report=report)


@cache
def _template() -> jinja2.Template:
    loader = jinja2.PackageLoader("fleet.survey", "")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("report.html")


def _lines(report: SurveyReport) -> Iterator[str]:
    world = " of the practice prefectures" if report.made_up else ""
    yield (
        f"{report.visited} of {report.flows} flows{world} visited,"
        f" {report.working} of them seen working"
    )
    if report.verdicts:
        yield f"  {_counts(report.verdicts)}"
    for family in report.families:
        yield ""
        yield f"{family.family}: {family.working} of {family.flows} flows seen working"
        yield f"  {_counts(family.verdicts)}"
        for sign in family.signs[:MOST_SIGNS]:
            yield f"  {sign.met} of {sign.asked}  {legible(sign.words)}"
    if report.unknown:
        yield ""
        yield "Pages that no scenario knows"
    for number, group in enumerate(report.unknown, 1):
        yield from _group(number, group)
    yield from _notes("Moved", report.moved)
    yield from _notes("Closed or gone", report.closed)
    if report.refusing:
        yield ""
        yield "Hosts that refuse"
    for host in report.refusing:
        yield f"  {host.host}: {legible('; '.join(host.how))} ({_few(host.flows)})"
    yield from _notes("Not available", report.unavailable)
    yield from _notes("Not visited yet", report.not_visited)


def _group(number: int, group: UnknownPage) -> Iterator[str]:
    yield f"  {number}. {_few(group.flows)}: {legible(group.title) or 'no title'}"
    yield f"     {legible(group.url)}"
    yield f"     {legible(group.detail)}"
    for words in group.missing:
        yield f"     {legible(words)}"
    if group.headings:
        yield f"     headings: {legible(', '.join(group.headings))}"
    if group.controls:
        yield f"     controls: {legible(', '.join(group.controls[:12]))}"
    yield f"     says: {legible(group.says[:300]) or 'nothing'}"
    yield f"     picture: {group.picture or f'none, {group.withheld}'}"
    for recording in group.recordings[:3]:
        yield f"     recording: {recording}"


def _notes(heading: str, notes: Iterable[FlowNote]) -> Iterator[str]:
    for number, note in enumerate(notes):
        if not number:
            yield ""
            yield heading
        yield f"  {note.flow}: {legible(note.words)}"


def _counts(verdicts: dict[str, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
