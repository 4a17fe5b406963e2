"""Speak with inside/runner.py, which runs a submission's cells; what it says is feedback, never a verdict."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from course.errors import CourseError

GRACE_SECONDS = 15.0
MOST_LINE = 1 << 18
HERE = Path(__file__).resolve().parent

End = Literal["done", "deadline", "died"]


class RunnerError(CourseError):
    """The runner itself ended or fell silent: nobody's answers are to blame."""


@dataclass(frozen=True)
class CellRun:
    """What came of one cell: its error in a line (empty: none) and the first 64 KiB that it printed."""

    cell: str
    error: str
    output: str


@dataclass(frozen=True)
class Run:
    """What came of a submission's cells, and how it ended: through, by the deadline, or by its death."""

    cells: tuple[CellRun, ...]
    end: End


def hand_over(folder: Path) -> Path:
    """Put into *folder* all that the runner may know of the course: how `%%shell` works, and no more."""
    (folder / "course").mkdir(parents=True)
    course = HERE.parent
    for file in (
        course / "__init__.py",
        course / "errors.py",
        course / "shell.py",
        HERE / "inside/lesson.py",
    ):
        shutil.copyfile(file, folder / "course" / file.name)
    return Path(shutil.copyfile(HERE / "inside" / "runner.py", folder / "runner.py"))


@dataclass(frozen=True)
class Runner:
    """A runner, by its process."""

    process: subprocess.Popen[bytes]
    _heard: bytearray = field(default_factory=bytearray, repr=False)

    def ready(self, seconds: float) -> None:
        """Wait until its imports are done."""
        self._next(time.monotonic() + seconds)

    def run(self, cells: Sequence[Mapping[str, str]], folder: str, seconds: float) -> Run:
        """Have *cells* run in *folder*, for at most *seconds* in all; afterwards nothing of them runs on."""
        assert self.process.stdin is not None
        request = {"cells": list(cells), "folder": folder, "seconds": seconds}
        self.process.stdin.write(json.dumps(request).encode() + b"\n")
        self.process.stdin.flush()
        end, asked = time.monotonic() + seconds + GRACE_SECONDS, {cell["id"] for cell in cells}
        found: dict[str, CellRun] = {}
        while "end" not in (words := self._next(end)):
            said = CellRun(*(str(words.get(name, "")) for name in ("cell", "error", "output")))
            # Whoever is heard here may speak without end: of each cell we keep what comes first.
            if said.cell in asked:
                found.setdefault(said.cell, said)
        if words["end"] not in ("done", "deadline", "died"):
            raise RunnerError("What runs the cells was ended from outside, by a limit on memory perhaps.")
        return Run(tuple(found.values()), words["end"])

    def _next(self, end: float) -> dict[str, Any]:
        while b"\n" not in self._heard:
            self._hear(end)
        line, _, rest = bytes(self._heard).partition(b"\n")
        self._heard[:] = rest
        return dict(json.loads(line))

    def _hear(self, end: float) -> None:
        """Read what there is, past Python's own buffer, which `select` would not see into."""
        assert self.process.stdout is not None
        source = self.process.stdout.fileno()
        ready, _, _ = select.select([source], [], [], max(end - time.monotonic(), 0))
        chunk = os.read(source, MOST_LINE) if ready else b""
        if not chunk or len(self._heard) > MOST_LINE:
            raise RunnerError("The private engine ended." if ready else "The runner fell silent.")
        self._heard.extend(chunk)
