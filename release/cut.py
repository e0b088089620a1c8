"""
`make release VERSION=0.2.0`: a version written where it stands, built, committed and tagged.

Nothing is sent anywhere: what to push is printed at the end.
"""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]

PLACES = {
    "pyproject.toml": re.compile(r'(?m)^version = "([^"]+)"$'),
    "fleet/__init__.py": re.compile(r'(?m)^__version__ = "([^"]+)"$'),
    "CITATION.cff": re.compile(r"(?m)^version: (\S+)$"),
}
"""Where the version stands, and how it is found there."""

UNRELEASED = "## [Unreleased]\n"


def released(changelog: str, version: str, day: str) -> str:
    """
    The changelog with what was unreleased under this version, and room for what comes next.

    Raises:
        ValueError: nothing is unreleased, or the version is in it already.
    """
    before, found, after = changelog.partition(UNRELEASED)
    own, _, _ = after.partition("\n## [")
    if not found or not own.strip():
        raise ValueError("CHANGELOG.md: nothing stands under [Unreleased], so nothing is released")
    if f"## [{version}]" in changelog:
        raise ValueError(f"CHANGELOG.md: {version} is released already; choose another")
    return f"{before}{UNRELEASED}\n## [{version}] - {day}\n{after}"


def with_version(name: str, text: str, version: str) -> str:
    """
    The text of one of `PLACES` with this version.

    Raises:
        ValueError: the version does not stand in it once.
    """
    changed, number = PLACES[name].subn(lambda found: found[0].replace(found[1], version), text)
    if number != 1:
        raise ValueError(f"{name}: expected one line with the version, found {number}")
    return changed


def number(version: str) -> tuple[int, ...]:
    """
    A version to compare.

    Raises:
        ValueError: it is none of three numbers.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version, re.ASCII):
        raise ValueError(f"VERSION={version}: expected three numbers, such as 0.2.0")
    return tuple(map(int, version.split(".")))


def git(*words: str) -> str:
    """What git printed; its own error ends this."""
    done = subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def cut(version: str) -> None:
    """
    Release this version here.

    Raises:
        ValueError: it cannot be; nothing was changed.
    """
    texts = {name: (ROOT / name).read_text(encoding="utf-8") for name in (*PLACES, "CHANGELOG.md")}
    current = PLACES["pyproject.toml"].findall(texts["pyproject.toml"])[0]
    if number(version) < number(current):
        raise ValueError(f"VERSION={version} is older than {current}, which stands here")
    if changed := git("status", "--porcelain"):
        raise ValueError(f"the work tree is not clean; commit or remove:\n{changed}")
    if git("tag", "--list", f"v{version}"):
        raise ValueError(f"the tag v{version} is there already; choose another version")
    new = {name: with_version(name, texts[name], version) for name in PLACES}
    day = datetime.now(UTC).date().isoformat()
    new["CHANGELOG.md"] = released(texts["CHANGELOG.md"], version, day)
    for name, text in new.items():
        (ROOT / name).write_text(text, encoding="utf-8")
    try:
        build = [sys.executable, "-m", "hatchling", "build", "-d", "dist"]
        subprocess.run(build, cwd=ROOT, check=True)
    except subprocess.CalledProcessError:
        for name, text in texts.items():
            (ROOT / name).write_text(text, encoding="utf-8")
        raise
    git("commit", "--quiet", "--message", f"Version {version}", "--", *new)
    git("tag", "--annotate", f"v{version}", "--message", f"Version {version}")
    print(f"v{version} is committed and tagged here; dist/ holds what to publish. To publish it:")
    print("  git push --follow-tags")


def main() -> None:
    """Read the command line; end with 2 if the version cannot be released."""
    if len(sys.argv) != 2:
        sys.exit("usage: make release VERSION=0.2.0")
    try:
        cut(sys.argv[1])
    except ValueError as exc:
        print(f"make release: {exc}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
