"""What a piece of work costs: wall time, and CPU time of three kinds; knows nothing of graders."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ENGINE = ("dockerd", "containerd")
TICKS = os.sysconf("SC_CLK_TCK")
SELF = Path("/proc/self")


@dataclass
class Cost:
    """Seconds, filled in when the measured block ends.

    *own_cpu* is that of this process and of the children it has waited for, with theirs. *engine_cpu* is that
    of this machine's dockerd and containerd. In neither are the containers, their shims, and whatever runs in
    a private engine: only *machine_cpu*, all that the machine's cores did, has these, and everybody else's.
    """

    wall: float = 0.0
    own_cpu: float = 0.0
    engine_cpu: float = 0.0
    machine_cpu: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """What the block costs."""
    cost, engine = Cost(), _engine()
    own, machine, wall = _own(), _machine(), time.perf_counter()
    yield cost
    cost.wall = round(time.perf_counter() - wall, 2)
    cost.own_cpu = round(_own() - own, 2)
    cost.machine_cpu = round(_machine() - machine, 2)
    cost.engine_cpu = round(_spent(engine) - sum(engine.values()), 2)


def _own() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _machine() -> float:
    """CPU seconds that all cores have worked since the machine's start."""
    user, nice, system, _idle, _wait, irq, softirq = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + softirq) / TICKS


def _engine() -> dict[Path, float]:
    """The engine's processes by their stat file, with the CPU seconds that it and its children spent.

    Those of private engines live in another process namespace; they come and go, and are not counted.
    """
    found = (file.parent for file in Path("/proc").glob("[0-9]*/comm") if _name(file) in ENGINE)
    return {each / "stat": _cpu(each / "stat") for each in found if _namespace(each) == _namespace(SELF)}


def _namespace(process: Path) -> str:
    try:
        return str((process / "ns" / "pid").readlink())
    except OSError:  # it has ended
        return ""


def _spent(engine: dict[Path, float]) -> float:
    return sum(_cpu(stat) for stat in engine)


def _name(comm: Path) -> str:
    try:
        return comm.read_text().strip()
    except OSError:  # it has ended
        return ""


def _cpu(stat: Path) -> float:
    fields = stat.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS
