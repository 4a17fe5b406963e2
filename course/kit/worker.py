"""One worker at a time on an engine's images; knows who holds the place, not what they do."""

from __future__ import annotations

import fcntl
import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from course import engine, places
from course.engine.daemon import until
from course.errors import CourseError
from course.kit.progress import Progress, Say

WAIT_SECONDS = 1800.0


class WorkerError(CourseError):
    """Another process of the course holds the images for too long."""


@contextmanager
def only_one(say: Say, within: float = WAIT_SECONDS) -> Iterator[None]:
    """Be the one who fetches or builds for this engine, waiting at most *within* seconds for another to end.

    The kernel frees the place when its holder ends, however it ends.
    """
    with place().open("a+") as file:
        if not _taken(file):
            _wait(file, say, within)
        file.truncate(0)
        file.write(f"process {os.getpid()}: {shlex.join(sys.argv)[:120]}\n")
        file.flush()
        yield


def place() -> Path:
    """The lock file of the engine in use; what it holds names the last worker."""
    return places.state() / f"kit-{engine.engine_id()}.lock"


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(file: IO[str], say: Say, within: float) -> None:
    file.seek(0)
    holder = file.read().strip() or "another process"
    say(f"Another run of the course is getting images for this engine ({holder}); waiting for it to end …")
    with Progress("waiting for the other run", None, "s", say):
        if until(lambda: _taken(file), within):
            return
    raise WorkerError(
        f"{holder} still holds the images of this engine after {within:.0f} s.",
        "let it end, or stop it with Ctrl-C where it runs; then run the same command again",
    )
