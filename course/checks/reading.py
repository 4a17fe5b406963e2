"""Reading with limits of time and size, and without following links; knows nothing of what is read."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

MOST_BYTES = 1 << 18
MOST_COPIED = 64 << 20
MOST_FILES = 2000
PAUSE_SECONDS = 0.05


def attempts(within: float) -> Iterator[None]:
    """One try now, and further ones until *within* seconds are over."""
    end = time.monotonic() + within
    yield
    while time.monotonic() < end:
        time.sleep(PAUSE_SECONDS)
        yield


def last_bytes(chunks: Iterable[bytes]) -> bytes:
    """The last 256 KiB of a stream that ends by itself."""
    kept = b""
    for chunk in chunks:
        kept = (kept + chunk)[-MOST_BYTES:]
    return kept


def read_within(chunks: Iterable[bytes], seconds: float) -> bytes | None:
    """The first 256 KiB of a stream, None when it hasn't ended in time.

    The SDK's streams have no time-out of their own, so a thread reads, which is left behind if need be.
    """
    kept = bytearray()
    broken: list[Exception] = []

    def read() -> None:
        try:
            for chunk in chunks:
                kept.extend(chunk[: MOST_BYTES - len(kept)])
        except Exception as error:  # raised again below, in the thread that asked
            broken.append(error)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(seconds)
    if broken:
        raise broken[0]
    return None if reader.is_alive() else bytes(kept)


def open_below(folder: Path, name: PurePosixPath) -> int:
    """A file descriptor of an ordinary file below *folder*, reached without following a link."""
    if name.is_absolute() or ".." in name.parts:
        raise PermissionError(f"{name} leads out of the work folder")
    here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for part in name.parts:
        # O_NONBLOCK: opening a pipe must not wait for a writer.
        try:
            below = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=here)
        finally:
            os.close(here)
        here = below
    if not stat.S_ISREG(os.fstat(here).st_mode):
        os.close(here)
        raise FileNotFoundError(str(name))
    return here


class TooMuch(OSError):
    """A folder holds more than is copied."""


def copy_below(folder: Path, copy: Path) -> None:
    """Copy the ordinary files of *folder* into *copy*, with their modes; links, pipes and devices stay away.

    Nothing outside *folder* is read, whatever somebody puts in its place meanwhile. TooMuch past 64 MiB or
    2,000 files and folders.
    """
    count, left = 0, MOST_COPIED
    for here, folders, files, descriptor in os.fwalk(folder, follow_symlinks=False):
        target = copy / Path(here).relative_to(folder)
        target.mkdir(parents=True, exist_ok=True)
        count += len(folders) + len(files)
        if count > MOST_FILES:
            raise TooMuch(f"more than {MOST_FILES} files")
        for name in files:
            left -= _copy_file(descriptor, name, target / name, left)


def _copy_file(folder: int, name: str, copy: Path, most: int) -> int:
    """Copy one file if it is an ordinary one; gives its size in bytes."""
    try:
        source = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return 0  # a link, or gone meanwhile
    with os.fdopen(source, "rb") as file:
        mode = os.fstat(source).st_mode
        if not stat.S_ISREG(mode):
            return 0
        content = file.read(most + 1)
    if len(content) > most:
        raise TooMuch(f"more than {MOST_COPIED >> 20} MiB")
    copy.write_bytes(content)
    copy.chmod(stat.S_IMODE(mode) & 0o755)
    return len(content)
