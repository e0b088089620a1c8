"""
Where a request comes from: the visitor's address, http or https, and from which page.

A proxy in front of the pages says what it was asked; it is believed if it is on this machine, or
one of those that the pages stand behind (`FLEET_BEHIND`).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet.web.context import library_of

if TYPE_CHECKING:
    from starlette.requests import Request


def is_https(request: Request) -> bool:
    """Whether the reader's browser speaks https, to us or to a proxy of ours."""
    if request.url.scheme == "https":
        return True
    return _by_our_proxy(request) and request.headers.get("x-forwarded-proto", "") == "https"


def address_of(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, a subscriber's."""
    host = request.client.host if request.client else ""
    if _by_our_proxy(request):
        # the last one was added by the proxy; those before are whatever the visitor wrote
        host = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip() or host
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)


def _by_our_proxy(request: Request) -> bool:
    """Whether a proxy of ours may have passed this on: only then are its headers believed."""
    if request.client is None:
        return False
    try:
        if ipaddress.ip_address(request.client.host).is_loopback:
            return True
    except ValueError:
        return False
    return "app" in request.scope and library_of(request).proxies.believes(request.client.host)


def is_from_here(request: Request) -> bool:
    """
    Whether the browser says that a page of this site sent this.

    Neither header: an old browser or a program, which no page can make send anything; the form
    token is still asked for.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site in ("same-origin", "none")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
