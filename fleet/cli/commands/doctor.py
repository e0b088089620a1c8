"""`fleet doctor`: what this machine offers, and what it lacks."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.bootstrap.catalogue import catalogue_of, places_of
from fleet.bootstrap.store import open_store
from fleet.bootstrap.visits import open_chromium
from fleet.browser.executable import build_of, find_chromium
from fleet.cli.console import Console, print_json
from fleet.errors import BadInput, FleetError
from fleet.models import now
from fleet.system.clock import read_clock
from fleet.system.resources import Machine
from fleet.visit.capture import CapturePlace, take_picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from fleet.models.browser_build import BrowserBuild
    from fleet.settings import Settings


async def doctor(settings: Settings, *, database: bool = False, as_json: bool = False) -> bool:
    """
    Print one line for each thing looked at, with what to do; false if one is bad.

    Args:
        database: look at every document and index of the database, which may take long.
    """
    console = Console(highlight=False)
    marks = {"ok": "[green]ok  [/]", "warn": "[yellow]warn[/]", "bad": "[bold red]bad [/]"}
    sound = True
    async for finding in validated(settings) if database else examine(settings):
        sound &= finding.state != "bad"
        if as_json:
            print_json(dataclasses.asdict(finding))
            continue
        console.print(marks[finding.state], f"{finding.what:<16}", finding.seen, soft_wrap=True)
        if finding.advice:
            console.print(" " * 21 + "→ " + finding.advice, soft_wrap=True)
    return sound


GIB = 1024**3

DATA_FREE_BYTES = 2 * GIB

TEMPORARY_FREE_BYTES = GIB // 4
"""Chromium's shared memory and Playwright's files are there: docs/performance.md, "Disk"."""

MEMORY_BYTES = GIB
"""The fleet with one page takes half of it."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing looked at. `state` is `ok`, `warn` or `bad`; `advice` says what to do."""

    what: str
    state: str
    seen: str
    advice: str = ""


async def examine(settings: Settings) -> AsyncIterator[CheckResult]:
    """Look at one thing after the other; never raises for what is missing."""
    try:
        yield browser_age(build_of(find_chromium(settings.chromium)), now())
        async with open_chromium(settings, loopback_only=True) as chromium:
            page = await chromium.open_page()
            await page.page.set_content("<h1>Préfecture · محافظة</h1>")
            shot = await take_picture(page.cdp, CapturePlace(0, "about:blank", ""), whole=True)
            await chromium.close_page(page)
            seen = f"{chromium.version} starts; a picture of {shot.evidence.size_bytes} bytes"
            yield CheckResult("Chromium starts", "ok", seen)
            yield _sandbox(chromium.sandboxed, settings)
    except FleetError as exc:
        yield CheckResult("Chromium", "bad", str(exc), "make setup")
    for finding in await asyncio.to_thread(_fonts):
        yield finding
    yield _openssl()
    try:
        async with open_store(settings) as store:
            where = "FLEET_MONGODB_URL" if settings.mongodb_url else "embedded, on loopback"
            schema = f"schema version {await store.schema.version()}"
            yield CheckResult("MongoDB", "ok", f"{await store.version()} ({where}), {schema}")
    except FleetError as exc:
        yield CheckResult("MongoDB", "bad", str(exc))
    yield await asyncio.to_thread(_scenarios, settings)
    yield _machine()
    yield _room("data", settings.data_dir, DATA_FREE_BYTES, "set FLEET_DATA_DIR elsewhere")
    temporary = Path(tempfile.gettempdir())
    yield _room("temporary files", temporary, TEMPORARY_FREE_BYTES, "set TMPDIR elsewhere")
    yield _clock()
    if settings.contact_url:
        yield CheckResult("contact", "ok", settings.contact_url)
    else:
        yield CheckResult(
            "contact", "warn", "FLEET_CONTACT_URL is not set", "set it before visiting real sites"
        )


def browser_age(build: BrowserBuild, at: datetime) -> CheckResult:
    """How old a Chromium is, and what to do if that is too old."""
    days = build.days(at)
    seen = f"{build.executable}, built {days} days ago ({build.built_at:%Y-%m-%d})"
    if not build.is_old(at):
        return CheckResult("Chromium", "ok", seen)
    advice = "it meets hostile pages without the latest repairs: docker/upgrade.sh, or apt upgrade"
    return CheckResult("Chromium", "warn", seen, advice)


RESTORE = "restore a backup (fleet restore), or see MongoDB's own log; then: fleet verify"


