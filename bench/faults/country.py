"""
A country of practice prefectures: as many hosts and flows as asked, with scenario files for them.

    python -m bench.faults.country FOLDER --hosts 100 --flows 3 [--port N] [--faults]

It serves until it is ended; what it saw is at /practice.json. Each host stands for a department
and answers "no slot", "slots" or, with --faults, now and then an error, a hang or a reset.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from fleet.models.departments import DEPARTMENTS, NOWHERE
from fleet.practice import (
    Fault,
    FaultKind,
    Form,
    Offers,
    Planning,
    PracticeServer,
    always,
    never,
    on_visits,
)

SOME = on_visits({2, 5}, of=6)

FAULTS = (
    Fault(2, FaultKind.HTTP_502, times=1, after_visits=1),
    Fault(0, FaultKind.HTTP_503, times=1, after_visits=3),
    Fault(2, FaultKind.RESET, times=8, after_visits=4),
    Fault(1, FaultKind.SLOW, times=2, after_visits=5, seconds=3),
    Fault(2, FaultKind.HANG, times=1, after_visits=7),
    Fault(0, FaultKind.SURCHARGE_200, times=1, after_visits=9),
)


def forms(hosts: int, flows: int, *, faults: bool) -> list[Form]:
    """`flows` forms on each of `hosts` hosts."""
    codes = [code for code in DEPARTMENTS if code != NOWHERE][:hosts]
    if len(codes) < hosts:
        raise SystemExit(f"--hosts {hosts}: there are {len(codes)} departments")
    return [
        Form(
            host=f"d{code.lower()}",
            id=f"9{number:02d}{flow:02d}",
            department=code,
            prefecture=f"Préfecture ({DEPARTMENTS[code]})",
            title=f"Titre de séjour, guichet {flow + 1}",
            flow=f"titre-de-sejour-{flow + 1}",
            plannings=(Planning(f"9{number:02d}{flow:02d}1", "Guichet", _offers(number, flow)),),
            faults=FAULTS if faults and number % 2 else (),
        )
        for number, code in enumerate(codes)
        for flow in range(flows)
    ]


def _offers(number: int, flow: int) -> Offers:
    return (never, SOME, never, always)[(number + flow) % 4]


def write_scenarios(folder: Path, forms: list[Form], port: int) -> None:
    """A scenario file for each department, as its author would write it."""
    by_department: dict[str, list[Form]] = {}
    for form in forms:
        by_department.setdefault(form.department, []).append(form)
    folder.mkdir(parents=True, exist_ok=True)
    for code, own in by_department.items():
        flows = "\n".join(
            f"""
guichet_{number} = bookingserver.flow(
    department="{form.department}",
    flow="{form.flow}",
    title="{form.title}",
    url="http://{form.hostname}:{port}{form.path}",
)
"""
            for number, form in enumerate(own, 1)
        )
        text = f'"""{DEPARTMENTS[code]} ({code}), practice."""\n\n'
        text += f"from fleet.families import bookingserver\n{flows}"
        (folder / f"d{code}_country.py").write_text(text)


async def main(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    all_forms = forms(arguments.hosts, arguments.flows, faults=arguments.faults)
    async with PracticeServer(all_forms, port=arguments.port) as server:
        write_scenarios(arguments.folder, all_forms, server.port)
        print(server.home, flush=True)
        await stop.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the scenario files are written")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--flows", type=int, default=3)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--faults", action="store_true")
    asyncio.run(main(parser.parse_args(sys.argv[1:])))
