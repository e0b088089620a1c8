"""
One ZIP of a survey, for those who maintain the catalogue; and what they read of it.

What is most needed comes first, so that the bound on its size costs the least needed: report and
facts, then of each group of unknown pages one picture, one outline, one recording, then the rest.
A bundle comes from somebody else: of it only recordings and facts are read, with bounds.
"""

from __future__ import annotations

import contextlib
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from fleet.catalog.seen_working import NAME, from_bytes
from fleet.errors import BadInput
from fleet.survey.folder import RECORDINGS, RECORDS, SurveyFolder, name_of
from fleet.visit.recording.har import MAX_FILE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fleet.models.seen_working import SeenWorkingFile
    from fleet.survey.records import SurveyRecord
    from fleet.survey.report import SurveyReport

BUNDLE = "survey.zip"
FIRST = ("report.html", "report.txt", "report.json", NAME)

MAX_FACTS_BYTES = 5_000_000
MOST_RECORDINGS = 2_000
MOST_UNPACKED_BYTES = 2_000_000_000
"""Of all recordings together."""

_RECORDING = re.compile(rf"{RECORDINGS}/\w{{2,3}}_[a-z0-9-]{{1,200}}\.har")


def write(
    folder: SurveyFolder, records: Sequence[SurveyRecord], report: SurveyReport, most_bytes: int
) -> tuple[Path, list[str]]:
    """
    Write `survey.zip` in the survey's folder, of at most `most_bytes`.

    Returns:
        Its path, and the names of the files for which there was no room.

    Raises:
        BadInput: the disk does not take it.
    """
    path, left = folder.path / BUNDLE, []
    half = path.with_name(f".{BUNDLE}.half")
    try:
        with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as packed:
            names = 0
            for name in dict.fromkeys(_in_order(records, report)):
                source = folder.path / name
                if not source.is_file():
                    continue
                # what follows the files: a line for each, and for this one
                room = most_bytes - half.stat().st_size - (names + 1) * 200
                if _packed_size(source, room) > room and name not in FIRST:
                    left.append(name)
                    continue
                packed.write(source, name)
                names += 1
                if packed.fp is not None:
                    packed.fp.flush()
        half.replace(path)
    except OSError as exc:
        raise BadInput(f"{path} cannot be written: {exc.strerror}. Make room") from exc
    finally:
        with contextlib.suppress(OSError):
            half.unlink(missing_ok=True)
    return path, left


def _in_order(records: Sequence[SurveyRecord], report: SurveyReport) -> Iterator[str]:
    yield from FIRST
    yield from (f"{RECORDS}/{name_of(each.flow)}.json" for each in records)
    by_flow = {each.flow: each for each in records}
    for group in report.unknown:
        if group.picture:
            yield group.picture
        first = by_flow[group.flows[0]]
        yield from (page.outline for page in first.pages[-1:] if page.outline)
        yield from group.recordings[:1]
    lost = [each for each in records if not each.working]
    for each in (*lost, *(each for each in records if each.working)):
        yield from (page.outline for page in each.pages if page.outline)
        yield from (page.picture for page in each.pages[-1:] if page.picture)
    for each in records:
        if each.recording:
            yield each.recording
        yield from (page.picture for page in each.pages if page.picture)


def _packed_size(source: Path, room: int) -> int:
    """The bytes that a file takes when packed, or more: not looked at closely if it fits anyway."""
    size = source.stat().st_size
    return size if size <= room else len(zlib.compress(source.read_bytes()))


def unpack(bundle: Path, into: Path) -> list[Path]:
    """
    The recordings of a bundle as files below `into`.

    Raises:
        BadInput: it is no bundle, or larger than one can be.
    """
    try:
        with zipfile.ZipFile(bundle) as packed:
            found = [i for i in packed.infolist() if _RECORDING.fullmatch(i.filename)]
            if len(found) > MOST_RECORDINGS:
                raise BadInput(f"{bundle}: {len(found)} recordings; {MOST_RECORDINGS} at most")
            paths, room = [], MOST_UNPACKED_BYTES
            for info in found:
                path = into / info.filename.rpartition("/")[2]
                content = _bytes_of(packed, info.filename, min(MAX_FILE_BYTES, room), bundle)
                path.write_bytes(content)
                room -= len(content)
                paths.append(path)
            return sorted(paths)
    except (OSError, zipfile.BadZipFile, EOFError) as exc:
        raise _no_bundle(bundle, exc) from exc


def facts_of(bundle: Path) -> SeenWorkingFile:
    """
    Which flows were seen working, by a bundle.

    Raises:
        BadInput: it is no bundle, or what it says of that is damaged.
    """
    try:
        with zipfile.ZipFile(bundle) as packed:
            content = _bytes_of(packed, NAME, MAX_FACTS_BYTES, bundle)
    except (OSError, zipfile.BadZipFile, EOFError, KeyError) as exc:
        raise _no_bundle(bundle, exc) from exc
    return from_bytes(content, f"{bundle}: {NAME}")


def _bytes_of(packed: zipfile.ZipFile, name: str, most: int, bundle: Path) -> bytes:
    with packed.open(name) as file:
        content = file.read(most + 1)  # what the ZIP says of its size is not believed
    if len(content) > most:
        raise BadInput(f"{bundle}: {name} has more than {most} bytes, which none has")
    return content


def _no_bundle(bundle: Path, exc: Exception) -> BadInput:
    return BadInput(f"{bundle}: expected the {BUNDLE} of a survey, seen: {exc}")
