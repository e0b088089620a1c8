"""The README of a dataset: what its tables hold, the codebook, and what the figures cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.models import Verdict
from fleet.rendering.dataset import LICENCES, TABLES
from fleet.rendering.labels import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet.rendering.dataset import Publication

METHOD = """
Headless browsers visited each flow at random instants, day and night, as a person would, and
stopped before a slot was taken. A verdict needs a positive sign on the page: `no_slots` is never
inferred from silence, and what was not understood is `unrecognised`.

* A visit counts once, as its first attempt (`number` 1): only its instant was drawn. Further
  attempts follow failures, and are in no rate. What was asked for by hand (`due_at` empty) is in no
  rate beside visits that were drawn; a row of nothing else says `by_hand`, and has no interval.
* The offer rate is slots / (slots + no_slots). Refusals, failures and visits that were not made are
  in no rate; read `unanswered_share` beside it, and `bound_low` and `bound_high`, which hold
  whatever those would have found.
* 0 slots seen does not mean that there were none.
* Where `scenario_version` changes, the flow was measured in another way from then on.
* Control flows (`control`) are for another public, and are never added to the others.
* A text that begins as a formula of a spreadsheet does has an apostrophe before it.
"""


def readme(of: Publication, tables: Mapping[str, tuple[int, str, int]]) -> str:
    """The whole README, as Markdown; `tables` as for `dataset.descriptor`."""
    return "\n".join(_lines(of, tables)) + "\n"


def _lines(of: Publication, tables: Mapping[str, tuple[int, str, int]]) -> Iterator[str]:
    title, path = LICENCES[of.licence]
    yield f"# {of.title}"
    yield ""
    yield f"Published by {of.publisher}. Licence: [{title}]({path})."
    yield f"Paris days {of.first} to {of.last}, both included; written {of.created_at} by fleet"
    yield f"{of.fleet_version}. To cite it: `CITATION.cff`. To load it: `datapackage.json`, with"
    yield "any tool for [data packages](https://datapackage.org)."
    yield ""
    yield "## How it was measured, and what it cannot say"
    yield METHOD.rstrip()
    for name, (_, _, rows) in tables.items():
        words, columns, _ = TABLES[name]
        yield ""
        yield f"## {name}.csv: {words[0].lower()}{words[1:]}, {rows} rows"
        yield ""
        yield "| column | type | meaning |"
        yield "|---|---|---|"
        for each in columns:
            yield f"| `{each.name}` | {each.type} | {each.description} |"
    yield ""
    yield "## Verdicts"
    yield ""
    yield "| verdict | group | in French |"
    yield "|---|---|---|"
    for verdict in Verdict:
        yield f"| `{verdict.value}` | {verdict.group.value} | {VERDICTS[verdict][1]} |"
