"""
The circumstances of a visit: in what browser, by which clock, and who answered.

A bailiff notes the same before looking at a page. What was not measured is None or `unknown`.
Kept with each attempt; attempts from before they were noted have none.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from fleet.models.base import Frozen, Instant
from fleet.models.text import Fitted


class Clock(Frozen):
    """
    What the kernel knew of this machine's clock.

    `synchronised`: whether something (NTP) keeps it right; None if the kernel did not say.
    `offset_s` is what the kernel still adds to it, `max_error_s` how far from UTC it may be by the
    kernel's own account; both None unless it is synchronised.
    """

    source: Literal["kernel (adjtimex)", "unknown"]
    synchronised: bool | None = None
    offset_s: float | None = None
    max_error_s: float | None = None


class Environment(Frozen):
    """
    The machine and the browser of a visit.

    `proxy` is `environment` if the machine's own variables (`https_proxy`, …) name one: addresses
    of servers are then those of the proxy. `egress_address` is what the operator says sites see
    (`FLEET_EGRESS_ADDRESS`); None: unknown.
    """

    system: str
    browser: str
    playwright: str
    window_width_px: int
    window_height_px: int
    device_scale: float
    locale: str
    time_zone: str
    proxy: Literal["none", "environment"]
    egress_address: str | None


class Certificate(Frozen):
    """
    The certificate that a server showed, as Chromium accepted it.

    `sha256` is that of its bytes (DER); None for a server that only redirected, of which Chromium
    keeps none.
    """

    issuer: Annotated[str, Fitted(300)]
    subject: Annotated[str, Fitted(300)]
    valid_from: Instant
    valid_until: Instant
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class Server(Frozen):
    """Who answered at an origin: address and port, protocols; no certificate without TLS."""

    origin: Annotated[str, Fitted(300)]
    address: Annotated[str, Fitted(200)]
    protocol: Annotated[str, Fitted(200)]
    tls: Annotated[str, Fitted(200)] | None = None
    certificate: Certificate | None = None


class Circumstances(Frozen):
    """
    The circumstances of one attempt.

    `fresh_context`: whether the browser kept nothing (cookies, storage, cache) of any visit before;
    False in a person's session. `user_agent` is the header that was sent; None if nothing was.
    """

    fresh_context: bool
    environment: Environment
    user_agent: Annotated[str, Fitted(500)] | None
    clock_at_start: Clock
    clock_at_end: Clock
    servers: tuple[Server, ...]
