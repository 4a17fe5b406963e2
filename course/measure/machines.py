"""How soon machines and containers serve, and what memory is theirs alone; knows nothing of drawing."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import TYPE_CHECKING

from course import engine, shell
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd

# A guest that isn't up yet swallows a request, so each try must give up soon; less soon on a slow machine.
TRY_SECONDS = 0.3
TRY_SHARE = 0.1
PAUSE_SECONDS = 0.01
PAGE_SECONDS = 90.0
LEAST_RUNS = 3
KIB_PER_MIB = 1024

# For each process: its own private memory, and that of its parent, which is the engine's minder of it.
PRIVATE = """
kib() { awk '/^Rss(Anon|Shmem):/ { sum += $2 } END { print sum + 0 }' "/proc/$1/status"; }
for pid; do
    parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")
    echo "$pid $(kib "$pid") $(kib "$parent")"
done
"""


def page_time(command: str, page: str, within: float) -> float:
    """Seconds from the start of a shell *command* until *page* (a URL) is served; what it started runs on.

    After *within* seconds it is an error, in words.
    """
    return _until_served(command, page, engine.environment(), within)


def page_times(
    ways: dict[str, str], page: str, stop: str, repeats: int = 10, within: float = 55.0
) -> pd.DataFrame:
    """Seconds from the start of each shell command in *ways* until *page* (a URL) is served, run after run.

    The shell command *stop* follows each run and isn't counted. One row per run: *way*, *run*, *seconds*.
    The ways take turns; no new turn begins after *within* seconds, except for the first three.
    """
    import pandas as pd

    environment, began = engine.environment(), time.monotonic()
    rows = []
    for run in range(1, repeats + 1):
        if run > LEAST_RUNS and time.monotonic() - began > within:
            break
        for way, command in ways.items():
            try:
                rows.append((way, run, _until_served(command, page, environment)))
            finally:
                shell.run(stop, env=environment, write=len)
    return pd.DataFrame(rows, columns=["way", "run", "seconds"])


def _until_served(
    command: str, page: str, environment: dict[str, str], within: float = PAGE_SECONDS
) -> float:
    said: list[str] = []
    started = time.perf_counter()
    outcome = shell.run(command, env=environment, write=said.append)
    if outcome.code:
        raise CourseError(f"`{command}` failed: {''.join(said).strip()}", "run that line in a %%shell cell")
    while (waited := time.perf_counter() - started) < within:
        try:
            with urllib.request.urlopen(page, timeout=max(TRY_SECONDS, TRY_SHARE * waited)) as answer:
                answer.read()
            return time.perf_counter() - started
        except (OSError, urllib.error.URLError, http.client.HTTPException):
            time.sleep(PAUSE_SECONDS)
    raise CourseError(f"{page} was not served within {within:.0f} s.", f"run `{command}`, read its log")


def private_memory(names: Sequence[str], *, asked_from: str) -> pd.DataFrame:
    """Memory that the main process of each container shares with nobody, and that of the engine's minder.

    One row per container, in the order of *names* (the index): *process_mib*, *minder_mib*, *mib* (both).
    Container *asked_from* must run with the host's process list. Pages of files aren't counted: processes
    of one image share them.
    """
    import pandas as pd

    client = engine.client()
    pids = [str(client.api.inspect_container(name)["State"]["Pid"]) for name in names]
    ask = ["sh", "-c", PRIVATE, "sh", *pids]
    code, raw = client.containers.get(asked_from).exec_run(ask)
    text = bytes(raw).decode()  # type: ignore[arg-type] # bytes, since stream isn't asked for
    if code:
        raise CourseError(
            f"Container {asked_from} can't read the processes: {text}", "start it with --pid host"
        )
    counts = [[int(word) / KIB_PER_MIB for word in line.split()[1:]] for line in text.splitlines()]
    table = pd.DataFrame(counts, columns=["process_mib", "minder_mib"], index=pd.Index(names, name="name"))
    return table.assign(mib=table.sum(axis="columns"))


def running_totals(groups: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Memory after one, two, three, … of each kind, from tables of `private_memory` by the kind's name.

    One row per container: *way* (the kind), *count* from 1, *mib* (the sum up to here).
    """
    import pandas as pd

    parts = [
        pd.DataFrame({"way": way, "count": range(1, len(table) + 1), "mib": table["mib"].cumsum().to_list()})
        for way, table in groups.items()
    ]
    return pd.concat(parts, ignore_index=True)
