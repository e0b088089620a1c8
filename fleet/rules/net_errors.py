"""
Why no document came: what Chromium's `net::ERR_…` names mean, and whose fault it is.

The same name is said of a site that is gone and of a cable that is out, so a name alone blames
nobody. What else is known (`NetworkKnowledge`) decides: whether other sites answered lately, what
the kernel and the resolver of this machine say, how right its clock is. What cannot be told is
not put down to the site.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from fleet.models import Outcome, Verdict
from fleet.models.outcome import UNREACHED, Blame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet.models import Served

_OUR_ADDRESS = (
    "ERR_INVALID_URL",
    "ERR_UNSAFE_PORT",
    "ERR_DISALLOWED_URL_SCHEME",
    "ERR_UNKNOWN_URL_SCHEME",
    "ERR_FILE_NOT_FOUND",
    "ERR_INSUFFICIENT_RESOURCES",
    "ERR_OUT_OF_MEMORY",
)

_OUR_NETWORK = re.compile(
    "ERR_(INTERNET_DISCONNECTED|NETWORK_CHANGED|NETWORK_IO_SUSPENDED|NETWORK_ACCESS_.*"
    "|PROXY_.*|NO_SUPPORTED_PROXIES|MANDATORY_PROXY_.*|UNEXPECTED_PROXY_AUTH|SOCKS_.*|PAC_.*)"
)

_NAME = re.compile("ERR_(NAME_.*|DNS_.*)")

_WAY = re.compile(
    "ERR_(ADDRESS_UNREACHABLE|(CONNECTION_)?TIMED_OUT|CONNECTION_FAILED|TUNNEL_CONNECTION_FAILED"
    "|FAILED)"
)

_CLOCK = "ERR_CERT_DATE_INVALID"

_SLOW_ERRORS = ("ERR_TIMED_OUT", "ERR_CONNECTION_TIMED_OUT")


class Doubt(StrEnum):
    """What a failure may say of us instead of the site."""

    NAME = "name"
    """No name server told the address."""
    WAY = "way"
    """Nothing came back from the address."""
    CLOCK = "clock"
    """The certificate does not hold at the time that our clock shows."""
    ANSWERED = "answered"
    """Something answered, and not as a site does."""


@dataclass(frozen=True, slots=True)
class NetworkKnowledge:
    """
    What is known when a visit has got no document; what was not asked is None.

    Attributes:
        near: the site is on this machine: no network lies between.
        fault: what the kernel says is wrong on our side, in words.
        heard: a site's document came moments ago, or while this one was waited for, and nothing
            has failed since.
        lately: one came some minutes ago, and no other site has failed since.
        failed: other sites that gave nothing since one answered.
        connected: the kernel holds a connection to the very address.
        name: whether the resolver knows the site's name (false: it says that there is none).
        others: whether the resolver knows another site's name.
        world: whether the resolver gets answers from outside this machine.
        clock_right: whether the certificate would not hold by a clock known to be right.
    """

    near: bool = False
    fault: str | None = None
    heard: bool = False
    lately: bool = False
    failed: int = 0
    connected: bool | None = None
    name: bool | None = None
    others: bool | None = None
    world: bool | None = None
    clock_right: bool | None = None


class NetworkWitness(Protocol):
    """Knows what other visits saw lately, and asks this machine; see `engine.reachability`."""

    def begin(self, url: str, served: Sequence[Served]) -> None:
        """A visit of `url` begins, whose documents come to `served`."""

    def end(self, served: Sequence[Served]) -> None:
        """That visit has ended."""

    async def known(self, url: str, served: Sequence[Served], doubt: Doubt) -> NetworkKnowledge:
        """What is known now that `url` gave no document to the visit whose documents are these."""


def error_name(message: str) -> str:
    """Chromium's `ERR_…` in a message; empty if there is none."""
    found = re.search(r"ERR_[A-Z0-9_]+", message)
    return found.group() if found else ""


def judge_net_error(message: str) -> Outcome:
    """
    The outcome of a document that never came, as far as the error's name says it.

    A failure of our own network or a malformed address is ours, not the site's; an error that
    is not a network error at all is `unrecognised`. What may be ours (`doubt_of`) is judged
    again by `weigh`.
    """
    name = error_name(message)
    facts = {}
    if name in _OUR_ADDRESS:
        verdict, words = Verdict.CRASHED, "our own network or address is at fault"
    elif _OUR_NETWORK.fullmatch(name):
        verdict, words = Verdict.CRASHED, "our own network is at fault"
        facts[UNREACHED] = Blame.UNKNOWN if name == "ERR_NETWORK_CHANGED" else Blame.NETWORK
    elif name in _SLOW_ERRORS:
        verdict, words = Verdict.TIMEOUT, "the site did not answer"
    elif name == "ERR_ABORTED" or not name:
        verdict, words = Verdict.UNRECOGNISED, "the site answered with no page (a file?)"
    else:
        verdict, words = Verdict.SITE_DOWN, "the site could not be reached"
    first_line = message.strip().splitlines()[0][:500] if message.strip() else "no message"
    return Outcome(
        verdict=verdict,
        detail=f"{words}: {first_line}",
        signs=(name,) if name else (),
        facts={key: value.value for key, value in facts.items()},
    )


