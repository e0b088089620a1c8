"""
How the machine stands for this process: memory in use and its limit, processors, stalls.

In a container the limits are those of its control group, which `proclimits` reads (cgroup v1 and
v2, every level above this process). What it does not give is read here: pressure stall
information, which says for how long something waited for memory or a processor, and how many
processes the kernel has killed for lack of memory.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import proclimits
import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class ResourceReading:
    """
    The machine at the instant `at` (monotonic seconds).

    Memory is that of the control group or of the whole machine, whichever has less left; file
    cache that can be dropped counts as free. `memory_stalled_s` and `cpu_stalled_s` are seconds,
    since the machine's start, in which some task waited for memory or for a processor; None where
    the kernel does not tell. `killed` counts processes killed for lack of memory.
    """

    at: float
    memory_bytes: int
    memory_limit_bytes: int
    cores: float
    memory_stalled_s: float | None = None
    cpu_stalled_s: float | None = None
    killed: int = 0


class Machine:
    """
    Gives readings of the machine as this process may use it.

    Args:
        proc: the system's `/proc`.
        groups: folders of control groups that are asked before it; None: our own.
    """

    def __init__(self, proc: Path = Path("/proc"), groups: Sequence[Path] | None = None) -> None:
        if groups is None:
            source = proclimits.describe().memory_source
            groups = [Path(level) for level in source.levels[:1]] if source is not None else []
        pressure = [*groups, proc / "pressure"]
        self._cores = proclimits.get_cpu_limit() or float(psutil.cpu_count() or 1)
        self._memory_pressure = _first(pressure, "memory.pressure", "memory")
        self._cpu_pressure = _first(pressure, "cpu.pressure", "cpu")
        self._kills = _first([*groups, proc], "memory.events", "memory.oom_control", "vmstat")

    def read(self) -> ResourceReading:
        """The machine now; reads files for less than a millisecond."""
        whole, group = psutil.virtual_memory(), proclimits.get_memory_budget()
        used, limit = whole.total - whole.available, whole.total
        if group is not None and group.available <= whole.available:
            used, limit = group.limit - group.available, group.limit
        return ResourceReading(
            at=time.monotonic(),
            memory_bytes=used,
            memory_limit_bytes=limit,
            cores=self._cores,
            memory_stalled_s=_stalled_s(self._memory_pressure),
            cpu_stalled_s=_stalled_s(self._cpu_pressure),
            killed=_count_kills(self._kills),
        )


def _first(folders: list[Path], *names: str) -> Path | None:
    """The first of these files that can be read: old kernels and some containers have none."""
    for folder in folders:
        for name in names:
            with contextlib.suppress(OSError):
                (folder / name).read_text()
                return folder / name
    return None


def _stalled_s(pressure: Path | None) -> float | None:
    # its averages over 10 s and more are too slow; the total is of this instant
    with contextlib.suppress(OSError, ValueError):
        if pressure is not None:
            return int(pressure.read_text().splitlines()[0].rsplit("total=", 1)[1]) / 1e6
    return None


def _count_kills(kills: Path | None) -> int:
    with contextlib.suppress(OSError, ValueError):
        if kills is not None:
            for line in kills.read_text().splitlines():
                name, _, value = line.partition(" ")
                if name == "oom_kill":
                    return int(value)
    return 0
