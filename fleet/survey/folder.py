"""
The folder of a survey: a record for each flow, and its pages, pictures and recordings.

A flow whose record is there need not be visited again, so a survey that was interrupted goes on
where it stood. Every file is there whole or not at all; the record is written last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from fleet.errors import BadInput
from fleet.survey.records import SurveyRecord
from fleet.system.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RECORDS, PAGES, RECORDINGS = "visits", "pages", "recordings"


class SurveyFolder:
    """The files of one survey below `path`, which is made when something is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> None:
        """
        Make the folder, if it is not there.

        Raises:
            BadInput: it cannot be one, or cannot be written in.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise BadInput(
                f"{self.path} cannot be a folder: {exc.strerror}. Choose another (-o)"
            ) from exc

    def records(self) -> list[SurveyRecord]:
        """
        The records, by flow.

        Raises:
            BadInput: a record is damaged; the message says which.
        """
        found = []
        for path in sorted((self.path / RECORDS).glob("*.json")):
            try:
                found.append(SurveyRecord.model_validate_json(path.read_bytes()))
            except (OSError, ValidationError) as exc:
                raise BadInput(
                    f"{path}: expected the record of a survey, seen: {str(exc).splitlines()[0]}."
                    " Remove it; its flow is then visited again"
                ) from exc
        return sorted(found, key=lambda record: record.flow)

    def keep(self, record: SurveyRecord, files: Mapping[str, bytes]) -> None:
        """
        Keep a record and its files, in the place of those from before.

        Raises:
            BadInput: the disk does not take them.
        """
        for folder in (PAGES, RECORDINGS):
            for old in (self.path / folder).glob(f"{name_of(record.flow)}[_.]*"):
                if old.is_file():
                    old.unlink()
        for name, content in files.items():
            self.write(name, content)
        self.write(f"{RECORDS}/{name_of(record.flow)}.json", record.model_dump_json().encode())

    def write(self, name: str, content: bytes) -> Path:
        """
        Write one file of the survey; its path.

        Raises:
            BadInput: the disk does not take it.
        """
        path = self.path / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        except OSError as exc:
            raise BadInput(
                f"{path} cannot be written: {exc.strerror}. Make room, or choose another folder"
                " (-o); what was kept before is whole"
            ) from exc
        return path


def name_of(flow: str) -> str:
    """What the files of a flow are called: `63_titre-de-sejour`."""
    return flow.replace("/", "_")
