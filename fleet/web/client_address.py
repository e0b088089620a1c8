"""
Where a request comes from: the visitor's address, http or https, from which page.

What a proxy in front of the pages says of it is in the request by now (`proxies`).
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request


def is_https(request: Request) -> bool:
    """Whether the reader's browser speaks https, to us or to a proxy of ours."""
    return request.url.scheme == "https"


def address_of(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, a subscriber's."""
    try:
        address = ipaddress.ip_address(request.client.host if request.client else "")
    except ValueError:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))
    return str(address)


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
