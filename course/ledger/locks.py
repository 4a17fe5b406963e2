"""Locks that the operating system takes back when their holder dies; knows nothing of the engine."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
import time
from pathlib import Path

from course.errors import CourseError

POLL_SECONDS = 0.02


class ChapterBusyError(CourseError):
    """Another kernel runs a chapter on this engine."""


def take(file: Path, slug: str) -> int:
    """Lock *file* for chapter *slug*; gives the open file, which must stay open as long as the lock should.

    Children started by `subprocess` don't get it (it closes on exec), so it goes when this process does.
    """
    lock = _lock(file)
    if lock is None:
        raise _busy(file, slug)
    os.ftruncate(lock, 0)
    os.pwrite(lock, json.dumps({"chapter": slug, "pid": os.getpid()}).encode(), 0)
    return lock


def is_free(file: Path) -> bool:
    """Whether no living process holds *file*."""
    lock = _lock(file)
    if lock is not None:
        os.close(lock)
    return lock is not None


def wait(file: Path, within: float, what: str) -> int:
    """Lock *file* once it is free; after *within* seconds say that *what* never came."""
    deadline = time.monotonic() + within
    while (lock := _lock(file)) is None:
        if time.monotonic() > deadline:
            raise CourseError(f"{what} did not happen within {within:g} s.", "run this again")
        threading.Event().wait(POLL_SECONDS)
    return lock


def _lock(file: Path) -> int | None:
    lock = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _busy(file: Path, slug: str) -> ChapterBusyError:
    holder = {"chapter": "another chapter", "pid": 0}
    with contextlib.suppress(OSError, ValueError):
        holder |= json.loads(file.read_text())
    if holder["pid"] == os.getpid():
        return ChapterBusyError(
            f"This kernel has chapter {holder['chapter']} open already.",
            "Kernel → Restart Kernel, then run again",
        )
    which = "is open in another kernel already" if holder["chapter"] == slug else "runs on this engine"
    return ChapterBusyError(
        f"Chapter {holder['chapter']} {which} (process {holder['pid']}). "
        "Two at once would undo each other's work.",
        f"shut that kernel down (Jupyter: Running → Shut Down), or: kill {holder['pid']}",
    )
