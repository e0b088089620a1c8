"""
The data as others use them: a Frictionless data package of tables, with what each column means.

`datapackage.json` describes the tables by the Table Schema (https://datapackage.org); the same
words stand in its README for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet.models import Verdict
from fleet.models.missed import MissReason
from fleet.rendering.attempt_csv import CSV_COLUMNS, cells_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from fleet.analysis.rates import Counts
    from fleet.models import Attempt
    from fleet.models.missed import MissedVisit

LICENCES: Mapping[str, tuple[str, str]] = {
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "CC0-1.0": (
        "Creative Commons Zero 1.0 Universal",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    "ODbL-1.0": (
        "Open Data Commons Open Database License 1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
    "etalab-2.0": (
        "Licence Ouverte / Open Licence 2.0",
        "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    ),
}
"""Under which data may be published; whoever publishes them chooses."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its type of the Table Schema, and what it means."""

    name: str
    type: str
    description: str
    required: bool = False
    values: Sequence[str] = ()

    def field(self) -> dict[str, Any]:
        """As the Table Schema describes it."""
        constraints: dict[str, Any] = {}
        if self.required:
            constraints["required"] = True
        if self.values:
            constraints["enum"] = [*self.values]
        more: dict[str, Any] = {"constraints": constraints} if constraints else {}
        if self.type == "boolean":
            more |= {"trueValues": ["true"], "falseValues": ["false"]}
        return {"name": self.name, "type": self.type, "description": self.description, **more}


VERDICT_NAMES = [each.value for each in Verdict]

_ATTEMPT: Mapping[str, Column] = {
    each.name: each
    for each in (
        Column("id", "string", "The attempt; it never changes", required=True),
        Column("run_id", "string", "The run that it is part of", required=True),
        Column("scenario_id", "string", "The flow: department and slug", required=True),
        Column("scenario_version", "string", "How it was measured; a change breaks the series"),
        Column("department", "string", "Code of the department, as text: 01, 2A, 971"),
        Column("flow", "string", "Slug of the flow"),
        Column("control", "boolean", "A control flow, for another public", required=True),
        Column("url", "string", "Address by which the attempt began"),
        Column("ruleset", "string", "Version of the rules that gave the verdict"),
        Column("number", "integer", "In its visit: 2 and 3 follow a site that was unavailable"),
        Column("verdict", "string", "How it ended", required=True, values=VERDICT_NAMES),
        Column("group", "string", "answered, refused, unavailable or ours", required=True),
        Column("detail", "string", "What was seen, in one sentence"),
        Column("first_dates", "string", "The first two days offered, joined with ;"),
        Column("slot_count", "integer", "Slots shown; empty if not counted"),
        Column("facts", "string", "What else the page said: name=value, joined with ;"),
        Column("started_at", "datetime", "Begin of the attempt, UTC", required=True),
        Column("seconds", "number", "Its length in seconds"),
        Column("last_status", "integer", "HTTP status of the last document served"),
        Column("last_url", "string", "Address of the last document served"),
        Column("last_picture", "string", "SHA-256 of the last picture"),
        Column("chromium_version", "string", "Version of the browser"),
        Column("fleet_version", "string", "Version of the fleet"),
    )
}

ATTEMPTS = (
    *(_ATTEMPT[name] for name in CSV_COLUMNS),
    Column("due_at", "datetime", "When the visit was due, drawn at random, UTC; else by hand"),
    Column("withdrawn", "boolean", "In no figure, for a reason that its page says", required=True),
)

MISSED = (
    Column("scenario_id", "string", "The flow", required=True),
    Column("department", "string", "Code of the department", required=True),
    Column("control", "boolean", "A control flow", required=True),
    Column("due_at", "datetime", "When the visit was due, UTC", required=True),
    Column("why", "string", "Why it was not made", values=[each.value for each in MissReason]),
)

RATES = (
    Column("of", "string", "A row's scope", required=True, values=["flow", "department", "all"]),
    Column("department", "string", "Code of the department; empty for all"),
    Column("scenario_id", "string", "The flow; empty for several"),
    Column("control", "boolean", "Control flows are never added to the others", required=True),
    Column("sampling", "string", "by_hand has no interval", values=["random", "by_hand"]),
    Column("samples", "integer", "Visits made, each counted once, by its first attempt"),
    Column("missed", "integer", "Visits that were due and not made"),
    Column("due", "integer", "samples + missed"),
    Column("slots", "integer", "Samples with slots"),
    Column("no_slots", "integer", "Samples with a positive sign that there were none"),
    Column("n", "integer", "Denominator of the rate: slots + no_slots"),
    Column("rate", "number", "Offer rate: slots / n; empty if n = 0"),
    Column("rate_low", "number", "95 % interval of the share of time in which the site answered"),
    Column("rate_high", "number", "The same, upper limit"),
    Column("closed", "integer", "Samples that found the flow closed; in no rate"),
    Column("unanswered", "integer", "Samples that were refused, unavailable or ours"),
    Column("unanswered_share", "number", "(unanswered + missed) / due"),
    Column("seen_share", "number", "slots / due"),
    Column("bound_low", "number", "95 % bounds of the share of all time, whatever is unknown"),
    Column("bound_high", "number", "The same, upper limit"),
)

