"""How attempts look in a terminal, in CSV and in JSON."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from fleet.analysis.care import CHANGED, care_why
from fleet.cli.console import PIPED
from fleet.errors import BadInput, EvidenceRemoved
from fleet.models import PARIS, Attempt, Group, Verdict
from fleet.models.text import visible, visible_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fleet.analysis.care import Care
    from fleet.storage.store import Store


COLOURS = {
    Verdict.SLOTS: "bold green",
    Verdict.NO_SLOTS: "red",
    Verdict.CLOSED: "magenta",
}

GROUP_COLOURS = {
    Group.ANSWERED: "white",
    Group.REFUSED: "yellow",
    Group.UNAVAILABLE: "cyan",
    Group.OURS: "bold yellow",
}

WIDE = 110
"""Columns from which a table also says what was seen."""


def verdict_text(verdict: Verdict) -> Text:
    """A verdict in its colour."""
    return Text(verdict.value, style=COLOURS.get(verdict, GROUP_COLOURS[verdict.group]))


def attempts_table(attempts: Iterable[Attempt], width: int) -> Table:
    """One line for each attempt, in the order given; what was seen, where `width` has room."""
    # 79 columns at most where it is not wide: many terminals have 80
    wide, filled = width >= WIDE, WIDE <= width < PIPED
    table = Table(
        box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold", expand=filled
    )
    table.add_column("flow", no_wrap=True)
    table.add_column("no.", justify="right")
    table.add_column("verdict", no_wrap=True)
    table.add_column("first dates", no_wrap=True)
    table.add_column("pictures", justify="right")
    table.add_column("s", justify="right")
    if wide:
        table.add_column("what was seen", no_wrap=True, overflow="ellipsis", ratio=1)
    for attempt in attempts:
        cells: list[str | Text] = [
            attempt.scenario_id,
            str(attempt.number),
            verdict_text(attempt.verdict),
            ", ".join(day.strftime("%d/%m/%Y") for day in attempt.first_dates),
            str(sum(file.kind == "picture" for file in attempt.evidence)),
            f"{attempt.seconds:.1f}",
        ]
        if wide:
            cells.append(Text(visible(attempt.detail), style="dim"))
        table.add_row(*cells)
    return table


def verdicts_table(verdicts: Mapping[Verdict, int]) -> Table:
    """How many attempts ended how, group by group."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("group")
    table.add_column("verdict", min_width=14)
    table.add_column("attempts", justify="right")
    for verdict in Verdict:
        if count := verdicts.get(verdict, 0):
            table.add_row(verdict.group.value, verdict_text(verdict), str(count))
    table.add_row("", "all", str(sum(verdicts.values())), style="bold")
    return table


def offer_rate(verdicts: Mapping[Verdict, int]) -> str:
    """The offer rate with its denominator, in words; errors and refusals never enter it."""
    slots, none = verdicts.get(Verdict.SLOTS, 0), verdicts.get(Verdict.NO_SLOTS, 0)
    if not slots + none:
        return "offer rate: unknown, no attempt got an answer about slots"
    return (
        f"offer rate: {slots / (slots + none):.0%}, {slots} of {slots + none} attempts that got an"
        " answer about slots"
    )


def care_text(each: Care) -> Text:
    """What needs care, since when, who changed, what was seen, and the picture to look at."""
    latest = each.latest
    pictures = [file.sha256 for file in latest.evidence if file.kind == "picture"]
    text = Text(latest.scenario_id, style="bold")
    text.append(f"  {each.attempts} × ", style="not bold")
    text.append_text(verdict_text(latest.verdict))
    since = each.since.astimezone(PARIS).strftime("%d/%m/%Y %H:%M")
    text.append(f" since {since} (Paris)\n", style="not bold")
    why, seen = care_why(each), latest.detail.removeprefix(f"{latest.scenario_id}: ")
    text.append(f"  {CHANGED[each.changed]}: {visible(why)}\n", style="not bold")
    text.append(f"  {visible(seen)}\n", style="not bold")
    text.append(f"  picture {pictures[-1] if pictures else 'none'}\n", style="dim not bold")
    return text


def quarantine_text(scenario_id: str, why: str) -> Text:
    """A scenario that stands still, and what ends that."""
    text = Text(scenario_id, style="bold")
    text.append(f"  in quarantine: {visible(why)}. Correct its file; ", style="not bold")
    text.append("it is visited again once that has changed\n", style="not bold")
    return text


def quarantine_json(scenario_id: str, why: str) -> str:
    """The same as one line of JSON."""
    fields = {"scenario_id": scenario_id, "quarantined": True, "why": why}
    return visible_json(json.dumps(fields, ensure_ascii=False))


def care_json(care: Care) -> str:
    """The same as one line of JSON."""
    pictures = [file.sha256 for file in care.latest.evidence if file.kind == "picture"]
    fields = {
        "scenario_id": care.latest.scenario_id,
        "since": care.since.isoformat(),
        "attempts": care.attempts,
        "verdict": care.latest.verdict.value,
        "changed": care.changed,
        "reason": care.reason.kind,
        "why": care_why(care),
        "detail": care.latest.detail,
        "missing_anchor": care.latest.missing_anchor,
        "latest_attempt": care.latest.id,
        "latest_picture": pictures[-1] if pictures else None,
    }
    return visible_json(json.dumps(fields, ensure_ascii=False))


def instant(text: str | None, option: str) -> datetime | None:
    """
    `2026-11-20` or `2026-11-20T08:30`, Paris time unless a zone is written.

    Raises:
        BadInput: it is neither.
    """
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=PARIS)).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise BadInput(
            f"{option} {text!r} is no date; expected 2026-11-20 or 2026-11-20T08:30 (Paris time)"
        ) from exc


def write_file(path: Path, content: bytes, *, overwrite: bool = False) -> None:
    """
    Write a whole file or none, making its folder.

    Raises:
        BadInput: it cannot be written, or is there already and `overwrite` is false.
    """
    created = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb" if overwrite else "xb") as file:
            created = True
            file.write(content)
    except FileExistsError as exc:
        raise BadInput(f"{path} exists; nothing is overwritten, choose another file") from exc
    except OSError as exc:
        if created:
            path.unlink(missing_ok=True)
        raise BadInput(
            f"{path} cannot be written: {exc.strerror}. Choose another place, or make room"
        ) from exc


async def save_pictures(store: Store, attempt: Attempt, folder: Path, *, last: bool) -> list[Path]:
    """
    The attempt's pictures as files that any viewer opens.

    Args:
        last: only the last one, the answer.

    Returns:
        The files, in the order the pages were visited.
    """
    pictures = [file for file in attempt.evidence if file.kind == "picture"]
    saved = []
    for picture in pictures[-1:] if last else pictures:
        again = f"try{attempt.number}_" if attempt.number > 1 else ""
        flow = attempt.scenario_id.replace("/", "_")
        path = folder / f"{flow}_{again}{picture.step}_{attempt.verdict.value}.png"
        with contextlib.suppress(EvidenceRemoved):  # seen again, and still not to be kept
            write_file(path, await store.evidence(picture.sha256), overwrite=True)
            saved.append(path)
    return saved
