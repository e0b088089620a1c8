"""
A story in a network of its own: two runs without a name server, one in which two sites answer.

Run by `test_reachability`, in namespaces in which /etc/hosts and /etc/resolv.conf are its own.
Prints the attempts, the events and the hosts that are left alone as one line of JSON.
"""

from __future__ import annotations

import asyncio
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path

from fleet.bootstrap.store import open_store
from fleet.settings import load_settings

ADDRESS, PORT = "10.9.9.2", 8080

PAGE = "<!doctype html><meta charset=utf-8><p>Ce lien a été désactivé définitivement</p>"

SCENARIOS = f"""
from fleet import Outcome, Visit, scenario

async def usual(visit: Visit) -> Outcome:
    await visit.open()
    return await visit.decide(closed=[visit.text("Ce lien a été désactivé définitivement")])

flows = [
    scenario(department="12", flow=n, title=n, url=f"http://rdv-{{n}}.example:{PORT}/rdv")(usual)
    for n in ("un", "deux", "trois")
]
"""


class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE.encode())

    def log_message(self, *_: object) -> None:
        pass


def fleet(*arguments: str) -> bytes:
    """Standard output of a command."""
    command = [sys.executable, "-m", "fleet", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


async def told() -> list[object]:
    async with open_store(load_settings()) as store:
        attempts = [
            [each.flow, each.verdict.value, each.facts.get("unreached")]
            async for each in store.attempts.find()
        ]
        events = [each.kind.value for each in reversed(await store.events.latest(20))]
    hosts = [json.loads(line) for line in fleet("hosts", "--json").splitlines()]
    return [attempts, events, [host for host in hosts if host["cooling_until"]]]


def main() -> None:
    fleet("run")
    fleet("run")
    with Path("/etc/hosts").open("w") as file:
        file.write(f"{ADDRESS} rdv-un.example rdv-deux.example\n127.0.0.1 localhost\n")
    server = http.server.ThreadingHTTPServer((ADDRESS, PORT), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    fleet("run")
    print(json.dumps(asyncio.run(told())))


if __name__ == "__main__":
    main()
