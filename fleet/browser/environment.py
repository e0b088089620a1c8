"""What a visit's browser is, and where it runs: as it is set, and as the system says."""

from __future__ import annotations

import os
import platform
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

from fleet.models.circumstances import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

WINDOW_WIDTH_PX, WINDOW_HEIGHT_PX = 1024, 900
DEVICE_SCALE = 1.0
LOCALE = "fr-FR"
TIME_ZONE = "Europe/Paris"

_PROXIES = {"http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "auto_proxy", "socks_server"}
"""The variables in which Chromium looks for a proxy (net/proxy_resolution, Linux)."""


def names_proxy(variables: Iterable[str]) -> bool:
    """Whether one of these environment variables gives Chromium a proxy."""
    return any(each.lower() in _PROXIES for each in variables)


def environment_of(executable: Path, egress_address: str | None) -> Environment:
    """The environment of visits with this Chromium on this machine."""
    return Environment(
        system=_system(),
        browser=executable.name[:100],
        playwright=version("playwright"),
        window_width_px=WINDOW_WIDTH_PX,
        window_height_px=WINDOW_HEIGHT_PX,
        device_scale=DEVICE_SCALE,
        locale=LOCALE,
        time_zone=TIME_ZONE,
        proxy="environment" if names_proxy(os.environ) else "none",
        egress_address=egress_address,
    )


@cache
def _system() -> str:
    """`Debian GNU/Linux 12 (bookworm), Linux 6.18.44 x86_64`."""
    kernel = f"{platform.system()} {platform.release()} {platform.machine()}"
    try:
        return f"{platform.freedesktop_os_release()['PRETTY_NAME']}, {kernel}"[:200]
    except (OSError, KeyError):  # a system without such a file
        return kernel[:200]
