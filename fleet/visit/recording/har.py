"""
Tapes as files: HAR 1.2 (JSON), so that any browser's tools open them.

Beside the standard there is `log._fleet` (whose visit it was, from which address, when, how it
ended) and, with an entry, `_error` (Chromium's name for what went wrong), `_unanswered`,
`_unfinished` and `_problem` (why it cannot be played). Text is written as text, the rest base64.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import tempfile
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, ValidationError

from fleet.errors import BadInput
from fleet.models import Verdict
from fleet.visit.recording.tape import MAX_TAPE_BYTES, Headers, Tape, TapeEntry

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE_BYTES = 2 * MAX_TAPE_BYTES
"""Of a file that is read: bodies in base64, and what is written around them."""

AGAIN = "record it again: fleet record ID"


def save(tape: Tape, folder: Path) -> Path:
    """
    Write `<folder>/<department>/<flow>/<verdict>.har`, or `…_2.har` if that is there, and so on.

    The file is written whole or not at all, and replaces none. What is on the tape is written
    as it is: a tape of `recorder.py` has no secrets on it any more.

    Raises:
        BadInput: the file cannot be written.
    """
    return _write(folder / tape.scenario_id, tape.verdict.value, to_json(tape).encode())


def to_json(tape: Tape) -> str:
    """The text of the file."""
    about = {
        "format": 1,
        "scenario": tape.scenario_id,
        "url": tape.url,
        "practice": tape.practice,
        "clock": tape.clock.isoformat(),
        "verdict": tape.verdict.value,
    }
    log = {
        "version": "1.2",
        "creator": {"name": "prefecture-fleet", "version": tape.fleet_version},
        "browser": {"name": "Chromium", "version": tape.chromium_version},
        "comment": f"fleet record {tape.scenario_id}: secrets are replaced by made-up values",
        "_fleet": about,
        "pages": [],
        "entries": [_entry_json(entry) for entry in tape.entries],
    }
    return json.dumps({"log": log}, ensure_ascii=False, indent=1) + "\n"


def load(path: Path) -> Tape:
    """
    The tape in that file.

    Raises:
        BadInput: it is not there, damaged, too big, or no recording of `fleet record`.
    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(
                f"{path}: more than {MAX_FILE_BYTES} bytes, which no recording has; {AGAIN}"
            )
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise BadInput(f"{path} cannot be read: {exc.strerror}; {AGAIN}") from exc
    except (ValueError, RecursionError) as exc:  # bad UTF-8, bad JSON, JSON without end
        raise BadInput(f"{path}: expected a HAR file (JSON), seen: {exc}; {AGAIN}") from exc
    log = found.get("log") if isinstance(found, dict) else None
    if not isinstance(log, dict):
        raise BadInput(f"{path}: expected a HAR file with a `log`, seen other JSON; {AGAIN}")
    if "_fleet" not in log:
        creator = log.get("creator")
        maker = creator.get("name") if isinstance(creator, dict) else None
        raise BadInput(
            f"{path}: expected a recording of `fleet record`, seen a HAR file of {maker!r} without"
            f" log._fleet, so its scenario is not known and secrets may be in it; {AGAIN}"
        )
    try:
        return _Log.model_validate(log).to_tape()
    except ValidationError as exc:
        first = exc.errors()[0]
        where = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"])
        seen = repr(first["input"])[:80]
        raise BadInput(f"{path}: log{where}: {first['msg']}, seen {seen}; {AGAIN}") from exc
    except (ValueError, LookupError) as exc:  # a body that is not written as its entry says
        raise BadInput(f"{path}: expected bodies as text or base64, seen: {exc}; {AGAIN}") from exc


def _write(folder: Path, name: str, content: bytes) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".", suffix=".part") as file:
            file.write(content)
            file.flush()
            Path(file.name).chmod(0o644)  # a temporary file is its owner's alone
            for path in _names(folder, name):
                try:
                    os.link(file.name, path)  # unlike a rename, never over another file
                except FileExistsError:
                    continue
                return path
    except OSError as exc:
        raise BadInput(
            f"no file can be written in {folder}: {exc.strerror}. Choose another folder (-o)"
        ) from exc
    raise AssertionError("unreachable: there is always a next name")


def _names(folder: Path, name: str) -> Iterator[Path]:
    yield folder / f"{name}.har"
    for number in itertools.count(2):
        yield folder / f"{name}_{number}.har"


