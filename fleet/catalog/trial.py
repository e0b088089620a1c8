"""
A scenario file imported in a process of its own first, which may hang, burn or die.

`python -m fleet.catalog.trial FILE` is that process.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path

PROCESSOR_S = 3
"""Processor time that the import of a file may take, Python's own start included."""

WALL_S = 15.0
"""How long it may take on a busy machine."""

MEMORY_BYTES = 2**30
"""How much memory it may take."""

ENDED = b"\nimported"
"""What the process says at the end: whatever the file did, it came back."""


def problem_of(path: Path, *, processor_s: int = PROCESSOR_S, wall_s: float = WALL_S) -> str | None:
    """Why this file must not be imported here; None if it may be, though it may be wrong."""
    inside = {key: value for key, value in os.environ.items() if not key.startswith("FLEET_")}
    call = [sys.executable, "-m", "fleet.catalog.trial", str(path), str(processor_s)]
    try:
        done = subprocess.run(
            call,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # it says all of it again when it is imported here
            env=inside,
            timeout=wall_s,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (
            f"its import does not end (given up after {wall_s:g} s); a scenario file only declares"
        )
    if done.stdout.endswith(ENDED):
        return None
    if done.returncode in (-24, -9):  # SIGXCPU, and SIGKILL a second later
        return (
            f"its import does not end (ended after {processor_s} s of processor time); a scenario"
            " file only declares"
        )
    return (
        f"its import ended the process (exit code {done.returncode}); a scenario file only declares"
    )


def main(path: str, processor_s: int) -> None:
    """Import the file; say that it came back."""
    from fleet.catalog.importing import import_file
    from fleet.errors import ScenarioFileError

    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + processor_s
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    # what is wrong is told when it is imported where it can be told
    with contextlib.suppress(ScenarioFileError, MemoryError):
        import_file(Path(path))
    out.write(ENDED)
    out.flush()
    os._exit(0)  # what it left behind ends too


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