async def validated(settings: Settings) -> AsyncIterator[CheckResult]:
    """What MongoDB finds in each of its collections; never raises for what is damaged."""
    name = ""
    try:
        async with open_store(settings) as store:
            for name in await store.collections():
                if wrong := await store.validate(name):
                    seen = "; ".join(wrong[:3]) + (
                        f"; and {len(wrong) - 3} more" * (len(wrong) > 3)
                    )
                    yield CheckResult(name, "bad", seen, RESTORE)
                else:
                    yield CheckResult(name, "ok", "documents and indexes are whole")
    except FleetError as exc:
        yield CheckResult(name or "MongoDB", "bad", f"not read to its end: {exc}", RESTORE)


def _sandbox(sandboxed: bool, settings: Settings) -> CheckResult:
    if sandboxed:
        return CheckResult("sandbox", "ok", "on")
    if os.geteuid() == 0:
        return CheckResult("sandbox", "warn", "off: root cannot have it", "run as an ordinary user")
    if settings.chromium_sandbox == "off":
        return CheckResult("sandbox", "warn", "off by FLEET_CHROMIUM_SANDBOX", "leave it out")
    return CheckResult(
        "sandbox",
        "warn",
        "this system refuses it (practice pages only)",
        "allow user namespaces (AppArmor), or set FLEET_CHROMIUM_SANDBOX=off knowingly",
    )


def _fonts() -> list[CheckResult]:
    if shutil.which("fc-list") is None:
        return [CheckResult("fonts", "warn", "fontconfig is not installed", "make setup")]
    findings = []
    for code, language in (("fr", "French"), ("ar", "Arabic")):
        listed = subprocess.run(
            ["fc-list", f":lang={code}", "family"], capture_output=True, check=False
        )
        # names are in their own scripts, whatever our locale
        fonts = sorted(set(listed.stdout.decode(errors="replace").split("\n")) - {""})
        if fonts:
            findings.append(CheckResult(f"fonts, {language}", "ok", f"{len(fonts)}: {fonts[0]}, …"))
        else:
            findings.append(
                CheckResult(
                    f"fonts, {language}",
                    "bad",
                    "none: pictures would show boxes instead of letters",
                    "make setup, or apt-get install fonts-dejavu-core",
                )
            )
    return findings


def _openssl() -> CheckResult:
    found = shutil.which("openssl")
    if found is None:
        advice = "make setup; without it a dossier's timestamps cannot be checked"
        return CheckResult("openssl", "warn", "not installed", advice)
    return CheckResult("openssl", "ok", found)


def _scenarios(settings: Settings) -> CheckResult:
    try:
        found = catalogue_of(settings)
        watched = found.select(settings.flows)
    except BadInput as exc:
        return CheckResult("scenarios", "bad", str(exc), "set FLEET_SCENARIOS_DIR and FLEET_FLOWS")
    seen = f"{len(found.scenarios)} flows in {places_of(settings)}"
    if settings.flows:
        seen += f", of which {len(watched)} are watched (FLEET_FLOWS)"
    if found.problems:
        seen += (
            f"; {len(found.problems)} files or folders cannot be used, such as {found.problems[0]}"
        )
        return CheckResult("scenarios", "bad", seen, "fleet check")
    return CheckResult("scenarios", "ok", seen)


def _machine() -> CheckResult:
    """What this process may use; in a container that is less than what the machine has."""
    reading = Machine().read()
    cores = f"{reading.cores:g} processor{'s' if reading.cores > 1 else ''}"
    seen = f"{cores}, {reading.memory_limit_bytes / GIB:.1f} GiB of memory"
    if reading.memory_limit_bytes < MEMORY_BYTES:
        return CheckResult("machine", "warn", seen, "give it 1 GiB at least")
    return CheckResult("machine", "ok", seen)


def _room(what: str, folder: Path, needed: int, elsewhere: str) -> CheckResult:
    """Whether a folder, or the one in which it will be made, takes files."""
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    seen = f"{free / GIB:.1f} GiB free at {there}"
    if free < needed:
        return CheckResult(what, "bad", seen, f"make room, or {elsewhere}")
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as exc:
        return CheckResult(
            what, "bad", f"{there}: {exc.strerror}", f"make it writable, or {elsewhere}"
        )
    return CheckResult(what, "ok", seen)


def _clock() -> CheckResult:
    """Whether this machine keeps its clock right; pictures are dated by it."""
    clock = read_clock()
    if clock.synchronised:
        return CheckResult("clock", "ok", f"synchronised, to {clock.max_error_s:.2g} s at worst")
    at = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    known = "not known whether it is" if clock.synchronised is None else "not"
    advice = "run an NTP client (systemd-timesyncd, chrony); evidence is dated by this clock"
    return CheckResult("clock", "warn", f"{at}, {known} synchronised", advice)
