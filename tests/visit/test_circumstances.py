"""Each attempt says in what browser it was made, by which clock, and who answered."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import ssl
import stat
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import bson
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from motor.motor_asyncio import AsyncIOMotorClient

import fleet
from fleet.browser.chromium import Chromium
from fleet.browser.environment import names_proxy
from fleet.browser.executable import find_chromium
from fleet.evidence.sealing import seal
from fleet.evidence.verifier import Verifier
from fleet.ledger.signing import SigningKey
from fleet.ledger.timestamps import Authorities
from fleet.models import Outcome, Served, Verdict
from fleet.models.circumstances import Certificate, Circumstances, Clock, Environment, Server
from fleet.practice import PracticeServer
from fleet.settings import Settings
from fleet.storage.store import Store
from fleet.system.clock import STA_NANO, STA_UNSYNC, TIME_ERROR, Timex, clock_of, read_clock
from fleet.visit.attempt import attempt
from fleet.visit.recording.recorder import Recorder
from fleet.visit.servers import server_of
from fleet.web.field_docs import WORDS
from tests.conftest import QUICK, Visit, scenario_of
from tests.evidence.dossier.dossiers import Past
from tests.evidence.dossier.test_dossier import pdf_of, text_of
from tests.storage.test_store import AT, attempt_of
from tests.visit.test_attempt import form, scripted, visited

IMAGES = 30
AN_HOUR = timedelta(hours=1)


async def test_a_visit_says_in_what_browser_it_was_made_and_by_which_clock(
    visit: Visit, chromium: Chromium
) -> None:
    got = (await visit(form())).circumstances

    assert got is not None
    assert got.fresh_context
    assert got.user_agent == chromium.user_agent
    assert got.environment.playwright == version("playwright")
    assert got.environment.browser == find_chromium(Settings().chromium).name
    assert got.environment.system.endswith("x86_64") or "Linux" in got.environment.system
    assert (got.environment.locale, got.environment.time_zone) == ("fr-FR", "Europe/Paris")
    assert (got.environment.egress_address, got.environment.device_scale) == (None, 1.0)
    assert got.clock_at_start.source == got.clock_at_end.source == read_clock().source


async def test_what_is_said_of_the_window_is_what_a_page_sees(chromium: Chromium) -> None:
    seen: list[Any] = []

    async def script(visit: fleet.Visit) -> Outcome:
        asks = """() => [innerWidth, innerHeight, devicePixelRatio, navigator.language,
            Intl.DateTimeFormat().resolvedOptions().timeZone, navigator.userAgent]"""
        seen.extend(await visit._page.evaluate(asks))
        return Outcome(verdict=Verdict.CLOSED, detail="seen")

    kept = await visited(scripted(script), chromium, QUICK)

    there = kept.attempt.circumstances
    assert there is not None
    said = there.environment
    assert seen == [
        *(said.window_width_px, said.window_height_px, said.device_scale),
        *(said.locale, said.time_zone, chromium.user_agent),
    ]
    assert there.user_agent is None  # no document was asked for


async def test_each_document_says_who_answered_when_by_its_own_clock_and_where_it_led(
    visit: Visit,
) -> None:
    flow = form()
    async with PracticeServer((flow,)) as server:
        got = await visit(flow, server=server)

    there = got.circumstances
    assert there is not None
    assert {each.address for each in got.served} == {f"127.0.0.1:{server.port}"}
    assert all(abs(each.site_clock_s or 99) < 30 for each in got.served)
    moved = [n for n, each in enumerate(got.served) if 300 <= each.status < 400]
    assert moved
    for n in moved:
        assert got.served[n + 1].url.endswith(got.served[n].location or "nowhere")
    (only,) = there.servers
    assert (only.tls, only.certificate, only.protocol) == (None, None, "http/1.1")


def certified(folder: Path, name: str) -> Path:
    """Make a key (`name.key`) and a certificate of its own; the certificate's file."""
    certificate = folder / f"{name}.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3"
    named = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}.localhost"]
    files = ["-keyout", str(folder / f"{name}.key"), "-out", str(certificate)]
    subprocess.run([*make.split(), *named, *files], check=True, capture_output=True)
    return certificate


