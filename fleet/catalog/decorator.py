"""The `@scenario` decorator: a scenario of a site of its own, written as one function."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet.catalog.verbs import only_verbs
from fleet.models import Outcome, Scenario, definition_version
from fleet.models.scenario import DeclaredEntry
from fleet.rules import fields

if TYPE_CHECKING:
    from fleet.models.scenario import EntryKind
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
    enters: Mapping[str, EntryKind] = MappingProxyType({}),
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
        enters: the fields into which `Visit.enter` types, by their words, and what each asks of
            anybody: `{"Code postal": "post_code"}`; the others are `town` and `date`.

    Raises:
        ValueError: one of these is wrong; the message says what was expected.
    """

    declared = tuple(DeclaredEntry(words=words, kind=kind) for words, kind in enters.items())
    for each in declared:
        fields.check_declaration(each.words, each.kind)

    def decorate(script: Script) -> Scenario:
        if not inspect.iscoroutinefunction(script):
            name = getattr(script, "__name__", repr(script))
            raise ValueError(f"{name} must be `async def {name}(visit: Visit) -> Outcome`")
        if len(inspect.signature(script).parameters) != 1:
            raise ValueError(f"{script.__name__} must take one thing only: the visit")

        @functools.wraps(script)
        async def with_verbs(visit: Visit) -> Outcome:
            return await script(only_verbs(visit))

        # whoever types nothing has the version that it had before anything could be typed
        typed = {"enters": [each.model_dump() for each in declared]} if declared else {}
        source = inspect.getsource(script)
        return Scenario(
            department=department,
            flow=flow,
            title=title,
            url=url,
            family="own",
            control=control,
            anchor=anchor,
            enters=declared,
            version=definition_version(url=url, anchor=anchor, source=source, **typed),
            script=with_verbs,
        )

    return decorate
