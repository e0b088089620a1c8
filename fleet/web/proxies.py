"""The proxies that the pages stand behind: only of a reader they pass on is their word believed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from fleet.web.client_address import plain_address

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

THIS_MACHINE = ("127.0.0.0/8", "::ffff:127.0.0.0/104", "::1")
"""Proxies here are believed without being named."""

LOOK_UP_S = 20.0
"""How often names are looked up: a container that is made anew has another address."""


class Proxies:
    """
    Proxies by name or address, and the addresses that the names have now.

    A name that cannot be looked up keeps the addresses it had: at first none.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self.addresses: dict[str, set[str]] = {name: set() for name in names}
        self._networks: tuple[frozenset[str], list[IPv4Network | IPv6Network]] = (frozenset(), [])

    def believed(self) -> frozenset[str]:
        """The addresses and networks whose word counts now."""
        return frozenset(THIS_MACHINE).union(*self.addresses.values())

    def is_one(self, address: str) -> bool:
        """Whether the word of this address counts now."""
        believed = self.believed()
        if believed != self._networks[0]:
            self._networks = (believed, [ip_network(each) for each in believed])
        try:
            return any(ip_address(address) in each for each in self._networks[1])
        except ValueError:
            return False

    async def look_up(self) -> None:
        """Ask for the addresses of all names."""
        for name in self.addresses:
            try:
                answers = await asyncio.get_running_loop().getaddrinfo(name, None)
            except (socket.gaierror, UnicodeError):
                continue
            self.addresses[name] = {plain_address(str(answer[4][0])) for answer in answers}

    async def follow(self) -> None:
        """Look the names up again and again; ends at once if there are none."""
        while self.addresses:
            await self.look_up()
            await asyncio.sleep(LOOK_UP_S)


class BehindProxies:
    """
    Puts the reader's address and scheme into a request that a proxy of ours passed on.

    uvicorn's middleware does it; it takes addresses once and for all, so there is another one
    when they have changed. Outermost: whatever makes an address of ours needs the right scheme.
    """

    def __init__(self, app: Any, proxies: Proxies) -> None:
        self._app, self._proxies = app, proxies
        self._believed: frozenset[str] = frozenset()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        believed = self._proxies.believed()
        if believed != self._believed:
            self._believed = believed
            self._behind: Any = ProxyHeadersMiddleware(self._app, sorted(believed))
        if (client := scope.get("client")) is not None:
            # on a socket for both, a proxy with an IPv4 address has another spelling
            scope["client"] = (plain_address(client[0]), client[1])
        await self._behind(scope, receive, send)
