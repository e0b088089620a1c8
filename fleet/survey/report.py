"""What a survey found, from its records: for each family, for pages that nobody knows, by host."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet.models import PARIS, now
from fleet.models.address import host_of
from fleet.models.base import Frozen, Instant
from fleet.models.outcome import Group, Verdict
from fleet.models.seen_working import SeenWorking, SeenWorkingFile
from fleet.survey.likeness import groups

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet.survey.records import AskedSign, SurveyPage, SurveyRecord

GONE = (404, 410)

MOST_MISSING = 12
"""Signs that a group's entry names."""


class MetSign(Frozen):
    """A sign of a family: on how many flows it was asked for, and met."""

    words: str
    asked: int
    met: int


class FamilyReport(Frozen):
    """What the flows of one platform came to."""

    family: str
    flows: int
    working: int
    verdicts: dict[str, int]
    signs: tuple[MetSign, ...]


class UnknownPage(Frozen):
    """Pages that nobody knows and that are alike; what they say is that of the first."""

    flows: tuple[str, ...]
    families: tuple[str, ...]
    hosts: tuple[str, ...]
    url: str
    title: str
    headings: tuple[str, ...]
    says: str
    controls: tuple[str, ...]
    detail: str
    missing: tuple[str, ...]
    picture: str | None
    withheld: str | None
    recordings: tuple[str, ...]


class FlowNote(Frozen):
    """One sentence about a flow."""

    flow: str
    words: str


class RefusingHost(Frozen):
    """A host that does not let the fleet in, and how it says so."""

    host: str
    how: tuple[str, ...]
    flows: tuple[str, ...]


class SurveyReport(Frozen):
    """All that a survey found. `not_visited` are flows that are still to be visited."""

    made_at: Instant
    made_up: bool
    fleet_versions: tuple[str, ...]
    flows: int
    visited: int
    working: int
    verdicts: dict[str, int]
    families: tuple[FamilyReport, ...]
    unknown: tuple[UnknownPage, ...]
    moved: tuple[FlowNote, ...]
    closed: tuple[FlowNote, ...]
    refusing: tuple[RefusingHost, ...]
    unavailable: tuple[FlowNote, ...]
    not_visited: tuple[FlowNote, ...]


def report_of(records: Sequence[SurveyRecord]) -> SurveyReport:
    """The report on these records."""
    visited = [each for each in records if each.verdict is not None]
    return SurveyReport(
        made_at=now(),
        made_up=any(each.made_up for each in records),
        fleet_versions=tuple(sorted({each.fleet_version for each in visited})),
        flows=len(records),
        visited=len(visited),
        working=sum(each.working for each in visited),
        verdicts=_verdicts(visited),
        families=tuple(_families(visited)),
        unknown=tuple(_unknown(visited)),
        moved=tuple(_moved(visited)),
        closed=tuple(_closed(visited)),
        refusing=tuple(_refusing(records)),
        unavailable=tuple(
            FlowNote(flow=each.flow, words=f"{each.verdict}: {each.detail}")
            for each in visited
            if each.verdict is not None and each.verdict.group is Group.UNAVAILABLE
        ),
        not_visited=tuple(
            FlowNote(flow=each.flow, words=each.detail) for each in records if each.verdict is None
        ),
    )


def facts_of(records: Iterable[SurveyRecord]) -> SeenWorkingFile:
    """The flows that were seen working; of made-up sites none."""
    return SeenWorkingFile().with_all(
        tuple(
            SeenWorking(
                flow=each.flow,
                day=each.at.astimezone(PARIS).date(),
                version=each.version,
                verdict=each.verdict,
            )
            for each in records
            if each.working and each.verdict is not None and not each.made_up
        )
    )


def sign_words(sign: AskedSign) -> str:
    """A sign in words: `text 'Il n'existe plus …' or '…'`, a control as what it is called."""
    return f"{sign.kind} {' or '.join(map(repr, sign.patterns))}"


