"""
Settings: the `FLEET_*` environment variables as one frozen value, passed down by `cli.py`.

Nothing else in the fleet reads the environment. The table of `docs/settings.md` is compared
with this model by a test.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from fleet.errors import BadInput

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

PRACTICE_SCENARIOS = Path(__file__).parent / "practice" / "scenarios"

_PRACTICE = {
    "pause_s": 0.0,
    "retry_wait_s": 0.5,
    "answer_timeout_s": 4.0,
    "deadline_s": 30.0,
}


class Settings(BaseSettings):
    """What the person who runs the fleet may set. Seconds are named `…_s`."""

    model_config = SettingsConfigDict(
        env_prefix="FLEET_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    mongodb_url: str | None = Field(
        default=None,
        description="MongoDB to use; without it a mongod on the PATH or the embedded one",
    )
    database: str = Field(
        default="fleet", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="database name"
    )
    scenarios_dir: Path = Field(
        default=Path("scenarios"), description="folder of the scenario files"
    )
    data_dir: Path = Field(
        default=Path("data"),
        description="folder of the embedded MongoDB's files and of saved pictures",
    )
    chromium: Path | None = Field(default=None, description="the Chromium to start")
    chromium_sandbox: Literal["auto", "on", "off"] = Field(
        default="auto", description="Chromium's own sandbox; auto: on, except for root"
    )
    pages: int = Field(default=6, ge=1, le=64, description="most pages open at once")
    contact_url: str | None = Field(
        default=None,
        description="page or mailto: that tells the sites who visits; real sites need it",
    )
    deadline_s: float = Field(default=180, gt=0, le=3600, description="whole visit, pictures apart")
    answer_timeout_s: float = Field(
        default=20,
        gt=0,
        le=600,
        description="longest wait for a loaded page to show what is expected",
    )
    settle_s: float = Field(
        default=4,
        ge=0,
        le=60,
        description="longest wait for images and scripts after a page's text",
    )
    last_look_s: float = Field(
        default=10, gt=0, le=60, description="last picture and HTML of a visit"
    )
    close_s: float = Field(
        default=10, gt=0, le=60, description="closing a page; then Chromium is killed"
    )
    pause_s: float = Field(default=5, ge=0, le=3600, description="between two visits to one host")
    tries: int = Field(
        default=3, ge=1, le=5, description="visits in all when a site is unavailable"
    )
    retry_wait_s: float = Field(
        default=30, ge=0, le=3600, description="before the first retry; doubles"
    )
    reading: Literal["public", "members"] = Field(
        default="public",
        description="who may read the web pages: anybody, or members (fleet user add)",
    )

    @field_validator("contact_url")
    @classmethod
    def _contact(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://", "mailto:")):
            raise ValueError("expected an address that starts with https://, http:// or mailto:")
        return value

    @field_validator("mongodb_url")
    @classmethod
    def _mongodb(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("expected an address that starts with mongodb:// or mongodb+srv://")
        return value


def load_settings() -> Settings:
    """
    The settings of this process's environment.

    Raises:
        BadInput: a variable has a value that cannot be used; names each such variable.
    """
    try:
        return Settings()
    except ValidationError as exc:
        problems = "; ".join(
            f"FLEET_{'_'.join(map(str, error['loc'])).upper()}:"
            f" {error['msg'].removeprefix('Value error, ')}{_got(error)}"
            for error in exc.errors()
        )
        raise BadInput(f"settings: {problems}. See docs/settings.md") from exc


def for_practice(settings: Settings) -> Settings:
    """
    The settings of the practice world: own scenarios, own database, no waiting for politeness.

    What the environment sets stays, except that the scenarios are always those of the practice
    prefectures and that the database's name gets `_practice` behind it: made-up data cannot mix
    with real.
    """
    unset = {k: v for k, v in _PRACTICE.items() if k not in settings.model_fields_set}
    own = {"scenarios_dir": PRACTICE_SCENARIOS, "database": f"{settings.database}_practice"}
    return settings.model_copy(update={**unset, **own})


def _got(error: ErrorDetails) -> str:
    # an address of a database holds its password
    return "" if "mongodb_url" in error["loc"] else f", got {error['input']!r}"
