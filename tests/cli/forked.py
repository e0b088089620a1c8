"""
`fleet` in a process of its own that has read the program already.

For each worker one process reads the modules of all commands and starts no thread; it forks for
every command. What a person meets is the same: another process, its lines, its exit code. How
Python starts (encodings, what is loaded) and what signals and terminals do is for tests that start
`python -m fleet`.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

MOST = 1 << 17
"""Bytes of a command line and its environment."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int
    out: bytes
    err: bytes
    seconds: float


async def run(arguments: list[str], environment: dict[str, str], stdin: bytes = b"") -> Ended:
    """Run `fleet` to its end."""
    sys.audit("subprocess.Popen", "fleet", arguments, None, None)  # for whoever forbids it here
    loop, began = asyncio.get_running_loop(), time.monotonic()
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        ours, theirs = socket.socketpair()
        with ours:
            ours.setblocking(False)
            with theirs:
                files = [given.fileno(), out.fileno(), err.fileno(), theirs.fileno()]
                socket.send_fds(_forking(), [json.dumps([arguments, environment]).encode()], files)
            status = await loop.sock_recv(ours, 16)
        assert status, "the process that forks has ended"
        seconds = time.monotonic() - began
        out.seek(0)
        err.seek(0)
        return Ended(int(status), out.read(), err.read(), seconds)


@functools.cache
def _forking() -> socket.socket:
    """The way to the process that forks; it ends with this one."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        subprocess.Popen(
            [sys.executable, "-m", __name__, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
        )
    return ours


def _next(commands: socket.socket) -> list[str]:
    """Fork for every command; in the new process, ready as if just started, its arguments."""
    while True:
        asked, files, _, _ = socket.recv_fds(commands, MOST, 4)
        if not asked:
            os._exit(0)
        if os.fork():
            for file in files:
                os.close(file)
            continue
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        *standard, answer = files
        child = os.fork()
        if child:
            _, status = os.waitpid(child, 0)
            os.write(answer, str(os.waitstatus_to_exitcode(status)).encode())
            os._exit(0)
        commands.close()
        os.close(answer)
        for number, file in enumerate(standard):
            os.dup2(file, number)
            os.close(file)
        arguments, environment = json.loads(asked)
        os.environ.clear()
        os.environ.update(environment)
        return list(arguments)


def _read_all_commands() -> None:
    from fleet.cli import commands

    for module in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        if "serve" not in module.name:  # its numbers start threads, which no fork takes along
            importlib.import_module(module.name)
    importlib.import_module("fleet.cli.app")
    assert "Threads:\t1\n" in Path("/proc/self/status").read_text()


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _read_all_commands()
    arguments = _next(socket.socket(fileno=int(sys.argv[1])))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    from fleet.cli.app import main

    raise SystemExit(main(arguments))
