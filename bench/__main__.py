"""
`make bench`: the fleet beside the plainest script, on the same pages, in one run.

Prints ratios, because machines are noisy: the two contenders take turns, round after round.
docs/performance.md says how the figures there were made.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

CONTENDERS = {"a": "bench.speed.plain_playwright", "b": "bench.speed.fleet_run"}


class Process:
    """A child that answers questions line by line."""

    def __init__(self, module: str, *arguments: object) -> None:
        self._module = module
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._module} ended early, code {self._process.wait()}")
        return line

    def ask(self, words: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(words + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.line())
        return answer

    def end(self) -> str:
        rest, _ = self._process.communicate(timeout=60)
        return rest


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--pages", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--visits", type=int, default=60, help="of each contender in each round")
    parser.add_argument("--latency-ms", type=int, default=100)
    wanted = parser.parse_args()
    out = Console(width=100, highlight=False)
    pages, visits = wanted.pages, wanted.visits // wanted.pages * wanted.pages
    out.print(
        f"{pages} pages, {visits} visits a round, {wanted.rounds} rounds,"
        f" {wanted.latency_ms} ms server latency, {os.cpu_count()} cores"
    )
    site = Process("bench.speed.site", pages, wanted.latency_ms / 1000)
    port = int(site.line())
    both = {name: Process(module, port, pages) for name, module in CONTENDERS.items()}
    empty = both["b"].ask("size")["bytes"]
    for process in both.values():
        process.ask(f"visit {pages}")
    rounds: list[dict[str, dict[str, Any]]] = []
    for number in range(wanted.rounds):
        order = ("a", "b") if number % 2 == 0 else ("b", "a")
        rounds.append({name: both[name].ask(f"visit {visits}") for name in order})
    _print_rounds(out, rounds, visits)
    grown = both["b"].ask("size")["bytes"] - empty
    sealing = both["b"].ask("seal")
    disk = grown / (pages + visits * len(rounds))
    many = both["b"].ask(f"visit {visits} memory")["pss_bytes"]
    for process in both.values():
        process.end()
    lone = Process(CONTENDERS["b"], port, 1)
    lone.ask("visit 1")
    one = lone.ask(f"visit {max(10, visits // pages)} memory")["pss_bytes"]
    lone.end()
    per_page = (many - one) / (pages - 1) if pages > 1 else 0
    out.print(
        f"disk for each attempt, pictures of the unchanged pages included: {disk / 1024:.1f} KiB"
        f" ({grown / 1e6:.1f} MB after {pages + visits * len(rounds)} attempts)"
    )
    cost = sealing["cpu_s"] / sealing["attempts"]
    visit = statistics.median(each["b"]["cpu_s"] / visits for each in rounds)
    out.print(
        f"manifest, link and seal, of {sealing['attempts']} attempts made anew (mongod included):"
        f" {cost * 1000:.1f} ms of processor each, {cost / visit:.1%} of a visit"
    )
    out.print(
        f"memory (PSS) with 1 page {one / 1e6:.0f} MB, with {pages} pages {many / 1e6:.0f} MB:"
        f" {per_page / 1e6:.0f} MB for each further page"
    )
    out.print(f"requests that would have taken a slot: {site.end().strip()}")


def _print_rounds(out: Console, rounds: list[dict[str, dict[str, Any]]], visits: int) -> None:
    table = Table(box=None, pad_edge=False)
    names = ("round", "(a) plain visits/s", "(b) fleet visits/s", "(b)/(a)")
    for name in (*names, "(a) CPU s/visit", "(b) CPU s/visit", "(b)/(a)"):
        table.add_column(name, justify="right")
    speeds, costs = [], []
    for number, found in enumerate(rounds, 1):
        for name in CONTENDERS:
            verdicts = found[name]["verdicts"]
            if verdicts != {"no_slots": visits}:
                raise SystemExit(
                    f"contender {name} found {verdicts}; the figures are worth nothing"
                )
        plain, fleet = found["a"], found["b"]
        speed = [visits / plain["wall_s"], visits / fleet["wall_s"]]
        cost = [plain["cpu_s"] / visits, fleet["cpu_s"] / visits]
        speeds.append(speed[1] / speed[0])
        costs.append(cost[1] / cost[0])
        cells = (*speed, speeds[-1], *cost, costs[-1])
        table.add_row(str(number), *(f"{cell:.2f}" for cell in cells))
    table.add_row(
        "median", "", "", f"{statistics.median(speeds):.2f}", "", "",
        f"{statistics.median(costs):.2f}", style="bold",
    )  # fmt: skip
    out.print(table)


if __name__ == "__main__":
    main()
