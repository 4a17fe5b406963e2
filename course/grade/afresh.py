"""A clean private engine for a second run of a learner's files; judges nothing and knows no checks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course.checks import Ran, System
from course.checks.reading import copy_below
from course.checks.system import Shell
from course.grade import engines
from course.grade.runners import Runner

CELL = "again"
# In a cell, so that the line runs as the learner's code does: same user, same limits, same fences.
SOURCE = """import subprocess
done = subprocess.run(
    ["bash", "-c", {line!r}], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
)
print(done.returncode)
print(done.stdout.decode(errors="replace"))"""


@contextmanager
def opened(disk: Path, files: Path, place: str) -> Iterator[tuple[System, Shell]]:
    """A private engine on a copy of *disk*, with a copy of *files* in its folder *place*."""
    with engines.started(disk) as made:
        folder, inside = made.disk / place, str(engines.INSIDE / place)
        copy_below(files, folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, engines.LEARNER_USER, engines.LEARNER_USER, follow_symlinks=False)
        system = System(made.docker, folder, connect=made.connect)
        yield system, lambda line, within: _ran(made.runner, line, inside, within)


def _ran(runner: Runner, line: str, inside: str, within: float) -> Ran | None:
    run = runner.run([{"id": CELL, "source": SOURCE.format(line=line)}], inside, within)
    if run.end == "deadline":
        return None
    # Only what the files make can end it otherwise: their image, or their Compose file.
    code, _, output = run.cells[0].output.partition("\n") if run.cells else ("", "", "")
    return Ran(int(code) if code.isdigit() else 1, output)
