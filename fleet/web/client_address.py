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


IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

NAT64 = ipaddress.ip_network("64:ff9b::/96")


def plain_address(text: str) -> str:
    """
    The address as it is usually written; what is none is left as it is.

    A socket for both IPv4 and IPv6 shows an IPv4 reader as `::ffff:a.b.c.d`.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return str(getattr(address, "ipv4_mapped", None) or address)


def _subscriber(text: str) -> IPAddress | None:
    """
    The address that a provider gave out; None if it is none.

    Translators and tunnels put an IPv4 address into an IPv6 one, each in its own way: a /64 of
    theirs is many subscribers', or a part of one.
    """
    try:
        address = ipaddress.ip_address(plain_address(text))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in NAT64:
        return ipaddress.IPv4Address(address.packed[12:])
    if address.teredo is not None:
        return address.teredo[1]
    return address.sixtofour or address


def address_of(request: Request) -> str:
    """Where a request comes from: an IPv4 address, or the /64 of an IPv6 one, a subscriber's."""
    return _network_of(request, 64)


def site_address_of(request: Request) -> str:
    """As `address_of`, but the /48 of an IPv6 address: no subscriber has more than that."""
    return _network_of(request, 48)


def _network_of(request: Request, bits: int) -> str:
    address = _subscriber(request.client.host if request.client else "")
    if address is None:
        return "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((int(address) >> (128 - bits) << (128 - bits), bits)))
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
    return origin is None or urlsplit(origin).netloc in request.scope.get("fleet.hosts", ())


def site_of(request: Request) -> str:
    """The address of this site, as others may keep it, without a slash at its end."""
    return str(request.scope.get("fleet.site", ""))
