"""A recording as a web archive: every request and answer is found in it, by other tools' rules."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from fleet.cli.commands.export import wacz
from fleet.errors import BadInput
from fleet.models import Verdict
from fleet.visit.recording import har
from fleet.visit.recording.cdxj import posted_query, searchable
from fleet.visit.recording.tape import Tape, TapeEntry
from fleet.visit.recording.wacz import archive
from tests.cli.test_cli import fleet

PAGES = Path(__file__).parents[2] / "pages"
TAPES = sorted(PAGES.rglob("*.har"))
NO_SLOTS = PAGES / "91" / "titre-de-sejour" / "no_slots.har"
AT = datetime(2026, 11, 25, 8, 0, 0, 123_456, tzinfo=UTC)
FORM = (("content-type", "application/x-www-form-urlencoded"),)
HTML = (("Content-Type", "text/html; charset=utf-8"),)


def files_of(tape: Tape) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive(tape, AT).content)) as packed:
        assert packed.testzip() is None
        assert packed.getinfo("archive/data.warc.gz").compress_type == zipfile.ZIP_STORED
        return {name: packed.read(name) for name in packed.namelist()}


def records_of(warc: bytes) -> list[Any]:
    """All records, each with its body as `content`; digests that do not hold raise."""
    found = []
    for record in ArchiveIterator(io.BytesIO(warc), check_digests="raise"):
        record.content = record.content_stream().read()
        found.append(record)
    return found


def answers_of(tape: Tape) -> list[tuple[str, bytes]]:
    """By the index alone, as a replay finds them: each posted query or address, and its body."""
    files = files_of(tape)
    lines = files["indexes/index.cdxj"].decode().splitlines()
    assert lines == sorted(lines)
    found = []
    for line in lines:
        key, stamp, block = line.split(" ", 2)
        said = json.loads(block)
        assert (len(stamp), said["filename"]) == (17, "data.warc.gz")
        part = files["archive/data.warc.gz"][said["offset"] :][: said["length"]]
        assert said["recordDigest"] == f"sha256:{hashlib.sha256(part).hexdigest()}"
        (record,) = records_of(part)
        assert record.rec_headers.get_header("WARC-Target-URI") == said["url"]
        assert record.http_headers.get_statuscode() == str(said["status"])
        assert said["digest"] == f"sha256:{hashlib.sha256(record.content).hexdigest()}"
        found.append((key, record.content))
    return found


def tape_of(*entries: TapeEntry) -> Tape:
    return Tape(
        scenario_id="63/titre-de-sejour",
        url="https://www.example.fr/",
        practice=False,
        clock=AT,
        verdict=Verdict.NO_SLOTS,
        fleet_version="1.0",
        chromium_version="150",
        entries=entries,
    )


def entry_of(method: str = "GET", number: int = 0, **changes: Any) -> TapeEntry:
    at = AT + timedelta(milliseconds=number)
    fields = {"url": "https://www.example.fr/a?b=1", "kind": "Document", "status": 200}
    return TapeEntry(method=method, at=at, **{**fields, "headers": HTML, **changes})


@pytest.mark.parametrize("path", TAPES, ids=lambda path: str(path.relative_to(PAGES)))
def test_every_request_and_answer_of_a_recording_is_in_its_archive(path: Path) -> None:
    tape = har.load(path)

    about, *records = records_of(files_of(tape)["archive/data.warc.gz"])

    assert about.rec_type == "warcinfo"
    assert tape.chromium_version in about.content.decode()
    for entry, answer, request in zip(tape.entries, records[::2], records[1::2], strict=True):
        assert (answer.rec_type, request.rec_type) == ("response", "request")
        assert answer.rec_headers.get_header("WARC-Target-URI") == entry.url
        assert answer.http_headers.get_statuscode() == str(entry.status)
        assert answer.content == entry.body
        assert request.http_headers.protocol == entry.method
        assert request.content == (entry.posted or "").encode()
        answer_id = answer.rec_headers.get_header("WARC-Record-ID")
        assert request.rec_headers.get_header("WARC-Concurrent-To") == answer_id
        # nothing that a tape was freed of comes back: its headers and no other
        added = {("Host", request.http_headers.get_header("host")), ("Content-Length", "*")}
        for there, told in ((request, entry.sent), (answer, entry.headers)):
            own = {(k, "*" if k == "Content-Length" else v) for k, v in there.http_headers.headers}
            assert own - added <= {(name, value) for name, value in told}
    assert sorted(body for _, body in answers_of(tape)) == sorted(e.body for e in tape.entries)


def test_the_package_names_every_file_with_its_hash_and_the_pages_that_can_be_opened() -> None:
    files = files_of(har.load(NO_SLOTS))

    package = json.loads(files["datapackage.json"])
    digest = json.loads(files["datapackage-digest.json"])
    assert (package["profile"], package["wacz_version"]) == ("data-package", "1.1.1")
    assert package["title"].startswith("EXERCICE (practice) 91/titre-de-sejour, 2026-11-25")
    whole = hashlib.sha256(files["datapackage.json"]).hexdigest()
    assert digest == {"path": "datapackage.json", "hash": f"sha256:{whole}"}
    named = {each["path"]: (each["hash"], each["bytes"]) for each in package["resources"]}
    assert named == {
        path: (f"sha256:{hashlib.sha256(content).hexdigest()}", len(content))
        for path, content in files.items()
        if not path.startswith("datapackage")
    }
    head, *pages = map(json.loads, files["pages/pages.jsonl"].decode().splitlines())
    assert head["format"] == "json-pages-1.0"
    addresses = [each["url"].removeprefix("http://evry.localhost") for each in pages]
    assert addresses == [f"/booking/create/99101{end}" for end in ("", "/1", "/2")]
    assert all("Prise de rendez-vous" in each["title"] and each["ts"] for each in pages)


def test_answers_to_one_address_are_told_apart_by_instant_and_by_what_was_posted() -> None:
    tape = tape_of(
        entry_of(number=0, body=b"first"),
        entry_of(number=1, body=b"second"),
        entry_of("POST", 2, sent=FORM, posted="desk=1", body=b"one"),
        entry_of("POST", 3, sent=FORM, posted="desk=2", body=b"two"),
    )

    assert answers_of(tape) == [
        ("fr,example,www)/a?b=1", b"first"),
        ("fr,example,www)/a?b=1", b"second"),
        ("fr,example,www)/a?b=1&__wb_method=post&desk=1", b"one"),
        ("fr,example,www)/a?b=1&__wb_method=post&desk=2", b"two"),
    ]


def test_what_has_no_answer_or_only_part_of_one_says_so() -> None:
    zipped = (("Content-Encoding", "br"), ("content-length", "9"), ("X-A", "1\r\nX-B: 2"))
    tape = tape_of(
        entry_of(status=0, headers=(), error="net::ERR_CONNECTION_REFUSED"),
        entry_of(number=1, headers=zipped, body=b"<p>decoded", unfinished=True),
        entry_of(number=2, problem="a body of 9000000 bytes"),
    )

    _, refused, part, _, left, _ = records_of(files_of(tape)["archive/data.warc.gz"])

    assert (refused.rec_type, part.rec_type, left.rec_type) == ("request", "response", "response")
    truncated = [each.rec_headers.get_header("WARC-Truncated") for each in (part, left)]
    assert truncated == ["unspecified", "length"]
    assert part.content == b"<p>decoded"
    assert part.http_headers.headers == [
        ("X-Orig-Content-Encoding", "br"),
        ("X-A", "1 X-B: 2"),
        ("Content-Length", "10"),
    ]


def test_an_address_is_sorted_as_the_specification_of_cdxj_shows_it() -> None:
    assert searchable("https://www.example.org/index.html") == "org,example,www)/index.html"
    assert searchable("http://A.example.org:8080?Q=é f") == "org,example,a:8080)/?q=é%20f"


@pytest.mark.parametrize(
    ("kind", "posted", "query"),
    [
        ("application/x-www-form-urlencoded", "a=1&b=c+d", "a=1&b=c+d"),
        (
            "application/json; charset=utf-8",
            '{"a": {"b": 1, "c": [true, "x y", ""]}, "b": null}',
            "b=1&c=true&c.2_=x+y&b.2_=null",
        ),
        ("application/json", "{", "__wb_post_data=ew=="),
        ("text/plain", "callCount=1\n", "__wb_post_data=Y2FsbENvdW50PTEK"),
        ("", "\u00e9", "__wb_post_data=w6k="),
    ],
)
def test_what_was_posted_becomes_the_query_by_which_a_replay_asks(
    kind: str, posted: str, query: str
) -> None:
    """Webrecorder's rules, as its indexer (cdxj-indexer) and its player (wabac.js) have them."""
    entry = entry_of("POST", sent=(("Content-Type", kind),), posted=posted)

    assert posted_query(entry) == query


