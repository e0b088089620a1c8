"""Which flows were seen working: the catalogue's file, and what this machine's surveys add."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from fleet.errors import BadInput
from fleet.models.seen_working import SeenWorkingFile
from fleet.system.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet.models.seen_working import SeenWorking

NAME = "seen_working.json"
"""The file's name, in the folder of the scenarios and in the data folder."""

MAX_BYTES = 5_000_000


def seen_working(*folders: Path) -> SeenWorkingFile:
    """
    What the files of these folders say together; a file that is not there says nothing.

    Raises:
        BadInput: a file is damaged, or none of ours.
    """
    found = SeenWorkingFile()
    for folder in folders:
        found = found.with_all(_read(folder / NAME).flows)
    return found


def note(folder: Path, seen: Iterable[SeenWorking]) -> Path:
    """
    Add to the file of this folder what was seen; the path of the file.

    Raises:
        BadInput: the file is damaged, or cannot be written.
    """
    path = folder / NAME
    together = _read(path).with_all(tuple(seen))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, to_bytes(together))
    except OSError as exc:
        raise BadInput(f"{path} cannot be written: {exc.strerror}. Make room, or rights") from exc
    return path


def to_bytes(file: SeenWorkingFile) -> bytes:
    """The file's content: a line for each flow, so that two people's additions merge."""
    lines = [f"  {each.model_dump_json()}" for each in file.flows]
    return ('{"flows": [\n' + ",\n".join(lines) + "\n]}\n").encode()


def from_bytes(content: bytes, where: str) -> SeenWorkingFile:
    """
    The file in these bytes.

    Raises:
        BadInput: it is damaged, or none of ours; the message begins with `where`.
    """
    try:
        return SeenWorkingFile.model_validate_json(content)
    except ValidationError as exc:
        first = exc.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise BadInput(
            f"{where}: {place}: {first['msg']}; expected flow, day, version and verdict of flows"
            " that were seen working. Remove the line, or the file"
        ) from exc


def _read(path: Path) -> SeenWorkingFile:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path}: more than {MAX_BYTES} bytes, which no such file has")
        return from_bytes(path.read_bytes(), str(path))
    except FileNotFoundError:
        return SeenWorkingFile()
    except OSError as exc:
        raise BadInput(f"{path} cannot be read: {exc.strerror}") from exc
