"""
A tape as a web archive: one WACZ 1.1.1 file, which ReplayWeb.page and other archives' tools open.

In it are WARC 1.1 records (a request and its answer for every entry, in their order), a CDXJ
index of them, the pages, and the SHA-256 of every file
(https://specs.webrecorder.net/wacz/1.1.1/ and /cdxj/0.1.0/). Secrets are not taken out here: a
tape has none any more. Why this is not left to a library: docs/decisions/0022-wacz.md.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from fleet.visit.recording.cdxj import posted_query, searchable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.visit.recording.tape import Headers, Tape, TapeEntry

VERSION = "1.1.1"
WARC = "data.warc.gz"

ABOUT = (
    "Ce que le site a répondu à une visite du robot, requête par requête. Cookies, jetons et"
    " adresses électroniques y sont remplacés par des valeurs inventées, et les réponses y sont"
    " décompressées : c'est une copie pour la lecture, qu'aucun sceau ne couvre. Secrets are"
    " replaced by made-up values; a copy to be read, under no seal."
)
PRACTICE = "EXERCICE (practice)"

_BREAKS = re.compile(r"[\r\n\0]+")
_TITLE = re.compile(r"<title\b[^<>]*>((?:[^<]|<(?!/?title))*)</title>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Capture:
    """An answer on record: where its record lies in the WARC file, in bytes, and their hashes."""

    entry: TapeEntry
    offset: int
    length: int
    payload_hash: str
    record_hash: str


@dataclass(frozen=True, slots=True)
class Archive:
    """The bytes of a WACZ file, and how many answers and pages are in it."""

    content: bytes
    answers: int
    pages: int


def archive(tape: Tape, at: datetime) -> Archive:
    """The WACZ file of a tape; `at` is the instant (aware) that it names as its making."""
    warc, captures = _warc(tape, at)
    pages = list(_pages(tape))
    files = {
        f"archive/{WARC}": warc,
        "indexes/index.cdxj": _lines(sorted(map(_cdxj, captures))),
        "pages/pages.jsonl": _lines(
            json.dumps(each, ensure_ascii=False)
            for each in ({"format": "json-pages-1.0", "id": "pages", "title": "Pages"}, *pages)
        ),
    }
    package = json.dumps(_package(tape, files, at), ensure_ascii=False, indent=2).encode()
    digest = {"path": "datapackage.json", "hash": _sha256(package)}
    files["datapackage.json"] = package
    files["datapackage-digest.json"] = json.dumps(digest).encode()
    return Archive(_zipped(files, at), len(captures), len(pages))


def _zipped(files: Mapping[str, bytes], at: datetime) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for path, content in files.items():
            info = zipfile.ZipInfo(path, at.astimezone(UTC).timetuple()[:6])
            info.external_attr = 0o644 << 16
            # what is compressed already is read by its offsets, so it must lie there as it is
            stored = path.endswith(".gz")
            info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            packed.writestr(info, content)
    return written.getvalue()


def _package(tape: Tape, files: Mapping[str, bytes], at: datetime) -> dict[str, Any]:
    title = f"{tape.scenario_id}, {tape.clock.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {tape.verdict}"
    return {
        "profile": "data-package",
        "wacz_version": VERSION,
        "title": f"{PRACTICE} {title}" if tape.practice else title,
        "description": ABOUT,
        "created": _instant(at, "seconds"),
        "software": f"prefecture-fleet {tape.fleet_version}",
        "mainPageUrl": tape.url,
        "mainPageDate": _instant(tape.clock, "milliseconds"),
        "resources": [
            {
                "name": path.rpartition("/")[2],
                "path": path,
                "hash": _sha256(content),
                "bytes": len(content),
            }
            for path, content in files.items()
        ],
    }


def _pages(tape: Tape) -> Iterator[dict[str, str]]:
    """What a reader can open by its address: every document that was asked for and answered."""
    for number, entry in enumerate(tape.entries):
        redirect = 300 <= entry.status < 400
        if entry.kind == "Document" and entry.method == "GET" and entry.status and not redirect:
            named = _TITLE.search(entry.text or "")
            title = " ".join(html.unescape(named[1]).split()) if named else ""
            yield {
                "id": f"page{number}",
                "url": entry.url,
                "ts": _instant(entry.at, "milliseconds"),
                "title": title or entry.url,
            }


# WARC ---------------------------------------------------------------------------------------------


def _warc(tape: Tape, at: datetime) -> tuple[bytes, list[_Capture]]:
    written = io.BytesIO()
    writer = WARCWriter(written, gzip=True, warc_version="1.1")
    about = {
        "software": f"prefecture-fleet {tape.fleet_version}, Chromium {tape.chromium_version}",
        "format": "WARC File Format 1.1",
        "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": (PRACTICE + " " if tape.practice else "") + ABOUT,
        "isPartOf": tape.scenario_id,
    }
    first = writer.create_warcinfo_record(WARC, about)
    first.rec_headers.replace_header("WARC-Date", _instant(at, "microseconds"))
    writer.write_record(first)
    captures = []
    for entry in tape.entries:
        request = _request(writer, entry)
        if not entry.status:  # asked for, and never answered
            writer.write_record(request)
            continue
        offset, answer = written.tell(), _answer(writer, entry)
        writer.write_record(answer)
        length = written.tell() - offset
        whole = written.getvalue()[offset:]
        captures.append(_Capture(entry, offset, length, _sha256(entry.body), _sha256(whole)))
        answer_id = answer.rec_headers.get_header("WARC-Record-ID")
        request.rec_headers.add_header("WARC-Concurrent-To", answer_id)
        writer.write_record(request)
    return written.getvalue(), captures


def _request(writer: WARCWriter, entry: TapeEntry) -> Any:
    parts, body = urlsplit(entry.url), (entry.posted or "").encode()
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = _headers(entry.sent, body if entry.posted is not None else None)
    if not any(name.lower() == "host" for name, _ in headers):  # Chromium does not tell it
        headers.insert(0, ("Host", parts.netloc.rpartition("@")[2]))
    line = f"{entry.method} {path} HTTP/1.1"
    http = StatusAndHeaders(line, headers, is_http_request=True)
    return _record(writer, "request", entry, http, body)


def _answer(writer: WARCWriter, entry: TapeEntry) -> Any:
    known = entry.status in HTTPStatus.__members__.values()
    line = f"{entry.status} {HTTPStatus(entry.status).phrase if known else ''}".strip()
    http = StatusAndHeaders(line, _headers(entry.headers, entry.body), protocol="HTTP/1.1")
    return _record(writer, "response", entry, http, entry.body)


def _record(writer: WARCWriter, kind: str, entry: TapeEntry, http: Any, body: bytes) -> Any:
    fields = {
        "WARC-Date": _instant(entry.at, "microseconds"),
        "WARC-Payload-Digest": _sha256(body),
    }
    if kind == "response" and (entry.problem or entry.unfinished):
        fields["WARC-Truncated"] = "length" if entry.problem else "unspecified"
    return writer.create_warc_record(
        entry.url,
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_headers_dict=fields,
        http_headers=http,
    )


def _headers(headers: Headers, body: bytes | None) -> list[tuple[str, str]]:
    """
    The headers that fit these bytes.

    Bodies on a tape are decoded, so what named their encoding is kept under another name, as
    other recorders do; the length is that of what is here.
    """
    kept = []
    for each, value in headers:
        name = _BREAKS.sub("", each)
        if name.startswith(":") or (body is not None and name.lower() == "content-length"):
            continue
        if name.lower() in ("content-encoding", "transfer-encoding"):
            name = f"X-Orig-{name}"
        kept.append((name, _BREAKS.sub(" ", value)))
    return kept if body is None else [*kept, ("Content-Length", str(len(body)))]


# CDXJ ---------------------------------------------------------------------------------------------


def _cdxj(capture: _Capture) -> str:
    entry = capture.entry
    block: dict[str, Any] = {
        "url": entry.url,
        "mime": entry.media_type,
        "status": entry.status,
        "digest": capture.payload_hash,
        "recordDigest": capture.record_hash,
        "filename": WARC,
        "offset": capture.offset,
        "length": capture.length,
    }
    url = entry.url
    if entry.method != "GET":
        # pages that differ in what was posted are told apart by it, as part of the address
        block |= {"method": entry.method, "requestBody": posted_query(entry)}
        url += f"{'&' if '?' in url else '?'}__wb_method={entry.method}&{block['requestBody']}"
    stamp = f"{entry.at.astimezone(UTC):%Y%m%d%H%M%S%f}"[:17]
    return f"{searchable(url)} {stamp} {json.dumps(block)}"


def _lines(lines: Iterator[str] | list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _instant(at: datetime, precision: str) -> str:
    return at.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
