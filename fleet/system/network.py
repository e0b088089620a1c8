"""
How this machine's network stands: by the kernel's own account, and by the resolver's.

Nothing is sent but questions to the system's resolver, and (`certificate_dates`) one handshake
with a site that a visit was made to anyway.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
import ssl
import struct
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

PROC = Path("/proc/net")

UP, GATEWAY, REJECTED = 0x1, 0x2, 0x200
"""Flags of a route (`linux/route.h`)."""

COMPLETE = 0x2
"""Flag of a neighbour whose hardware address is known (`linux/if_arp.h`)."""

ESTABLISHED = "01"

NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM}
"""What the kernel says of an address to which it has no route, or a forbidden one."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the resolver said: addresses, that there is no such name (`known` false), or nothing."""

    known: bool | None
    addresses: tuple[str, ...] = ()


SILENT = LookUp(None)


async def look_up(name: str, seconds: float) -> LookUp:
    """Ask the system's resolver; one that has not answered after `seconds` is silent."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[LookUp] = loop.create_future()

    def said(found: LookUp) -> None:
        if not answer.done():
            answer.set_result(found)

    def ask() -> None:
        found = _ask(name)
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(said, found)

    # not asyncio's own pool: a resolver that hangs must not hold the end of the process
    threading.Thread(target=ask, daemon=True).start()
    with suppress(TimeoutError):
        return await asyncio.wait_for(answer, seconds)
    return SILENT


def _ask(name: str) -> LookUp:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as exc:
        no_such = exc.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", None))
        return LookUp(False) if no_such else SILENT
    except (OSError, UnicodeError):
        return SILENT
    return LookUp(True, tuple(dict.fromkeys(str(each[4][0]) for each in found)))


def fault(addresses: Iterable[str] = ()) -> str | None:
    """
    What the kernel knows to be wrong on our side, in words; None if it knows of nothing.

    Args:
        addresses: of the site; without any, a default route is looked for.
    """
    sought = list(addresses)
    if sought and not any(map(_has_way, sought)):
        return "the kernel has no way to its address"
    gateways = list(_gateways())
    other_way = _default_v6() and (not sought or any(":" in each for each in sought))
    if not sought and not gateways and not other_way:
        return "no route leads out of this machine"
    silent = [each for each in gateways if each and _neighbours().get(each) is False]
    if silent and len(silent) == len(gateways) and not other_way:
        return f"the router {', '.join(silent)} does not answer"
    return None


def connected(addresses: Iterable[str]) -> bool:
    """Whether a process of this machine holds a TCP connection to one of these addresses."""
    wanted = {ipaddress.ip_address(each.partition("%")[0]) for each in addresses}
    for name in ("tcp", "tcp6"):
        for line in _lines(name):
            fields = line.split()
            if len(fields) > 3 and fields[3] == ESTABLISHED and _address(fields[2]) in wanted:
                return True
    return False


def _has_way(address: str) -> bool:
    """Whether the kernel has a route to an address. Nothing is sent: UDP only remembers it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 443))
    except OSError as exc:
        return exc.errno not in NO_WAY
    return True


def _gateways() -> Iterator[str]:
    """The routers of the default routes (IPv4); empty for one that needs none."""
    for line in _lines("route"):
        fields = line.split()
        if len(fields) < 8 or fields[1] != "00000000" or fields[7] != "00000000":
            continue
        flags = int(fields[3], 16)
        if flags & UP and not flags & REJECTED:
            router = socket.inet_ntoa(struct.pack("=L", int(fields[2], 16)))
            yield router if flags & GATEWAY else ""


def _default_v6() -> bool:
    for line in _lines("ipv6_route"):
        fields = line.split()
        if len(fields) == 10 and set(fields[0]) == {"0"} and fields[1] == "00":
            flags = int(fields[8], 16)
            if flags & UP and not flags & REJECTED and fields[9] != "lo":
                return True
    return False


def _neighbours() -> dict[str, bool]:
    """By address (IPv4), whether a neighbour on the wire answered when it was asked for."""
    rows = [line.split() for line in _lines("arp")]
    return {row[0]: bool(int(row[2], 16) & COMPLETE) for row in rows if len(row) >= 6}


def _lines(name: str) -> list[str]:
    """The lines of a table of the kernel below their heading; none where there is no such table."""
    try:
        lines = (PROC / name).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    return lines if name == "ipv6_route" else lines[1:]


def _address(packed: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """`0100007F:0050` as the kernel writes it: words of 32 bits, each in this machine's order."""
    digits = packed.partition(":")[0]
    words = [int(digits[n : n + 8], 16) for n in range(0, len(digits), 8)]
    address = ipaddress.ip_address(b"".join(struct.pack("=L", word) for word in words))
    return getattr(address, "ipv4_mapped", None) or address


async def certificate_dates(
    place: str, host: str, port: int, seconds: float
) -> tuple[datetime, datetime] | None:
    """
    From when to when the certificate of `host` holds, whoever has signed it; None: not told.

    Args:
        place: where it is asked: an address, or the same name.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(
                place, port, ssl=context, server_hostname=host
            )
            shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
            writer.close()
            with suppress(OSError, ssl.SSLError):
                await writer.wait_closed()
        certificate = x509.load_der_x509_certificate(shown)
    except (OSError, TimeoutError, ValueError, TypeError):
        return None
    return certificate.not_valid_before_utc, certificate.not_valid_after_utc
