"""Every switch that a running Chromium was given is known, and docs/chromium.md says why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fleet.browser.arguments import NOT_PLAYWRIGHTS, arguments_for
from tests.browser.alone import alone

PAGE = (Path(__file__).parents[2] / "docs" / "chromium.md").read_text(encoding="utf-8")
PLAYWRIGHTS = dict(re.findall(r"^\| `(--[a-z0-9-]+)` \| (stays|goes) \| \S", PAGE, re.MULTILINE))
OURS = {each.partition("=")[0] for each in arguments_for(loopback_only=True, own_proxy=False)}


@pytest.mark.process
async def test_chromium_gets_no_switch_that_nobody_has_judged(tmp_path: Path) -> None:
    async with alone(tmp_path) as own:
        given = [each for each in own.browser().cmdline()[1:] if each.startswith("--")]
    names = {each.partition("=")[0] for each in given}

    unknown = names - {*PLAYWRIGHTS} - OURS
    assert not unknown, (
        f"Playwright adds {sorted(unknown)}: say in docs/chromium.md why each stays, or why it goes"
        " (then also in NOT_PLAYWRIGHTS of fleet/browser/arguments.py)"
    )
    stays = {name for name, what in PLAYWRIGHTS.items() if what == "stays"}
    assert not names & ({*PLAYWRIGHTS} - stays), "what goes is not given"
    assert stays - names <= {"--no-sandbox"}, (
        "what is listed is given: else the page is out of date"
    )
    assert names >= OURS

    listed = PAGE.partition("### Features")[2].partition("\n## ")[0]
    features = re.findall(r"\w+", "".join(re.findall(r"^    .*\n", listed, re.MULTILINE)))
    first = {each.partition("=")[0]: each.partition("=")[2] for each in reversed(given)}
    told = {
        name
        for switch in ("--disable-features", "--enable-features")
        for name in first[switch].split(",")
    }
    assert told == {*features}, "Playwright's features have changed: docs/chromium.md, Features"


def test_what_goes_is_what_the_page_says() -> None:
    assert {name for name, what in PLAYWRIGHTS.items() if what == "goes"} == {*NOT_PLAYWRIGHTS}


@pytest.mark.parametrize("switch", sorted(OURS - {"--enable-features"}))
def test_every_switch_of_ours_is_explained(switch: str) -> None:
    assert f"`{switch}`" in PAGE.partition("## The fleet's")[2]
