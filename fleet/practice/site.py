"""The replica of one booking platform on one host of the practice server."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Generic, TypeVar

from aiohttp import web

from fleet.practice.faults import Faults
from fleet.practice.flow import Flow
from fleet.practice.journal import Journal
from fleet.practice.pages import PracticePages

F = TypeVar("F", bound=Flow)


@dataclass(frozen=True, slots=True)
class Backstage:
    """What the server lends to its sites. `latency_s` is waited before pages by the server."""

    journal: Journal
    faults: Faults
    clock: Callable[[], datetime]


class Site(ABC, Generic[F]):
    """
    One host. The server asks it what a request gets; its tripwires hold on every host.

    `cookie` names the visitor's session in the server's log; `static_folders` are served from
    the platform's static files, without latency; `tripwires` are addresses that would take a
    slot on a real site, with the reason.
    """

    cookie: ClassVar[str] = ""
    static_folders: ClassVar[tuple[str, ...]] = ()
    tripwires: ClassVar[tuple[tuple[re.Pattern[str], str], ...]] = ()

    def __init__(self, flows: Sequence[F], backstage: Backstage, pages: PracticePages) -> None:
        self.flows = tuple(flows)
        self.backstage = backstage
        self.pages = pages

    @abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse | None:
        """The answer to any request for this host; None: there is no such page."""

    @abstractmethod
    def flow_at(self, path: str) -> F | None:
        """The flow that an address belongs to, or None."""

    def not_found(self) -> web.Response:
        """This platform's page for an address that is not there."""
        return web.Response(status=404, text="Not Found\n")

    async def failure(self, request: web.Request, flow: F, step: int | str) -> web.Response | None:
        """The failing answer that is due at this step of a flow; None for a healthy one."""
        method, visits = request.method, self.backstage.journal.visits(flow)
        fault = self.backstage.faults.due(flow, step, method, visits)
        return None if fault is None else await self.backstage.faults.answer(fault, request)

    def trip(self, request: web.Request, why: str) -> None:
        """Write down a request that would have taken a slot."""
        self.backstage.journal.trip(request.host, request.method, request.path_qs, why)
