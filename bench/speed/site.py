"""
The site that both contenders visit: practice forms with two desks, on as many hosts as pages.

Run as a process of its own (`python -m bench.speed.site`), so that its processor time is nobody's.
"""

from __future__ import annotations

import asyncio
import sys

from fleet.families import bookingserver
from fleet.models import Scenario
from fleet.practice import Form, Planning, PracticeServer

DESK = "90011"


def forms(hosts: int) -> tuple[Form, ...]:
    """Three pages a visit: conditions, choice of a desk, no slot."""
    return tuple(
        Form(
            host=f"bench-{number}",
            id=f"9000{number}",
            department="63",
            prefecture="Préfecture de mesure",
            title="Titre de séjour",
            flow=f"mesure-{number}",
            plannings=(Planning(DESK, "Guichet 1"), Planning("90012", "Guichet 2")),
        )
        for number in range(1, hosts + 1)
    )


def address(form: Form, port: int) -> str:
    return f"http://{form.hostname}:{port}{form.path}"


def scenario(form: Form, port: int) -> Scenario:
    return bookingserver.flow(
        department=form.department,
        flow=form.flow,
        title=form.title,
        url=address(form, port),
        planning=DESK,
    )


async def serve(hosts: int, latency_s: float) -> None:
    async with PracticeServer(forms(hosts), latency_s=latency_s) as server:
        print(server.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until the parent closes the pipe
        print(len(server.tripwires), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), float(sys.argv[2])))