def _verdicts(records: Iterable[SurveyRecord]) -> dict[str, int]:
    found = Counter(each.verdict.value for each in records if each.verdict)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _families(records: Sequence[SurveyRecord]) -> Iterable[FamilyReport]:
    of: defaultdict[str, list[SurveyRecord]] = defaultdict(list)
    for record in records:
        of[record.family].append(record)
    for family, own in sorted(of.items()):
        asked: defaultdict[str, set[str]] = defaultdict(set)
        met: defaultdict[str, set[str]] = defaultdict(set)
        for record in own:
            for sign in record.asked:
                words = sign_words(sign)
                asked[words].add(record.flow)
                if sign.seen:
                    met[words].add(record.flow)
        yield FamilyReport(
            family=family,
            flows=len(own),
            working=sum(each.working for each in own),
            verdicts=_verdicts(own),
            signs=tuple(
                MetSign(words=words, asked=len(flows), met=len(met[words]))
                for words, flows in asked.items()
            ),
        )


def _unknown(records: Sequence[SurveyRecord]) -> Iterable[UnknownPage]:
    lost = [each for each in records if each.not_understood]
    seen = [each for each in lost if each.pages]
    for group in groups(seen, lambda record: record.pages[-1].shingles):
        yield _group(group, group[0].pages[-1])
    for record in lost:
        if not record.pages:
            yield _group([record], None)


def _group(group: Sequence[SurveyRecord], page: SurveyPage | None) -> UnknownPage:
    first = group[0]
    missing = dict.fromkeys(words for each in group for words in _missing(each))
    return UnknownPage(
        flows=tuple(each.flow for each in group),
        families=tuple(sorted({each.family for each in group})),
        hosts=tuple(sorted({each.host for each in group})),
        url=page.url if page else first.url,
        title=page.title if page else "",
        headings=page.headings if page else (),
        says=page.says if page else "",
        controls=page.controls if page else (),
        detail=first.detail,
        missing=tuple(missing)[:MOST_MISSING],
        picture=page.picture if page else None,
        withheld=page.withheld if page else None,
        recordings=tuple(each.recording for each in group if each.recording),
    )


def _missing(record: SurveyRecord) -> Iterable[str]:
    if record.missing_anchor:
        yield f"the anchor {record.missing_anchor!r} is on no page"
    for sign in record.missing:
        near = " or ".join(f"« {each} »" for each in sign.nearest)
        where = f"{sign.answer}: " if sign.answer else ""
        yield f"{where}no {sign_words(sign)}" + (f"; nearest: {near}" if near else "")


def _moved(records: Iterable[SurveyRecord]) -> Iterable[FlowNote]:
    for record in records:
        led = next((each for each in record.served if each.status in (301, 308)), None)
        there = record.pages[0].url if record.pages else ""
        settled = _settled(record)
        if led is not None and led.location and host_of(settled or led.location) != record.host:
            to = settled or led.location
            yield FlowNote(flow=record.flow, words=f"{led.status} to {to}, from {record.url}")
        elif there and host_of(there) != record.host:
            yield FlowNote(flow=record.flow, words=f"led to {there}, from {record.url}")
        elif there and not record.working and not _same_way(record.url, there):
            words = f"led to another page of its host: {there}, from {record.url}"
            yield FlowNote(flow=record.flow, words=words)


def _settled(record: SurveyRecord) -> str | None:
    """The address of the first document that did not send on."""
    return next((each.url for each in record.served if not 300 <= each.status < 400), None)


def _same_way(asked: str, there: str) -> bool:
    """Whether an address is the one that was asked for, or a step behind it."""
    own = re.sub(r"/0?$", "", urlsplit(asked).path)
    return urlsplit(there).path.startswith(own)


def _closed(records: Iterable[SurveyRecord]) -> Iterable[FlowNote]:
    for record in records:
        gone = next((each for each in record.served if each.status in GONE), None)
        if record.verdict is Verdict.CLOSED:
            yield FlowNote(flow=record.flow, words=record.detail)
        elif gone is not None:
            yield FlowNote(flow=record.flow, words=f"{gone.status} at {gone.url}")


def _refusing(records: Iterable[SurveyRecord]) -> Iterable[RefusingHost]:
    how: defaultdict[str, dict[str, None]] = defaultdict(dict)
    flows: defaultdict[str, list[str]] = defaultdict(list)
    for record in records:
        if record.verdict is None:
            words = record.detail if "robots.txt" in record.detail else ""
        elif record.verdict.group is Group.REFUSED and not record.own:
            words = f"{record.verdict}: {record.detail}"
        else:
            words = ""
        if words:
            how[record.host][words] = None
            flows[record.host].append(record.flow)
    for host in sorted(how):
        yield RefusingHost(host=host, how=tuple(how[host])[:5], flows=tuple(flows[host]))
