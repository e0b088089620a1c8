"""What each command's `--help` ends with: a command line to copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import typer

EXAMPLES = {
    "list": "'74/*' 973/naturalisation",
    "check": "scenarios/d63_puy_de_dome.py",
    "new": "https://www.puy-de-dome.gouv.fr/booking/create/13113 --department 63",
    "try": "63/titre-de-sejour --practice",
    "record": "63/titre-de-sejour --practice -o recordings",
    "test": "no_slots.har",
    "session": "38/remise-de-titre --every 10",
    "run": "'63/*' 91/titre-de-sejour --practice",
    "watch": "--practice",
    "survey": "'63/*' --hours 6",
    "status": "--json",
    "seal": "",
    "verify": "63/titre-de-sejour --from 2026-11-01",
    "dossier": "63/titre-de-sejour --from 2026-11-01 --to 2026-11-30 -o dossier.zip",
    "hosts": "--json",
    "export attempts": "--format csv --since 2026-11-01",
    "export dataset": (
        "-o 2026-11 --from 2026-11-01 --to 2026-11-30 --by 'Une association' --licence etalab-2.0"
    ),
    "export evidence": f"{'5' * 64} -o picture.png",
    "export wacz": "no_slots.har -o visit.wacz",
    "rejudge": "'63/*' --since 2026-11-01",
    "care": "--json",
    "rollup": "--check",
    "prune": "--keep-days 365",
    "takedown": f"{'5' * 64} --reason 'Un nom se lisait sur la page'",
    "withdraw": f"{'6' * 32} --reason 'Scenario faux'",
    "serve": "--practice --port 8001 --invite",
    "user add": "'Claire D.'",
    "user invite": "--administrator",
    "user list": "--json",
    "user remove": "'Claire D.'",
    "practice": "--port 8063 --now 2026-11-23T00:30",
    "demo": "--once",
    "audit draw": "--each 50 --since 2026-11-01",
    "audit report": "--json",
    "alert test": "",
    "backup": "/backup/2026-11-25 --keep 7",
    "restore": "/backup/2026-11-25 --replace",
    "doctor": "--database",
}
"""The arguments of a call of each command."""


def add_examples(app: typer.Typer, before: str = "") -> None:
    """Give every command of the program its example, those of groups too."""
    for command in app.registered_commands:
        assert command.callback is not None
        name = before + (command.name or command.callback.__name__.strip("_"))
        if name in EXAMPLES:
            # the first line: not wrapped
            command.epilog = f"\b\nExample:\n  fleet {name} {EXAMPLES[name]}".rstrip()
    for group in app.registered_groups:
        named = group.name or group.typer_instance.info.name if group.typer_instance else None
        if group.typer_instance is not None:
            prefix = f"{named} " if isinstance(named, str) else ""
            add_examples(group.typer_instance, before + prefix)