@pytest.mark.process
async def test_the_command_writes_an_archive_and_says_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "out" / "visit.wacz"

    said = await fleet("export", "wacz", NO_SLOTS, "-o", path)

    assert said.code == 0, said.err
    assert said.out.startswith(f"{path}: 17 answers, 3 pages, ")
    assert zipfile.is_zipfile(path)


@pytest.mark.parametrize(
    ("content", "name", "problem"),
    [
        (None, "a.wacz", "cannot be read: No such file"),
        (b"PK\x03\x04", "a.wacz", "expected a HAR file"),
        (b'{"log": {"creator": {"name": "Firefox"}}}', "a.wacz", "secrets may be in it"),
        (NO_SLOTS.read_bytes(), "a.zip", r"a\.zip: expected a name that ends with \.wacz"),
        (NO_SLOTS.read_bytes(), "there.wacz", "exists; nothing is overwritten"),
    ],
)
def test_a_mistake_is_one_clear_line_and_writes_nothing(
    tmp_path: Path, content: bytes | None, name: str, problem: str
) -> None:
    (tmp_path / "there.wacz").write_text("there")
    if content is not None:
        (tmp_path / "visit.har").write_bytes(content)

    with pytest.raises(BadInput, match=problem) as caught:
        wacz(tmp_path / "visit.har", tmp_path / name)

    assert "\n" not in str(caught.value)
    assert [each.name for each in tmp_path.glob("*[pz]")] == ["there.wacz"]
    assert (tmp_path / "there.wacz").read_text() == "there"
