"""How long shell commands take on this machine, run after run; knows nothing of what they do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from course import engine, shell
from course.errors import CourseError

if TYPE_CHECKING:
    import pandas as pd


def run_times(commands: dict[str, str], repeats: int = 10, after: str = "") -> pd.DataFrame:
    """Wall-clock seconds of *repeats* runs of each shell command in *commands*, which maps a name to a line.

    One row per run: *way* (the name), *run* (1 to *repeats*), *seconds*, the start of bash included. The
    commands take turns, so that a busy moment of the machine falls on all of them. The shell command *after*
    follows each run and isn't counted.
    """
    import pandas as pd

    environment = engine.environment()
    rows = []
    for run in range(1, repeats + 1):
        for way, command in commands.items():
            rows.append((way, run, _seconds(command, environment)))
            if after:
                _seconds(after, environment)
    return pd.DataFrame(rows, columns=["way", "run", "seconds"])


def _seconds(command: str, environment: dict[str, str]) -> float:
    said: list[str] = []
    started = time.perf_counter()
    outcome = shell.run(command, env=environment, write=said.append)
    seconds = time.perf_counter() - started
    if outcome.code:
        last = "".join(said).strip().splitlines()[-1:] or ["nothing"]
        raise CourseError(
            f"`{command}` ended with exit code {outcome.code} and said last: {last[0]}",
            "run that line in a %%shell cell and read what it says",
        )
    return seconds
