"""The proxies that the pages stand behind: only of a reader they pass on is their word believed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

LOOK_UP_S = 20.0
"""How often names are looked up: a container that is made anew has another address."""


class Proxies:
    """
    Proxies by name or address, and the addresses that the names have now.

    A name that cannot be looked up keeps the addresses it had: at first none.
    """

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._found: dict[str, set[str]] = {name: set() for name in names}

    def believes(self, address: str) -> bool:
        """Whether one of them has this address."""
        return any(address in each for each in self._found.values())

    async def look_up(self) -> None:
        """Ask for the addresses of all names."""
        for name in self._found:
            try:
                answers = await asyncio.get_running_loop().getaddrinfo(name, None)
            except (socket.gaierror, UnicodeError):
                continue
            self._found[name] = {str(answer[4][0]) for answer in answers}

    async def follow(self) -> None:
        """Look the names up again and again; ends at once if there are none."""
        while self._found:
            await self.look_up()
            await asyncio.sleep(LOOK_UP_S)
