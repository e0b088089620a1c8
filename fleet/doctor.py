"""`fleet doctor`: is everything here that a visit needs, and if not, what to do."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.equipment import open_chromium, open_store
from fleet.errors import FleetError
from fleet.evidence import Place, take_picture
from fleet.executable import find_chromium

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet.settings import Settings

DISK_FREE_BYTES = 2 * 1024**3


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
    try:
        async with open_store(settings) as store:
            where = "FLEET_MONGODB_URL" if settings.mongodb_url else "embedded, on loopback"
            yield Finding("MongoDB", "ok", f"{await store.version()} ({where})")
    except FleetError as exc:
        yield Finding("MongoDB", "bad", str(exc))
    yield _disk(settings.data_dir)
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


def _disk(folder: Path) -> Finding:
    there = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    free = shutil.disk_usage(there).free
    seen = f"{free / 1024**3:.1f} GiB free at {there}"
    if free < DISK_FREE_BYTES:
        return Finding("disk", "bad", seen, "make room, or set FLEET_DATA_DIR elsewhere")
    return Finding("disk", "ok", seen)


def _clock() -> Finding:
    """Whether this machine keeps its clock right; pictures are dated by it."""
    if shutil.which("timedatectl"):
        asked = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            check=False,
        )
        if asked.stdout.strip() == "yes":
            return Finding("clock", "ok", "synchronised")
    return Finding(
        "clock",
        "warn",
        f"{time.strftime('%Y-%m-%d %H:%M:%S %Z')}; not known whether it is synchronised",
        "run an NTP client (systemd-timesyncd, chrony); evidence is dated by this clock",
    )
