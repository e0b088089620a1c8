"""
Which addresses are inside: this machine, the networks around it, and what no public site has.

A site says where a visit goes next. Led to a database's port, a router or a cloud's metadata, a
visit would ask there with our rights, and what it saw would be public evidence. So a visit asks
the public network only, and what the person who runs the fleet names. A name says little: what
counts in the end is the address to which Chromium has connected (`visit/gate.py`).
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fleet.models.address import host_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_NAMES = (
    "localhost",  # RFC 6761
    "local",  # RFC 6762
    "home.arpa",  # RFC 8375
    "internal",  # reserved by ICANN in 2024; the metadata of clouds has names there
    # never given to anybody for the use that networks make of them (ICANN, 2018)
    "corp",
    "home",
    "mail",
    # usual in routers and offices [I]
    "intranet",
    "lan",
    "localdomain",
    "private",
)
"""Last labels of names that are no public ones."""

_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)

_GLOBAL_V6 = ipaddress.ip_network("2000::/3")
_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
_CARRYING = tuple(
    map(ipaddress.ip_network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
"""Networks of IPv6 whose addresses end in one of IPv4, which is the one that is asked."""

SETTING = "FLEET_INTERNAL_HOSTS (docs/operations.md)"


@dataclass(frozen=True, slots=True)
class PublicOnly:
    """
    Lets a visit ask the public network.

    Args:
        allowed: hosts that may be asked wherever they are.
        direct: nothing stands between Chromium and the sites. Else (a proxy of this machine's)
            addresses tell nothing, and only names and written addresses are judged.
    """

    allowed: frozenset[str] = field(default_factory=frozenset)
    direct: bool = True

    def allows(self, url: str) -> bool:
        """Whether its host may be asked wherever it is."""
        return plain_host(url) in self.allowed

    def refuses(self, url: str) -> str | None:
        """What is inside of this address as it is written, in words; None: nothing."""
        host = plain_host(url)
        return None if not host or host in self.allowed else inside(host)

    def refuses_addresses(self, url: str, addresses: Iterable[str]) -> str | None:
        """What is inside, of the addresses to which its host's name leads."""
        if not self.direct or self.allows(url):
            return None
        return next((f"{each}, {why}" for each in addresses if (why := inside(each))), None)


def plain_host(url: str) -> str:
    """The host that an address names, as browsers read it: decoded, in its plain letters."""
    host = unicodedata.normalize("NFKC", unquote(host_of(url))).casefold()
    return host.replace("\N{IDEOGRAPHIC FULL STOP}", ".").rstrip(".")


def inside(host: str) -> str | None:
    """What a host is of the inside, in words; None if it may be a public one."""
    address = _address(host)
    if address is not None:
        return _inside(address)
    if "." not in host:
        return "a name of this network" if host != "localhost" else "this machine"
    if any(host.endswith(f".{name}") for name in _NAMES):
        return "this machine" if host.endswith(".localhost") else "a name of a network of its own"
    return None


def _address(host: str) -> IpAddress | None:
    """The address that a host is, in any of the spellings that browsers and resolvers take."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        pass
    parts = host.split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        return None
    try:  # 127.1, 2130706433, 0x7f.0.0.1, 0177.0.0.1
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except OSError:
        return None


def _inside(address: IpAddress) -> str | None:
    if isinstance(address, ipaddress.IPv6Address) and (carried := _carried(address)):
        return _inside(carried)
    if address.is_unspecified or address.is_loopback:
        return "this machine"
    if address.is_link_local:
        return "a link-local address, where clouds have their metadata"
    if address.is_multicast:
        return "a multicast address"
    if isinstance(address, ipaddress.IPv6Address):
        public = address in _GLOBAL_V6 and address.is_global
    else:
        public = address.is_global
    return None if public else "an address of a private network"


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of IPv4 that one of IPv6 stands for."""
    last = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _LOCAL_NAT64 or int(address) <= 1:  # the machine itself, :: and ::1
        return None
    if any(address in network for network in _CARRYING):
        return last
    if int(address) >> 32 & 0xFFFF_FFFF in (0x5EFE, 0x0200_5EFE):  # ISATAP
        return last if not last.is_global else None
    return address.sixtofour or (address.teredo[1] if address.teredo else None)
