"""`fleet doctor`: is everything here that a visit needs, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet import catalog
from fleet.clock_sync import read_clock
from fleet.equipment import open_chromium
from fleet.errors import BadInput, FleetError
from fleet.evidence import Place, take_picture
from fleet.executable import find_chromium
from fleet.readings import Machine
from fleet.storage import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.settings import Settings

GIB = 1024**3
DATA_FREE_BYTES = 2 * GIB
TEMPORARY_FREE_BYTES = GIB // 4
"""Chromium's shared memory and Playwright's files are there: docs/performance.md, "Disk"."""

MEMORY_BYTES = GIB
"""The fleet with one page takes half of it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `state` is `ok`, `warn` or `bad`; `advice` says what to do."""

    what: str
    state: str
    seen: str
    advice: str = ""


async def examine(settings: Settings) -> AsyncIterator[Finding]:
    """Look at one thing after the other; never raises for what is missing."""
    try:
        yield Finding("Chromium", "ok", str(find_chromium(settings)))
        async with open_chromium(settings, loopback_only=True) as chromium:
            page = await chromium.open_page()
            await page.page.set_content("<h1>Préfecture · محافظة</h1>")
            shot = await take_picture(page.cdp, Place(0, "about:blank", ""), whole=True)
            await chromium.close_page(page)
            seen = f"{chromium.version} starts; a picture of {shot.evidence.size_bytes} bytes"
            yield Finding("Chromium starts", "ok", seen)
            yield _sandbox(chromium.sandboxed, settings)
    except FleetError as exc:
        yield Finding("Chromium", "bad", str(exc), "make setup")
    for finding in await asyncio.to_thread(_fonts):
        yield finding
    yield _openssl()
    try:
        async with open_store(settings) as store:
            where = "FLEET_MONGODB_URL" if settings.mongodb_url else "embedded, on loopback"
            schema = f"schema version {await store.schema.version()}"
            yield Finding("MongoDB", "ok", f"{await store.version()} ({where}), {schema}")
    except FleetError as exc:
        yield Finding("MongoDB", "bad", str(exc))
    yield await asyncio.to_thread(_scenarios, settings.scenarios_dir)
    yield _machine()
    yield _room("data", settings.data_dir, DATA_FREE_BYTES, "set FLEET_DATA_DIR elsewhere")
    temporary = Path(tempfile.gettempdir())
    yield _room("temporary files", temporary, TEMPORARY_FREE_BYTES, "set TMPDIR elsewhere")
    yield _clock()
    if settings.contact_url:
        yield Finding("contact", "ok", settings.contact_url)
    else:
        yield Finding(
            "contact", "warn", "FLEET_CONTACT_URL is not set", "set it before visiting real sites"
        )


def _sandbox(sandboxed: bool, settings: Settings) -> Finding:
    if sandboxed:
        return Finding("sandbox", "ok", "on")
    if os.geteuid() == 0:
        return Finding("sandbox", "warn", "off: root cannot have it", "run as an ordinary user")
    if settings.chromium_sandbox == "off":
        return Finding("sandbox", "warn", "off by FLEET_CHROMIUM_SANDBOX", "leave it out")
    return Finding(
        "sandbox",
        "warn",
        "this system refuses it (practice pages only)",
        "allow user namespaces (AppArmor), or set FLEET_CHROMIUM_SANDBOX=off knowingly",
    )


def _fonts() -> list[Finding]:
    if shutil.which("fc-list") is None:
        return [Finding("fonts", "warn", "fontconfig is not installed", "make setup")]
    findings = []
    for code, language in (("fr", "French"), ("ar", "Arabic")):
        listed = subprocess.run(
            ["fc-list", f":lang={code}", "family"], capture_output=True, text=True, check=False
        )
        fonts = sorted(set(listed.stdout.split("\n")) - {""})
        if fonts:
            findings.append(Finding(f"fonts, {language}", "ok", f"{len(fonts)}: {fonts[0]}, …"))
        else:
            findings.append(
                Finding(
                    f"fonts, {language}",
                    "bad",
                    "none: pictures would show boxes instead of letters",
                    "make setup, or apt-get install fonts-dejavu-core",
                )
            )
    return findings


def _openssl() -> Finding:
    found = shutil.which("openssl")
    if found is None:
        advice = "make setup; without it a dossier's timestamps cannot be checked"
        return Finding("openssl", "warn", "not installed", advice)
    return Finding("openssl", "ok", found)


def _scenarios(folder: Path) -> Finding:
    try:
        found = catalog.load(folder)
    except BadInput as exc:
        return Finding("scenarios", "bad", str(exc), "set FLEET_SCENARIOS_DIR to their folder")
    seen = f"{len(found.scenarios)} flows in {folder}"
    if found.problems:
        seen += f"; {len(found.problems)} files cannot be used, such as {found.problems[0]}"
        return Finding("scenarios", "bad", seen, "fleet check")
    return Finding("scenarios", "ok", seen)


def _machine() -> Finding:
    """What this process may use; in a container that is less than what the machine has."""
    reading = Machine().read()
    cores = f"{reading.cores:g} processor{'s' if reading.cores > 1 else ''}"
    seen = f"{cores}, {reading.memory_limit_bytes / GIB:.1f} GiB of memory"
    if reading.memory_limit_bytes < MEMORY_BYTES:
        return Finding("machine", "warn", seen, "give it 1 GiB at least")
    return Finding("machine", "ok", seen)


def _room(what: str, folder: Path, needed: int, elsewhere: str) -> Finding:
    """Whether a folder, or the one in which it will be made, takes files."""
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    seen = f"{free / GIB:.1f} GiB free at {there}"
    if free < needed:
        return Finding(what, "bad", seen, f"make room, or {elsewhere}")
    try:
        tempfile.TemporaryFile(dir=there).close()
    except OSError as exc:
        return Finding(what, "bad", f"{there}: {exc.strerror}", f"make it writable, or {elsewhere}")
    return Finding(what, "ok", seen)


def _clock() -> Finding:
    """Whether this machine keeps its clock right; pictures are dated by it."""
    clock = read_clock()
    if clock.synchronised:
        return Finding("clock", "ok", f"synchronised, to {clock.max_error_s:.2g} s at worst")
    at = time.strftime("%Y-%m-%d %H:%M:%S %Z")
    known = "not known whether it is" if clock.synchronised is None else "not"
    advice = "run an NTP client (systemd-timesyncd, chrony); evidence is dated by this clock"
    return Finding("clock", "warn", f"{at}, {known} synchronised", advice)
