"""Before a site is blamed for a document that did not come: what else is known is weighed."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from fleet.models.address import host_of
from fleet.rules import net_errors
from fleet.rules.net_errors import NetworkKnowledge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet.models import Outcome
    from fleet.rules.net_errors import NetworkWitness
    from fleet.visit.visit import Visit


@contextlib.contextmanager
def witnessed(visit: Visit, network: NetworkWitness | None) -> Iterator[None]:
    """Meanwhile, other visits may learn from this one whether documents come."""
    served = visit.traffic.served
    if network is not None:
        network.begin(visit.scenario.url, served)
    try:
        yield
    finally:
        if network is not None:
            network.end(served)


async def weighed(outcome: Outcome, visit: Visit, network: NetworkWitness | None) -> Outcome:
    """The outcome, or `crashed` if it is not known to be the site's doing that nothing came."""
    served = visit.traffic.served
    doubt = net_errors.doubt_of(outcome, served=bool(served))
    if doubt is None:
        return outcome
    asked = re.search(r" at (https?://\S+)", visit.traffic.failure or "")
    url = asked[1] if asked else visit.scenario.url
    if network is None:
        known = NetworkKnowledge(near=net_errors.is_near(host_of(url)))
    else:
        known = await network.known(url, served, doubt)
    return net_errors.weigh(outcome, doubt, known)
