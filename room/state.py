"""Where a room keeps its own files, and which room runs; knows nothing of what is in them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from course import places
from course.engine import daemon
from course.errors import CourseError


class RoomError(CourseError):
    """The room can't be opened, and why."""


def home() -> Path:
    """The folder of the room's cards, disks and logs, for root alone; COURSE_ROOM names another one."""
    as_root = os.geteuid() == 0 and not os.environ.get("COURSE_STATE")
    usual = daemon.HOME / "room" if as_root else places.state() / "room"
    folder = Path(os.environ.get("COURSE_ROOM") or usual)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


@contextmanager
def only_one() -> Iterator[None]:
    """Hold this machine's one room in the block; the kernel lets go of it however the process ends."""
    with (home() / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RoomError("A room is open on this machine already.", "make stop") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
        lock.truncate(0)


def holder() -> int | None:
    """The process that holds the room, None where none is open."""
    with (home() / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            return int(lock.read() or 0) or None
    return None