def doubt_of(outcome: Outcome, *, served: bool) -> Doubt | None:
    """
    What an outcome may say of us instead of the site; None if it says something of the site.

    Args:
        served: whether the visit got any document.
    """
    if outcome.verdict not in (Verdict.SITE_DOWN, Verdict.TIMEOUT):
        return None
    name = next((sign for sign in outcome.signs if sign.startswith("ERR_")), "")
    if name == _CLOCK:
        return Doubt.CLOCK
    if _NAME.fullmatch(name):
        return Doubt.NAME
    if _WAY.fullmatch(name):
        return Doubt.WAY
    if name:
        return None if served else Doubt.ANSWERED
    # the deadline: a site that has answered before was reached
    return None if served else Doubt.WAY


def weigh(outcome: Outcome, doubt: Doubt, known: NetworkKnowledge) -> Outcome:
    """`outcome`, or `crashed` with the reason if it is not known to be the site's doing."""
    found = _clock(known) if doubt is Doubt.CLOCK else _network(doubt, known)
    if found is None:
        return outcome
    blame, why = found
    if blame is Blame.UNKNOWN:
        words = f"nothing is known of the site, nor whose fault it is ({why})"
    else:
        words = f"the fault is ours, nothing is known of the site ({why})"
    return Outcome(
        verdict=Verdict.CRASHED, detail=f"{words}: {outcome.detail}", signs=outcome.signs
    ).stating(**{UNREACHED: blame.value})


def _network(doubt: Doubt, known: NetworkKnowledge) -> tuple[Blame, str] | None:
    """Whose fault it is that no document came: ours or unknown, and why; None: the site's."""
    if known.near:
        return None
    if known.fault is not None and doubt is not Doubt.ANSWERED:
        return Blame.NETWORK, known.fault
    if known.heard or known.connected:
        return None
    others = f"{known.failed} other site{'s' if known.failed > 1 else ''} gave nothing either"
    if doubt is Doubt.ANSWERED:
        # a refusal comes from somewhere; of all sites at once, it may be a firewall of ours
        return (Blame.NETWORK, f"{others}, and none answered") if known.failed > 1 else None
    if doubt is Doubt.NAME and known.name is False:
        if known.others is False and not known.lately:
            return Blame.NETWORK, "the name server knows no other site's name either"
        return None
    if known.failed:
        return Blame.NETWORK, f"{others}, and none answered since"
    if doubt is Doubt.NAME and known.name:
        return Blame.UNKNOWN, "the name server knows the name by now"
    if doubt is Doubt.NAME and known.world is False:
        return Blame.NETWORK, "no name server answers"
    if known.world or (known.lately and known.world is None):
        return None
    why = "no other site was visited lately" if not known.lately else "no other answered just now"
    silent = ", and no name server answers" if known.world is False else ""
    return Blame.UNKNOWN, f"{why}{silent}"


def _clock(known: NetworkKnowledge) -> tuple[Blame, str] | None:
    """Whose fault it is that a certificate does not hold now; None: the site's."""
    if known.clock_right:
        return None
    if known.clock_right is False:
        return Blame.CLOCK, "this machine's clock is wrong"
    return Blame.UNKNOWN, "it is not known how right this machine's clock is"


def is_near(host: str) -> bool:
    """Whether a host is this machine by its name."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


NAMED_ERRORS = {
    "Failed": "net::ERR_FAILED",
    "Aborted": "net::ERR_ABORTED",
    "TimedOut": "net::ERR_TIMED_OUT",
    "AccessDenied": "net::ERR_ACCESS_DENIED",
    "ConnectionClosed": "net::ERR_CONNECTION_CLOSED",
    "ConnectionReset": "net::ERR_CONNECTION_RESET",
    "ConnectionRefused": "net::ERR_CONNECTION_REFUSED",
    "ConnectionAborted": "net::ERR_CONNECTION_ABORTED",
    "ConnectionFailed": "net::ERR_CONNECTION_FAILED",
    "NameNotResolved": "net::ERR_NAME_NOT_RESOLVED",
    "InternetDisconnected": "net::ERR_INTERNET_DISCONNECTED",
    "AddressUnreachable": "net::ERR_ADDRESS_UNREACHABLE",
    "BlockedByClient": "net::ERR_BLOCKED_BY_CLIENT",
    "BlockedByResponse": "net::ERR_BLOCKED_BY_RESPONSE",
}
"""Chromium's protocol names few errors; `goto` gives the exact one where it asked."""