# HAR ----------------------------------------------------------------------------------------


def _pairs(headers: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def _entry_json(entry: TapeEntry) -> dict[str, Any]:
    request: dict[str, Any] = {
        "method": entry.method,
        "url": entry.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(entry.sent),
        "queryString": _pairs(tuple(parse_qsl(urlsplit(entry.url).query, keep_blank_values=True))),
        "headersSize": -1,
        "bodySize": len((entry.posted or "").encode()),
    }
    if entry.posted is not None:
        sent = {name.lower(): value for name, value in entry.sent}
        request["postData"] = {"mimeType": sent.get("content-type", ""), "text": entry.posted}
    content: dict[str, Any] = {
        "size": len(entry.body),
        "mimeType": entry.header("content-type"),
        "text": entry.text,
    }
    if entry.text is None:
        text = base64.b64encode(entry.body).decode()
        content |= {"text": text, "encoding": "base64"}
    known = entry.status in HTTPStatus.__members__.values()
    marks = {
        "_error": entry.error,
        "_unanswered": entry.unanswered,
        "_unfinished": entry.unfinished,
        "_problem": entry.problem,
    }
    milliseconds = round(entry.seconds * 1000)
    return {
        "startedDateTime": entry.at.isoformat(),
        "time": milliseconds,
        "request": request,
        "response": {
            "status": entry.status,
            "statusText": HTTPStatus(entry.status).phrase if known else "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(entry.headers),
            "content": content,
            "redirectURL": entry.header("location"),
            "headersSize": -1,
            "bodySize": len(entry.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "_resourceType": entry.kind,
        **{name: value for name, value in marks.items() if value},
    }


def _to_headers(value: Any) -> Any:
    """Pairs, from a list of `{"name": …, "value": …}`; anything else is left to be refused."""
    try:
        return [(pair["name"], pair["value"]) for pair in value]
    except (TypeError, KeyError):
        return value


_HarHeaders = Annotated[Headers, BeforeValidator(_to_headers)]


class _Post(BaseModel):
    text: str


class _Request(BaseModel):
    method: str
    url: str
    headers: _HarHeaders = ()
    post: _Post | None = Field(default=None, alias="postData")


class _Content(BaseModel):
    text: str = ""
    encoding: Literal["base64"] | None = None


class _Response(BaseModel):
    status: int = Field(ge=0, le=999)
    headers: _HarHeaders
    content: _Content


class _Entry(BaseModel):
    at: AwareDatetime = Field(alias="startedDateTime")
    time: float = 0
    request: _Request
    response: _Response
    kind: str = Field(alias="_resourceType")
    error: str | None = Field(default=None, alias="_error")
    unanswered: bool = Field(default=False, alias="_unanswered")
    unfinished: bool = Field(default=False, alias="_unfinished")
    problem: str | None = Field(default=None, alias="_problem")

    def to_entry(self) -> TapeEntry:
        content, headers = self.response.content, self.response.headers
        entry = TapeEntry(
            method=self.request.method,
            url=self.request.url,
            kind=self.kind,
            at=self.at,
            seconds=self.time / 1000,
            sent=self.request.headers,
            posted=self.request.post.text if self.request.post else None,
            status=self.response.status,
            headers=headers,
            error=self.error,
            unanswered=self.unanswered,
            unfinished=self.unfinished,
            problem=self.problem,
        )
        if content.encoding:
            return replace(entry, body=base64.b64decode(content.text, validate=True))
        # a page may name its encoding in its own first bytes, which are ASCII in any case
        head = replace(entry, body=content.text[:1024].encode("ascii", "replace"))
        return replace(entry, body=content.text.encode(head.charset))


class _About(BaseModel):
    format: Literal[1]
    scenario: str
    url: str
    practice: bool
    clock: AwareDatetime
    verdict: Verdict


class _Creator(BaseModel):
    version: str


class _Log(BaseModel):
    about: _About = Field(alias="_fleet")
    creator: _Creator
    browser: _Creator
    entries: list[_Entry]

    def to_tape(self) -> Tape:
        return Tape(
            scenario_id=self.about.scenario,
            url=self.about.url,
            practice=self.about.practice,
            clock=self.about.clock,
            verdict=self.about.verdict,
            fleet_version=self.creator.version,
            chromium_version=self.browser.version,
            entries=tuple(entry.to_entry() for entry in self.entries),
        )
