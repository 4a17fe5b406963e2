"""Keep what was fetched, whole or not at all, and lend folders to work in; knows nothing of its use."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from course import places

DAY_SECONDS = 86400
UNUSED_DAYS = 30
CHUNK_BYTES = 1 << 20


def folder() -> Path:
    """One folder for fetched things and for work under way: on one disk, so that a link is enough."""
    path = places.state() / "kit-cache"
    path.mkdir(exist_ok=True)
    return path


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder that goes with this block; those that a killed process left are swept first."""
    for left in folder().glob("work-*"):
        if not alive(int(left.name.split("-")[1])):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=folder(), prefix=f"work-{os.getpid()}-") as name:
        yield Path(name)


def kept(name: str, make: Callable[[Path], None], *, days: float | None = None) -> Path:
    """File *name* of the cache; *make* writes it where it is missing, damaged or older than *days*.

    Two that ask at once fetch once, and a fetch that ends early leaves nothing.
    """
    file = folder() / name
    proof, lock, part = (file.with_name(f"{name}.{kind}") for kind in ("sha256", "lock", "part"))
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not _whole(file, proof, days):
            try:
                make(part)
                proof.write_text(_sha256(part))
                part.replace(file)
            finally:
                part.unlink(missing_ok=True)
            _forget_unused()
    os.utime(lock)
    return file


def kept_folder(name: str, make: Callable[[Path], None]) -> Path:
    """Folder *name* of the cache; where it is missing, *make* fills a new one, which then takes its place."""
    place = folder() / name
    if not place.exists():
        with workspace() as work:
            (work / name).mkdir()
            make(work / name)
            try:
                (work / name).rename(place)
            except OSError:
                # Another process was quicker, and what it made is the same.
                if not place.exists():
                    raise
    return place


def _whole(file: Path, proof: Path, days: float | None) -> bool:
    if not (file.exists() and proof.exists()) or proof.read_text() != _sha256(file):
        return False
    return days is None or time.time() - file.stat().st_mtime < days * DAY_SECONDS


def _sha256(file: Path) -> str:
    """The sha256 of what is written in *file*; of holes only where they are: a disk is mostly that."""
    whole, end = hashlib.sha256(), 0
    with file.open("rb") as stream:
        for start, stop in _written(stream.fileno(), file.stat().st_size):
            whole.update(b"" if start == end else f"hole to {start}".encode())
            stream.seek(start)
            while start < stop:
                chunk = stream.read(min(stop - start, CHUNK_BYTES))
                whole.update(chunk)
                start += len(chunk)
            end = stop
    return whole.hexdigest()


def _written(file: int, size: int) -> Iterator[tuple[int, int]]:
    """Where *file* has data; on a system that can't tell holes, the whole of it."""
    stop = 0
    while stop < size:
        try:
            start = os.lseek(file, stop, os.SEEK_DATA) if hasattr(os, "SEEK_DATA") else stop
        except OSError:
            return  # nothing but a hole follows
        stop = os.lseek(file, start, os.SEEK_HOLE) if hasattr(os, "SEEK_HOLE") else size
        yield start, stop


def _forget_unused() -> None:
    """Drop what an earlier recipe or mirror gave and nobody has asked for since; its lock tells when."""
    for lock in folder().glob("*.lock"):
        if time.time() - lock.stat().st_mtime > UNUSED_DAYS * DAY_SECONDS:
            name = lock.name.removesuffix(".lock")
            for gone in (name, f"{name}.sha256", lock.name):
                (folder() / gone).unlink(missing_ok=True)


def alive(pid: int) -> bool:
    """Whether a process has number *pid* now."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