TABLES: Mapping[str, tuple[str, Sequence[Column], Sequence[str]]] = {
    "attempts": ("Every attempt that began in the period, oldest first", ATTEMPTS, ["id"]),
    "missed": ("Visits that were due in the period and not made", MISSED, []),
    "rates": ("Offer rates of the period: by flow, by department, of all", RATES, []),
}
"""Of each table what it holds, its columns, and those that name a row."""


def attempt_row(attempt: Attempt, *, withdrawn: bool) -> dict[str, object]:
    """One row of `attempts`."""
    due = attempt.due_at.isoformat().replace("+00:00", "Z") if attempt.due_at else None
    return _plain({**cells_of(attempt), "due_at": due, "withdrawn": withdrawn})


def missed_row(missed: MissedVisit) -> dict[str, object]:
    """One row of `missed`."""
    fields = missed.model_dump(mode="json")
    return _plain({each.name: fields[each.name] for each in MISSED})


def rate_row(
    of: str, counts: Counts, *, department: str = "", scenario_id: str = "", control: bool
) -> dict[str, object]:
    """One row of `rates`."""
    rate, bounds = counts.rate, counts.bounds or (None, None)
    low, high = rate.interval or (None, None)
    return _plain(
        {
            **{"of": of, "department": department, "scenario_id": scenario_id, "control": control},
            "sampling": "random" if counts.drawn else "by_hand",
            **{"samples": counts.samples, "missed": counts.due - counts.samples},
            **{"due": counts.due, "slots": rate.slots, "no_slots": rate.no_slots, "n": rate.n},
            **{"rate": rate.rate, "rate_low": low, "rate_high": high, "closed": counts.closed},
            **{"unanswered": counts.unanswered, "unanswered_share": counts.unanswered_share},
            **{"seen_share": counts.seen_share, "bound_low": bounds[0], "bound_high": bounds[1]},
        }
    )


def _plain(row: Mapping[str, object]) -> dict[str, object]:
    """Booleans as the Table Schema writes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in row.items()
    }


@dataclass(frozen=True, slots=True)
class Publication:
    """
    What whoever publishes a dataset says of it.

    `publisher` is a name, `licence` one of `LICENCES`; `first` and `last` are Paris days.
    """

    publisher: str
    licence: str
    first: date
    last: date
    created_at: str
    fleet_version: str
    made_up: bool

    @property
    def title(self) -> str:
        """For people and catalogues."""
        title = f"Appointments offered online by French prefectures, {self.first} to {self.last}"
        return f"{title} (made-up data of practice prefectures)" if self.made_up else title


def descriptor(of: Publication, tables: Mapping[str, tuple[int, str, int]]) -> dict[str, Any]:
    """
    `datapackage.json`.

    Args:
        tables: for each table the bytes of its file, their SHA-256, and its rows.
    """
    title, path = LICENCES[of.licence]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"prefecture-appointments-{of.first}-{of.last}",
        "title": of.title,
        "description": "What each column means: README.md. How it was measured: its last section.",
        "version": str(of.last),
        "created": of.created_at,
        "licenses": [{"name": of.licence, "title": title, "path": path}],
        "contributors": [{"title": of.publisher, "roles": ["publisher"]}],
        "keywords": ["prefecture", "appointments", "residence permit", "France", "sampling"],
        "resources": [
            {
                "name": name,
                "type": "table",
                "path": f"{name}.csv",
                "description": TABLES[name][0],
                **{"format": "csv", "mediatype": "text/csv", "encoding": "utf-8"},
                **{"bytes": size, "hash": f"sha256:{sha256}"},
                "schema": {
                    "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
                    "fields": [each.field() for each in TABLES[name][1]],
                    "missingValues": [""],
                    **({"primaryKey": [*TABLES[name][2]]} if TABLES[name][2] else {}),
                },
            }
            for name, (size, sha256, _) in tables.items()
        ],
    }


def citation(of: Publication) -> str:
    """`CITATION.cff` of the dataset."""
    return (
        "cff-version: 1.2.0\n"
        "message: If you use these data, please cite them.\n"
        "type: dataset\n"
        f"title: {_quoted(of.title)}\n"
        f"authors:\n  - name: {_quoted(of.publisher)}\n"
        f"license: {of.licence}\n"
        f"version: {_quoted(str(of.last))}\n"
        f"date-released: {_quoted(of.created_at[:10])}\n"
    )


def _quoted(text: str) -> str:
    """As YAML reads it, whatever is in it."""
    return "'" + text.replace("'", "''") + "'"
