"""Run one program of a build, line by line, and never leave it behind; knows nothing of what it does."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from course.engine.faults import FULL
from course.errors import CourseError

LAST_LINES = 12
GRACE_SECONDS = 20
DISK_FULL = "free some disk space (`df -h` and `docker system df` show where it went), then try again"


class ChildError(CourseError):
    """A program of a build failed; its last lines say why."""


def run(
    command: Sequence[str | Path],
    *,
    next_step: str,
    env: dict[str, str] | None = None,
    seen: Callable[[str], None] = lambda line: None,
) -> None:
    """Run *command*, hand each line it prints to *seen*, and show the last ones only if it fails.

    It runs in a process group of its own, which ends with it: on Ctrl-C too, where a kernel's interrupt
    would otherwise reach Python alone.
    """
    last: deque[str] = deque(maxlen=LAST_LINES)
    words = [str(word) for word in command]
    with subprocess.Popen(
        words,
        env=env,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as child:
        try:
            for line in child.stdout or ():
                last.append(line.rstrip())
                seen(line.rstrip())
            code = child.wait()
        except BaseException:
            _end(child)
            raise
    if code:
        text = "\n  ".join(last)
        if FULL in text.lower():
            next_step = DISK_FULL
        raise ChildError(f"`{' '.join(words[:3])} …` failed with exit code {code}:\n  {text}", next_step)


def _end(child: subprocess.Popen[str]) -> None:
    """Ask the whole group to end, then make it; a second Ctrl-C goes straight to the second part."""
    try:
        os.killpg(child.pid, signal.SIGTERM)
        child.wait(GRACE_SECONDS)
    except ProcessLookupError:
        return
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
