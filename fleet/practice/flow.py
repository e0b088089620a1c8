"""
What every practice flow has, whatever its platform: whose it is, where it is, how it fails.

A flow is a value: it says how one practice flow behaves, and keeps no count of anything. What
happened to it (visits, tripwires) is kept by the `PracticeServer`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """How a request fails. The bodies are those of the proxy in front of the site."""

    HTTP_403 = "http_403"
    HTTP_404 = "http_404"
    HTTP_429 = "http_429"
    HTTP_500 = "http_500"
    HTTP_502 = "http_502"
    HTTP_503 = "http_503"
    HTTP_504 = "http_504"
    SURCHARGE_200 = "surcharge_200"
    SURCHARGE_503 = "surcharge_503"
    RESET = "reset"
    EMPTY_RESPONSE = "empty_response"
    SLOW = "slow"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One way for one step to fail.

    Args:
        step: which step of the platform: a number 0..9 or "grid" for `bookingserver`, the name
            that the platform's `steps` give elsewhere.
        kind: `FaultKind` (the plain strings of its values are accepted).
        times: fail only the first `times` requests, then be healthy; None: always.
        after_visits: be healthy until this many visits of the flow have begun.
        method: which requests of the step fail. A POST is answered by a redirect when
            healthy, so "GET" is what a visitor sees as the page of the step.
        seconds: how long `SLOW` waits before the healthy answer.
        retry_after_s: the Retry-After header of `HTTP_429`.

    Chromium repeats by itself, on another connection, a request that `RESET` or `EMPTY_RESPONSE`
    ends on a kept-alive one (seen: 7 requests at step 2; 1 at step 0, on a fresh connection). A
    small `times` is then over before the visitor has seen anything. At the first step each failed
    try counts as a visit: a proxy that answers in the site's place gives no cookie.
    """

    step: int | str
    kind: FaultKind | str
    times: int | None = None
    after_visits: int = 0
    method: str = "GET"
    seconds: float = 5.0
    retry_after_s: int = 120

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", FaultKind(self.kind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow(ABC):
    """
    One flow of one practice prefecture; each platform adds its own fields.

    Args:
        host: "evry" is served as evry.localhost; a name with a dot is served as it is.
        id: what tells this flow from the others of its host, as its addresses say it.
        department: official code of the department ("63", "2A").
        prefecture: name of the office, as the site says it.
        title: title of the flow, as the site says it.
        flow: slug of the flow for scenarios; `control` marks a control flow.
        summary: one line in French for the list of practice prefectures.
    """

    host: str
    id: str
    department: str
    prefecture: str
    title: str
    flow: str = "titre-de-sejour"
    control: bool = False
    summary: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def hostname(self) -> str:
        """Host name without port, lower case."""
        return (self.host if "." in self.host else f"{self.host}.localhost").lower()

    @property
    def key(self) -> tuple[str, str]:
        """What names this flow among all."""
        return self.hostname, self.id

    @property
    @abstractmethod
    def path(self) -> str:
        """Path (and query) of the address where a visitor starts."""