def pin_of(certificate: Path) -> str:
    """What names its key in Chromium's list of keys to believe."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


@contextlib.asynccontextmanager
async def https_site(certificate: Path) -> AsyncIterator[str]:
    """The address of a site with this certificate."""

    async def away(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": request.query.get("to", "/page")})

    async def page(_: web.Request) -> web.Response:
        images = "".join(f"<img src='/image/{n}'>" for n in range(IMAGES))
        text = f"<title>Page</title><a href='/other'>Suite</a>{images}"
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/away", away)
    app.router.add_get("/{rest:.*}", page)
    runner = web.AppRunner(app)
    await runner.setup()
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, certificate.with_suffix(".key"))
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    try:
        yield f"https://{certificate.stem}.localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def believing(folder: Path, *pins: str, **more: Any) -> AsyncIterator[Chromium]:
    """A Chromium that believes certificates with these keys; the engine has no way to say so."""
    usual = find_chromium(Settings().chromium)
    program = folder / usual.name
    trust = f"--ignore-certificate-errors-spki-list={','.join(pins)}"
    program.write_text(f'#!/bin/sh\nexec "{usual}" "{trust}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    async with Chromium(
        program, fleet_version=fleet.__version__, close_s=5, loopback_only=True, **more
    ) as chromium:
        yield chromium


def fingerprint(certificate: Path) -> str:
    der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
    return hashlib.sha256(der).hexdigest()


@pytest.mark.process
async def test_over_tls_the_certificate_is_named_by_its_own_fingerprint(tmp_path: Path) -> None:
    one, other = certified(tmp_path, "first"), certified(tmp_path, "second")

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        await visit.press("Suite")
        await visit.open(f"{second}/page")
        await visit.press("Suite")
        return Outcome(verdict=Verdict.CLOSED, detail="seen")

    async def one_page(visit: fleet.Visit) -> Outcome:
        await visit.open()
        return Outcome(verdict=Verdict.CLOSED, detail="seen")

    async with (
        https_site(one) as first,
        https_site(other) as second,
        believing(tmp_path, pin_of(one), pin_of(other), egress_address="192.0.2.7") as chromium,
    ):
        kept = await visited(scripted(script, f"{first}/away"), chromium, QUICK)
        short = await visited(scripted(one_page, f"{first}/away?to={second}/page"), chromium, QUICK)

    assert short.attempt.circumstances is not None
    assert [
        each.certificate and (each.certificate.subject, each.certificate.sha256)
        for each in short.attempt.circumstances.servers
    ] == [("first", None), ("second", fingerprint(other))]
    got, there = kept.attempt, kept.attempt.circumstances
    assert got.verdict == Verdict.CLOSED, got.detail
    assert there is not None
    assert there.environment.egress_address == "192.0.2.7"
    assert [(each.status, each.location) for each in got.served[:2]] == [
        (302, "/page"),
        (200, None),
    ]
    assert [(each.origin, each.tls) for each in there.servers] == [
        (first, "TLS 1.3"),
        (second, "TLS 1.3"),
    ]
    shown = [each.certificate for each in there.servers]
    assert [c and (c.subject, c.issuer, c.sha256) for c in shown] == [
        ("first", "first", fingerprint(one)),
        ("second", "second", fingerprint(other)),
    ]
    assert shown[0] is not None
    made = x509.load_pem_x509_certificate(one.read_bytes())
    assert shown[0].valid_from == made.not_valid_before_utc
    assert shown[0].valid_until == made.not_valid_after_utc
    assert [each.address for each in got.served] == [
        *[f"127.0.0.1:{first.rpartition(':')[2]}"] * 3,
        *[f"127.0.0.1:{second.rpartition(':')[2]}"] * 2,
    ]


async def test_chromium_tells_of_the_network_only_while_a_document_is_on_its_way(
    chromium: Chromium,
) -> None:
    """Its events for every image would cost more than all other notes."""
    told: list[str] = []

    async def script(visit: fleet.Visit) -> Outcome:
        await visit.open()
        visit._cdp.on("Network.responseReceived", lambda event: told.append(event["type"]))
        ask = "fetch('/').then(answer => answer.status)"
        call = {"expression": ask, "awaitPromise": True}
        got = await visit._cdp.send("Runtime.evaluate", call)
        assert got["result"]["value"] == 200
        await visit.open()
        return Outcome(verdict=Verdict.CLOSED, detail="seen")

    flow = form()
    async with PracticeServer((flow,)) as server:
        kept = await visited(scripted(script, server.url(flow)), chromium, QUICK)

    assert kept.attempt.verdict == Verdict.CLOSED, kept.attempt.detail
    assert "Fetch" not in told
    assert "Document" in told


async def test_a_recorded_visit_says_who_answered_and_records_as_before(
    chromium: Chromium,
) -> None:
    flow = form()
    recorder = Recorder()
    async with PracticeServer((flow,)) as server:
        scenario = scenario_of(flow).at(server.url(flow))
        kept = await attempt(scenario, chromium, run_id="test", limits=QUICK, tape=recorder)

    tape = recorder.tape(kept.attempt, practice=True)
    assert {each.address for each in kept.attempt.served} == {f"127.0.0.1:{server.port}"}
    assert all(entry.body for entry in tape.entries if entry.status == 200), tape.entries
    assert any(entry.kind == "Stylesheet" for entry in tape.entries)


@pytest.mark.process
async def test_a_visit_that_never_got_a_page_still_says_where_and_by_which_clock(
    tmp_path: Path,
) -> None:
    silent = Chromium(tmp_path / "none", fleet_version="0")

    kept = await attempt(scenario_of(form()), silent, run_id="test", limits=QUICK)

    got = kept.attempt.circumstances
    assert kept.attempt.verdict == Verdict.CRASHED
    assert got is not None
    assert (got.environment.browser, got.user_agent, got.servers) == ("none", None, ())


# The clock --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "status", "expected"),
    [
        (0, 0, (True, 0.0025, 0.04)),
        (0, STA_NANO, (True, 0.000003, 0.04)),
        (TIME_ERROR, 0, (False, None, None)),
        (0, STA_UNSYNC, (False, None, None)),
        (-1, 0, (None, None, None)),
    ],
    ids=["microseconds", "nanoseconds", "error", "unsynchronised", "refused"],
)
def test_a_clock_says_no_more_than_the_kernel_did(
    state: int, status: int, expected: tuple[bool | None, float | None, float | None]
) -> None:
    """The units are those of `man 2 adjtimex`: microseconds, or nanoseconds with STA_NANO."""
    got = clock_of(state, Timex(offset=2500, maxerror=40_000, status=status))

    assert (got.synchronised, got.offset_s, got.max_error_s) == expected
    assert (got.source == "unknown") == (state == -1)


def test_the_site_s_clock_allows_for_a_cache_on_the_way() -> None:
    def after_s(**said: Any) -> float | None:
        return Served(url="http://x.example/", status=200, at=AT, **said).site_clock_s

    assert after_s(server_date=AT - AN_HOUR) == 3600
    assert after_s(server_date=AT - AN_HOUR, age_s=3599) == 1
    assert after_s() is None


# What is stored ---------------------------------------------------------------------------------


SYNCHRONISED = {
    "source": "kernel (adjtimex)",
    "synchronised": True,
    "offset_s": 0.000012,
    "max_error_s": 0.031,
}
CERTIFICATE = {
    "issuer": "Certigna Services CA",
    "subject": "www.essonne.gouv.fr",
    "valid_from": datetime(2026, 3, 1, tzinfo=UTC),
    "valid_until": datetime(2027, 3, 1, tzinfo=UTC),
    "sha256": "ab" * 32,
}
SAID = Circumstances.model_validate(
    {
        "fresh_context": True,
        "environment": {
            "system": "Debian GNU/Linux 12 (bookworm), Linux 6.1.0-28-amd64 x86_64",
            "browser": "chromium-headless-shell",
            "playwright": "1.65.2",
            "window_width_px": 1024,
            "window_height_px": 900,
            "device_scale": 1.0,
            "locale": "fr-FR",
            "time_zone": "Europe/Paris",
            "proxy": "none",
            "egress_address": "192.0.2.7",
        },
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
        " HeadlessChrome/156.0.0.0 Safari/537.36"
        " PrefectureFleet/0.1.0 (+https://association.example/robot)",
        "clock_at_start": SYNCHRONISED,
        "clock_at_end": {"source": "unknown"},
        "servers": [
            {
                "origin": "https://www.essonne.gouv.fr",
                "address": "203.0.113.9:443",
                "protocol": "h2",
                "tls": "TLS 1.3",
                "certificate": CERTIFICATE,
            }
        ],
    }
)


def test_the_circumstances_of_an_attempt_are_small() -> None:
    document = attempt_of(circumstances=SAID).to_document()

    assert len(bson.encode(document["circumstances"])) < 1_300


async def test_attempts_from_before_load_and_verify_beside_new_ones(
    store: Store, mongodb_url: str, tmp_path: Path
) -> None:
    old = attempt_of().to_document()
    del old["circumstances"]
    for served in old["served"]:
        for field in ("server_date", "age_s", "location", "address"):
            del served[field]
    for file in old["evidence"]:
        del file["marks"]
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(mongodb_url, tz_aware=True)
    await client[store._db.name].attempts.insert_one(old)
    client.close()
    await store.ledger.link(old)
    await store.attempts.add(attempt_of(started_at=AT + AN_HOUR, circumstances=SAID), [])
    await seal(store.ledger, SigningKey.of(tmp_path / "key.pem"), Authorities((), ()))

    report = await Verifier(store, ()).everything()
    loaded = [each async for each in store.attempts.find()]

    assert report.findings == []
    assert (report.attempts, report.unsealed) == (2, 0)
    assert [each.circumstances for each in sorted(loaded, key=lambda a: a.started_at)] == [
        None,
        SAID,
    ]


def test_every_field_of_the_circumstances_has_words() -> None:
    for kind in (Circumstances, Environment, Clock, Server, Certificate):
        assert set(WORDS[kind.__name__]) == set(kind.model_fields)


def test_an_address_of_ipv6_keeps_its_port_apart() -> None:
    answer = {"url": "http://u@x.example:81/a", "remotePort": 81, "protocol": "http/1.1"}

    plain, bracketed = (
        server_of({**answer, "remoteIPAddress": ip}) for ip in ("2001:db8::1", "[2001:db8::1]")
    )

    assert plain == bracketed
    assert plain is not None
    assert (plain.origin, plain.address) == ("http://x.example:81", "[2001:db8::1]:81")
    assert server_of({**answer, "remoteIPAddress": ""}) is None


@pytest.mark.parametrize(
    ("name", "named"),
    [("https_proxy", True), ("ALL_PROXY", True), ("no_proxy", False), ("HTTP_PROXY_X", False)],
)
def test_a_proxy_of_the_machine_is_told(name: str, named: bool) -> None:
    assert names_proxy(["PATH", name]) is named


async def test_the_dossier_says_the_circumstances_of_its_period(
    store: Store, chromium: Chromium, tmp_path: Path
) -> None:
    own = Past(store, SigningKey.of(tmp_path / "key.pem"), Authorities((), ()), [])
    at = AT - timedelta(days=7)
    served = Served(
        url="https://www.essonne.gouv.fr/", status=200, at=at, server_date=at - timedelta(seconds=2)
    )
    await own.add(1, at, circumstances=SAID, served=(served,))
    await own.add(2, at + AN_HOUR)
    await own.seal()

    await own.make(chromium, tmp_path / "d.zip")

    text = " ".join(text_of(pdf_of(tmp_path / "d.zip")).split())
    for words in (
        "Circonstances des tentatives",
        "1 tentative, plus ancienne, n’en porte pas",
        "chromium-headless-shell 156.0, Playwright 1.65.2",
        "1024 × 900 px × 1",
        "1 fois synchronisée, 0 fois non, 1 fois inconnue",
        "de 2,0 s à 2,0 s",
        "203.0.113.9:443, h2, TLS 1.3",
        "délivré par Certigna Services CA",
        "192.0.2.7 (déclarée par l’exploitant)",
    ):
        assert words in text, words
    assert "ab" * 32 in text.replace(" ", "")
