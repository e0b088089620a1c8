"""The `@scenario` decorator: a scenario of a site of its own, written as one function."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fleet.models import Outcome, Scenario, definition_version

if TYPE_CHECKING:
    from fleet.visit.visit import Visit

Script = Callable[["Visit"], Awaitable[Outcome]]


def scenario(
    *,
    department: str,
    flow: str,
    title: str,
    url: str,
    anchor: str | None = None,
    control: bool = False,
) -> Callable[[Script], Scenario]:
    """
    Make the decorated function a scenario.

    Args:
        department: `63`, `2A`, `971`.
        flow: slug of the flow, such as `titre-de-sejour`; the id is `63/titre-de-sejour`.
        title: what the flow is for, in French, as its readers would say it.
        url: where a visit begins.
        anchor: words that some page of a visit must show before its answer counts, such as the
            flow's name on the site; None: no such check.
        control: a flow for another public, measured for comparison.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """

    def decorate(script: Script) -> Scenario:
        return Scenario(
            department=department,
            flow=flow,
            title=title,
            url=url,
            family="own",
            control=control,
            anchor=anchor,
            version=definition_version(url=url, anchor=anchor, source=inspect.getsource(script)),
            script=script,
        )

    return decorate
