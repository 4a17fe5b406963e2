"""What running containers use, second by second, from the engine's own stream; knows nothing of drawing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from course import engine
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

MIB = 1024 * 1024

Sample = dict[str, Any]
Row = tuple[str, str, float, float]


def usage(*containers: str, ticks: int = 10) -> pd.DataFrame:
    """What each of *containers* uses, at *ticks* ticks of the stream behind `docker stats` (one a second).

    One row per container and tick: *container*, *seconds* since the first tick, *cpu_percent* (100 is one
    processor, averaged over the second before), *memory_mib* (without the page cache that can be given up, as
    `docker stats` counts). The stream itself sets the pace; nothing sleeps here.
    """
    import pandas as pd

    # Opening a stream takes until its first tick: all are opened at once, to be one tick apart at most.
    with ThreadPoolExecutor(len(containers)) as together:
        streams = list(together.map(_stream, containers))
    ticking = [_samples(name, stream, ticks) for name, stream in zip(containers, streams, strict=True)]
    rows = [row for tick in zip(*ticking, strict=True) for row in tick]
    table = pd.DataFrame(rows, columns=["container", "at", "cpu_percent", "memory_mib"])
    at = pd.to_datetime(table.pop("at"))
    table.insert(1, "seconds", (at - at.min()).dt.total_seconds().round(2))
    return table


def _samples(name: str, stream: Iterator[Sample], ticks: int) -> Iterator[Row]:
    """The first sample has no second before it to compare with, so it is not one of the *ticks*."""
    before = next(stream)
    for _ in range(ticks):
        now = next(stream)
        if not now.get("memory_stats"):
            raise CourseError(f"{name} does not run any more.", f"read `docker logs {name}`")
        yield name, str(now["read"]), cpu_percent(before["cpu_stats"], now["cpu_stats"]), memory_mib(now)
        before = now


def _stream(name: str) -> Iterator[Sample]:
    import docker

    try:
        found: Any = engine.client().api.stats(name, stream=True, decode=True)
        return iter(found)
    except docker.errors.NotFound:
        raise CourseError(
            f"There is no container named {name}.", "run the cells above again, from the top"
        ) from None


def cpu_percent(before: Sample, now: Sample) -> float:
    """Processor time used between two samples' *cpu_stats* as a share of one processor, in percent."""
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    return 100.0 * used / passed * now.get("online_cpus", 1) if passed > 0 else 0.0


def memory_mib(sample: Sample) -> float:
    """Memory of a sample (MiB) without its inactive file cache, under cgroup v1 and v2 alike."""
    memory = sample["memory_stats"]
    details = memory.get("stats", {})
    cache = details.get("total_inactive_file", details.get("inactive_file", 0))
    return float(memory.get("usage", 0) - cache) / MIB
