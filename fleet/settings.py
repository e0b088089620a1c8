"""
Settings: the `FLEET_*` environment variables as one frozen value, passed down by `cli`.

A file `.env` in the present folder gives those that the environment does not. Nothing else in the
fleet reads either. The table of `docs/settings.md` is compared
with this model by a test.
"""

from __future__ import annotations

import os
import re
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fleet.errors import BadInput
from fleet.models.address import host_of
from fleet.models.event import EventKind

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


def _at_home(path: Path) -> Path:
    """`~/…` as a shell would read it: where none has (systemd, Docker), it is no folder's name."""
    try:
        return path.expanduser()
    except RuntimeError:  # nobody's home
        return path


Place = Annotated[Path, AfterValidator(_at_home)]


ENV_FILE = Path(".env")
"""The file that compose reads too, in the present folder."""


class Settings(BaseSettings):
    """What the person who runs the fleet may set. Seconds are named `…_s`."""

    model_config = SettingsConfigDict(
        env_prefix="FLEET_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    mongodb_url: str | None = Field(
        default=None,
        description="MongoDB to use; without it a mongod on the PATH or the embedded one",
    )
    mongodb_url_file: Place | None = Field(
        default=None, description="file that holds FLEET_MONGODB_URL, if that is not set"
    )
    database: str = Field(
        default="fleet", pattern=r"^[A-Za-z0-9_-]{1,38}$", description="database name"
    )
    scenarios_dir: Annotated[tuple[Place, ...], NoDecode] = Field(
        default=(Path("scenarios"),),
        min_length=1,
        description="folders of scenario files, with `:` between; `fleet new` writes into the last",
    )
    scenario_packages: bool = Field(
        default=True, description="whether installed packages' scenarios belong to the catalogue"
    )
    flows: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="fleet watch: ids, globs and departments that are watched; all without it",
    )
    data_dir: Place = Field(
        default=Path("data"),
        description="folder of the embedded MongoDB's files and of saved pictures",
    )
    chromium: Place | None = Field(default=None, description="the Chromium to start")
    chromium_sandbox: Literal["auto", "on", "off"] = Field(
        default="auto", description="Chromium's own sandbox; auto: on, except for root"
    )
    pages: int = Field(default=6, ge=1, le=64, description="most pages open at once")
    contact_url: str | None = Field(
        default=None,
        description="page or mailto: that tells the sites who visits; real sites need it",
    )
    egress_address: str | None = Field(
        default=None,
        description="the IP address from which sites see this machine; kept with visits",
    )
    internal_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="hosts at internal addresses that may be visited, with spaces between",
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
    recycle_visits: int = Field(
        default=200, ge=1, description="fleet watch: visits until a new Chromium takes over"
    )
    recycle_minutes: float = Field(
        default=240, ge=1, description="fleet watch: minutes until a new Chromium takes over"
    )
    recycle_mb: int = Field(
        default=1500,
        ge=500,
        description="fleet watch: memory of Chromium and driver until a new one takes over",
    )
    pause_s: float = Field(default=5, ge=0, le=3600, description="between two visits to one host")
    host_visits_per_hour: int | None = Field(
        default=60, ge=1, le=3600, description="most visits of one host in an hour"
    )
    tries: int = Field(
        default=3, ge=1, le=5, description="attempts in all when a site is unavailable"
    )
    retry_wait_s: float = Field(
        default=30, ge=0, le=3600, description="before the first retry; doubles"
    )
    mean_gap_minutes: float = Field(
        default=60, gt=0, le=10_080, description="fleet watch: mean gap between visits of a flow"
    )
    min_gap_minutes: float = Field(
        default=10, gt=0, le=1440, description="fleet watch: least gap between visits of a flow"
    )
    grace_s: float = Field(
        default=60,
        ge=0,
        le=3600,
        description="fleet watch: how long visits under way may go on after SIGTERM",
    )
    spool_mb: int = Field(
        default=2000, ge=1, description="fleet watch: most that waits on disk for MongoDB"
    )
    disk_free_mb: int = Field(
        default=500, ge=0, description="fleet watch: with less free disk, no visit begins"
    )
    listen: str | None = Field(
        default=None,
        pattern=r"^\S+:\d{1,5}$",
        description="fleet watch: host:port for /healthz and /metrics, such as 127.0.0.1:9464",
    )
    timestamp_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="addresses of timestamp authorities (RFC 3161), with spaces between",
    )
    timestamp_roots: Place | None = Field(
        default=None, description="PEM file of their root certificates, if they are not well known"
    )
    keep_days: int | None = Field(
        default=None, ge=1, le=36_500, description="fleet prune: days that files are kept"
    )
    keep_per_flow: int | None = Field(
        default=None, ge=1, description="fleet prune: newest files of each flow that are kept"
    )
    notify_urls: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        default=(),
        description="where notices are sent: Apprise addresses, with spaces or commas between",
    )
    notify_kinds: Annotated[tuple[EventKind, ...], NoDecode] = Field(
        default=(), description="what is told, with spaces between; all without it"
    )
    notify_delay_s: float = Field(
        default=900, ge=0, le=86_400, description="from an offer's storing to its notice"
    )
    heartbeat_url: SecretStr | None = Field(
        default=None, description="fleet watch: requested every minute while it truly works"
    )
    public_url: str | None = Field(
        default=None, description="public address of the web pages, for all links to them"
    )
    behind: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description="fleet serve: names or addresses of proxies in front, with spaces between",
    )
    reading: Literal["public", "members"] = Field(
        default="public",
        description="who may read the web pages: anybody, or members (fleet user add)",
    )

    @field_validator("scenarios_dir", mode="before")
    @classmethod
    def _folders(cls, value: object) -> object:
        # one list, as PATH is, and not a second setting for own files: none goes before another,
        # for an id that stands twice is an error; what stands twice here is one folder
        if not isinstance(value, str):
            return value
        return tuple(dict.fromkeys(filter(None, map(str.strip, value.split(os.pathsep)))))

    @field_validator("contact_url")
    @classmethod
    def _contact(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://", "mailto:")):
            raise ValueError("expected an address that starts with https://, http:// or mailto:")
        return value

    @field_validator("egress_address")
    @classmethod
    def _ip_address(cls, value: str | None) -> str | None:
        return str(ip_address(value)) if value is not None else None

    @field_validator("notify_urls", mode="before")
    @classmethod
    def _addresses(cls, value: object) -> object:
        # a comma may stand in an address too: mailto://…?to=one,other
        if not isinstance(value, str):
            return value
        found = re.split(r"\s+|,(?=[a-z][a-z0-9+.-]*://)", value)
        return tuple(filter(None, (each.strip(",") for each in found)))

    @field_validator("heartbeat_url")
    @classmethod
    def _heartbeat(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("http://", "https://")):
            raise ValueError("expected an address that starts with https:// or http://")
        return value

    @field_validator("public_url")
    @classmethod
    def _public(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("expected an address that starts with https:// or http://")
        return value.rstrip("/") if value is not None else None

    @field_validator(
        "timestamp_urls", "notify_kinds", "behind", "internal_hosts", "flows", mode="before"
    )
    @classmethod
    def _split_list(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("internal_hosts")
    @classmethod
    def _internal(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any("/" in each or host_of(f"http://{each}/") != each for each in value):
            raise ValueError("expected hosts in small letters, without scheme, port or path")
        return value

    @field_validator("timestamp_urls")
    @classmethod
    def _authorities(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(each.startswith(("http://", "https://")) for each in value):
            raise ValueError("expected addresses that start with http:// or https://")
        return value

    @field_validator("mongodb_url")
    @classmethod
    def _mongodb(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("mongodb://", "mongodb+srv://")):
            raise ValueError("expected an address that starts with mongodb:// or mongodb+srv://")
        return value


PACKAGED_SCENARIOS = Path(__file__).parent / "catalog" / "packaged"
"""The catalogue, where the fleet was installed from a wheel."""


def catalogue_folder() -> Path:
    """
    The scenario files to read if nobody says which: `scenarios` here, else those that came along.

    They are in the package if that was installed from a wheel, beside it in a checkout. Where there
    are none at all it is the name of the first, for errors to name.
    """
    here = Path("scenarios")
    beside = Path(__file__).parents[1] / "scenarios"
    return next((each for each in (here, PACKAGED_SCENARIOS, beside) if each.is_dir()), here)


def load_settings() -> Settings:
    """
    The settings of this process's environment, and of `.env` here for what that leaves out.

    Raises:
        BadInput: a variable has a value that cannot be used, or names a file that cannot be read;
            names each such variable. Or `.env` cannot be read.
    """
    try:
        options: dict[str, Any] = {"_env_file": ENV_FILE}
        settings = Settings(**options)
        if settings.mongodb_url is None and settings.mongodb_url_file is not None:
            url = _line_of(settings.mongodb_url_file)
            settings = Settings(**options, mongodb_url=url)
        if "scenarios_dir" not in settings.model_fields_set:
            settings = settings.model_copy(update={"scenarios_dir": (catalogue_folder(),)})
        return settings
    except ValidationError as exc:
        problems = "; ".join(
            f"FLEET_{str(error['loc'][0]).upper()}:"
            f" {error['msg'].removeprefix('Value error, ')}{_shown_value(error)}"
            for error in exc.errors()
        )
        where = f" (environment, and {ENV_FILE} here)" if ENV_FILE.is_file() else ""
        raise BadInput(f"settings: {problems}{where}. See docs/settings.md") from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(
            f"settings: {ENV_FILE.absolute()} cannot be read: {exc}. Expected UTF-8 lines of"
            " NAME=value that this user may read; correct it, or start elsewhere"
        ) from exc


def _line_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise BadInput(
            f"settings: FLEET_MONGODB_URL_FILE: {file} cannot be read: {exc}. Give this user the"
            " right to it, or set FLEET_MONGODB_URL"
        ) from exc


def _shown_value(error: ErrorDetails) -> str:
    # an address of a database holds its password, the others are secrets as a whole
    secret = {"mongodb_url", "notify_urls", "heartbeat_url"}
    return "" if secret.intersection(error["loc"]) else f", got {error['input']!r}"
