"""
One visit made into a record, without secrets.

Of a picture nothing can be taken out. So it is kept only where the page, by its own outline, shows
no secret of the visit, no public IP address and no mail address but those of the State.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from fleet.errors import NotStored
from fleet.models import EvidenceFile, Verdict, now
from fleet.rules.stored_page import StoredPage
from fleet.survey.folder import PAGES, RECORDINGS, name_of
from fleet.survey.likeness import shingles
from fleet.survey.records import ENDS, SurveyPage, SurveyRecord, SurveyServed
from fleet.survey.tracing import asked_of, controls_of, is_own, new_sentences
from fleet.visit.recording import har

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleet.models import Attempt, Scenario
    from fleet.survey.records import AskedSign
    from fleet.visit.recording.redaction import Scrubber

SAYS = 600
"""Characters of what a page says, and those before it did not, that its record has."""

MOST_CONTROLS = 40

_STATE_MAIL = re.compile(r"[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,6}gouv\.fr\b", re.IGNORECASE)

KINDS = ("picture", "outline")
"""Files of an attempt that a survey uses."""


async def gathered(
    scenario: Scenario,
    attempt: Attempt,
    files: Sequence[EvidenceFile],
    scrubber: Scrubber,
    *,
    made_up: bool,
) -> tuple[SurveyRecord, dict[str, bytes]]:
    """
    The record of a visit, and the files that belong to it, by their names in a survey's folder.

    Args:
        files: pictures and outlines of the attempt.
        scrubber: knows the secrets of this visit.
        made_up: whether the site is a practice prefecture.
    """
    clean, name = scrubber.words, name_of(scenario.id)
    stored = {f.evidence.step: _page_of(f.content) for f in files if f.evidence.kind == "outline"}
    whole = [page for _, page in sorted(stored.items()) if page is not None]
    asked = await asked_of(scenario, attempt, whole)
    kept: dict[str, bytes] = {}
    pages = []
    for step in sorted({f.evidence.step for f in files}):
        picture = next(
            (f for f in files if f.evidence.step == step and f.evidence.kind == "picture"), None
        )
        page = stored.get(step)
        said = new_sentences(whole[: whole.index(page)], page) if page is not None else []
        pages.append(_kept_page(step, page, picture, name, clean, kept, said))
    record = SurveyRecord(
        **_about(scenario, made_up=made_up),
        at=attempt.started_at,
        verdict=attempt.verdict,
        detail=clean(attempt.detail),
        signs=tuple(map(clean, attempt.signs)),
        missing_anchor=attempt.missing_anchor,
        seconds=attempt.seconds,
        served=tuple(
            SurveyServed(
                url=clean(each.url),
                status=each.status,
                location=clean(each.location) if each.location else None,
            )
            for each in attempt.served
        ),
        dialogs=tuple(clean(each.message) for each in attempt.dialogs),
        notes=tuple(map(clean, attempt.notes)),
        pages=tuple(pages),
        asked=tuple(_clean_sign(each, clean) for each in asked),
        own=attempt.verdict in ENDS and is_own(asked, attempt.verdict.value),
        ruleset=attempt.ruleset,
        fleet_version=attempt.fleet_version,
    )
    if record.working or attempt.verdict in (Verdict.SITE_DOWN, Verdict.CRASHED):
        return record, kept
    recording = f"{RECORDINGS}/{name}.har"
    kept[recording] = har.to_json(scrubber.tape()).encode()
    return record.model_copy(update={"recording": recording}), kept


def not_visited(scenario: Scenario, why: str, *, made_up: bool) -> SurveyRecord:
    """The record of a flow that was not visited, and why."""
    return SurveyRecord(**_about(scenario, made_up=made_up), at=now(), verdict=None, detail=why)


def _about(scenario: Scenario, *, made_up: bool) -> dict[str, Any]:
    return {
        "flow": scenario.id,
        "title": scenario.title,
        "family": scenario.family,
        "url": scenario.url,
        "version": scenario.version,
        "control": scenario.control,
        "made_up": made_up,
    }


def _kept_page(
    step: int,
    page: StoredPage | None,
    picture: EvidenceFile | None,
    name: str,
    clean: Callable[[str], str],
    kept: dict[str, bytes],
    said: Sequence[str],
) -> SurveyPage:
    """The facts of one page, which says what is `said`; its files are put into `kept`."""
    url = clean(picture.evidence.url) if picture else ""
    title = clean(picture.evidence.title) if picture else ""
    if page is None:
        why = "what the page showed is not known, so nothing says that its picture has no secret"
        return SurveyPage(step=step, url=url, title=title, withheld=why)
    bare = StoredPage(_clean(page.kept, clean))
    outline = f"{PAGES}/{name}_{step}.json"
    kept[outline] = json.dumps(bare.kept, ensure_ascii=False, sort_keys=True).encode()
    told = bare.kept
    text = "\n".join([told["text"], *(frame["text"] for frame in told["frames"])])
    withheld = _withheld(page, clean)
    shown = None
    if picture is not None and withheld is None:
        shown = f"{PAGES}/{name}_{step}.png"
        kept[shown] = picture.content
    return SurveyPage(
        step=step,
        url=told["url"],
        title=told["title"],
        headings=tuple(each[:200] for each in told["headings"][:10]),
        says=clean(" ".join(said))[:SAYS],
        controls=tuple(controls_of(bare)[:MOST_CONTROLS]),
        shingles=shingles(f"{told['title']} {text}"),
        outline=outline,
        picture=shown,
        withheld=withheld,
    )


def _withheld(page: StoredPage, clean: Callable[[str], str]) -> str | None:
    """Why a page's picture is not kept; None if it may be."""
    kept = page.kept
    shown = [kept["title"], kept["text"], *(frame["text"] for frame in kept["frames"])]
    fields = json.dumps(kept["body"], ensure_ascii=False) if kept["body"] else ""
    values = re.findall(r'"(?:value|placeholder)": "([^"]*)"', fields)
    plain = _STATE_MAIL.sub("", "\n".join(map(str, (*shown, *values))))
    if kept.get("cut"):
        return "only a part of what the page showed is known"
    if clean(plain) != plain:
        return "the page shows an address (mail or IP), or a secret of the visit"
    return None


def _clean(value: Any, clean: Callable[[str], str]) -> Any:
    """JSON with every text in it cleaned."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_clean(each, clean) for each in value]
    if isinstance(value, dict):
        return {name: _clean(each, clean) for name, each in value.items()}
    return value


def _clean_sign(sign: AskedSign, clean: Callable[[str], str]) -> AskedSign:
    return sign.model_copy(update={"nearest": tuple(map(clean, sign.nearest))})


def _page_of(content: bytes) -> StoredPage | None:
    try:
        return StoredPage.of(content)
    except (NotStored, ValueError):
        return None


def files_of(attempt: Attempt, contents: Mapping[str, bytes]) -> list[EvidenceFile]:
    """The pictures and outlines of an attempt, those that are there of `contents` (by hash)."""
    return [
        EvidenceFile(evidence=evidence, content=contents[evidence.sha256])
        for evidence in attempt.evidence
        if evidence.kind in KINDS and evidence.sha256 in contents
    ]
