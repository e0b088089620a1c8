"""A release writes the version where it stands, and turns what is unreleased into its section."""

from __future__ import annotations

import pytest

from release.cut import PLACES, ROOT, number, released, with_version

CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_version_is_the_same_wherever_it_stands() -> None:
    stands = {name: PLACES[name].findall((ROOT / name).read_text("utf-8")) for name in PLACES}
    (version,) = stands["pyproject.toml"]
    assert all(found == [version] for found in stands.values())


@pytest.mark.parametrize("name", PLACES)
def test_a_version_is_written_and_nothing_else(name: str) -> None:
    before = (ROOT / name).read_text("utf-8")
    after = with_version(name, before, "7.8.9")

    changed = [
        (old, new)
        for old, new in zip(before.splitlines(), after.splitlines(), strict=True)
        if old != new
    ]
    assert len(changed) == 1
    assert "7.8.9" in changed[0][1]


def test_what_is_unreleased_becomes_the_section_of_the_version() -> None:
    after = released(CHANGELOG, "7.8.9", "2030-01-02")

    assert "## [Unreleased]\n\n## [7.8.9] - 2030-01-02\n" in after
    assert after.replace("\n## [7.8.9] - 2030-01-02\n", "", 1) == CHANGELOG
    with pytest.raises(ValueError, match="nothing stands under"):
        released(after, "7.9.0", "2030-01-03")
    with pytest.raises(ValueError, match=r"7\.8\.9 is released already"):
        released(after.replace("## [Unreleased]\n", "## [Unreleased]\n\n- x\n"), "7.8.9", "d")


@pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3rc1", "1.2.3 ", "१.२.३", ""])
def test_what_is_no_version_is_refused(version: str) -> None:
    with pytest.raises(ValueError, match="expected three numbers"):
        number(version)
