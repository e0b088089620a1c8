"""Which Chromium to start, and why one does not."""

from __future__ import annotations

import os
import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

from fleet.errors import NoChromium
from fleet.models.browser_build import BrowserBuild

ON_PATH = ("chromium-headless-shell", "chromium", "google-chrome")


def find_chromium(configured: Path | None) -> Path:
    """
    The Chromium to start: the configured one (`FLEET_CHROMIUM`), one that Playwright installed, one
    on the PATH.

    Raises:
        NoChromium: there is none; says where was looked and what to do.
    """
    if configured is not None:
        if not os.access(configured, os.X_OK) or configured.is_dir():
            raise NoChromium(
                f"FLEET_CHROMIUM={configured} is not a program that can be started;"
                " give the full path of a Chromium, or leave it out"
            )
        return configured
    folder = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or "~/.cache/ms-playwright"
    home = Path(folder).expanduser()
    for pattern in (
        "chromium_headless_shell-*/*/*headless*shell",
        "chromium-*/chrome-linux*/chrome",
    ):
        for found in sorted(home.glob(pattern), key=_build, reverse=True):
            if os.access(found, os.X_OK):
                return found
    for name in ON_PATH:
        if on_path := shutil.which(name):
            return Path(on_path)
    raise NoChromium(
        f"no Chromium: FLEET_CHROMIUM is not set, Playwright installed none in {home} and there"
        f" is no {', '.join(ON_PATH)} on the PATH. Install one: make setup (in a"
        " checkout), or apt-get install chromium-headless-shell, or playwright install"
        " --only-shell chromium"
    )


def build_of(executable: Path) -> BrowserBuild:
    """
    How old a Chromium is, by the day on which its file was made.

    A package of Debian's and a browser of Playwright's keep the day of their own build. Debian's
    `chromium-headless-shell` is a script of one line that starts the program.
    """
    with executable.open("rb") as file:
        begin = file.read(1000).decode(errors="replace")
    paths = map(Path, re.findall(r"/[\w./-]+", begin) if begin.startswith("#!") else ())
    programs = [path for path in paths if "chrom" in path.name and path.is_file()]
    built = datetime.fromtimestamp((programs or [executable])[-1].stat().st_mtime, UTC)
    return BrowserBuild(executable=str(executable), built_at=built)


def _build(path: Path) -> list[int]:
    """The numbers in a path, so that build 1187 comes after build 999."""
    return [int(number) for number in re.findall(r"\d+", str(path))]


def refuses_sandbox(message: str) -> bool:
    """Whether Chromium said that this system lets it have no sandbox."""
    return re.search("No usable sandbox|Failed to move to new namespace", message) is not None


def why_not(executable: Path, message: str) -> str:
    """One line from Chromium's many about why it did not start."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    said = next(
        (
            line
            for line in lines
            if re.search("error while loading|No usable sandbox|FATAL|No such", line)
        ),
        lines[0] if lines else "no message",
    )
    advice = "see: fleet doctor"
    if refuses_sandbox(message):
        advice = (
            "this system refuses Chromium's sandbox (AppArmor on Ubuntu 23.10 and later, or"
            " user.max_user_namespaces=0): allow it, or set FLEET_CHROMIUM_SANDBOX=off and accept"
            " that a hostile page then meets no sandbox"
        )
    elif "error while loading" in said:
        advice = "a system library is missing: make setup, or install it"
    return f"{executable} does not start: {said[:300]}; {advice}"
